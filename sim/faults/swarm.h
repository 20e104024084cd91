// Swarm: from a scenario with `[swarm]` and a seed to a plain scenario, in which everything is said that the seed drew.
//
// Swarm testing (Groce et al. 2012): leaving whole families out, and weighing the others wildly, reaches states that a
// fixed mix never does. The run of a swarm is the run of its plain scenario under the same seed, so whatever works on
// scenarios (saving, replaying, shrinking) works on it.
#pragma once

#include <cstdint>
#include <string>

#include "scenarios/scenario.h"

namespace heir::sim {

/// The scenario itself if it has no `[swarm]`.
scenarios::Scenario expand(const scenarios::Scenario& scenario, std::uint64_t seed);

/// What was drawn, in a line: "5 peers, 3 members of the store; faults: crash, partition, slow-disk".
std::string summary(const scenarios::Scenario& expanded);

}  // namespace heir::sim
