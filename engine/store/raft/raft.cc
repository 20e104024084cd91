#include "engine/store/raft/raft.h"

#include <algorithm>

#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/store/raft/rules.h"

namespace heir::raft {

namespace rules {

void become_follower(Context& c, Term term, std::optional<MemberId> leader) {
  Raft& raft = c.raft;
  ASSERT(term >= raft.ballot.term, "a term that goes back");
  const bool later = term > raft.ballot.term;
  if (later) {
    raft.ballot = {term, nobody};
    c.ballot_changed = true;
  }
  if (auto* follower = std::get_if<Follower>(&raft.role)) {
    if (!later && (!leader || follower->leader == leader)) return;
    *follower = Follower{leader, std::nullopt};
    return;
  }
  if (auto* was_leader = std::get_if<Leader>(&raft.role)) abandon_reads(c, *was_leader);
  raft.role = Follower{leader, std::nullopt};
  raft.elapsed = 0;
  raft.timeout = 0;
}

void append(Context& c, Payload payload) {
  c.raft.log.append({c.raft.ballot.term, std::move(payload)});
  c.entries_changed(c.raft.log.last_index());
}

namespace {

/// Terms first (thesis 3.3): a later one makes a follower, an earlier one is told that it is over.
void receive(Context& c, Message& m) {
  Raft& raft = c.raft;
  const bool asks_for_vote = std::holds_alternative<PreVoteRequest>(m.body) ||
                             (std::holds_alternative<VoteRequest>(m.body) && !std::get<VoteRequest>(m.body).transfer);
  if (m.term > raft.ballot.term) {
    // While a leader is alive, nobody's election concerns us, not even the term of it (thesis 4.2.3).
    if (asks_for_vote && hears_leader(raft)) return;
    become_follower(c, m.term, std::nullopt);
  } else if (m.term < raft.ballot.term) {
    const bool is_question = asks_for_vote || std::holds_alternative<VoteRequest>(m.body) ||
                             std::holds_alternative<Append>(m.body) || std::holds_alternative<Heartbeat>(m.body) ||
                             std::holds_alternative<InstallSnapshot>(m.body);
    if (is_question) c.send(m.from, TermOver{});
    return;
  }
  std::visit(
      Match{[&](PreVoteRequest& b) { on(c, m, b); }, [&](PreVoteReply& b) { on(c, m, b); },
            [&](VoteRequest& b) { on(c, m, b); }, [&](VoteReply& b) { on(c, m, b); }, [&](Append& b) { on(c, m, b); },
            [&](Appended& b) { on(c, m, b); }, [&](Rejected& b) { on(c, m, b); }, [&](Heartbeat& b) { on(c, m, b); },
            [&](HeartbeatReply& b) { on(c, m, b); }, [&](InstallSnapshot& b) { on(c, m, b); },
            [&](Received& b) { on(c, m, b); }, [&](TimeoutNow& b) { on(c, m, b); }, [&](TermOver&) {}},
      m.body);
}

void tick(Context& c, std::uint32_t jitter) {
  Raft& raft = c.raft;
  const std::uint32_t election = raft.options.election_ticks;
  if (raft.timeout == 0) raft.timeout = election + jitter % election;
  if (leads(raft))
    tick_leader(c);
  else
    tick_without_leader(c);
}

void persisted(Context& c, std::uint64_t id) {
  Raft& raft = c.raft;
  for (const Raft::Pending& pending : raft.persisting) {
    if (pending.id > id) break;
    // What was replaced meanwhile is on disk too, but not this.
    if (raft.log.contains(pending.last)) raft.durable = std::max(raft.durable, pending.last.index);
  }
  std::erase_if(raft.persisting, [id](const Raft::Pending& pending) { return pending.id <= id; });
  ballot_is_durable(c, id);
  if (leads(raft)) advance_commit(c);
}

void take_snapshot(Context& c, SnapshotTaken& input) {
  Raft& raft = c.raft;
  ASSERT(input.index <= raft.applied, "a snapshot of what was not applied");
  if (input.index <= raft.log.snapshot().last.index) return;  // The leader's came meanwhile.
  raft.log.compact(input.index, std::move(input.state), raft.options.entries_kept);
  c.snapshot_changed = true;
}

/// What changed and must be durable.
void make_persist(Context& c) {
  Raft& raft = c.raft;
  if (!c.ballot_changed && !c.snapshot_changed && !c.entries_from) return;
  Persist persist;
  persist.id = ++raft.last_persist;
  if (c.ballot_changed) {
    persist.ballot = raft.ballot;
    if (!raft.options.rules.vote_durable) persist.ballot->vote = nobody;
    if (auto* candidate = std::get_if<Candidate>(&raft.role)) candidate->ballot_persist = persist.id;
  }
  if (c.snapshot_changed) {
    persist.snapshot = raft.log.snapshot();
    persist.before = raft.log.before();
    persist.discard_log = c.log_discarded;
  }
  if (c.entries_from) {
    const LogIndex previous = c.entries_from->previous();
    persist.previous = {previous, *raft.log.term_at(previous)};
    for (LogIndex i = *c.entries_from; i <= raft.log.last_index(); i = i.next())
      persist.entries.push_back(raft.log.at(i));
  }
  raft.persisting.push_back({persist.id, raft.log.last()});
  c.output.persist = std::move(persist);
}

Output finish(Context& c) {
  Raft& raft = c.raft;
  make_persist(c);
  const bool pending = !raft.persisting.empty() && raft.options.rules.entries_durable;
  for (Outgoing& outgoing : c.output.messages) outgoing.after = outgoing.after != 0 && pending ? raft.last_persist : 0;
  for (; raft.applied < raft.commit; raft.applied = raft.applied.next())
    c.output.apply.push_back({raft.applied.next(), raft.log.at(raft.applied.next())});
  return std::move(c.output);
}

}  // namespace

}  // namespace rules

const char* to_string(const Role& role) {
  return std::visit(
      Match{[](const Follower&) { return "follower"; }, [](const PreCandidate&) { return "pre-candidate"; },
            [](const Candidate&) { return "candidate"; }, [](const Leader&) { return "leader"; }},
      role);
}

const char* to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_leader: return "not-leader";
    case Refusal::transferring: return "transferring";
    case Refusal::busy: return "busy";
    case Refusal::change_pending: return "change-pending";
    case Refusal::not_caught_up: return "not-caught-up";
    case Refusal::invalid: return "invalid";
  }
  return "?";
}

