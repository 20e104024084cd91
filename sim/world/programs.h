// The programs that run on simulated hosts. sim knows the engine only as the interface that it implements
// (engine/base/host.h), so whoever starts a run hands these in.
#pragma once

#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/process/sim_host.h"
#include "sim/workload/resolver.h"

namespace heir::sim {

/// What a peer's programs are told about where they are.
struct PeerSetup {
  std::string name;  ///< Of the host.
  Address gate;      ///< Where its clients connect.
  Address database;  ///< Where its database listens.
  Address store;
  std::string root;  ///< The folder for the database and all that belongs to it; exists.
};

class Programs {
 public:
  virtual ~Programs() = default;
  virtual HostMain agent(const scenarios::Scenario& scenario, const PeerSetup& setup) = 0;
  /// `state_file`: in a folder that exists.
  virtual HostMain store(const scenarios::Scenario& scenario, std::string state_file) = 0;
  /// Answers `resolver` as long as it runs.
  virtual HostMain resolver(Resolver& resolver, Network& network, Address store) = 0;
  /// One operator's request (switchover, freeze, unfreeze, rebuild); `agent`: where the peer's agent takes messages.
  virtual HostMain operator_request(const scenarios::Fault& request, Address store, Address agent) = 0;
};

}  // namespace heir::sim
