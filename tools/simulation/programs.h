// The real programs on the simulated hosts: the engine's agent, its coordination store, the clients' question who
// leads, and an operator's requests, each as a HostMain. This is where simulation and engine meet.
#pragma once

#include <string>

#include "engine/agent/agent.h"
#include "engine/store/raft/raft.h"
#include "sim/world/programs.h"

namespace heir::tools {

/// What an agent of the scenario is configured with. `invalid` names a policy switch that the engine does not know.
Result<agent::Config> agent_config(const scenarios::Scenario& scenario, const sim::PeerSetup& setup);

/// Has no state of its own; one object may serve any number of runs.
class SimulatedPrograms final : public sim::Programs {
 public:
  /// `store_rules`: of the replicated store; tests alone switch one off.
  explicit SimulatedPrograms(raft::Rules store_rules = {}) : store_rules_(store_rules) {}

  /// REQUIRES that agent_config succeeds for the scenario.
  sim::HostMain agent(const scenarios::Scenario& scenario, const sim::PeerSetup& setup) override;
  std::unique_ptr<sim::StoreChecks> check_store(const scenarios::Scenario& scenario,
                                                std::function<void(std::string)> violation) override;
  sim::HostMain store(const scenarios::Scenario& scenario, const sim::MemberSetup& setup) override;
  sim::HostMain resolver(sim::Resolver& resolver, sim::Network& network, std::vector<Address> store) override;
  sim::HostMain operator_request(const scenarios::Fault& request, std::vector<Address> store, Address agent) override;

 private:
  raft::Rules store_rules_;
};

}  // namespace heir::tools
