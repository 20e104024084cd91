#include "engine/store/raft/log.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/base/match.h"
#include "engine/base/mutant.h"

namespace heir::raft {

namespace {

constexpr std::size_t overhead = 16;  ///< Of an entry, whatever it holds.

}  // namespace

std::size_t size_of(const Entry& entry) {
  return overhead + std::visit(Match{[](const Nothing&) { return std::size_t{0}; },
                                     [](const Command& c) { return c.bytes.size(); },
                                     [](const Configuration& c) {
                                       std::size_t size = 0;
                                       for (const Member& m : c.members) size += overhead + m.address.value().size();
                                       return size;
                                     }},
                               entry.payload);
}

Log::Log(Snapshot snapshot) : snapshot_(std::move(snapshot)), before_(snapshot_.last) {
  configurations_ = {InForce{snapshot_.last.index, snapshot_.configuration}};
}

Log::Log(Snapshot snapshot, EntryId before, std::vector<Entry> entries) : Log(std::move(snapshot)) {
  ASSERT(before.index <= snapshot_.last.index, "a log with a gap behind its snapshot");
  const std::uint64_t covered = snapshot_.last.index - before.index;
  const bool reaches = covered <= entries.size();
  const Term there = covered == 0 ? before.term : reaches ? entries[covered - 1].term : Term();
  if (!reaches || there != snapshot_.last.term) return;
  before_ = before;
  for (std::uint64_t i = 0; i < covered; ++i) {
    bytes_ += size_of(entries[i]);
    entries_.push_back(std::move(entries[i]));
  }
  for (std::uint64_t i = covered; i < entries.size(); ++i) append(std::move(entries[i]));
}

EntryId Log::last() const {
  return entries_.empty() ? before_ : EntryId{last_index(), entries_.back().term};
}

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index == before_.index) return before_.term;
  if (index < before_.index || index > last_index()) return std::nullopt;
  return at(index).term;
}

const Entry& Log::at(LogIndex index) const {
  ASSERT(index > before_.index && index <= last_index(),
         "reading entry " + std::to_string(index.number()) + " of a log from " +
             std::to_string(before_.index.number() + 1) + " to " + std::to_string(last_index().number()));
  return entries_[index - before_.index - 1];
}

std::vector<Entry> Log::slice(LogIndex first, std::size_t most_bytes) const {
  std::vector<Entry> some;
  std::size_t size = 0;
  for (LogIndex index = first; index <= last_index(); index = index.next()) {
    const Entry& entry = at(index);
    size += size_of(entry);
    if (!some.empty() && size > most_bytes) break;
    some.push_back(entry);
  }
  return some;
}

EntryId Log::last_not_above(LogIndex from, Term term) const {
  LogIndex index = std::min(from, last_index());
  while (index > before_.index && at(index).term > term) index = index.previous();
  return index > before_.index ? EntryId{index, at(index).term} : before_;
}

const Configuration& Log::configuration_at(LogIndex index) const {
  auto found = std::find_if(configurations_.rbegin(), configurations_.rend(),
                            [index](const InForce& c) { return c.at <= index; });
  ASSERT(found != configurations_.rend(), "the configuration of a place that a snapshot covers");
  return found->configuration;
}

void Log::append(Entry entry) {
  ASSERT(entry.term >= last().term, "an entry of an older term behind one of a newer");
  bytes_ += size_of(entry);
  if (const auto* configuration = std::get_if<Configuration>(&entry.payload))
    configurations_.push_back({last_index().next(), *configuration});
  entries_.push_back(std::move(entry));
}

void Log::truncate(LogIndex first) {
  ASSERT(first > snapshot_.last.index, "taking back what a snapshot covers");
  while (last_index() >= first) {
    bytes_ -= size_of(entries_.back());
    entries_.pop_back();
  }
  while (configurations_.back().at >= first && configurations_.size() > 1) configurations_.pop_back();
}

void Log::drop_through(EntryId id) {
  const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(id.index - before_.index);
  for (auto it = entries_.begin(); it != end; ++it) bytes_ -= size_of(*it);
  entries_.erase(entries_.begin(), end);
  before_ = id;
}

void Log::compact(LogIndex index, Bytes state, std::size_t keep) {
  ASSERT(index > snapshot_.last.index && index <= last_index(), "a snapshot of a place that is not in the log");
  snapshot_ = Snapshot{{index, at(index).term}, configuration_at(index), std::move(state)};
  std::erase_if(configurations_, [index](const InForce& c) { return c.at <= index; });
  configurations_.insert(configurations_.begin(), InForce{index, snapshot_.configuration});
  if (index - before_.index <= keep) return;
  const LogIndex cut(index.number() - keep);
  drop_through({cut, *term_at(cut)});
}

bool Log::install(Snapshot snapshot) {
  if (!contains(snapshot.last) || HEIR_MUTANT("raft-snapshot-drops-the-log")) {
    *this = Log(std::move(snapshot));
    return false;
  }
  drop_through(snapshot.last);
  std::erase_if(configurations_, [&](const InForce& c) { return c.at <= snapshot.last.index; });
  configurations_.insert(configurations_.begin(), InForce{snapshot.last.index, snapshot.configuration});
  snapshot_ = std::move(snapshot);
  return true;
}

}  // namespace heir::raft
