// The load of the first scenario, without agents and gates: what the databases themselves cost. Hidden: run it with
// [speed].
#include <catch2/catch.hpp>
#include <chrono>
#include <iostream>

#include "little_world.h"

using namespace heir;
using namespace heir::sim;

TEST_CASE("24,000 operations by 5 clients on 3 peers", "[.][speed]") {
  LittleWorld world(3);
  world.make_cluster("b");
  std::vector<std::unique_ptr<WireClient>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(world.client(0));
  const std::uint64_t before = world.kernel.events();
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  for (int i = 0; i < 24000; ++i) {
    WireClient& client = *clients[static_cast<std::size_t>(i % 5)];
    if (client.answer.done) ++done;
    client.send((i % 2 ? "w" : "r") + std::to_string(i % 16) + (i % 2 ? " " + std::to_string(i) : ""));
    world.run_for(Duration::milliseconds(5));
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  std::cout << done << " operations, " << world.kernel.events() - before << " events, "
            << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << " us\n";
  CHECK(done > 23000);
  const std::uint64_t idle = world.kernel.events();
  const auto idle_begin = std::chrono::steady_clock::now();
  world.run_for(Duration::seconds(1000));
  const auto idle_took = std::chrono::steady_clock::now() - idle_begin;
  std::cout << "idle: " << world.kernel.events() - idle << " events in 1000 s, "
            << std::chrono::duration_cast<std::chrono::microseconds>(idle_took).count() << " us\n";
}
