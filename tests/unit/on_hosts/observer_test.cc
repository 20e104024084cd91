#include "tools/on_hosts/observer.h"

#include <catch2/catch.hpp>

namespace heir::on_hosts {
namespace {

using scenarios::TargetKind;

struct Watched {
  RealClock clock;
  sim::RunResult result;
  Observer observer{clock, 3, 3, result};

  Watched() { clock.begin(); }
  void line(int host, std::int64_t ms, std::string event, std::vector<std::pair<std::string, std::string>> fields) {
    observer.on_line(host, {clock.instant(VirtualTime() + Duration::milliseconds(ms)), true, LogLevel::info,
                            std::move(event), std::move(fields)});
  }
  void state(std::int64_t ms, const char* index, const char* generation, const char* primary, const char* sync,
             const char* async, const char* deposed) {
    line(1, ms, "state",
         {{"index", index},
          {"generation", generation},
          {"primary", primary},
          {"sync", sync},
          {"async", async},
          {"deposed", deposed},
          {"opened", "5"},
          {"initial", "0"},
          {"why", "takeover: uuid-1 is gone"}});
  }
};

}  // namespace

TEST_CASE("The cluster is who its agents' lines say") {
  Watched watched;
  watched.line(1, 0, "agent-started", {{"peer", "uuid-1"}});
  watched.state(10, "1", "1", "uuid-1", "host2", "host3", "");
  CHECK(watched.observer.host_in_role(TargetKind::primary) == 1);
  CHECK(watched.observer.host_in_role(TargetKind::sync) == 2);
  CHECK(watched.observer.host_in_role(TargetKind::async) == 3);
  CHECK(watched.observer.host_in_role(TargetKind::deposed) == 0);
  CHECK(watched.observer.placed() == 3);
  CHECK(watched.observer.cluster().opened);

  watched.state(100, "2", "2", "host2", "host3", "", "uuid-1");
  CHECK(watched.observer.host_in_role(TargetKind::primary) == 2);
  CHECK(watched.observer.host_in_role(TargetKind::deposed) == 1);
  // Another agent tells the same later, or something older.
  watched.state(110, "2", "2", "host2", "host3", "", "uuid-1");
  watched.state(120, "1", "1", "uuid-1", "host2", "host3", "");
  REQUIRE(watched.result.failovers.size() == 1);
  CHECK(watched.result.failovers[0].from == "host1");
  CHECK(watched.result.failovers[0].to == "host2");
  CHECK(watched.result.failovers[0].why == "takeover: host1 is gone");
  CHECK(watched.result.violations.empty());

  watched.state(130, "3", "1", "host2", "", "", "");
  REQUIRE(watched.result.violations.size() == 1);
  CHECK(watched.result.violations[0].kind == scenarios::FailureKind::generation_regressed);
}

TEST_CASE("An answer is of the generation in which the peer's gate opened last before it") {
  Watched watched;
  watched.line(2, 100, "gate", {{"mode", "open"}, {"generation", "1"}});
  watched.line(2, 200, "gate", {{"mode", "held"}, {"generation", "1"}});
  watched.line(2, 300, "gate", {{"mode", "open"}, {"generation", "4"}});
  const auto generation = [&](int peer, std::int64_t ms) {
    return watched.observer.generation_at(peer, VirtualTime() + Duration::milliseconds(ms));
  };
  CHECK(generation(2, 50) == 0);
  CHECK(generation(2, 250) == 1);
  CHECK(generation(2, 300) == 4);
  CHECK(generation(1, 300) == 0);
}

TEST_CASE("The store's leader is who leads in the last term") {
  Watched watched;
  watched.line(-2, 0, "store-role", {{"role", "leader"}, {"term", "1"}});
  CHECK(watched.observer.host_in_role(TargetKind::store_leader) == -2);
  watched.line(-3, 10, "store-role", {{"role", "leader"}, {"term", "2"}});
  watched.line(-2, 20, "store-role", {{"role", "leader"}, {"term", "1"}});
  CHECK(watched.observer.host_in_role(TargetKind::store_leader) == -3);
  watched.observer.on_program_gone(-3);
  CHECK(watched.observer.host_in_role(TargetKind::store_leader) == 0);
}

TEST_CASE("Moments are told with their host") {
  Watched watched;
  std::vector<std::pair<scenarios::Moment, int>> seen;
  watched.observer.watch_moments([&](scenarios::Moment moment, int host) { seen.emplace_back(moment, host); });
  watched.line(3, 0, "promoted", {});
  watched.line(2, 0, "gate", {{"mode", "held"}, {"generation", "1"}});
  watched.line(-1, 0, "store-role", {{"role", "leader"}, {"term", "1"}});
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == std::pair(scenarios::Moment::promoted, 3));
  CHECK(seen[1] == std::pair(scenarios::Moment::gate_held, 2));
}

}  // namespace heir::on_hosts
