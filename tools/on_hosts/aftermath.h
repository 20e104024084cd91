// What only shows once all clients are done: which generation acknowledged what, and the times without an acknowledged
// write.
#pragma once

#include "sim/world/run.h"

namespace heir::on_hosts {

/// From the history, and what the run says of its faults: outages, the first write after the last fault healed, and
/// violations of what acknowledgements promise. By the rules of simulated worlds (World::on_write_acknowledged).
void conclude_from_history(const scenarios::Scenario& scenario, sim::RunResult& result);

/// In the order of their acknowledgements.
std::vector<const reports::Operation*> acknowledged_writes(const reports::History& history);

/// Between two of these acknowledgements, and between the last of them and the `end`; those that are that long.
std::vector<sim::Outage> outages_among(const std::vector<const reports::Operation*>& writes, sim::VirtualTime end,
                                       Duration shortest);

}  // namespace heir::on_hosts
