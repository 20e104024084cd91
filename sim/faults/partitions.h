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

/// Draws the shape, if the fault leaves it open, and writes it there.
void draw_shape(scenarios::Fault& fault, RandomStream& random);

/// Draws what else the fault leaves open. `targets`: the hosts that the fault hits (not used by halves and ring);
/// several are cut off together, not from each other.
DrawnPartition draw_partition(const scenarios::Fault& fault, const std::vector<int>& targets, const Actions& world,
                              RandomStream& random);

}  // namespace heir::sim
