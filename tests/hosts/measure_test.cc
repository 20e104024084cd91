// What the plain switch costs. Not run by ctest: `build/release/tests/hosts/hosts_testbed "[measure]"`.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

#include "helpers.h"

using namespace heir;
using namespace heir::testbed;

namespace {

/// Round trips of one byte: {p50, p99} in microseconds.
std::pair<double, double> round_trips(const Connection& connection, int count) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) all.push_back(shortest_round_trip_ms(connection, 1) * 1000);
  std::sort(all.begin(), all.end());
  return {all[all.size() / 2], all[all.size() * 99 / 100]};
}

}  // namespace

TEST_CASE("What the plain switch costs", "[.][measure]") {
  const auto world = make_world(2);
  const Connection through = connect(*world, A, B, 7000);
  const Connection loopback = connect(*world, A, A, 7001);
  round_trips(through, 1000);
  const auto [own, own_worst] = round_trips(loopback, 10'000);
  const auto [switched, switched_worst] = round_trips(through, 10'000);
  std::printf(
      "TCP round trip of 1 byte: loopback p50 %.1f us, p99 %.1f us; through the switch p50 %.1f us, p99 %.1f us\n", own,
      own_worst, switched, switched_worst);
  std::printf("added one way, p50: %.1f us\n", (switched - own) / 2);

  {
    LinkParameters one_ms = plain_link();
    one_ms.latency = {Duration::milliseconds(1), Duration::milliseconds(1)};
    world->network().set_all_links(one_ms);
    const auto [later, later_worst] = round_trips(through, 1000);
    std::printf("with links of 1 ms: p50 %.1f us, p99 %.1f us, of which 2000 are meant\n", later, later_worst);
    world->network().set_all_links(plain_link());
  }

  const auto rate = [&](const char* what, double seconds, const SwitchCounts& before) {
    const SwitchCounts after = world->network().counts();
    std::printf("%s: %.0f frames/s, %.1f MB/s carried\n", what,
                static_cast<double>(after.carried - before.carried) / seconds,
                static_cast<double>(after.bytes - before.bytes) / seconds / 1e6);
  };
  {
    const Descriptor a = udp_socket(*world, A, 5000);
    const Descriptor b = udp_socket(*world, B, 5000);
    const SwitchCounts before = world->network().counts();
    const auto begun = std::chrono::steady_clock::now();
    while (milliseconds_since(begun) < 3000) send_datagram(a, B, 5000, "64 bytes of a frame: 22");
    rate("UDP of 65 bytes", milliseconds_since(begun) / 1000, before);
  }
  {
    const std::string bytes(std::size_t{64} << 20, 'x');
    const SwitchCounts before = world->network().counts();
    const auto begun = std::chrono::steady_clock::now();
    std::thread sends([&] { send_all(through.client, bytes); });
    CHECK(receive(through.server, bytes.size()).size() == bytes.size());
    sends.join();
    rate("TCP, MTU 1500", milliseconds_since(begun) / 1000, before);
  }
}
