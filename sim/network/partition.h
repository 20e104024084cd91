// Partitions: which directed links are cut. Pure functions from lists of hosts to values; Network::cut applies one.
#pragma once

#include <span>
#include <vector>

#include "sim/network/link.h"

namespace heir::sim {

/// Directed links that carry nothing; sorted, each once, none from a host to itself.
class Partition {
 public:
  Partition() = default;
  explicit Partition(std::vector<DirectedLink> cut);
  const std::vector<DirectedLink>& links() const { return links_; }
  bool cuts(NodeId from, NodeId to) const;
  /// Both cuts.
  Partition operator|(const Partition& other) const;
  bool operator==(const Partition&) const = default;

 private:
  std::vector<DirectedLink> links_;
};

enum class Direction { both, in, out };

using Nodes = std::span<const NodeId>;

/// Nothing passes between `a` and `b` (in: nothing from b to a; out: nothing from a to b).
Partition between(Nodes a, Nodes b, Direction direction = Direction::both);
/// The first half of the hosts from the others; of an odd number, the second group is the larger.
Partition halves(Nodes all);
/// One host from all others. in: it hears nobody; out: nobody hears it.
Partition isolate(NodeId one, Nodes all, Direction direction = Direction::both);
/// Each host reaches its two neighbours in the list (the last is beside the first) and nobody else.
Partition ring(Nodes all);
/// Two groups that only `bridge` reaches, both of them: `all` without the bridge, cut in halves.
Partition bridge(NodeId bridge, Nodes all);

}  // namespace heir::sim
