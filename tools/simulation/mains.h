// The mains behind SimulatedPrograms: free coroutines that take all they need by value or as what outlives them.
#pragma once

#include <vector>

#include "engine/base/host.h"
#include "engine/store/types.h"
#include "scenarios/scenario.h"
#include "sim/network/network.h"
#include "sim/workload/resolver.h"

namespace heir::tools {

/// The service under which every simulated cluster registers.
inline const char* const simulated_service = "main";

/// Answers the resolver for as long as it runs: asks the store only when a client asks. Nobody ends this program while
/// its client lives.
Task<void> resolve(Host& host, sim::Resolver& resolver, sim::Network& network, std::vector<Address> store);

/// Carries out one operator's request, tried again for a bounded time while it cannot have happened: whether it
/// succeeded. The log tells it too: "operator-request", or as a warning "operator-request-failed".
Task<bool> carry_out_request(Host& host, scenarios::Fault request, std::vector<Address> store, Address agent);

}  // namespace heir::tools
