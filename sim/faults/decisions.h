// The decision list of a run: every strike that the nemesis made, as a fault that leaves nothing to chance: when
// exactly, whom, how long, with which values; and what is still drawn within a strike (who is in which half) comes from
// `draws`, not from the seed.
//
// A decision is a fault like any other, so a run with its decision list for faults is a scenario like any other: it can
// be written, read and edited, and it means the same after the code that drew it has changed.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace heir::sim {

/// The scenario with these strikes in the place of its faults.
scenarios::Scenario with_decisions(scenarios::Scenario scenario, const std::vector<scenarios::Fault>& decisions);

}  // namespace heir::sim
