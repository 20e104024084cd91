// Coverage: the probes of a run: rare branches of the protocol that it went through, which kinds of faults struck, and
// in which phase of the cluster. A campaign adds them up and tells what was never reached.
//
//   strike/KIND          a fault of this kind struck: expected of each kind that the scenario has
//   phase/FAMILY/PHASE   a fault of this family struck in this phase
//   all others           a branch of the protocol, as the names in coverage.cc say
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "scenarios/scenario.h"
#include "sim/kernel/probes.h"

namespace heir::sim {

struct ClusterView;

class Coverage {
 public:
  /// The probes outlive it.
  Coverage(Probes& probes, const scenarios::Scenario& scenario);

  /// A branch by its name; names that are none (most log lines) are ignored.
  void reach(std::string_view name);
  /// The cluster state went from one version to another.
  void on_state(const ClusterView& before, const ClusterView& now);
  void on_strike(scenarios::FaultKind kind, const ClusterView& now);

 private:
  void add(std::string name, ProbeRarity rarity);
  Probes& probes_;
  std::map<std::string, Probe, std::less<>> by_name_;
};

}  // namespace heir::sim
