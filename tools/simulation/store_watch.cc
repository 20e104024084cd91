#include "tools/simulation/store_watch.h"

#include <algorithm>
#include <utility>

namespace heir::tools {

bool StoreWatch::has_all(int member) const {
  const auto self = members_.find(raft::MemberId(static_cast<std::uint64_t>(member)));
  const auto up = std::find_if(up_.begin(), up_.end(), [&](const raft::Raft* other) {
    return self != members_.end() && other->options.self == self->first;
  });
  if (up == up_.end() || !raft::leader_of(**up)) return false;
  const bool is_newest = std::all_of(up_.begin(), up_.end(),
                                     [&](const raft::Raft* other) { return other->ballot.term <= (*up)->ballot.term; });
  const raft::EntryId last = raft::last_on(self->second.durable);
  return is_newest && std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
           return raft::at_least_as_new(last, raft::last_on(other.second.durable));
         });
}

void StoreWatch::forgive(int member) {
  Disk& disk = members_[raft::MemberId(static_cast<std::uint64_t>(member))];
  disk.may_have_lost = disk.was_forgiven = true;
}

void StoreWatch::restored(const raft::Raft& member) {
  const raft::MemberId id = member.options.self;
  const auto [found, is_new] = members_.try_emplace(id);
  Disk& disk = found->second;
  if (std::exchange(disk.may_have_lost, false)) {
    invariants_.forget(id);
    check_noticed(member, disk);
  } else if (!is_new) {
    check_kept(member, disk);
  }
  disk.durable = {member.ballot, member.log.snapshot(), member.log.before(), member.log.entries()};
  disk.writing.clear();
  disk.reads.clear();
  disk.knows_that_it_forgot = false;
  disks_[id] = &disk.durable;
  up_.push_back(&member);
  invariants_.restored(member);
  tell();
}

/// What a member was told to be durable is there after a crash; what it had asked for besides may be.
void StoreWatch::check_kept(const raft::Raft& member, Disk& disk) {
  const raft::Ballot& told = disk.durable.ballot;
  const bool kept_vote = member.ballot.term > told.term ||
                         (member.ballot.term == told.term && (told.vote == raft::nobody || member.ballot == told));
  const auto ends_as = [&] { return raft::last_on(disk.durable) == member.log.last(); };
  bool kept_log = ends_as();
  for (; !kept_log && !disk.writing.empty(); disk.writing.pop_front()) {
    raft::carry_out(disk.durable, disk.writing.front());
    kept_log = ends_as();
  }
  const std::string who = std::to_string(member.options.self.value());
  if (!kept_vote) invariants_.violation("FORGOTTEN: the vote of " + who);
  if (!kept_log) invariants_.violation("FORGOTTEN: the log of " + who + " has not what was durable");
}

/// A disk may have lost something, by leave; but whoever still has its vote has been told how much log it had then, and
/// must not go on without.
void StoreWatch::check_noticed(const raft::Raft& member, Disk& disk) {
  while (!disk.writing.empty()) carry_out(disk);
  if (disk.vouched && member.ballot == disk.vouched->first && member.log.last_index() < disk.vouched->second)
    invariants_.violation("UNNOTICED: " + std::to_string(member.options.self.value()) +
                          " has its vote, but not the log that this vouches for");
}

void StoreWatch::gone(const raft::Raft& member) {
  std::erase(up_, &member);
}

void StoreWatch::stepping(const raft::Raft& member, const raft::Input& input) {
  if (const auto* read = std::get_if<raft::Read>(&input))
    members_[member.options.self].reads[read->id] = invariants_.committed();
}

void StoreWatch::stepped(const raft::Raft& member, const raft::Output& output) {
  Disk& disk = members_[member.options.self];
  if (disk.knows_that_it_forgot)
    invariants_.violation("GOES ON: " + std::to_string(member.options.self.value()) + " knows that it forgot entries");
  disk.knows_that_it_forgot = output.forgot.has_value();
  if (output.forgot && !disk.was_forgiven)
    invariants_.violation("FORGOTTEN: " + std::to_string(member.options.self.value()) +
                          " lacks entries, though its disk lost nothing");
  if (output.persist) disk.writing.push_back(*output.persist);
  invariants_.check(member, output, disks_, up_);
  for (const raft::ReadOutcome& outcome : output.reads) {
    const auto asked = disk.reads.extract(outcome.id);
    if (outcome.index && !asked.empty()) invariants_.answered(outcome.id, asked.mapped(), *outcome.index);
  }
  tell();
}

void StoreWatch::sent(const raft::Message& message) {
  invariants_.sent(message);
  tell();
}

void StoreWatch::persisted(const raft::Raft& member, std::uint64_t id) {
  Disk& disk = members_[member.options.self];
  while (!disk.writing.empty() && disk.writing.front().id <= id) carry_out(disk);
}

/// The first of what it has asked for is on its disk.
void StoreWatch::carry_out(Disk& disk) {
  const raft::Persist& first = disk.writing.front();
  const raft::LogIndex end = raft::last_on(disk.durable).index;
  if (first.ballot) disk.vouched = {*first.ballot, end};
  if (disk.vouched && !first.entries.empty())
    disk.vouched->second = std::min(disk.vouched->second, first.previous.index);
  if (disk.vouched && first.snapshot && first.discard_log)
    disk.vouched->second = std::min(disk.vouched->second, first.snapshot->last.index);
  raft::carry_out(disk.durable, first);
  disk.writing.pop_front();
}

void StoreWatch::tell() {
  for (; told_ < invariants_.violations().size(); ++told_) violation_(invariants_.violations()[told_]);
}

}  // namespace heir::tools
