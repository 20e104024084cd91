// What a leader does: proposals, commit, reads, membership, handing over.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/store/raft/rules.h"

namespace heir::raft::rules {

namespace {

Leader& leader(Context& c) {
  return std::get<Leader>(c.raft.role);
}

/// Followers are those of the configuration in force.
void follow_configuration(Context& c) {
  std::map<MemberId, Progress>& progress = leader(c).progress;
  std::erase_if(progress, [&](const auto& entry) { return !find(c.configuration(), entry.first); });
  for (const Member& member : c.configuration().members) {
    if (member.id == c.self() || progress.contains(member.id)) continue;
    Progress added;
    added.next = c.raft.log.last_index();  // Probed with one entry at least.
    if (added.next == LogIndex()) added.next = LogIndex(1);
    progress.emplace(member.id, added);
  }
}

void append_as_leader(Context& c, Payload payload) {
  append(c, std::move(payload));
  leader(c).uncommitted += size_of(c.raft.log.at(c.raft.log.last_index()));
  c.output.proposed = c.raft.log.last();
  replicate_to_all(c);
  advance_commit(c);
}

/// Whether a proposal is refused for a reason that has nothing to do with what it says.
bool refuses(Context& c) {
  if (!leads(c.raft)) {
    c.refuse(Refusal::not_leader);
  } else if (leader(c).transfer) {
    c.refuse(Refusal::transferring);
  } else if (leader(c).uncommitted > c.options().uncommitted_bytes) {
    c.refuse(Refusal::busy);
  } else {
    return false;
  }
  return true;
}

void step_down(Context& c) {
  become_follower(c, c.raft.ballot.term, std::nullopt);
}

/// The voter that has most of the log, and answers.
std::optional<MemberId> best_successor(Context& c) {
  std::optional<MemberId> best;
  LogIndex match;
  for (const auto& [id, progress] : leader(c).progress) {
    if (!votes(c.configuration(), id) || !progress.active || (best && progress.match <= match)) continue;
    best = id;
    match = progress.match;
  }
  return best;
}

/// A removed leader goes when its removal is committed (thesis 4.2.2), and saves the others the wait for a timeout.
void leave_if_removed(Context& c) {
  if (votes(c.configuration(), c.self()) || c.raft.log.configuration_index() > c.raft.commit) return;
  for (const auto& [id, progress] : leader(c).progress) beat(c, id, progress);
  if (const auto successor = best_successor(c)) c.send_at_once(*successor, TimeoutNow{});
  step_down(c);
}

void start_round(Context& c) {
  Leader& lead = leader(c);
  lead.confirming = Leader::Confirming{++lead.round, c.raft.commit, std::move(lead.waiting_reads)};
  lead.waiting_reads.clear();
  for (const auto& [id, progress] : lead.progress)
    if (votes(c.configuration(), id)) beat(c, id, progress);
}

/// Answers the reads whose round a quorum has answered, and goes on with those that have waited for it.
void confirm_reads(Context& c) {
  Leader& lead = leader(c);
  const bool may_begin = leads_with_own_entry(c.raft) || !c.options().rules.read_after_own_entry;
  while (true) {
    if (!lead.confirming && !lead.waiting_reads.empty() && may_begin) start_round(c);
    if (!lead.confirming) return;
    const bool confirmed = is_quorum(c.configuration(), [&](MemberId id) {
      if (id == c.self()) return true;
      const auto found = lead.progress.find(id);
      return found != lead.progress.end() && found->second.round >= lead.confirming->round;
    });
    if (!confirmed && c.options().rules.confirm_reads) return;
    for (const std::uint64_t id : lead.confirming->reads) c.output.reads.push_back({id, lead.confirming->commit});
    lead.confirming.reset();
  }
}

}  // namespace

void become_leader(Context& c) {
  Raft& raft = c.raft;
  Leader lead;
  lead.first_of_term = raft.log.last_index().next();
  for (LogIndex i = raft.commit.next(); i <= raft.log.last_index(); i = i.next())
    lead.uncommitted += size_of(raft.log.at(i));
  raft.role = std::move(lead);
  raft.elapsed = 0;
  raft.timeout = 0;
  append(c, Nothing{});
  leader(c).uncommitted += size_of(raft.log.at(raft.log.last_index()));
  follow_configuration(c);
  replicate_to_all(c);
  advance_commit(c);
}

void tick_leader(Context& c) {
  Raft& raft = c.raft;
  Leader& lead = leader(c);
  if (lead.transfer && ++lead.transfer->ticks >= raft.options.election_ticks) lead.transfer.reset();
  if (++raft.elapsed >= raft.options.election_ticks) {
    raft.elapsed = 0;
    const bool heard = is_quorum(c.configuration(), [&](MemberId id) {
      const auto found = lead.progress.find(id);
      return id == c.self() || (found != lead.progress.end() && found->second.active);
    });
    // Its clients should look for another (thesis 6.2).
    if (!heard && !HEIR_MUTANT("raft-leader-never-steps-down")) return step_down(c);
    for (auto& [id, progress] : lead.progress) progress.active = false;
  }
  if (++lead.since_heartbeat < raft.options.heartbeat_ticks) return;
  lead.since_heartbeat = 0;
  for (auto& [id, progress] : lead.progress) beat_and_repair(c, id, progress);
}

void propose(Context& c, Propose& input) {
  if (refuses(c)) return;
  append_as_leader(c, Command{std::move(input.command)});
}

void change_membership(Context& c, const ChangeMembership& input) {
  const Raft& raft = c.raft;
  if (refuses(c)) return;
  const Rules& rules = raft.options.rules;
  if (rules.one_change_at_a_time && raft.log.configuration_index() > raft.commit)
    return c.refuse(Refusal::change_pending, "another change is not committed yet");
  // Else a leader of an older term, who changed the membership as well, could have a quorum apart from ours: D. Ongaro,
  // "bug in single-server membership changes", raft-dev, 10 July 2015.
  if (rules.change_after_own_entry && !leads_with_own_entry(raft))
    return c.refuse(Refusal::change_pending, "nothing of this leader's term is committed yet");
  Result<Configuration> next = changed(c.configuration(), input.change);
  if (!next) return c.refuse(Refusal::invalid, next.error().message);
  if (const auto* promote = std::get_if<Promote>(&input.change)) {
    const auto found = leader(c).progress.find(promote->id);
    if (found != leader(c).progress.end() && found->second.match + raft.options.caught_up < raft.log.last_index())
      return c.refuse(Refusal::not_caught_up, "it would delay every commit until it has the log");
  }
  append(c, std::move(*next));
  leader(c).uncommitted += size_of(raft.log.at(raft.log.last_index()));
  c.output.proposed = raft.log.last();
  follow_configuration(c);
  replicate_to_all(c);
  advance_commit(c);
}

void read(Context& c, const Read& input) {
  if (!leads(c.raft) || leader(c).waiting_reads.size() >= c.options().waiting_reads) {
    c.output.reads.push_back({input.id, std::nullopt});
    return;
  }
  leader(c).waiting_reads.push_back(input.id);
  confirm_reads(c);
}

void abandon_reads(Context& c, Leader& lead) {
  if (lead.confirming)
    for (const std::uint64_t id : lead.confirming->reads) c.output.reads.push_back({id, std::nullopt});
  for (const std::uint64_t id : lead.waiting_reads) c.output.reads.push_back({id, std::nullopt});
}

void note_round(Context& c, Progress& progress, std::uint64_t round) {
  progress.active = true;
  if (round <= progress.round) return;
  progress.round = round;
  confirm_reads(c);
}

void transfer_leadership(Context& c, const TransferLeadership& input) {
  if (refuses(c)) return;
  const std::optional<MemberId> to = input.to ? input.to : best_successor(c);
  if (!to || *to == c.self() || !votes(c.configuration(), *to))
    return c.refuse(Refusal::invalid, "nobody else who votes and answers could lead");
  leader(c).transfer = Leader::Transfer{*to, 0};
  hand_over_if_ready(c);
}

void hand_over_if_ready(Context& c) {
  Leader& lead = leader(c);
  if (!lead.transfer) return;
  const auto found = lead.progress.find(lead.transfer->to);
  if (found == lead.progress.end() || found->second.match < c.raft.log.last_index()) return;
  c.send_at_once(lead.transfer->to, TimeoutNow{});
}

void advance_commit(Context& c) {
  Raft& raft = c.raft;
  const LogIndex index = quorum_index(c.configuration(), [&](MemberId id) {
    if (id == c.self()) return raft.options.rules.entries_durable ? raft.durable : raft.log.last_index();
    const auto found = leader(c).progress.find(id);
    return found == leader(c).progress.end() ? LogIndex() : found->second.match;
  });
  if (index <= raft.commit) return;
  // Counting makes only entries of the own term committed, and all before them with them: an entry of an older term
  // that a majority has may still be replaced (thesis 3.6.2, figure 3.7).
  if (raft.options.rules.commit_own_term_only && raft.log.term_at(index) != raft.ballot.term) return;
  for (LogIndex i = raft.commit.next(); i <= index; i = i.next()) leader(c).uncommitted -= size_of(raft.log.at(i));
  raft.commit = index;
  confirm_reads(c);
  leave_if_removed(c);
}

}  // namespace heir::raft::rules
