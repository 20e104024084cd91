// Changes of the primary in a running world, step by step (reports/timeline/timeline.h).
#include <algorithm>

#include "sim/world/world.h"

namespace heir::sim {

std::string World::host_name(std::string_view name) const {
  const int host = host_named(name);
  return host == 0 ? std::string(name) : peer(host).machine->name();
}

std::string World::with_hosts(std::string_view text) const {
  std::string named;
  while (!text.empty()) {
    const std::string_view word = first_word(text);
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    named += (named.empty() ? "" : " ") + host_name(word);
  }
  return named;
}

void World::note_failover(const ClusterView& before, std::string_view why) {
  reports::Failover& failover = result_.failovers.emplace_back();
  failover.generation = cluster_.generation;
  failover.from = host_name(before.primary);
  failover.to = host_name(cluster_.primary);
  failover.why = with_hosts(why);
  failover.declared = history_now();
  // Of this takeover only if no other change of the primary lies between.
  const auto severed = severed_.find(host_named(cluster_.primary));
  const bool is_first = result_.failovers.size() < 2;
  if (severed != severed_.end() && (is_first || severed->second > result_.failovers.rbegin()[1].declared))
    failover.severed = severed->second;
}

void World::note_severed(int host) {
  severed_[host] = history_now();
}

void World::note_promoted(int host) {
  if (result_.failovers.empty()) return;
  reports::Failover& last = result_.failovers.back();
  if (!last.promoted && last.to == peer(host).machine->name()) last.promoted = history_now();
}

void World::note_opened() {
  for (reports::Failover& each : result_.failovers)
    if (each.generation == opened_generation_) each.opened = history_now();
  if (!result_.timeline) return;
  for (reports::GenerationTimeline& each : result_.timeline->generations)
    if (each.generation == opened_generation_) each.opened = history_now();
}

}  // namespace heir::sim
