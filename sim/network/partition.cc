#include "sim/network/partition.h"

#include <algorithm>

namespace heir::sim {

Partition::Partition(std::vector<DirectedLink> cut) : links_(std::move(cut)) {
  std::erase_if(links_, [](const DirectedLink& link) { return link.from == link.to; });
  std::sort(links_.begin(), links_.end());
  links_.erase(std::unique(links_.begin(), links_.end()), links_.end());
}

bool Partition::cuts(NodeId from, NodeId to) const {
  return std::binary_search(links_.begin(), links_.end(), DirectedLink{from, to});
}

Partition Partition::operator|(const Partition& other) const {
  std::vector<DirectedLink> all = links_;
  all.insert(all.end(), other.links_.begin(), other.links_.end());
  return Partition(std::move(all));
}

Partition between(Nodes a, Nodes b, Direction direction) {
  std::vector<DirectedLink> cut;
  for (const NodeId one : a) {
    for (const NodeId other : b) {
      if (direction != Direction::in) cut.push_back({one, other});
      if (direction != Direction::out) cut.push_back({other, one});
    }
  }
  return Partition(std::move(cut));
}

Partition halves(Nodes all) {
  return between(all.first(all.size() / 2), all.subspan(all.size() / 2));
}

Partition isolate(NodeId one, Nodes all, Direction direction) {
  return between(Nodes(&one, 1), all, direction);
}

Partition ring(Nodes all) {
  std::vector<DirectedLink> cut;
  const std::size_t count = all.size();
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t apart = i < j ? j - i : i - j;
      if (apart > 1 && apart != count - 1) cut.push_back({all[i], all[j]});
    }
  }
  return Partition(std::move(cut));
}

Partition bridge(NodeId bridge, Nodes all) {
  std::vector<NodeId> others;
  for (const NodeId node : all) {
    if (node != bridge) others.push_back(node);
  }
  return halves(others);
}

}  // namespace heir::sim
