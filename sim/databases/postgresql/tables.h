// The tables that client transactions read and write, as flat vectors by key. Their content is a function of the log: a
// server that starts applies its log's records again, so a copy of a data directory carries no tables.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/databases/postgresql/wal.h"

namespace heir::sim {

/// Keys are row numbers of flat tables; a larger one is refused ("integer out of range").
inline constexpr std::uint32_t key_limit = 1u << 20;

/// A row of the promotion marker.
struct MarkerRow {
  TimelineId timeline = 0;
  std::int64_t generation = 0;
  bool operator==(const MarkerRow&) const = default;
};

class Tables {
 public:
  /// Makes the record's transaction visible. The server's own bookkeeping changes nothing.
  void apply(const WalRecord& record);

  std::optional<std::int64_t> read_register(std::uint32_t key) const;
  const std::vector<std::int64_t>& read_list(std::uint32_t key) const;
  /// Ascending, without duplicates.
  const std::vector<std::int64_t>& read_set(std::uint32_t key) const;
  /// In the order of insertion; one row per timeline, the latest wins.
  const std::vector<MarkerRow>& markers() const { return markers_; }
  bool marker_table() const { return marker_table_; }

 private:
  struct Register {
    std::int64_t value = 0;
    bool present = false;
  };
  std::vector<Register> registers_;
  std::vector<std::vector<std::int64_t>> lists_;
  std::vector<std::vector<std::int64_t>> sets_;
  std::vector<MarkerRow> markers_;
  bool marker_table_ = false;
};

}  // namespace heir::sim
