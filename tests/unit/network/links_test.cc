#include "sim/network/links.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::sim;

namespace {

constexpr NodeId A{0};
constexpr NodeId B{1};

Links make_links(std::uint64_t seed, const LinkParameters& parameters) {
  Links links(seed, parameters);
  links.add_node();
  links.add_node();
  return links;
}

LinkParameters plain() {
  LinkParameters parameters;
  parameters.latency = {Duration::milliseconds(1), Duration::milliseconds(1)};
  parameters.tail_chance = {};
  return parameters;
}

std::string fates(LinkState& link) {
  std::string all;
  for (int i = 0; i < 64; ++i) all += link.fate_of(100, VirtualTime()).kind == PacketFate::Kind::carried ? '+' : '-';
  return all;
}

}  // namespace

TEST_CASE("Fates come from the seed and the link, and adding hosts changes none") {
  LinkParameters lossy = plain();
  lossy.loss = Ratio::percent(50);
  Links links = make_links(7, lossy);
  const std::string there = fates(links.at(A, B));
  Links same = make_links(7, lossy);
  same.add_node();
  CHECK(fates(same.at(A, B)) == there);
  CHECK(fates(same.at(B, A)) != there);
  Links other = make_links(8, lossy);
  CHECK(fates(other.at(A, B)) != there);
}

TEST_CASE("Faults on a link add up, and lifting them leaves it as it was") {
  Links links = make_links(1, plain());
  LinkState& link = links.at(A, B);
  LinkFault slow;
  slow.links = {{A, B}};
  slow.extra_delay = {Duration::milliseconds(10), Duration::milliseconds(10)};
  const LinkFaultId first = links.apply(slow);
  const LinkFaultId second = links.apply(slow);
  CHECK(link.fate_of(1, VirtualTime()).after == Duration::milliseconds(21));
  links.lift(first);
  CHECK(link.fate_of(1, VirtualTime()).after == Duration::milliseconds(11));
  CHECK(links.at(B, A).fate_of(1, VirtualTime()).after == Duration::milliseconds(1));
  links.lift(second);
  CHECK(link.fate_of(1, VirtualTime()).after == Duration::milliseconds(1));
}

TEST_CASE("A blocked link loses packets; a jammed one gives them back when the last jam is lifted") {
  Links links = make_links(1, plain());
  LinkState& link = links.at(A, B);
  LinkFault cut;
  cut.links = {{A, B}};
  cut.blocked = true;
  const LinkFaultId blocked = links.apply(cut);
  CHECK(link.fate_of(1, VirtualTime()).kind == PacketFate::Kind::lost);
  CHECK(links.lift(blocked).cut);
  LinkFault jam;
  jam.links = {{A, B}};
  jam.jammed = true;
  const LinkFaultId first = links.apply(jam);
  const LinkFaultId second = links.apply(jam);
  REQUIRE(link.fate_of(1, VirtualTime()).kind == PacketFate::Kind::jammed);
  link.jam(17);
  link.jam(4);
  CHECK(links.lift(first).released.empty());
  const LiftedFault lifted = links.lift(second);
  REQUIRE(lifted.released.size() == 2);
  CHECK(lifted.released[0].packet == 17);
  CHECK(lifted.released[1].packet == 4);
  CHECK(lifted.released[0].link == DirectedLink{A, B});
  CHECK(lifted.released[0].after == Duration::milliseconds(1));
}

TEST_CASE("A packet waits for those ahead of it, and is lost when too much waits") {
  LinkParameters narrow = plain();
  narrow.bandwidth = 1'000;
  narrow.queue = 1'000;
  Links links = make_links(1, narrow);
  LinkState& link = links.at(A, B);
  CHECK(link.fate_of(1'000, VirtualTime()).after == Duration::milliseconds(1'001));
  CHECK(link.fate_of(500, VirtualTime()).after == Duration::milliseconds(1'501));
  CHECK(link.fate_of(500, VirtualTime()).kind == PacketFate::Kind::lost);
}

TEST_CASE("A packet that is held back says so, a copy comes by itself") {
  LinkParameters bad = plain();
  bad.reorder = Ratio::always();
  bad.reorder_by = {Duration::milliseconds(5), Duration::milliseconds(5)};
  bad.duplicate = Ratio::always();
  bad.duplicate_after = {Duration::milliseconds(7), Duration::milliseconds(7)};
  Links links = make_links(1, bad);
  const PacketFate fate = links.at(A, B).fate_of(1, VirtualTime());
  CHECK(fate.held_back);
  CHECK(fate.after == Duration::milliseconds(6));
  CHECK(fate.copy_after == Duration::milliseconds(8));
}