Durable make_durable(Configuration initial) {
  Durable durable;
  durable.snapshot.configuration = std::move(initial);
  return durable;
}

namespace {

/// The rules, but for one that a mutant switches off.
Rules in_force(Rules rules) {
  if (HEIR_MUTANT("raft-vote-not-durable")) rules.vote_durable = false;
  if (HEIR_MUTANT("raft-entries-not-durable")) rules.entries_durable = false;
  if (HEIR_MUTANT("raft-votes-twice")) rules.one_vote_a_term = false;
  if (HEIR_MUTANT("raft-logs-not-compared")) rules.compare_logs = false;
  if (HEIR_MUTANT("raft-previous-unchecked")) rules.check_previous = false;
  if (HEIR_MUTANT("raft-takes-back-what-matches")) rules.keep_what_matches = false;
  if (HEIR_MUTANT("raft-commits-older-terms")) rules.commit_own_term_only = false;
  if (HEIR_MUTANT("raft-many-changes-at-a-time")) rules.one_change_at_a_time = false;
  if (HEIR_MUTANT("raft-change-before-own-entry")) rules.change_after_own_entry = false;
  if (HEIR_MUTANT("raft-reads-unconfirmed")) rules.confirm_reads = false;
  if (HEIR_MUTANT("raft-reads-before-own-entry")) rules.read_after_own_entry = false;
  return rules;
}

}  // namespace

Raft restore(Options options, Durable durable) {
  ASSERT(options.self != nobody && options.heartbeat_ticks > 0 && options.election_ticks > options.heartbeat_ticks,
         "a member without an id, or that cannot hear a heartbeat before its timeout");
  Raft raft;
  raft.options = options;
  raft.options.rules = in_force(options.rules);
  raft.ballot = durable.ballot;
  raft.log = Log(std::move(durable.snapshot), durable.before, std::move(durable.entries));
  raft.commit = raft.applied = raft.log.snapshot().last.index;
  raft.durable = raft.log.last_index();
  return raft;
}

void carry_out(Durable& durable, const Persist& persist) {
  if (persist.ballot) durable.ballot = *persist.ballot;
  if (persist.snapshot) {
    durable.snapshot = *persist.snapshot;
    const std::uint64_t drop = persist.before.index - durable.before.index;
    // A log that does not reach its snapshot is void: see Log.
    if (persist.discard_log || drop > durable.entries.size())
      durable.entries.clear();
    else
      durable.entries.erase(durable.entries.begin(), durable.entries.begin() + static_cast<std::ptrdiff_t>(drop));
    durable.before = persist.before;
  }
  if (persist.entries.empty()) return;
  const std::uint64_t kept = persist.previous.index - durable.before.index;
  ASSERT(kept <= durable.entries.size(), "entries behind a gap");
  durable.entries.resize(kept);
  durable.entries.insert(durable.entries.end(), persist.entries.begin(), persist.entries.end());
}

Output step(Raft& raft, Input input) {
  rules::Context c(raft);
  std::visit(
      Match{[&](Tick& i) { rules::tick(c, i.jitter); }, [&](Message& i) { rules::receive(c, i); },
            [&](Propose& i) { rules::propose(c, i); }, [&](ChangeMembership& i) { rules::change_membership(c, i); },
            [&](Read& i) { rules::read(c, i); }, [&](TransferLeadership& i) { rules::transfer_leadership(c, i); },
            [&](Campaign&) { rules::campaign(c); }, [&](Persisted& i) { rules::persisted(c, i.id); },
            [&](SnapshotTaken& i) { rules::take_snapshot(c, i); }},
      input);
  return rules::finish(c);
}

bool leads(const Raft& raft) {
  return std::holds_alternative<Leader>(raft.role);
}

std::optional<MemberId> leader_of(const Raft& raft) {
  if (leads(raft)) return raft.options.self;
  const auto* follower = std::get_if<Follower>(&raft.role);
  return follower ? follower->leader : std::nullopt;
}

bool leads_with_own_entry(const Raft& raft) {
  const auto* leader = std::get_if<Leader>(&raft.role);
  return leader && raft.commit >= leader->first_of_term;
}

bool sends_snapshot(const Raft& raft) {
  const auto* leader = std::get_if<Leader>(&raft.role);
  return leader && std::any_of(leader->progress.begin(), leader->progress.end(), [](const auto& entry) {
           return entry.second.stage == Progress::Stage::snapshot && entry.second.active;
         });
}

}  // namespace heir::raft
