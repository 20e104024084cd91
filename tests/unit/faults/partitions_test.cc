// What each shape of partition cuts, on three and on five peers.
#include <catch2/catch.hpp>

#include <algorithm>

#include "fake_world.h"
#include "sim/faults/partitions.h"

using namespace heir;
using namespace heir::sim;
using scenarios::ClientsDuringPartition;
using scenarios::Fault;
using scenarios::FaultKind;
using scenarios::PartitionShape;
using scenarios::TargetKind;

namespace {

struct Drawing {
  explicit Drawing(int peers, std::uint64_t seed = 1)
      : kernel(seed), world(kernel, peers, 4), random(kernel.stream("test")) {
    world.roles = {{TargetKind::primary, 1}, {TargetKind::sync, 2}};
    fault.kind = FaultKind::partition;
  }
  DrawnPartition draw(PartitionShape shape, int target) {
    fault.shape = shape;
    draw_shape(fault, random);
    return draw_partition(fault, {target}, world, random);
  }
  NodeId node(int host) const { return world.node(host); }
  /// Peers and the store.
  std::vector<NodeId> servers() const {
    std::vector<NodeId> all;
    for (int host = 1; host <= world.peers(); ++host) all.push_back(node(host));
    all.push_back(world.store_node());
    return all;
  }
  /// How many of the servers this one still reaches, both ways.
  std::size_t reaches(const Partition& cut, NodeId from) const {
    std::size_t count = 0;
    for (NodeId to : servers()) count += to != from && !cut.cuts(from, to) && !cut.cuts(to, from);
    return count;
  }
  std::size_t cut_clients(const Partition& cut, NodeId from) const {
    std::size_t count = 0;
    for (NodeId client : world.client_nodes()) {
      CHECK(cut.cuts(from, client) == cut.cuts(client, from));
      count += cut.cuts(from, client);
    }
    return count;
  }

  Kernel kernel;
  FakeWorld world;
  RandomStream random;
  Fault fault;
};

bool is_symmetric(const Partition& cut) {
  return std::all_of(cut.links().begin(), cut.links().end(),
                     [&](const DirectedLink& link) { return cut.cuts(link.to, link.from); });
}
bool names_a_client(const Drawing& d, const Partition& cut) {
  const std::vector<NodeId> clients = d.world.client_nodes();
  const auto is_client = [&](NodeId node) { return std::find(clients.begin(), clients.end(), node) != clients.end(); };
  return std::any_of(cut.links().begin(), cut.links().end(),
                     [&](const DirectedLink& link) { return is_client(link.from) || is_client(link.to); });
}

}  // namespace

TEST_CASE("isolate: one host from every peer and the store, and nobody else") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  for (int target = 1; target <= peers; ++target) {
    const DrawnPartition drawn = d.draw(PartitionShape::isolate, target);
    CHECK(drawn.cut.links().size() == static_cast<std::size_t>(2 * peers));
    CHECK(is_symmetric(drawn.cut));
    for (NodeId other : d.servers())
      if (other != d.node(target)) CHECK(drawn.cut.cuts(d.node(target), other));
    CHECK_FALSE(names_a_client(d, drawn.cut));
    CHECK(drawn.story == "host" + std::to_string(target) + " from everybody");
  }
}

TEST_CASE("clients of an isolated host stay, are cut, or are drawn") {
  const int peers = GENERATE(3, 5);
  const PartitionShape shape = GENERATE(PartitionShape::isolate, PartitionShape::one_way);
  Drawing d(peers);
  d.fault.clients = ClientsDuringPartition::connected;
  CHECK(d.cut_clients(d.draw(shape, 2).cut, d.node(2)) == 0);
  d.fault.clients = ClientsDuringPartition::cut;
  CHECK(d.cut_clients(d.draw(shape, 2).cut, d.node(2)) == 4);
  d.fault.clients = ClientsDuringPartition::random;
  std::size_t seen[5] = {};
  for (int i = 0; i < 200; ++i) ++seen[d.cut_clients(d.draw(shape, 2).cut, d.node(2))];
  CHECK(seen[0] > 0);
  CHECK(seen[0] < 40);
  CHECK(seen[2] > 40);
  CHECK(seen[4] > 0);
  CHECK(seen[4] < 40);
}

