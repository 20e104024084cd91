#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "scenarios/fault_kinds.h"
#include "scenarios/load.h"
#include "sim/faults/swarm.h"

using namespace heir;
using namespace heir::sim;
using scenarios::FaultFamily;
using scenarios::Scenario;

namespace {

Scenario swarm(const std::string& more = "") {
  const scenarios::Loaded loaded = scenarios::load_text("swarm", "title = \"x\"\nduration = \"90s\"\n[swarm]\n" + more);
  REQUIRE(loaded);
  return *loaded.scenario;
}

}  // namespace

TEST_CASE("a scenario without a swarm is run as it is") {
  Scenario plain = swarm();
  plain.swarm.reset();
  CHECK(expand(plain, 1) == plain);
}

TEST_CASE("what a swarm draws is a valid plain scenario, the same for the same seed") {
  std::set<std::string> texts;
  std::set<scenarios::FaultKind> kinds;
  std::set<scenarios::FaultKind> of_members;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Scenario drawn = expand(swarm(), seed);
    CHECK(!drawn.swarm);
    CHECK(!drawn.faults.empty());
    CHECK(!drawn.workloads.empty());
    CHECK(drawn == expand(swarm(), seed));
    const std::string text = scenarios::write(drawn);
    const scenarios::Loaded again = scenarios::load_text("drawn", text);
    INFO(text);
    REQUIRE(again);
    CHECK(*again.scenario == drawn);
    texts.insert(text);
    for (const scenarios::Fault& fault : drawn.faults) {
      kinds.insert(fault.kind);
      if (scenarios::is_of_store(fault.target.kind)) of_members.insert(fault.kind);
    }
  }
  CHECK(texts.size() == 300);
  for (const scenarios::FaultTraits& traits : scenarios::fault_kinds()) {
    using K = scenarios::FaultKind;
    const bool left_out = traits.kind == K::random || traits.kind == K::join || traits.kind == K::wipe_store ||
                          traits.kind == K::clock_freeze || traits.kind == K::cancel_by_hand;
    INFO(traits.name);
    CHECK(kinds.contains(traits.kind) == !left_out);
    if (traits.family == FaultFamily::disk) CHECK(of_members.contains(traits.kind));
  }
}

TEST_CASE("a seed takes some of the families that the swarm names, and no other") {
  std::set<std::set<FaultFamily>> combinations;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Scenario drawn = expand(swarm("families = [\"network\", \"disk\"]\n"), seed);
    std::set<FaultFamily> families;
    for (const scenarios::Fault& fault : drawn.faults) families.insert(scenarios::traits(fault.kind).family);
    CHECK(std::ranges::includes(std::set{FaultFamily::network, FaultFamily::disk}, families));
    combinations.insert(families);
  }
  CHECK(combinations.size() == 3);
}

TEST_CASE("a swarm leaves what the file says, and adds to its faults") {
  const Scenario from =
      swarm("[cluster]\npeers = 4\n[[workload]]\nkind = \"set\"\n[[fault]]\nkind = \"wipe-store\"\nat = \"1s\"\n");
  const Scenario drawn = expand(from, 7);
  CHECK(drawn.cluster == from.cluster);
  CHECK(drawn.workloads == from.workloads);
  REQUIRE(drawn.faults.size() > 1);
  CHECK(drawn.faults.front() == from.faults.front());
  CHECK(drawn.network != from.network);
}

TEST_CASE("what no seed draws of the cluster may be said, and the rest is drawn as without") {
  std::set<int> peers;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Scenario as_without = expand(swarm(), seed);
    as_without.cluster.max_lag = Duration::seconds(3);
    CHECK(expand(swarm("[cluster]\nmax_lag = \"3s\"\n"), seed) == as_without);
    as_without.cluster.max_lag = scenarios::Cluster().max_lag;
    as_without.cluster.system = scenarios::SystemKind::patroni;
    CHECK(expand(swarm("[cluster]\nsystem = \"patroni\"\n"), seed) == as_without);
    peers.insert(as_without.cluster.peers);
  }
  CHECK(peers.size() > 1);
}

TEST_CASE("clocks stay within the bound that the lease allows for, unless the swarm says otherwise") {
  bool broken = false;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    // Each fault of a clock is healed before it strikes again, so that at most one of each adds to the base.
    std::int64_t worst = 0;
    const Scenario drawn = expand(swarm("families = [\"clock\", \"process\"]\n"), seed);
    worst += drawn.clock.rate_error.ppb();
    for (const scenarios::Fault& fault : drawn.faults) {
      if (scenarios::traits(fault.kind).family == FaultFamily::clock && fault.lasts && fault.every)
        CHECK(fault.every->low > fault.lasts->high);
      if (fault.within) worst += fault.within->ppb();
      if (fault.kind == scenarios::FaultKind::clock_slew)
        worst += fault.by->high.ns() * 1000 / (fault.lasts->low.ns() / 1'000'000);
      if (fault.kind == scenarios::FaultKind::suspend) CHECK(fault.after == scenarios::AfterFreeze::both_catch_up);
      CHECK(fault.kind != scenarios::FaultKind::clock_freeze);
    }
    CHECK(worst <= drawn.timing.clock_bound.ppb());
    const Scenario wild = expand(swarm("beyond_clock_bound = true\n"), seed);
    CHECK(!wild.expect.linearizable);
    for (const scenarios::Fault& fault : wild.faults)
      broken |= (fault.within && fault.within->ppb() > 10'000'000) || fault.kind == scenarios::FaultKind::clock_freeze;
  }
  CHECK(broken);
}
