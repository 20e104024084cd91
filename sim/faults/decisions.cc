#include "sim/faults/decisions.h"

#include "scenarios/fault_section.h"

namespace heir::sim {

scenarios::Scenario with_decisions(scenarios::Scenario scenario, const std::vector<scenarios::Fault>& decisions) {
  scenario.faults.clear();
  scenario.swarm.reset();
  scenario.margins.clear();
  for (const scenarios::Fault& decision : decisions)
    scenario.faults.push_back(scenarios::only_what_its_kind_means(decision));
  return scenario;
}

}  // namespace heir::sim
