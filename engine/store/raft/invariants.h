// What must hold of a Raft cluster, seen from outside by one who sees everything: all members, all disks, all messages.
// Looked at after every event, at the state and at its change (thesis 3.2, figure 3.2): what did not change since it
// was looked at is not looked at again.
//
//   ELECTION SAFETY        at most one leader a term
//   TWO VOTES              a member tells at most one vote a term
//   LOG MATCHING           entries of one index and term are one entry, behind the same one
//   LEADER COMPLETENESS    what is committed stands in the log of every leader of a later term
//   STATE MACHINE SAFETY   no two members apply different entries at one index, and none skips one
//   COMMITTED ENTRY GONE   a member keeps what it knows to be committed
//   NOT DURABLE            what a leader commits is on the disks of a majority of those who vote
//   WENT BACK              terms and commits never do; a member that told a term still knows it after a crash
//   STALE READ             a read shows all that was committed before it was asked for
//   UNBOUNDED              more is under way to a member than the options allow
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/store/raft/raft.h"

namespace heir::raft {

/// The last entry of the log that a member would read from a disk, without a copy of it: it is asked at every write.
EntryId last_on(const Durable& disk);

class Invariants {
 public:
  /// A member as it is before an event, or as it has just been restored.
  void watch(const Raft& member);
  /// The member after an event. `disks`: all that is durable anywhere.
  void check(const Raft& member, const Output& output, const std::map<MemberId, const Durable*>& disks,
             const std::vector<const Raft*>& up);
  /// A message leaves its sender.
  void sent(const Message& message);
  /// The floor that a read which begins now has to reach.
  LogIndex committed() const { return LogIndex(committed_.size()); }
  void answered(std::uint64_t read, LogIndex asked_at, LogIndex index);
  void restored(const Raft& member);
  /// The member may have lost what it promised: its word before its next restart does not count.
  void forget(MemberId member);

  const std::vector<std::string>& violations() const { return violations_; }
  void violation(const std::string& what);

 private:
  struct Before {
    Term term;
    LogIndex commit;
    LogIndex applied;
    bool led = false;
    LogIndex last;
  };
  struct Committed {
    Entry entry;
    Term in;  ///< The term of the one who first knew.
  };
  void check_entries(const Raft& member, LogIndex from);
  void check_leader(const Raft& member);
  void check_complete(const Raft& leader, LogIndex from, LogIndex to);
  void check_commit(const Raft& member, const Output& output, const Before& before,
                    const std::map<MemberId, const Durable*>& disks, const std::vector<const Raft*>& up);
  void apply(MemberId member, LogIndex index, const Entry& entry);

  std::map<MemberId, Before> before_;
  std::map<Term, MemberId> leaders_;
  std::map<std::pair<Term, MemberId>, MemberId> votes_;
  std::map<MemberId, Term> told_;
  struct Known {
    Payload payload;
    Term previous;
  };
  std::map<std::pair<LogIndex, Term>, Known> entries_;
  std::vector<Committed> committed_;  ///< From index 1 on.
  std::map<MemberId, LogIndex> applied_;
  std::vector<std::string> violations_;
};

}  // namespace heir::raft
