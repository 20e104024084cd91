// What must hold of a Raft cluster, seen from outside by one who sees everything: all members, all disks, all messages.
// Looked at after every event, at the state and at its change (thesis 3.2, figure 3.2).
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

namespace heir::story {

class Invariants {
 public:
  /// A member as it is before an event, or as it has just been restored.
  void watch(const raft::Raft& member);
  /// The member after an event. `disks`: all that is durable anywhere.
  void check(const raft::Raft& member, const raft::Output& output,
             const std::map<raft::MemberId, const raft::Durable*>& disks, const std::vector<const raft::Raft*>& up);
  /// A message leaves its sender.
  void sent(const raft::Message& message);
  /// The floor that a read which begins now has to reach.
  raft::LogIndex committed() const { return raft::LogIndex(committed_.size()); }
  void answered(std::uint64_t read, raft::LogIndex asked_at, raft::LogIndex index);
  void restored(const raft::Raft& member);

  const std::vector<std::string>& violations() const { return violations_; }
  void violation(const std::string& what);

 private:
  struct Before {
    raft::Term term;
    raft::LogIndex commit;
    raft::LogIndex applied;
    bool led = false;
    raft::LogIndex last;
  };
  struct Committed {
    raft::Entry entry;
    raft::Term in;  ///< The term of the one who first knew.
  };
  void check_entries(const raft::Raft& member, raft::LogIndex from);
  void check_leader(const raft::Raft& member);
  void check_complete(const raft::Raft& leader, raft::LogIndex from, raft::LogIndex to);
  void check_commit(const raft::Raft& member, const Before& before,
                    const std::map<raft::MemberId, const raft::Durable*>& disks,
                    const std::vector<const raft::Raft*>& up);
  void apply(raft::MemberId member, raft::LogIndex index, const raft::Entry& entry);

  std::map<raft::MemberId, Before> before_;
  std::map<raft::Term, raft::MemberId> leaders_;
  std::map<std::pair<raft::Term, raft::MemberId>, raft::MemberId> votes_;
  std::map<raft::MemberId, raft::Term> told_;
  struct Known {
    raft::Payload payload;
    raft::Term previous;
  };
  std::map<std::pair<raft::LogIndex, raft::Term>, Known> entries_;
  std::vector<Committed> committed_;  ///< From index 1 on.
  std::map<raft::MemberId, raft::LogIndex> applied_;
  std::vector<std::string> violations_;
};

}  // namespace heir::story