TEST_CASE("from-store, from-peers") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  const Partition store = d.draw(PartitionShape::from_store, 3).cut;
  CHECK(store.links().size() == 2);
  CHECK(store.cuts(d.node(3), d.world.store_node()));
  CHECK(store.cuts(d.world.store_node(), d.node(3)));

  const Partition others = d.draw(PartitionShape::from_peers, 3).cut;
  CHECK(others.links().size() == static_cast<std::size_t>(2 * (peers - 1)));
  CHECK(is_symmetric(others));
  CHECK_FALSE(others.cuts(d.node(3), d.world.store_node()));
  CHECK(d.reaches(others, d.node(3)) == 1);
}

TEST_CASE("from-sync: the target from the sync, or the sync from the primary") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  const DrawnPartition primary = d.draw(PartitionShape::from_sync, 1);
  CHECK(primary.cut == between(std::vector{d.node(1)}, std::vector{d.node(2)}));
  CHECK(primary.story == "host1 from host2");
  CHECK(d.draw(PartitionShape::from_sync, 3).cut == between(std::vector{d.node(3)}, std::vector{d.node(2)}));
  CHECK(d.draw(PartitionShape::from_sync, 2).cut == between(std::vector{d.node(1)}, std::vector{d.node(2)}));
  d.world.roles.clear();
  CHECK(d.draw(PartitionShape::from_sync, 1).cut.links().empty());
  d.world.roles = {{TargetKind::sync, 2}};
  CHECK(d.draw(PartitionShape::from_sync, 2).cut.links().empty());
}

TEST_CASE("one-way: one direction only") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  d.fault.direction = scenarios::Direction::outbound;
  const DrawnPartition unheard = d.draw(PartitionShape::one_way, 1);
  CHECK(unheard.cut.links().size() == static_cast<std::size_t>(peers));
  for (const DirectedLink& link : unheard.cut.links()) CHECK(link.from == d.node(1));
  CHECK(unheard.story == "host1: nobody hears it");
  d.fault.direction = scenarios::Direction::inbound;
  const DrawnPartition deaf = d.draw(PartitionShape::one_way, 1);
  CHECK(deaf.cut.links().size() == static_cast<std::size_t>(peers));
  for (const DirectedLink& link : deaf.cut.links()) CHECK(link.to == d.node(1));
  CHECK(deaf.story == "host1: it hears nobody");
}

TEST_CASE("halves: two groups, each whole in itself, drawn anew each time") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  std::set<std::string> stories;
  const std::size_t all = static_cast<std::size_t>(peers) + 1;
  for (int i = 0; i < 50; ++i) {
    const DrawnPartition drawn = d.draw(PartitionShape::halves, 1);
    stories.insert(drawn.story);
    CHECK(is_symmetric(drawn.cut));
    CHECK(drawn.cut.links().size() == 2 * (all / 2) * (all - all / 2));
    for (NodeId node : d.servers()) {
      const std::size_t reached = d.reaches(drawn.cut, node) + 1;
      CHECK((reached == all / 2 || reached == all - all / 2));
    }
    CHECK(drawn.story.find("store") != std::string::npos);
    CHECK(drawn.story.find('|') != std::string::npos);
    CHECK_FALSE(names_a_client(d, drawn.cut));
  }
  CHECK(stories.size() > 5);
}

