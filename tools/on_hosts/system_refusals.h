// What of a scenario cannot be done with another system than heir; beside what hosts cannot do at all (refusals.h).
#pragma once

#include "tools/on_hosts/refusals.h"
#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

/// In the order of the file; none for heir.
std::vector<Refusal> refusals_of(SystemKind system, const scenarios::Scenario& scenario);

}  // namespace heir::on_hosts
