#include "sim/kernel/probes.h"

namespace heir::sim {

Probe Probes::probe(std::string_view name, ProbeRarity rarity) {
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    found = entries_.emplace(std::string(name), Entry{0, rarity}).first;
  } else if (rarity == ProbeRarity::expected) {
    found->second.rarity = rarity;
  }
  return Probe(&found->second.count);
}

std::uint64_t Probes::count(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? 0 : found->second.count;
}

}  // namespace heir::sim
