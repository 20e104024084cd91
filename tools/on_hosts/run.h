// A run on real hosts: one scenario and one seed in, what happened out, in the terms of a simulated run, so that the
// same judge says whether it went as the scenario says. The nemesis is the simulator's, with the same draws; what it
// does, and all else, happens in real time.
#pragma once

#include <functional>

#include "sim/world/run.h"
#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

struct Progress {
  /// Before the scenario begins: what is waited for.
  std::string waits_for;
  sim::VirtualTime at;
  std::size_t acknowledged = 0;
};

struct RunOptions {
  std::uint64_t seed = 1;
  std::string keep;  ///< As HostedWorldOptions.
  bool capture = false;
  SystemChoice system = {};
  /// Called now and then; false interrupts the run.
  std::function<bool(const Progress&)> progress;
};

struct Outcome {
  sim::RunResult result;
  /// Hosts whose database neither took writes at the end nor followed the one that did; all of them if none did.
  std::vector<std::string> not_back;
};

/// REQUIRES that nothing of the scenario is refused (refusals.h). An error says why there is no result: the machine
/// cannot have hosts, the cluster never opened, something could not be done. All that the run made is gone when it
/// returns, but `keep`.
Result<Outcome> run(const scenarios::Scenario& scenario, const RunOptions& options);

}  // namespace heir::on_hosts