TEST_CASE("groups of drawn sizes, by coin, of three: cut both ways, or one way if asked") {
  Drawing d(5);
  bool uneven = false;
  for (int i = 0; i < 50; ++i) {
    for (const PartitionShape shape : {PartitionShape::sizes, PartitionShape::coin, PartitionShape::three}) {
      const DrawnPartition drawn = d.draw(shape, 1);
      CHECK(is_symmetric(drawn.cut));
      if (shape == PartitionShape::three) CHECK(drawn.cut.links().size() == 24);
      uneven = uneven || drawn.cut.links().size() == 10;
    }
  }
  CHECK(uneven);
  scenarios::Fault fault;
  fault.shape = PartitionShape::halves;
  fault.direction = scenarios::Direction::outbound;
  const DrawnPartition one_way = draw_partition(fault, {1}, d.world, d.random);
  CHECK(one_way.cut.links().size() == 9);
  CHECK(one_way.story.find(" -| ") != std::string::npos);
}

TEST_CASE("ring: each server reaches two neighbours") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  for (int i = 0; i < 20; ++i) {
    const DrawnPartition drawn = d.draw(PartitionShape::ring, 1);
    CHECK(is_symmetric(drawn.cut));
    for (NodeId node : d.servers()) CHECK(d.reaches(drawn.cut, node) == 2);
  }
}

TEST_CASE("bridge: only one host reaches everybody") {
  const int peers = GENERATE(3, 5);
  Drawing d(peers);
  for (int i = 0; i < 20; ++i) {
    const DrawnPartition drawn = d.draw(PartitionShape::bridge, 2);
    CHECK(is_symmetric(drawn.cut));
    CHECK(d.reaches(drawn.cut, d.node(2)) == static_cast<std::size_t>(peers));
    for (NodeId node : d.servers())
      if (node != d.node(2)) CHECK(d.reaches(drawn.cut, node) < static_cast<std::size_t>(peers));
  }
}

TEST_CASE("random: every shape is drawn in time, and the same again from the same seed") {
  Drawing d(5);
  Drawing again(5);
  std::set<std::size_t> sizes;
  bool asymmetric = false;
  for (int i = 0; i < 200; ++i) {
    const DrawnPartition drawn = d.draw(PartitionShape::random, 1);
    const DrawnPartition twin = again.draw(PartitionShape::random, 1);
    CHECK(drawn.cut == twin.cut);
    CHECK(drawn.story == twin.story);
    if (drawn.cut.links().empty()) continue;  // coin: all on one side
    sizes.insert(drawn.cut.links().size());
    asymmetric = asymmetric || !is_symmetric(drawn.cut);
  }
  // isolate 10, halves and ring 18, from-store and from-sync 2, from-peers 8, one-way 5, bridge 12, three 24; sizes and
  // coin 10, 16 or 18.
  CHECK(sizes == std::set<std::size_t>{2, 5, 8, 10, 12, 16, 18, 24});
  CHECK(asymmetric);
}

TEST_CASE("members of the store: cut off from each other, or together from the peers") {
  Drawing d(3);
  d.world.members = 3;
  const auto member = [&](int n) { return d.node(store_member(n)); };
  const Partition alone = d.draw(PartitionShape::from_members, store_member(2)).cut;
  CHECK(alone.links().size() == 4);
  CHECK(alone.cuts(member(2), member(1)));
  CHECK(alone.cuts(member(3), member(2)));
  CHECK_FALSE(alone.cuts(member(2), d.node(1)));

  d.fault.shape = PartitionShape::isolate;
  const std::vector<int> all{store_member(1), store_member(2), store_member(3)};
  const DrawnPartition together = draw_partition(d.fault, all, d.world, d.random);
  CHECK(together.cut.links().size() == 18);
  CHECK(together.cut.cuts(member(1), d.node(3)));
  CHECK_FALSE(together.cut.cuts(member(1), member(2)));
  CHECK(together.story == "the store from everybody");

  const Partition leader = d.draw(PartitionShape::isolate, store_member(2)).cut;
  CHECK(leader.links().size() == 10);
  CHECK(leader.cuts(member(2), member(1)));
  CHECK(leader.cuts(d.node(1), member(2)));
}
