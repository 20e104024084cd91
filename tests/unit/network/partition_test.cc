#include <catch2/catch.hpp>

#include "sim/network/partition.h"

using namespace heir::sim;

namespace {
NodeId n(int i) {
  return NodeId(static_cast<std::uint16_t>(i));
}
std::vector<NodeId> nodes(int count) {
  std::vector<NodeId> all;
  for (int i = 0; i < count; ++i) all.push_back(n(i));
  return all;
}
}  // namespace

TEST_CASE("halves cut every link between them and none within") {
  const Partition p = halves(nodes(5));
  CHECK(p.links().size() == 12);
  CHECK(p.cuts(n(0), n(2)));
  CHECK(p.cuts(n(2), n(0)));
  CHECK_FALSE(p.cuts(n(0), n(1)));
  CHECK_FALSE(p.cuts(n(3), n(4)));
}

TEST_CASE("one host is isolated both ways, or hears nobody, or is not heard") {
  const auto all = nodes(3);
  CHECK(isolate(n(1), all).links().size() == 4);
  const Partition deaf = isolate(n(1), all, Direction::in);
  CHECK(deaf.cuts(n(0), n(1)));
  CHECK_FALSE(deaf.cuts(n(1), n(0)));
  const Partition mute = isolate(n(1), all, Direction::out);
  CHECK(mute.cuts(n(1), n(2)));
  CHECK_FALSE(mute.cuts(n(2), n(1)));
  CHECK((deaf | mute) == isolate(n(1), all));
}

TEST_CASE("in a ring each host reaches its neighbours only") {
  const auto all = nodes(5);
  const Partition p = ring(all);
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) {
      const bool neighbours = i == j || (i + 1) % 5 == j || (j + 1) % 5 == i;
      CHECK(p.cuts(n(i), n(j)) == !neighbours);
    }
  }
  CHECK(ring(nodes(3)).links().empty());
}

TEST_CASE("a bridge is reached by both groups") {
  const auto all = nodes(5);
  const Partition p = bridge(n(2), all);
  CHECK(p.links().size() == 8);
  for (const NodeId each : all) {
    CHECK_FALSE(p.cuts(n(2), each));
    CHECK_FALSE(p.cuts(each, n(2)));
  }
  CHECK(p.cuts(n(0), n(3)));
  CHECK_FALSE(p.cuts(n(0), n(1)));
}
