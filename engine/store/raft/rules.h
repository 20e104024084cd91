// Shared among the files of this folder; nobody else includes this.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "engine/store/raft/raft.h"

namespace heir::raft::rules {

/// One step: the member, and what has come together of its output.
struct Context {
  explicit Context(Raft& r) : raft(r) {}

  const Options& options() const { return raft.options; }
  const Configuration& configuration() const { return raft.log.configuration(); }
  MemberId self() const { return raft.options.self; }
  /// Goes out when all that this step changed, and what was changed before, is durable.
  void send(MemberId to, Body body) { post(to, std::move(body), true); }
  /// Says nothing that a crash could make untrue.
  void send_at_once(MemberId to, Body body) { post(to, std::move(body), false); }
  void refuse(Refusal refusal, std::string why = {}) {
    output.refused = refusal;
    output.why = std::move(why);
  }
  void entries_changed(LogIndex first) { entries_from = entries_from ? std::min(*entries_from, first) : first; }

  Raft& raft;
  Output output;
  bool ballot_changed = false;
  bool snapshot_changed = false;
  bool log_discarded = false;
  std::optional<LogIndex> entries_from;

 private:
  void post(MemberId to, Body body, bool waits) {
    output.messages.push_back({Message{self(), to, raft.ballot.term, std::move(body)}, waits ? 1U : 0U});
  }
};

// raft.cc
void become_follower(Context& c, Term term, std::optional<MemberId> leader);
void append(Context& c, Payload payload);

// campaigning.cc
/// Whether a leader is known to be alive: then others' elections are a disruption (thesis 4.2.3).
bool hears_leader(const Raft& raft);
void campaign(Context& c);
void tick_without_leader(Context& c);
void on(Context& c, const Message& m, const PreVoteRequest& request);
void on(Context& c, const Message& m, const PreVoteReply& reply);
void on(Context& c, const Message& m, const VoteRequest& request);
void on(Context& c, const Message& m, const VoteReply& reply);
void on(Context& c, const Message& m, const TimeoutNow& now);
void ballot_is_durable(Context& c, std::uint64_t persist);

// following.cc
void on(Context& c, const Message& m, Append& append);
void on(Context& c, const Message& m, const Heartbeat& heartbeat);
void on(Context& c, const Message& m, InstallSnapshot& install);

// leading.cc
void become_leader(Context& c);
void tick_leader(Context& c);
void propose(Context& c, Propose& input);
void change_membership(Context& c, const ChangeMembership& input);
void read(Context& c, const Read& input);
void transfer_leadership(Context& c, const TransferLeadership& input);
/// Looks whether more is committed, and at all that waits for it.
void advance_commit(Context& c);
/// A member has answered a round of questions.
void note_round(Context& c, Progress& progress, std::uint64_t round);
void abandon_reads(Context& c, Leader& leader);
void hand_over_if_ready(Context& c);

// replicating.cc
void on(Context& c, const Message& m, const Appended& reply);
void on(Context& c, const Message& m, const Rejected& reply);
void on(Context& c, const Message& m, const HeartbeatReply& reply);
void on(Context& c, const Message& m, const Received& reply);
/// Sends what may be sent.
void replicate(Context& c, MemberId to, Progress& progress);
void replicate_to_all(Context& c);
void beat(Context& c, MemberId to, const Progress& progress);
/// The heartbeat's time: what seems lost is sent again.
void beat_and_repair(Context& c, MemberId to, Progress& progress);

}  // namespace heir::raft::rules
