// A database of the model world: a log of entries with its lineage, and how far it is written, flushed and replayed.
// Entries are the numbers of clients' writes (0: a record of the database's own), so what a copy holds is a set of
// bits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/position.h"
#include "engine/failover/policy.h"

namespace heir::story {

inline constexpr int max_peers = 6;
inline constexpr int nobody = -1;
/// A set of writes, by number (1 to 63).
using Writes = std::uint64_t;

struct ModelDatabase {
  // On disk
  bool exists = false;
  bool whole = true;     ///< False while, or after, a rewind in place that did not end.
  bool primary = false;  ///< Starts as a primary, not as a standby.
  bool follows = false;  ///< The configuration on disk names an upstream.
  int upstream = nobody;
  std::string cluster;  ///< The identity kept beside the data.
  std::vector<Branch> lineage;
  std::vector<std::uint8_t> log;
  std::size_t flushed = 0;

  // In memory
  bool running = false;
  bool receiving = false;
  std::size_t replayed = 0;
  int sync = nobody;  ///< Commits wait for it.
  bool only_named_sync = true;
  failover::Acknowledge acknowledge = failover::Acknowledge::flushed;
  std::uint32_t slots = 0;                     ///< Downstreams that may connect, as bits.
  std::vector<std::size_t> waiting;            ///< Ends of the commits that wait, ascending.
  std::array<std::size_t, max_peers> acked{};  ///< What each connected downstream said it has; 0: nothing.

  // What the agent observes
  std::uint64_t incarnation = 0;
  std::uint64_t cancelled_waits = 0;
  std::uint64_t link_failures = 0;

  /// Where the valid log on disk ends; nothing if the copy is not whole.
  std::optional<Position> position() const;
  Position position_at(std::size_t offset) const;
  Writes contents(std::size_t end) const;
  /// Everything on disk.
  Writes contents() const { return contents(flushed); }
  /// What a reader of this primary sees.
  Writes visible() const;

  void initialize(const std::string& new_cluster, std::uint64_t promotion);
  void start();
  void kill();
  void promote(std::uint64_t promotion);
  /// Appends and flushes, on a primary; the new end.
  std::size_t append(std::uint8_t entry);
  /// Takes `other`'s whole flushed log for its own.
  void copy_from(const ModelDatabase& other);
};

}  // namespace heir::story
