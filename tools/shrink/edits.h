// What makes a scenario smaller or plainer: candidates, of which nobody knows yet whether they still fail. A candidate
// may be no valid scenario (a fault of a peer that is gone); whoever tries it finds out.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace heir::tools {

/// A way to shrink: what it is about, and its candidates, the boldest first; none when there is nothing left to take.
struct Pass {
  std::string about;
  std::function<std::vector<scenarios::Scenario>(const scenarios::Scenario&)> candidates;
};

/// In the order in which they pay: operations and clients, peers, members of the store, time, then values.
const std::vector<Pass>& passes();

/// The scenario where less goes on, so that its runs take less time: few operations, a store without replication, both.
/// The cheapest first.
std::vector<scenarios::Scenario> cheaper_worlds(const scenarios::Scenario& scenario);

/// Shorter than this it cannot show what it shows, whatever it is. REQUIRES strikes with times.
Duration least_duration(const scenarios::Scenario& scenario);

/// Rounded up.
Duration whole_seconds(Duration duration);

/// What a scenario is measured by: "3 faults, 2 clients with 4 keys at 200/s, 3 peers, 3 members of the store, 60s".
std::string size_of(const scenarios::Scenario& scenario);

}  // namespace heir::tools
