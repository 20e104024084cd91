// A scenario's partition shapes as cuts between nodes.
#pragma once

#include <string>

#include "sim/faults/actions.h"
#include "sim/kernel/random.h"

namespace heir::sim {

struct DrawnPartition {
  Partition cut;
  std::string story;  ///< "host1 from everybody", "halves: host1 store | host2 host3", …
};

/// Draws what the fault leaves open. `target`: the host that the fault hits (not used by halves and ring).
DrawnPartition draw_partition(const scenarios::Fault& fault, int target, const Actions& world, RandomStream& random);

}  // namespace heir::sim
