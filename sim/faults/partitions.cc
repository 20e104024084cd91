#include "sim/faults/partitions.h"

#include <algorithm>

#include "sim/faults/strike.h"

namespace heir::sim {

namespace {

using scenarios::ClientsDuringPartition;
using scenarios::PartitionShape;

/// Clients that are on the far side of the cut hosts: not `connected` to them.
Partition cut_clients(const scenarios::Fault& fault, Nodes isolated, const Actions& world, RandomStream& random) {
  if (fault.clients == ClientsDuringPartition::connected) return {};
  Partition cut;
  for (NodeId client : world.client_nodes()) {
    const bool with_isolated = fault.clients == ClientsDuringPartition::random && random.chance(Ratio::percent(50));
    if (with_isolated) continue;
    const NodeId other[] = {client};
    cut = cut | between(isolated, other);
  }
  return cut;
}

/// Consecutive groups of `all`, cut at these places, that do not reach each other.
DrawnPartition groups(const Actions& world, const char* title, Nodes all, std::initializer_list<std::size_t> cuts,
                      Direction way) {
  DrawnPartition drawn;
  drawn.story = title;
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    const Nodes group = all.subspan(begin, cut - begin);
    drawn.cut = drawn.cut | between(group, all.subspan(cut), way);
    drawn.story += node_list(world, group) + (way == Direction::out ? " -| " : way == Direction::in ? " |- " : " | ");
    begin = cut;
  }
  drawn.story += node_list(world, all.subspan(begin));
  return drawn;
}

Direction direction_of(const scenarios::Fault& fault, PartitionShape shape) {
  if (!fault.direction) return shape == PartitionShape::one_way ? Direction::out : Direction::both;
  switch (*fault.direction) {
    case scenarios::Direction::both: return Direction::both;
    case scenarios::Direction::outbound: return Direction::out;
    case scenarios::Direction::inbound: return Direction::in;
  }
  return Direction::both;
}

}  // namespace

void draw_shape(scenarios::Fault& fault, RandomStream& random) {
  constexpr PartitionShape shapes[] = {
      PartitionShape::isolate,    PartitionShape::halves,  PartitionShape::from_store, PartitionShape::from_sync,
      PartitionShape::from_peers, PartitionShape::one_way, PartitionShape::ring,       PartitionShape::bridge,
      PartitionShape::sizes,      PartitionShape::coin,    PartitionShape::three};
  if (fault.shape == PartitionShape::random) fault.shape = shapes[random.below(std::size(shapes))];
}

DrawnPartition draw_partition(const scenarios::Fault& fault, const std::vector<int>& targets, const Actions& world,
                              RandomStream& random) {
  const PartitionShape shape = fault.shape;
  const std::vector<NodeId> peers = peer_nodes(world);
  const std::vector<NodeId> store = store_nodes(world);
  std::vector<NodeId> all = peers;
  all.insert(all.end(), store.begin(), store.end());
  const int target = targets.front();
  const NodeId one = world.node(target);
  std::vector<NodeId> cut_off;
  for (const int host : targets) cut_off.push_back(world.node(host));
  const auto without = [&cut_off](std::vector<NodeId> nodes) {
    std::erase_if(nodes, [&](NodeId n) { return std::find(cut_off.begin(), cut_off.end(), n) != cut_off.end(); });
    return nodes;
  };
  const std::vector<NodeId> others = without(peers);
  const std::string name =
      targets.size() > 1 && targets.size() == store.size() ? "the store" : node_list(world, cut_off);

  const Direction way = direction_of(fault, shape);
  const std::string suffix = way == Direction::out ? ", outbound" : way == Direction::in ? ", inbound" : "";

  switch (shape) {
    case PartitionShape::isolate:
      return {between(cut_off, without(all), way) | cut_clients(fault, cut_off, world, random),
              name + " from everybody" + suffix};
    case PartitionShape::from_store: return {between(cut_off, without(store), way), name + " from the store" + suffix};
    case PartitionShape::from_sync: {
      const int sync = world.host_in_role(scenarios::TargetKind::sync);
      const int other = sync == target ? world.host_in_role(scenarios::TargetKind::primary) : sync;
      if (other == 0 || other == target) return {};
      const NodeId far[] = {world.node(other)};
      return {between(cut_off, far, way), name + " from host" + std::to_string(other) + suffix};
    }
    case PartitionShape::from_peers: return {between(cut_off, others, way), name + " from all peers" + suffix};
    case PartitionShape::from_members:
      return {between(cut_off, without(store), way), name + " from the other members" + suffix};
    case PartitionShape::one_way: {
      const bool out = way != Direction::in;
      return {between(cut_off, without(all), out ? Direction::out : Direction::in) |
                  cut_clients(fault, cut_off, world, random),
              name + (out ? ": nobody hears it" : ": it hears nobody")};
    }
    case PartitionShape::halves: random.shuffle(all); return groups(world, "halves: ", all, {all.size() / 2}, way);
    case PartitionShape::sizes:
      random.shuffle(all);
      return groups(world, "groups: ", all, {1 + static_cast<std::size_t>(random.below(all.size() - 1))}, way);
    case PartitionShape::coin: {
      random.shuffle(all);
      std::size_t heads = 0;
      for (std::size_t i = 0; i < all.size(); ++i) heads += random.chance(Ratio::percent(50)) ? 1 : 0;
      if (heads == 0 || heads == all.size()) return {};
      return groups(world, "groups: ", all, {heads}, way);
    }
    case PartitionShape::three:
      random.shuffle(all);
      return groups(world, "groups: ", all, {all.size() / 3, all.size() * 2 / 3}, way);
    case PartitionShape::ring: random.shuffle(all); return {ring(all), "ring: " + node_list(world, all)};
    case PartitionShape::bridge:
      random.shuffle(all);
      return {bridge(one, all), name + " is the only bridge: " + node_list(world, all)};
    case PartitionShape::random: break;
  }
  return {};
}

}  // namespace heir::sim
