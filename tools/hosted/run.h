// A run on real hosts: one scenario and one seed in, what happened out, in the terms of a simulated run, so that the
// same judge says whether it went as the scenario says. The nemesis is the simulator's, with the same draws; what it
// does, and all else, happens in real time.
#pragma once

#include <functional>

#include "sim/world/run.h"

namespace heir::hosted {

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
  /// Called now and then; false interrupts the run.
  std::function<bool(const Progress&)> progress;
};

/// REQUIRES that nothing of the scenario is refused (refusals.h). An error says why there is no result: the machine
/// cannot have hosts, the cluster never opened, something could not be done. All that the run made is gone when it
/// returns, but `keep`.
Result<sim::RunResult> run(const scenarios::Scenario& scenario, const RunOptions& options);

}  // namespace heir::hosted
