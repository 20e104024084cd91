// The write-ahead log: typed, compact records at byte positions.
//
// What one run of one server writes on one timeline is one WalStore: append-only, and shared by every copy of the log.
// A copy (of a standby, of a base backup) is a Wal: a few spans over stores. So streaming and cloning move references,
// and "does this log contain that one?" is decided by which stores the spans name, not by comparing LSNs: two servers
// that chose the same timeline number and the same LSN (incident P-08) still have different stores.
//
// Invariants: spans are contiguous in LSN; neighbouring spans of one store are merged; a store's records never change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/databases/postgresql/lsn.h"

namespace heir::sim {

using TimelineId = std::uint32_t;

enum class WalKind : std::uint8_t {
  register_write,  ///< A committed transaction: key := value.
  list_append,     ///< A committed transaction: value behind the list of key.
  set_add,         ///< A committed transaction: value into the set of key.
  marker,          ///< A committed row of the promotion marker: timeline `key` belongs to generation `value`.
  marker_table,    ///< A committed transaction: the marker's table exists from now on.
  other,           ///< A committed transaction of the agent that has no rows of interest (its DDL).
  checkpoint_shutdown,
  checkpoint_online,
  end_of_recovery,
};

/// One record; it occupies [end - size, end).
struct WalRecord {
  std::uint64_t end = 0;
  std::int64_t value = 0;
  std::uint32_t key = 0;
  std::uint16_t size = 0;
  WalKind kind = WalKind::other;

  Lsn start() const { return Lsn(end - size); }
  Lsn end_lsn() const { return Lsn(end); }
};

/// Bytes that a record of a kind takes; the sizes are those of a small update with its commit record.
std::uint16_t wal_record_size(WalKind kind);

/// Who wrote a store: unique in a run, even where timeline numbers coincide.
struct WalOrigin {
  std::uint32_t writer = 0;  ///< The server process that wrote it; counted over the whole run.
  TimelineId timeline = 0;
  std::uint32_t promotion = 0;  ///< Which promotion began the timeline; counted over the whole run; 0 for initdb's.
  auto operator<=>(const WalOrigin&) const = default;
};

/// Append-only records of one origin.
struct WalStore {
  WalOrigin origin;
  std::vector<WalRecord> records;
};

/// Records [from, to) of a store.
struct WalSpan {
  std::shared_ptr<WalStore> store;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// A record in a Wal: which span, and which record of its store. Stays valid while the log only grows.
struct WalPlace {
  std::uint32_t span = 0;
  std::uint32_t index = 0;
  auto operator<=>(const WalPlace&) const = default;
};

class Wal {
 public:
  Wal() = default;
  explicit Wal(Lsn begin) : begin_(begin), end_(begin) {}

  Lsn begin() const { return begin_; }  ///< Where initdb began the cluster's log.
  Lsn end() const { return end_; }      ///< The end of the last record.
  /// Where the last record begins: what the next one's link to its predecessor says. Nothing in an empty log.
  std::optional<Lsn> last_record_start() const;
  /// The timeline of the last record; 0 in an empty log.
  TimelineId timeline() const;
  const std::vector<WalSpan>& spans() const { return spans_; }

  /// Begins a new store; what is then written goes there.
  void begin_store(WalOrigin origin);
  /// Writes a record at the end, into the store that was begun.
  const WalRecord& append(WalKind kind, std::uint32_t key, std::int64_t value);
  /// Adds records of another's store; the first must begin where this log ends.
  void append(const WalSpan& span);
  /// Drops all records that end after `lsn`.
  void truncate(Lsn lsn);

  /// The place of the record that begins at `lsn`, or past the last one if `lsn` is the end; nothing if `lsn` is no
  /// record boundary of this log.
  std::optional<WalPlace> find(Lsn lsn) const;
  /// The place of the first record that ends after `lsn`; past the last one if there is none.
  WalPlace first_after(Lsn lsn) const;
  bool at_end(WalPlace place) const { return place.span >= spans_.size() || place.index >= spans_[place.span].to; }
  const WalRecord& at(WalPlace place) const { return spans_[place.span].store->records[place.index]; }
  const WalStore& store_at(WalPlace place) const { return *spans_[place.span].store; }
  /// The next place. A place at the end stays valid: it names the next record once that is there.
  WalPlace next(WalPlace place) const;
  /// The same place, moved to the first record of the next span if its own span has ended.
  WalPlace settled(WalPlace place) const;

  /// Calls `visit(record, store)` for every record that lies in (from, to].
  template <class Visit>
  void for_each(Lsn from, Lsn to, Visit visit) const {
    for (WalPlace place = first_after(from); !at_end(place); place = next(place)) {
      const WalRecord& record = at(place);
      if (record.end_lsn() > to) return;
      visit(record, store_at(place));
    }
  }

 private:
  Lsn begin_;
  Lsn end_;
  std::vector<WalSpan> spans_;     // none is empty
  std::shared_ptr<WalStore> own_;  // the store that this log writes; its span comes with the first record
};

/// True if the records of `prefix` up to `prefix_end` are the first records of `log`: same origins, not just same LSNs.
bool contains(const Wal& log, const Wal& prefix, Lsn prefix_end);

/// Where the two logs part: the end of the last record that both have.
Lsn fork_point(const Wal& a, const Wal& b);

}  // namespace heir::sim
