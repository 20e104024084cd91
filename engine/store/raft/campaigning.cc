// Elections: pre-vote, vote, and who may not be disturbed by them.

#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/store/raft/rules.h"

namespace heir::raft::rules {

bool hears_leader(const Raft& raft) {
  if (leads(raft)) return true;  // It would have stepped down without a quorum.
  const auto* follower = std::get_if<Follower>(&raft.role);
  return follower && follower->leader && raft.elapsed < raft.options.election_ticks;
}

namespace {

/// A learner does not. A voter whose removal is not known to be committed does: it may be needed to commit it (thesis
/// 4.2.2).
bool may_campaign(const Raft& raft) {
  const Log& log = raft.log;
  if (votes(log.configuration(), raft.options.self)) return true;
  return log.configuration_index() > raft.commit &&
         votes(log.configuration_at(log.configuration_index().previous()), raft.options.self);
}

template <class Body>
void ask_voters(Context& c, const Body& body) {
  for (const Member& member : c.configuration().members)
    if (member.votes && member.id != c.self()) c.send(member.id, body);
}

void become_candidate(Context& c, bool transfer) {
  Raft& raft = c.raft;
  raft.ballot = {raft.ballot.term.next(), c.self()};
  c.ballot_changed = true;
  // Its own vote counts when it is durable.
  raft.role = HEIR_MUTANT("raft-own-vote-at-once") ? Candidate{{c.self()}, 0} : Candidate{};
  raft.elapsed = 0;
  raft.timeout = 0;
  ask_voters(c, VoteRequest{raft.log.last(), transfer});
}

void count_votes(Context& c) {
  const auto& granted = std::get<Candidate>(c.raft.role).granted;
  if (is_quorum(c.configuration(), [&](MemberId id) { return granted.contains(id); })) become_leader(c);
}

void count_pre_votes(Context& c) {
  const auto& granted = std::get<PreCandidate>(c.raft.role).granted;
  if (is_quorum(c.configuration(), [&](MemberId id) { return granted.contains(id); })) become_candidate(c, false);
}

bool is_as_new(Context& c, EntryId last) {
  return !c.options().rules.compare_logs || at_least_as_new(last, c.raft.log.last());
}

}  // namespace

void campaign(Context& c) {
  Raft& raft = c.raft;
  if (leads(raft) || !may_campaign(raft)) return;
  if (!raft.options.pre_vote) return become_candidate(c, false);
  raft.role = PreCandidate{{c.self()}};
  raft.elapsed = 0;
  raft.timeout = 0;
  ask_voters(c, PreVoteRequest{raft.ballot.term.next(), raft.log.last()});
  count_pre_votes(c);
}

void tick_without_leader(Context& c) {
  Raft& raft = c.raft;
  if (raft.elapsed < raft.timeout) ++raft.elapsed;
  if (raft.elapsed >= raft.timeout) campaign(c);
}

void on(Context& c, const Message& m, const PreVoteRequest& request) {
  const Raft& raft = c.raft;
  if (hears_leader(raft)) return;
  const bool granted = request.proposed > raft.ballot.term && is_as_new(c, request.last);
  c.send(m.from, PreVoteReply{request.proposed, granted});
}

void on(Context& c, const Message& m, const PreVoteReply& reply) {
  auto* candidate = std::get_if<PreCandidate>(&c.raft.role);
  if (!candidate || !reply.granted || reply.proposed != c.raft.ballot.term.next()) return;
  candidate->granted.insert(m.from);
  count_pre_votes(c);
}

void on(Context& c, const Message& m, const VoteRequest& request) {
  Raft& raft = c.raft;
  const bool free = raft.ballot.vote == nobody || raft.ballot.vote == m.from || !raft.options.rules.one_vote_a_term;
  const bool granted = free && is_as_new(c, request.last);
  if (granted && raft.ballot.vote != m.from) {
    raft.ballot.vote = m.from;
    c.ballot_changed = true;
  }
  if (granted) raft.elapsed = 0;
  c.send(m.from, VoteReply{granted});
}

void on(Context& c, const Message& m, const VoteReply& reply) {
  auto* candidate = std::get_if<Candidate>(&c.raft.role);
  if (!candidate || !reply.granted) return;
  candidate->granted.insert(m.from);
  count_votes(c);
}

void on(Context& c, const Message&, const TimeoutNow&) {
  if (leads(c.raft) || !votes(c.configuration(), c.self())) return;
  become_candidate(c, true);
}

void ballot_is_durable(Context& c, std::uint64_t persist) {
  auto* candidate = std::get_if<Candidate>(&c.raft.role);
  if (!candidate || persist < candidate->ballot_persist) return;
  candidate->granted.insert(c.self());
  count_votes(c);
}

}  // namespace heir::raft::rules
