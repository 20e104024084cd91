// The switch: what links do to frames, measured with UDP, and its captures.
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "helpers.h"

using namespace heir;
using namespace heir::testbed;

namespace {

constexpr std::uint16_t kPort = 5000;

/// Sends "0", "1", … one after the other.
void send_numbers(const Descriptor& from, NodeId to, int count) {
  for (int i = 0; i < count; ++i) send_datagram(from, to, kPort, std::to_string(i));
}

struct Sockets {
  explicit Sockets(World& world) : a(udp_socket(world, A, kPort)), b(udp_socket(world, B, kPort)) {}
  Descriptor a;
  Descriptor b;
};

std::set<std::string> as_set(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("Three hosts reach each other, and frames are counted") {
  const auto world = make_world(3);
  std::uint16_t port = 6000;
  for (const NodeId from : {A, B, C}) {
    for (const NodeId to : {A, B, C}) {
      const Connection connection = connect(*world, from, to, ++port);
      REQUIRE(send_all(connection.client, "ping"));
      CHECK(receive(connection.server, 4) == "ping");
    }
  }
  const SwitchCounts counts = world->network().counts();
  CHECK(counts.carried >= 6 * 4);
  CHECK(counts.dropped == 0);
}

TEST_CASE("Loss of everything one way leaves the other way as it is") {
  const auto world = make_world(2);
  const Sockets sockets(*world);
  LinkFault loss = fault_on({{A, B}});
  loss.loss = sim::Ratio::always();
  const LinkFaultId laid = world->network().apply(loss);
  send_numbers(sockets.a, B, 20);
  send_datagram(sockets.b, A, kPort, "back");
  CHECK(receive_datagram(sockets.a) == "back");
  CHECK_FALSE(readable_within(sockets.b, 200));
  CHECK(world->network().counts().dropped == 20);
  world->network().lift(laid);
  send_datagram(sockets.a, B, kPort, "again");
  CHECK(receive_datagram(sockets.b) == "again");
}

TEST_CASE("The same seed loses the same frames, another one others") {
  const auto arrived = [](std::uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    options.link.loss = sim::Ratio::percent(50);
    const auto world = make_world(2, options);
    const Sockets sockets(*world);
    send_numbers(sockets.a, B, 200);
    REQUIRE(eventually([&] {
      const SwitchCounts counts = world->network().counts();
      return counts.carried + counts.dropped == 200;
    }));
    return as_set(receive_datagrams(sockets.b, 100));
  };
  const std::set<std::string> first = arrived(1);
  CHECK(first.size() > 50);
  CHECK(first.size() < 150);
  CHECK(arrived(1) == first);
  CHECK(arrived(2) != first);
}

TEST_CASE("What the links do is what they do in the simulator") {
  WorldOptions options;
  options.seed = 42;
  options.link.loss = sim::Ratio::percent(30);
  sim::Links links(42, options.link);
  links.add_node();
  links.add_node();
  std::set<std::string> expected;
  for (int i = 0; i < 100; ++i) {
    // 42: the headers of Ethernet, IP and UDP.
    if (links.at(A, B).fate_of(std::to_string(i).size() + 42, sim::VirtualTime()).kind ==
        sim::PacketFate::Kind::carried)
      expected.insert(std::to_string(i));
  }
  const auto world = make_world(2, options);
  const Sockets sockets(*world);
  send_numbers(sockets.a, B, 100);
  REQUIRE(eventually([&] { return world->network().counts().received == 100; }));
  CHECK(as_set(receive_datagrams(sockets.b, 100)) == expected);
}

TEST_CASE("Jammed frames arrive when the link is free") {
  const auto world = make_world(2);
  const Sockets sockets(*world);
  LinkFault jam = fault_on({{A, B}});
  jam.jammed = true;
  const LinkFaultId laid = world->network().apply(jam);
  send_numbers(sockets.a, B, 10);
  CHECK_FALSE(readable_within(sockets.b, 200));
  world->network().lift(laid);
  std::vector<std::string> all;
  for (int i = 0; i < 10; ++i) all.push_back(receive_datagram(sockets.b));
  CHECK(all == std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

TEST_CASE("Duplicated datagrams arrive twice") {
  const auto world = make_world(2);
  const Sockets sockets(*world);
  LinkFault duplicate = fault_on({{A, B}});
  duplicate.duplicate = sim::Ratio::always();
  world->network().apply(duplicate);
  send_numbers(sockets.a, B, 10);
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) all.push_back(receive_datagram(sockets.b));
  CHECK(as_set(all).size() == 10);
  CHECK_FALSE(readable_within(sockets.b, 200));
  CHECK(world->network().counts().copies == 10);
}

TEST_CASE("Latencies reorder datagrams") {
  WorldOptions options;
  options.link.latency = {Duration::zero(), Duration::milliseconds(100)};
  const auto world = make_world(2, options);
  const Sockets sockets(*world);
  send_numbers(sockets.a, B, 50);
  std::vector<std::string> sent;
  std::vector<std::string> all;
  for (int i = 0; i < 50; ++i) {
    sent.push_back(std::to_string(i));
    all.push_back(receive_datagram(sockets.b));
  }
  CHECK(as_set(all) == as_set(sent));
  CHECK(all != sent);
}

TEST_CASE("A queue that is full drops datagrams") {
  const auto world = make_world(2);
  const Sockets sockets(*world);
  LinkFault slow = fault_on({{A, B}});
  slow.bandwidth = 10'000;
  slow.queue = 2'000;
  world->network().apply(slow);
  const std::string large(958, 'x');  // 1000 bytes with headers
  for (int i = 0; i < 20; ++i) send_datagram(sockets.a, B, kPort, large);
  REQUIRE(eventually([&] { return world->network().counts().received == 20; }));
  const std::uint64_t dropped = world->network().counts().dropped;
  // Three or so fit, and one more for every 100 ms that sending took.
  CHECK(dropped > 0);
  CHECK(dropped <= 17);
  for (std::uint64_t i = dropped; i < 20; ++i) CHECK(receive_datagram(sockets.b) == large);
}

TEST_CASE("Captures show what was carried and what was dropped") {
  char folder[] = "/var/tmp/heir-capture-XXXXXX";
  REQUIRE(::mkdtemp(folder));
  WorldOptions options;
  options.capture = folder;
  const auto world = make_world(2, options);
  const Sockets sockets(*world);
  for (int i = 0; i < 5; ++i) send_datagram(sockets.a, B, kPort, "a marked frame");
  for (int i = 0; i < 5; ++i) CHECK(receive_datagram(sockets.b) == "a marked frame");
  const std::vector<NodeId> both{A, B};
  world->network().cut(sim::isolate(A, both));
  for (int i = 0; i < 3; ++i) send_datagram(sockets.a, B, kPort, "a marked frame");
  REQUIRE(eventually([&] { return world->network().counts().dropped == 3; }));
  REQUIRE(world->network().flush_captures());
  // Frames in the file, each with the mark at its end.
  const auto frames = [&](const std::string& name) {
    std::ifstream file(folder + ("/" + name), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto word = [&bytes](std::size_t at) {
      std::uint32_t value = 0;
      REQUIRE(at + sizeof value <= bytes.size());
      std::memcpy(&value, bytes.data() + at, sizeof value);
      return value;
    };
    REQUIRE(word(0) == 0xa1b2c3d4);
    int count = 0;
    for (std::size_t at = 24; at < bytes.size(); ++count) {
      const std::uint32_t length = word(at + 8);
      REQUIRE(word(at + 12) == length);
      at += 16 + length;
      REQUIRE(at <= bytes.size());
      CHECK(bytes.substr(at - 14, 14) == "a marked frame");
    }
    return count;
  };
  CHECK(frames("carried.pcap") == 5);
  CHECK(frames("dropped.pcap") == 3);
  std::filesystem::remove_all(folder);
}
