// The cluster state as the JSON document that the store keeps, which an operator can read.
#pragma once

#include "engine/base/host.h"
#include "engine/failover/cluster_state.h"

namespace heir::failover {

/// Compact JSON with the field names of FAILOVER.md section 2; times are nanoseconds since the epoch.
Bytes encode(const ClusterState& state);
/// `invalid`, with the field and what was expected, for anything that encode() does not write.
Result<ClusterState> decode(const Bytes& document);

}  // namespace heir::failover
