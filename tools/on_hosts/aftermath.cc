#include "tools/on_hosts/aftermath.h"

#include <algorithm>
#include <map>

namespace heir::on_hosts {

namespace {

using reports::Operation;
using scenarios::FailureKind;
using sim::VirtualTime;

VirtualTime virtual_time(reports::HistoryTime at) {
  return VirtualTime::from_ns(at.ns());
}

std::string host(int peer) {
  return "host" + std::to_string(peer);
}

class Acknowledgements {
 public:
  /// What is wrong with it, after those before.
  std::optional<sim::Violation> add(const Operation& write) {
    if (write.by.generation == 0) return std::nullopt;  // It is not known which.
    const auto [entry, is_first] =
        by_generation_.try_emplace(write.by.generation, First{write.by.peer, write.completed});
    const VirtualTime at = virtual_time(write.completed);
    if (!is_first && entry->second.peer != write.by.peer)
      return sim::Violation{FailureKind::two_primaries, at,
                            host(entry->second.peer) + " and " + host(write.by.peer) +
                                " both acknowledged writes in generation " + std::to_string(write.by.generation)};
    const auto later = std::next(entry);
    if (later != by_generation_.end() && later->second.peer != write.by.peer && write.invoked > later->second.at)
      return sim::Violation{FailureKind::split_brain, at,
                            host(write.by.peer) + " acknowledged a write in generation " +
                                std::to_string(write.by.generation) + " after " + host(later->second.peer) +
                                " had acknowledged writes in generation " + std::to_string(later->first)};
    return std::nullopt;
  }

 private:
  struct First {
    std::uint16_t peer = 0;
    reports::HistoryTime at;
  };
  std::map<std::uint32_t, First> by_generation_;
};

}  // namespace

std::vector<const Operation*> acknowledged_writes(const reports::History& history) {
  std::vector<const Operation*> writes;
  for (const Operation& operation : history.operations())
    if (operation.ok() && !reports::is_read(operation.function)) writes.push_back(&operation);
  std::stable_sort(writes.begin(), writes.end(),
                   [](const Operation* a, const Operation* b) { return a->end < b->end; });
  return writes;
}

std::vector<sim::Outage> outages_among(const std::vector<const Operation*>& writes, VirtualTime end,
                                       Duration shortest) {
  std::vector<sim::Outage> outages;
  std::optional<VirtualTime> last;
  for (const Operation* write : writes) {
    const VirtualTime at = virtual_time(write->completed);
    if (last && at - *last >= shortest) outages.push_back({*last, at});
    last = at;
  }
  const VirtualTime since = last.value_or(VirtualTime());
  if (since < end && end - since >= shortest) outages.push_back({since, end});
  return outages;
}

void conclude_from_history(const scenarios::Scenario& scenario, sim::RunResult& result) {
  Acknowledgements acknowledgements;
  bool is_split = false;
  const std::vector<const Operation*> writes = acknowledged_writes(result.history);
  for (const Operation* write : writes) {
    const VirtualTime at = virtual_time(write->completed);
    if (std::optional<sim::Violation> violation = acknowledgements.add(*write); violation && !is_split) {
      is_split = true;
      result.story.push_back({at, sim::StoryLine::Kind::note, "", "VIOLATION: " + violation->message});
      result.violations.push_back(std::move(*violation));
    }
    if (!result.first_write_after_heal && at > result.healed_at) result.first_write_after_heal = at;
  }
  if (!writes.empty() || result.has_writers)
    result.outages = outages_among(writes, VirtualTime() + scenario.duration, sim::shortest_outage);
}

}  // namespace heir::on_hosts
