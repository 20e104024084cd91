#include "engine/store/raft/invariants.h"

#include <algorithm>

#include "engine/base/match.h"

namespace heir::raft {

namespace {

std::string name(MemberId id) {
  return std::to_string(id.value());
}

std::string to_text(EntryId id) {
  return std::to_string(id.term.number()) + "/" + std::to_string(id.index.number());
}

std::string to_text(const Payload& payload) {
  return std::visit(Match{[](const Nothing&) { return std::string("nothing"); },
                          [](const Command& c) { return "\"" + c.bytes + "\""; },
                          [](const Configuration&) { return std::string("members"); }},
                    payload);
}

/// The term at a place of the log on disk, if it is there. A log that does not reach its snapshot is void.
std::optional<Term> term_at(const Durable& disk, LogIndex index) {
  const auto at = [&disk](LogIndex i) -> std::optional<Term> {
    if (i == disk.before.index) return disk.before.term;
    if (i < disk.before.index || i > disk.before.index + disk.entries.size()) return std::nullopt;
    return disk.entries[i - disk.before.index - 1].term;
  };
  if (at(disk.snapshot.last.index) != disk.snapshot.last.term) return std::nullopt;
  return at(index);
}

bool holds(const Durable& disk, EntryId id) {
  return disk.snapshot.last.index >= id.index || term_at(disk, id.index) == id.term;
}

}  // namespace

EntryId last_on(const Durable& disk) {
  if (!term_at(disk, disk.snapshot.last.index)) return disk.snapshot.last;  // The snapshot replaced the log.
  if (disk.entries.empty()) return disk.before;
  return {disk.before.index + disk.entries.size(), disk.entries.back().term};
}

void Invariants::violation(const std::string& what) {
  violations_.push_back(what);
}

void Invariants::watch(const Raft& member) {
  before_[member.options.self] = {member.ballot.term, member.commit, member.applied, leads(member),
                                  member.log.last_index()};
}

void Invariants::restored(const Raft& member) {
  const MemberId id = member.options.self;
  if (const auto told = told_.find(id); told != told_.end() && member.ballot.term < told->second)
    violation("WENT BACK: " + name(id) + " has forgotten term " + std::to_string(told->second.number()));
  applied_[id] = member.applied;
  if (member.applied > committed())
    violation("STATE MACHINE SAFETY: " + name(id) + " has a snapshot of what nobody committed");
  check_entries(member, member.log.before().index.next());
  watch(member);
}

void Invariants::forget(MemberId member) {
  told_.erase(member);
  std::erase_if(votes_, [member](const auto& vote) { return vote.first.second == member; });
}

void Invariants::check(const Raft& member, const Output& output, const std::map<MemberId, const Durable*>& disks,
                       const std::vector<const Raft*>& up) {
  const MemberId id = member.options.self;
  const Before before = before_[id];
  if (member.ballot.term < before.term || member.commit < before.commit || member.applied < before.applied)
    violation("WENT BACK: the term, commit or applied index of " + name(id));
  if (output.persist && !output.persist->entries.empty()) check_entries(member, output.persist->previous.index.next());
  if (leads(member)) {
    check_leader(member);
    if (before.led && before.term == member.ballot.term && member.log.last_index() < before.last)
      violation("LOG MATCHING: " + name(id) + " leads and takes entries back");
  }
  if (output.install) applied_[id] = output.install->last.index;
  for (const Applicable& a : output.apply) apply(id, a.index, a.entry);
  check_commit(member, output, before, disks, up);
  if (output.install && output.install->last.index > committed())
    violation("STATE MACHINE SAFETY: " + name(id) + " installs what nobody committed");
  watch(member);
}

/// By induction over all entries that ever were: each stands behind the same one.
void Invariants::check_entries(const Raft& member, LogIndex from) {
  for (LogIndex i = from; i <= member.log.last_index(); i = i.next()) {
    const Entry& entry = member.log.at(i);
    const Term previous = member.log.term_at(i.previous()).value_or(Term());
    const auto [known, is_new] = entries_.try_emplace({i, entry.term}, Known{entry.payload, previous});
    if (is_new || (known->second.payload == entry.payload && known->second.previous == previous)) continue;
    violation("LOG MATCHING: entry " + to_text(EntryId{i, entry.term}) + " of " + name(member.options.self) + " is " +
              to_text(entry.payload) + " behind term " + std::to_string(previous.number()) + ", elsewhere " +
              to_text(known->second.payload) + " behind term " + std::to_string(known->second.previous.number()));
    return;
  }
}

void Invariants::check_leader(const Raft& member) {
  const MemberId id = member.options.self;
  const auto [leader, is_new] = leaders_.try_emplace(member.ballot.term, id);
  if (leader->second != id)
    violation("ELECTION SAFETY: " + name(leader->second) + " and " + name(id) + " both led term " +
              std::to_string(member.ballot.term.number()));
  if (is_new) check_complete(member, LogIndex(1), committed());
  for (const auto& [to, progress] : std::get<Leader>(member.role).progress) {
    std::size_t bytes = 0;
    for (const Progress::InFlight& f : progress.in_flight) bytes += f.bytes;
    const Options& options = member.options;
    if (progress.in_flight.size() > options.in_flight_messages ||
        bytes > options.in_flight_bytes + options.append_bytes + 1024)
      violation("UNBOUNDED: " + std::to_string(bytes) + " bytes under way to " + name(to));
  }
}

void Invariants::check_complete(const Raft& leader, LogIndex from, LogIndex to) {
  for (LogIndex i = from; i <= to; i = i.next()) {
    const Committed& committed = committed_[i.number() - 1];
    if (committed.in > leader.ballot.term || i <= leader.log.before().index) continue;
    if (leader.log.contains({i, committed.entry.term})) continue;
    violation("LEADER COMPLETENESS: " + name(leader.options.self) + " leads term " +
              std::to_string(leader.ballot.term.number()) + " without the committed entry " +
              to_text(EntryId{i, committed.entry.term}));
    return;
  }
}

void Invariants::check_commit(const Raft& member, const Output& output, const Before& before,
                              const std::map<MemberId, const Durable*>& disks, const std::vector<const Raft*>& up) {
  const MemberId id = member.options.self;
  if (member.commit > member.log.last_index())
    return violation("COMMITTED ENTRY GONE: the end of " + name(id) + "'s log");
  // Where the log, or what is known to be committed of it, has changed.
  LogIndex from = before.commit.next();
  if (output.persist && !output.persist->entries.empty()) from = std::min(from, output.persist->previous.index.next());
  for (LogIndex i = std::max(from, member.log.before().index.next()); i <= std::min(member.commit, committed());
       i = i.next())
    if (member.log.at(i) != committed_[i.number() - 1].entry)
      return violation("COMMITTED ENTRY GONE: " + name(id) + " has " + to_text(EntryId{i, member.log.at(i).term}) +
                       " in place of " + to_text(EntryId{i, committed_[i.number() - 1].entry.term}));
  if (member.commit <= before.commit) return;
  const LogIndex known = committed();
  for (LogIndex i = known.next(); i <= member.commit; i = i.next()) {
    if (i <= member.log.before().index) return violation("STATE MACHINE SAFETY: a commit that nobody saw begin");
    committed_.push_back({member.log.at(i), member.ballot.term});
  }
  for (const Raft* other : up)
    if (leads(*other) && other->ballot.term >= member.ballot.term) check_complete(*other, known.next(), committed());
  if (!leads(member)) return;
  const EntryId last{member.commit, *member.log.term_at(member.commit)};
  const bool kept = is_quorum(member.log.configuration_at(member.log.last_index()), [&](MemberId voter) {
    const auto disk = disks.find(voter);
    return disk != disks.end() && holds(*disk->second, last);
  });
  if (!kept)
    violation("NOT DURABLE: " + name(id) + " commits " + to_text(last) + ", which is not on the disks of a majority");
}

void Invariants::apply(MemberId member, LogIndex index, const Entry& entry) {
  if (index != applied_[member].next())
    violation("STATE MACHINE SAFETY: " + name(member) + " applies " + std::to_string(index.number()) + " behind " +
              std::to_string(applied_[member].number()));
  applied_[member] = index;
  if (index <= committed() && committed_[index.number() - 1].entry != entry)
    violation("STATE MACHINE SAFETY: " + name(member) + " applies " + to_text(EntryId{index, entry.term}) +
              " where another applied " + to_text(EntryId{index, committed_[index.number() - 1].entry.term}));
}

void Invariants::sent(const Message& m) {
  told_[m.from] = std::max(told_[m.from], m.term);
  MemberId to = nobody;
  if (const auto* reply = std::get_if<VoteReply>(&m.body); reply && reply->granted) to = m.to;
  if (std::holds_alternative<VoteRequest>(m.body)) to = m.from;
  if (to == nobody) return;
  const auto [vote, is_new] = votes_.try_emplace({m.term, m.from}, to);
  if (!is_new && vote->second != to)
    violation("TWO VOTES: " + name(m.from) + " votes for " + name(vote->second) + " and " + name(to) + " in term " +
              std::to_string(m.term.number()));
}

void Invariants::answered(std::uint64_t read, LogIndex asked_at, LogIndex index) {
  if (index < asked_at)
    violation("STALE READ: read " + std::to_string(read) + " reads at " + std::to_string(index.number()) + ", but " +
              std::to_string(asked_at.number()) + " was committed when it began");
}

}  // namespace heir::raft
