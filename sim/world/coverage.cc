#include "sim/world/coverage.h"

#include "scenarios/fault_kinds.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

using scenarios::FaultFamily;
using scenarios::FaultKind;

/// Branches that a campaign may go by without. Those that are not told by on_state() are log lines of agents, store and
/// databases' procedures.
constexpr std::string_view rare_branches[] = {
    "takeover-of-a-takeover",  // by a generation whose gate had never opened
    "sync-replaced",
    "deposed",
    "frozen",
    "gate-held",
    "gate-closed",
    "rejoin-followed",
    "rejoin-rewound",
    "rejoin-cloned",
    "tail-set-aside",
    "store-leader-changed",
    "copy-damaged",
    "copy-unusable",
    "database-unresponsive",
    "diverged",
    "fast-stop-failed",
    "gate-failed",
    "not-remembered",
    "old-copy-returned",
    "rewind-failed",
    "session-not-kept",
    "store-file-repaired",
    "store-log-cut",
    "stray-history-removed",
    "unfinished-copy-removed",
    "write-refused",
};

constexpr std::string_view phases[] = {"founding", "takeover", "steady", "repairing"};

std::string_view phase_of(const ClusterView& cluster) {
  if (cluster.generation == 0) return "founding";
  if (!cluster.opened) return "takeover";
  return cluster.deposed.empty() && !cluster.sync.empty() ? "steady" : "repairing";
}

std::string strike_name(FaultKind kind) {
  return "strike/" + std::string(scenarios::traits(kind).name);
}

std::string phase_name(FaultFamily family, std::string_view phase) {
  return "phase/" + scenarios::to_string(family) + "/" + std::string(phase);
}

}  // namespace

Coverage::Coverage(Probes& probes, const scenarios::Scenario& scenario) : probes_(probes) {
  for (const std::string_view name : rare_branches) add(std::string(name), ProbeRarity::rare);
  for (const char* name : {"founded", "gate-opened"}) add(name, ProbeRarity::expected);
  const bool fails_over = scenario.expect.min_failovers.value_or(0) > 0;
  add("takeover", fails_over ? ProbeRarity::expected : ProbeRarity::rare);
  const auto add_kind = [this](FaultKind kind) {
    add(strike_name(kind), ProbeRarity::expected);
    for (const std::string_view phase : phases)
      add(phase_name(scenarios::traits(kind).family, phase), ProbeRarity::rare);
  };
  for (const scenarios::Fault& fault : scenario.faults) {
    if (fault.kind != FaultKind::random) add_kind(fault.kind);
    for (const FaultKind kind : fault.among) add_kind(kind);
  }
}

void Coverage::add(std::string name, ProbeRarity rarity) {
  const Probe probe = probes_.probe(name, rarity);
  by_name_.emplace(std::move(name), probe);
}

void Coverage::reach(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) found->second.hit();
}

void Coverage::on_state(const ClusterView& before, const ClusterView& now) {
  if (now.generation != before.generation) {
    if (before.generation == 0) {
      reach("founded");
    } else if (now.primary != before.primary) {
      reach("takeover");
      if (!before.opened) reach("takeover-of-a-takeover");
    } else {
      reach("sync-replaced");
    }
  }
  if (now.deposed.size() > before.deposed.size()) reach("deposed");
  if (!now.freeze.empty() && before.freeze.empty()) reach("frozen");
}

void Coverage::on_strike(FaultKind kind, const ClusterView& now) {
  reach(strike_name(kind));
  reach(phase_name(scenarios::traits(kind).family, phase_of(now)));
}

}  // namespace heir::sim
