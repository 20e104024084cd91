// The log of one member, as it stands in memory: entries behind a snapshot, and the configurations that they hold.
//
// Invariants: before.index <= snapshot.last.index <= last().index; entries[i] is at before.index + 1 + i; their terms
// never fall. Some entries that the snapshot covers are kept, for members that lag a little.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/store/raft/types.h"

namespace heir::raft {

/// Counts an entry for flow control and compaction.
std::size_t size_of(const Entry& entry);

class Log {
 public:
  Log() = default;
  /// An empty log behind a snapshot.
  explicit Log(Snapshot snapshot);
  /// As read from disk. What does not reach the snapshot, or contradicts it, was replaced by it and is dropped.
  Log(Snapshot snapshot, EntryId before, std::vector<Entry> entries);

  const Snapshot& snapshot() const { return snapshot_; }
  /// The place just before the first entry that is still here.
  EntryId before() const { return before_; }
  const std::vector<Entry>& entries() const { return entries_; }
  EntryId last() const;
  LogIndex last_index() const { return before_.index + entries_.size(); }
  /// Bytes of the entries that are here.
  std::size_t bytes() const { return bytes_; }

  /// Nothing if the place is behind the end or no longer known.
  std::optional<Term> term_at(LogIndex index) const;
  bool contains(EntryId id) const { return term_at(id.index) == id.term; }
  /// REQUIRES before().index < index <= last_index().
  const Entry& at(LogIndex index) const;
  /// Entries from `first` on, of `most_bytes` together, but one at least if there is one.
  std::vector<Entry> slice(LogIndex first, std::size_t most_bytes) const;
  /// The last place at or before `from` whose term is not above `term`; before() at the earliest.
  EntryId last_not_above(LogIndex from, Term term) const;

  /// The configuration in force: the last one in the log, committed or not (thesis 4.1).
  const Configuration& configuration() const { return configurations_.back().configuration; }
  LogIndex configuration_index() const { return configurations_.back().at; }
  /// The one that was in force at a place at or behind the snapshot.
  const Configuration& configuration_at(LogIndex index) const;

  void append(Entry entry);
  /// Drops `first` and all behind it. REQUIRES that the snapshot does not cover it.
  void truncate(LogIndex first);
  /// A snapshot of our own, of a place in the log; `keep` entries before it stay. REQUIRES a later one than the last.
  void compact(LogIndex index, Bytes state, std::size_t keep);
  /// A snapshot of the leader's. What of the log goes on from it stays. False if nothing did.
  bool install(Snapshot snapshot);

  bool operator==(const Log&) const = default;

 private:
  struct InForce {
    LogIndex at;
    Configuration configuration;
    bool operator==(const InForce&) const = default;
  };
  void drop_through(EntryId id);

  Snapshot snapshot_;
  EntryId before_;
  std::vector<Entry> entries_;
  std::vector<InForce> configurations_{InForce{}};  ///< The snapshot's, and those of the entries behind it.
  std::size_t bytes_ = 0;
};

}  // namespace heir::raft
