// The whole file format as one Section.
#pragma once

#include "scenarios/section.h"

namespace heir::scenarios {

/// The keys and tables of a scenario file.
Section<Scenario> scenario_section();

/// What the parts of a scenario must fulfil together. Skips what a mistake has already made meaningless.
void check_scenario(const Value& root, const Scenario& scenario, Reading& reading);

}  // namespace heir::scenarios
