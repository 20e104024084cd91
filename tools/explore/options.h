// The faults that an exploration places.
#pragma once

#include <vector>

#include "scenarios/scenario.h"

namespace heir::tools {

/// The scenario's own faults, each kind on each host that it can strike, with one length each: the middle of its range.
std::vector<scenarios::Fault> options_of(const scenarios::Scenario& scenario);

/// Faults of these kinds, on each host, for so long.
std::vector<scenarios::Fault> options_of(const scenarios::Scenario& scenario,
                                         const std::vector<scenarios::FaultKind>& kinds, Duration lasts);

}  // namespace heir::tools
