// What real TCP makes of the faults of links.
#include <thread>

#include "helpers.h"

using namespace heir;
using namespace heir::testbed;

namespace {

/// Other bytes everywhere.
std::string varied(std::size_t count) {
  std::string bytes(count, '\0');
  sim::RandomStream random(1, "bytes");
  for (char& each : bytes) each = static_cast<char>(random.next());
  return bytes;
}

/// Sends all of it from the client's side; gives what arrives.
std::string transfer(const Connection& connection, const std::string& bytes) {
  std::thread sends([&] { send_all(connection.client, bytes); });
  std::string received = receive(connection.server, bytes.size());
  sends.join();
  return received;
}

}  // namespace

TEST_CASE("Latency is what the link says") {
  WorldOptions options;
  options.link.latency = {Duration::milliseconds(20), Duration::milliseconds(20)};
  const auto world = make_world(2, options);
  const Connection connection = connect(*world, A, B, 7000);
  const double shortest = shortest_round_trip_ms(connection, 20);
  CHECK(shortest >= 40);
  CHECK(shortest < 70);

  SECTION("a fault adds to it, one way, until it is lifted") {
    LinkFault slow = fault_on({{B, A}});
    slow.extra_delay = {Duration::milliseconds(50), Duration::milliseconds(50)};
    const LinkFaultId laid = world->network().apply(slow);
    CHECK(shortest_round_trip_ms(connection, 5) >= 90);
    world->network().lift(laid);
    CHECK(shortest_round_trip_ms(connection, 20) < 85);
  }
  SECTION("a host's own link has none") {
    const Connection loopback = connect(*world, A, A, 7001);
    CHECK(shortest_round_trip_ms(loopback, 20) < 20);
  }
}

TEST_CASE("A link forgets the connections that it has, and carries new ones") {
  const auto world = make_world(2);
  const Connection before = connect(*world, A, B, 7000);
  world->network().forget(A, B);
  REQUIRE(send_all(before.client, "lost"));
  CHECK_FALSE(readable_within(before.server, 500));
  const Connection since = connect(*world, A, B, 7001);
  CHECK(transfer(since, "new") == "new");
  SECTION("until it remembers them") {
    world->network().remember(A, B);
    CHECK(receive(before.server, 4) == "lost");  // Sent again.
  }
}

TEST_CASE("A connection goes on when a partition heals, and new ones cannot be made meanwhile") {
  const auto world = make_world(3);
  const Connection cut_off = connect(*world, A, B, 7000);
  const Connection other = connect(*world, B, C, 7001);
  const std::vector<NodeId> all{A, B, C};
  const LinkFaultId partition = world->network().cut(sim::isolate(A, all));
  REQUIRE(send_all(cut_off.client, "held"));
  CHECK_FALSE(readable_within(cut_off.server, 500));
  CHECK_FALSE(can_connect(*world, A, C, 7002, 300));
  CHECK_FALSE(can_connect(*world, C, A, 7003, 300));
  REQUIRE(send_all(other.client, "free"));
  CHECK(receive(other.server, 4) == "free");
  world->network().lift(partition);
  CHECK(receive(cut_off.server, 4) == "held");
  CHECK(can_connect(*world, C, A, 7004, 30'000));
}

TEST_CASE("A connection cut one way hears the other way still") {
  const auto world = make_world(2);
  const Connection connection = connect(*world, A, B, 7000);
  const LinkFaultId cut = world->network().cut(sim::Partition({{A, B}}));
  REQUIRE(send_all(connection.server, "heard"));
  CHECK(receive(connection.client, 5) == "heard");
  REQUIRE(send_all(connection.client, "unheard"));
  CHECK_FALSE(readable_within(connection.server, 300));
  world->network().lift(cut);
  CHECK(receive(connection.server, 7) == "unheard");
}

TEST_CASE("TCP carries every byte over a bad network") {
  WorldOptions options;
  options.link.latency = {Duration::microseconds(100), Duration::milliseconds(2)};
  SECTION("duplication") {
    options.link.duplicate = sim::Ratio::percent(50);
  }
  SECTION("reordering") {
    options.link.reorder = sim::Ratio::percent(10);
  }
  SECTION("loss") {
    options.link.loss = sim::Ratio::percent(2);
  }
  SECTION("jitter") {
    options.link.latency.high = Duration::milliseconds(10);
  }
  const auto world = make_world(2, options);
  const Connection connection = connect(*world, A, B, 7000);
  const std::string bytes = varied(200'000);
  CHECK(transfer(connection, bytes) == bytes);
}

TEST_CASE("Bandwidth bounds what gets through") {
  const auto world = make_world(2);
  const Connection connection = connect(*world, A, B, 7000);
  LinkFault slow = fault_on({{A, B}});
  slow.bandwidth = 1'000'000;
  const LinkFaultId laid = world->network().apply(slow);
  const std::string bytes = varied(1'000'000);
  auto begun = std::chrono::steady_clock::now();
  CHECK(transfer(connection, bytes) == bytes);
  const double slowly = milliseconds_since(begun);
  CHECK(slowly > 950);
  CHECK(slowly < 20'000);
  world->network().lift(laid);
  begun = std::chrono::steady_clock::now();
  CHECK(transfer(connection, bytes) == bytes);
  CHECK(milliseconds_since(begun) < 950);
}

TEST_CASE("A host that lost its power says no farewell, and answers with a reset when it is back") {
  const auto world = make_world(2);
  const Connection connection = connect(*world, A, B, 7000);
  world->power_off(B);
  REQUIRE(send_all(connection.client, "lost"));
  CHECK_FALSE(readable_within(connection.client, 300));
  REQUIRE(world->boot(B));
  CHECK(readable_within(connection.client, 30'000));
  CHECK_FALSE(send_all(connection.client, "more"));
}
