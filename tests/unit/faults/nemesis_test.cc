// The nemesis against a world that only writes down what is done to it.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>

#include "fake_world.h"
#include "scenarios/load.h"
#include "sim/faults/nemesis.h"

using namespace heir;
using namespace heir::sim;
using scenarios::TargetKind;

namespace {

using Acts = std::vector<FakeWorld::Act>;

constexpr Duration s(std::int64_t n) {
  return Duration::seconds(n);
}

scenarios::Scenario scenario_of(const std::string& faults) {
  const std::string text =
      "title = \"t\"\nduration = \"100s\"\n[cluster]\npeers = 3\nracks = 2\n[[workload]]\nkind = \"register\"\n" +
      faults;
  scenarios::Loaded loaded = scenarios::load_text("test.toml", text);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}
std::string fault(const std::string& keys) {
  return "[[fault]]\n" + keys + "\n";
}

/// A scenario's faults on three peers: host 1 is primary, 2 sync, 3 async.
struct Trial {
  explicit Trial(const std::string& faults, std::uint64_t seed = 1) : Trial(scenario_of(faults), seed) {}
  explicit Trial(scenarios::Scenario from, std::uint64_t seed = 1)
      : scenario(std::move(from)), kernel(seed), world(kernel, 3, 2) {
    world.roles = {{TargetKind::primary, 1}, {TargetKind::sync, 2}, {TargetKind::async, 3}};
    nemesis =
        std::make_unique<Nemesis>(kernel, scenario, world, [this](const FaultEvent& event) { told.push_back(event); });
  }
  Acts& run(Duration until = s(100)) {
    kernel.run({VirtualTime() + until});
    return world.acts;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const FakeWorld::Act& act : world.acts) all.push_back(act.what);
    return all;
  }
  scenarios::Scenario scenario;
  Kernel kernel;
  FakeWorld world;
  std::vector<FaultEvent> told;
  std::unique_ptr<Nemesis> nemesis;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a fault strikes at its time, heals after `for`, and tells both") {
  Trial t(fault("kind = \"crash\"\nat = \"20s\"\nfor = \"15s\""));
  t.run(s(30));
  CHECK(t.nemesis->anything_broken());
  CHECK(t.nemesis->healed_at() == VirtualTime());
  CHECK(t.run() == Acts{{s(20), "power off 1"}, {s(35), "boot 1"}});
  REQUIRE(t.told.size() == 2);
  CHECK(t.told[0].begins);
  CHECK(t.told[0].what == "power off host1 (primary) for 15s");
  CHECK(t.told[0].at == VirtualTime() + s(20));
  CHECK_FALSE(t.told[1].begins);
  CHECK(t.told[1].id == t.told[0].id);
  CHECK_FALSE(t.nemesis->anything_broken());
  CHECK(t.nemesis->healed_at() == VirtualTime() + s(35));
}

TEST_CASE("times that are ranges are drawn within them, differently by seed") {
  std::set<std::int64_t> starts;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Trial t(fault("kind = \"crash\"\nat = \"10s..20s\"\nfor = \"1s..5s\""), seed);
    const Acts& acts = t.run();
    REQUIRE(acts.size() == 2);
    CHECK(acts[0].at >= s(10));
    CHECK(acts[0].at <= s(20));
    CHECK(acts[1].at - acts[0].at >= s(1));
    CHECK(acts[1].at - acts[0].at <= s(5));
    starts.insert(acts[0].at.ns());
  }
  CHECK(starts.size() > 15);
}

TEST_CASE("every: again after each strike, up to `until`") {
  SECTION("as said") {
    Trial t(fault("kind = \"crash-database\"\nevery = \"10s\"\nuntil = \"40s\""));
    CHECK(t.run() == Acts{{s(10), "crash database 1"},
                          {s(20), "crash database 1"},
                          {s(30), "crash database 1"},
                          {s(40), "crash database 1"}});
  }
  SECTION("by default three quarters of the run") {
    Trial t(fault("kind = \"crash-database\"\nevery = \"10s\""));
    CHECK(t.run().back().at == s(70));
  }
  SECTION("`at` is the first") {
    Trial t(fault("kind = \"crash-database\"\nat = \"25s\"\nevery = \"10s\"\nuntil = \"40s\""));
    CHECK(t.run() == Acts{{s(25), "crash database 1"}, {s(35), "crash database 1"}});
  }
  SECTION("a range is drawn anew each time") {
    Trial t(fault("kind = \"crash-database\"\nevery = \"1s..3s\"\nuntil = \"75s\""));
    const Acts acts = t.run();
    std::set<std::int64_t> gaps;
    for (std::size_t i = 1; i < acts.size(); ++i) {
      const Duration gap = acts[i].at - acts[i - 1].at;
      CHECK(gap >= s(1));
      CHECK(gap <= s(3));
      gaps.insert(gap.ns());
    }
    CHECK(gaps.size() > 10);
    CHECK(acts.back().at <= s(75));
  }
}

TEST_CASE("without `for` nothing heals, and the run does not count as broken") {
  Trial t(fault("kind = \"crash\"\nat = \"20s\""));
  CHECK(t.run() == Acts{{s(20), "power off 1"}});
  CHECK_FALSE(t.nemesis->anything_broken());
  CHECK(t.nemesis->healed_at() == VirtualTime() + s(20));
  CHECK(t.told[0].what == "power off host1 (primary)");
  t.nemesis->stop();
  CHECK(t.world.acts.size() == 1);
}

TEST_CASE("stop heals all that is broken, at once, and nothing strikes after") {
  Trial t(fault("kind = \"crash\"\nat = \"10s\"\nfor = \"80s\"\ntarget = \"async\"") +
          fault("kind = \"partition\"\nshape = \"isolate-primary\"\nat = \"11s\"\nfor = \"80s\"") +
          fault("kind = \"pause\"\ntarget = \"sync\"\nevery = \"12s\"\nfor = \"3s\""));
  t.run(s(25));
  CHECK(t.names() == Names{"power off 3", "lay on 1", "pause all 2", "resume all 2", "pause all 2"});
  t.nemesis->stop();
  CHECK(t.names() == Names{"power off 3", "lay on 1", "pause all 2", "resume all 2", "pause all 2", "boot 3", "lift 1",
                           "resume all 2"});
  CHECK(t.world.laid_on.empty());
  CHECK_FALSE(t.nemesis->anything_broken());
  CHECK(t.nemesis->healed_at() == VirtualTime() + s(25));
  t.run();
  CHECK(t.world.acts.size() == 8);
}

TEST_CASE("faults overlap, and each heals its own") {
  Trial t(fault("kind = \"pause\"\nat = \"10s\"\nfor = \"10s\"") +
          fault("kind = \"pause\"\nat = \"15s\"\nfor = \"10s\"") +
          fault("kind = \"clock-rate\"\nat = \"12s\"\nfor = \"10s\"\nfast = \"100ppm\"") +
          fault("kind = \"clock-rate\"\nat = \"14s\"\nfor = \"4s\"\nslow = \"50ppm\""));
  CHECK(t.run() == Acts{{s(10), "pause all 1"},
                        {s(12), "rate 100000 1"},
                        {s(14), "rate -50000 1"},
                        {s(15), "pause all 1"},
                        {s(18), "rate 50000 1"},
                        {s(20), "resume all 1"},
                        {s(22), "rate -100000 1"},
                        {s(25), "resume all 1"}});
}

TEST_CASE("who is off already is not struck, nor booted by the wrong fault") {
  Trial t(fault("kind = \"crash\"\nat = \"10s\"\nfor = \"20s\"") +
          fault("kind = \"crash\"\nat = \"15s\"\nfor = \"1s\"") +
          fault("kind = \"pause\"\nat = \"16s\"\nfor = \"1s\"") + fault("kind = \"stop\"\nat = \"17s\"\nfor = \"1s\""));
  CHECK(t.run() == Acts{{s(10), "power off 1"}, {s(30), "boot 1"}});
  CHECK(t.told.size() == 2);
}

TEST_CASE("a role that nobody has is not struck, and is looked up again the next time") {
  Trial t(fault("kind = \"crash-database\"\ntarget = \"deposed\"\nevery = \"10s\"\nuntil = \"30s\"") +
          fault("kind = \"partition\"\nshape = \"from-sync\"\ntarget = \"host:3\"\nat = \"5s\"\nfor = \"1s\""));
  t.world.roles = {{TargetKind::primary, 1}};  // then from-sync has no other end
  t.run(s(15));
  CHECK(t.world.acts.empty());
  CHECK(t.told.empty());
  CHECK_FALSE(t.nemesis->anything_broken());
  t.world.roles[TargetKind::deposed] = 3;
  CHECK(t.run() == Acts{{s(20), "crash database 3"}, {s(30), "crash database 3"}});
}

TEST_CASE("a role's host is the one of the moment, and the healing goes to whom was struck") {
  Trial t(fault("kind = \"crash\"\nat = \"10s\"\nfor = \"10s\""));
  t.run(s(15));
  t.world.roles[TargetKind::primary] = 2;
  CHECK(t.run() == Acts{{s(10), "power off 1"}, {s(20), "boot 1"}});
}

TEST_CASE("an agent that is killed for a time is held down, and released") {
  Trial held(fault("kind = \"crash-agent\"\nat = \"10s\"\nfor = \"5s\""));
  CHECK(held.run() == Acts{{s(10), "hold agent 1"}, {s(10), "crash agent 1"}, {s(15), "release agent 1"}});
  Trial at_once(fault("kind = \"crash-agent\"\nat = \"10s\""));
  CHECK(at_once.run() == Acts{{s(10), "crash agent 1"}});
}

TEST_CASE("each kind of fault does its own thing") {
  const auto acts = [](const std::string& keys) {
    Trial t(fault(keys + "\nat = \"10s\""));
    t.world.down = {};
    t.run();
    return t.names();
  };
  CHECK(acts("kind = \"stop\"\ntarget = \"sync\"\nfor = \"2s\"") == Names{"shut down 2", "boot 2"});
  CHECK(acts("kind = \"crash\"\ntarget = \"store\"\nfor = \"2s\"") == Names{"power off store", "boot store"});
  CHECK(acts("kind = \"crash\"\ntarget = \"all\"\nfor = \"2s\"") ==
        Names{"power off 1", "power off 2", "power off 3", "boot 1", "boot 2", "boot 3"});
  CHECK(acts("kind = \"power-off-all\"\nfor = \"2s\"") == Names{"power off store", "power off 1", "power off 2",
                                                                "power off 3", "boot store", "boot 1", "boot 2",
                                                                "boot 3"});
  CHECK(acts("kind = \"wipe-store\"") == Names{"wipe store"});
  CHECK(acts("kind = \"crash-store\"") == Names{});  // Nobody leads it.
  CHECK(acts("kind = \"crash-store\"\ntarget = \"store\"\nfor = \"2s\"") ==
        Names{"hold agent store", "crash agent store", "release agent store"});
  CHECK(acts("kind = \"slow-disk\"\ntarget = \"store\"\nfsync = \"1s\"\nfor = \"2s\"") ==
        Names{"disk slow 1s..1s store", "lift disk 1 store"});
  CHECK(acts("kind = \"crash-database\"\ntarget = \"host:3\"") == Names{"crash database 3"});
  CHECK(acts("kind = \"pause\"\nprocess = \"agent\"\nfor = \"2s\"") == Names{"pause agent 1", "resume agent 1"});
  CHECK(acts("kind = \"pause\"\nprocess = \"database\"\nfor = \"2s\"") ==
        Names{"pause database 1", "resume database 1"});
  CHECK(acts("kind = \"clock-step\"\nby = \"-5s\"") == Names{"step -5s 1"});
  CHECK(acts("kind = \"clog\"\nfor = \"2s\"") == Names{"lay on 1", "lift 1"});
  CHECK(acts("kind = \"swizzle-clog\"\nfor = \"8s\"") == Names{"lay on 1", "lay on 2", "lift 1", "lift 2"});
  CHECK(acts("kind = \"flap\"\ndown = \"1s\"\nup = \"2s\"\nfor = \"5s\"") ==
        Names{"lay on 1", "lift 1", "lay on 2", "lift 2"});
  CHECK(acts("kind = \"break-connections\"\nto = \"sync\"\ntold = \"one\"") == Names{"break 1-2, told one"});
  CHECK(acts("kind = \"clock-slew\"\nby = \"-1s\"\nfor = \"10s\"") == Names{"rate -100000000 1", "rate 100000000 1"});
  CHECK(acts("kind = \"clock-freeze\"\ntarget = \"store\"\nfor = \"2s\"") ==
        Names{"freeze clocks store", "thaw clocks behind store"});
  CHECK(acts("kind = \"suspend\"\nafter = \"both-catch-up\"\nfor = \"2s\"") ==
        Names{"pause all 1", "freeze clocks 1", "thaw clocks both-catch-up 1", "resume all 1"});
  CHECK(acts("kind = \"slow-disk\"\nfsync = \"1s..2s\"\nfor = \"2s\"") == Names{"disk slow 1s..2s 1", "lift disk 1 1"});
  CHECK(acts("kind = \"crash-backend\"\ntarget = \"sync\"") == Names{"crash a backend 2"});
  CHECK(acts("kind = \"out-of-files\"\nfor = \"2s\"") == Names{"use up files 1", "files again 1"});
  CHECK(acts("kind = \"out-of-connections\"\nfor = \"2s\"") == Names{"use up connections 1", "connections again 1"});
  CHECK(acts("kind = \"promote-by-hand\"\ntarget = \"sync\"") == Names{"pg_ctl promote 2"});
  CHECK(acts("kind = \"start-by-hand\"") == Names{"pg_ctl start 1"});
  CHECK(acts("kind = \"stop-by-hand\"") == Names{"pg_ctl stop 1"});
  CHECK(acts("kind = \"cancel-by-hand\"") == Names{"cancel sessions 1"});
  CHECK(acts("kind = \"second-agent\"\nfor = \"2s\"") == Names{"start a second agent 1", "kill the second agent 1"});
  CHECK(acts("kind = \"switchover\"") == Names{"switchover"});
  CHECK(acts("kind = \"freeze\"") == Names{"freeze"});
  CHECK(acts("kind = \"unfreeze\"") == Names{"unfreeze"});
  CHECK(acts("kind = \"rebuild\"\ntarget = \"async\"") == Names{"rebuild 3"});
}

TEST_CASE("join switches a late host on") {
  scenarios::Scenario scenario = scenario_of(fault("kind = \"crash\"\nat = \"10s\""));
  scenario.faults[0].kind = scenarios::FaultKind::join;
  scenario.faults[0].target = {TargetKind::host, 3};
  Trial t(std::move(scenario));
  CHECK(t.run() == Acts{{s(10), "boot 3"}});
}

TEST_CASE("any, majority and minority are drawn, as many as they say") {
  std::set<std::string> any;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Trial one(fault("kind = \"crash\"\ntarget = \"any\"\nat = \"1s\""), seed);
    one.run();
    REQUIRE(one.world.acts.size() == 1);
    any.insert(one.world.acts[0].what);
    Trial most(fault("kind = \"crash\"\ntarget = \"majority\"\nat = \"1s\""), seed);
    CHECK(most.run().size() == 2);
    Trial few(fault("kind = \"crash\"\ntarget = \"minority\"\nat = \"1s\""), seed);
    CHECK(few.run().size() == 1);
  }
  CHECK(any.size() == 3);
}

TEST_CASE("a partition blocks its links until it heals") {
  Trial t(fault("kind = \"partition\"\nshape = \"isolate-primary\"\nat = \"10s\"\nfor = \"5s\""));
  t.run(s(12));
  REQUIRE(t.world.laid_on.size() == 1);
  const LinkFault& cut = t.world.laid_on.begin()->second;
  CHECK(cut.blocked);
  CHECK(cut.links.size() == 6);
  CHECK(t.told[0].what == "partition host1 from everybody for 5s");
  t.run();
  CHECK(t.world.laid_on.empty());
}

TEST_CASE("slow links: from the target to all, to one, or the store's and the clients'") {
  const auto laid = [](const std::string& keys) {
    Trial t(
        fault("kind = \"slow-link\"\nlatency = \"10ms..20ms\"\nloss = \"5%\"\nat = \"10s\"\nfor = \"5s\"\n" + keys));
    t.run(s(12));
    REQUIRE(t.world.laid_on.size() == 1);
    LinkFault slow = t.world.laid_on.begin()->second;
    CHECK_FALSE(slow.blocked);
    CHECK(slow.extra_delay == DurationRange{Duration::milliseconds(10), Duration::milliseconds(20)});
    CHECK(slow.loss == Ratio::percent(5));
    CHECK(std::is_sorted(slow.links.begin(), slow.links.end()));
    CHECK(std::adjacent_find(slow.links.begin(), slow.links.end()) == slow.links.end());
    for (const DirectedLink& link : slow.links)
      CHECK(std::find(slow.links.begin(), slow.links.end(), DirectedLink{link.to, link.from}) != slow.links.end());
    t.run();
    CHECK(t.world.laid_on.empty());
    return slow.links.size();
  };
  CHECK(laid("") == 6);  // two peers and the store
  CHECK(laid("to = \"sync\"") == 2);
  CHECK(laid("to = \"store\"") == 2);
  CHECK(laid("to = \"clients\"") == 4);
  CHECK(laid("target = \"all\"") == 12);  // every pair of the four servers
  CHECK(laid("target = \"store\"") == 6);
  CHECK(laid("target = \"clients\"") == 16);  // two clients, four servers
}

TEST_CASE("a random fault draws one of its kinds, and heals what it drew") {
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Trial t(fault("kind = \"random\"\namong = [\"crash\", \"pause\", \"crash-agent\"]\ntarget = \"any\"\nat = "
                  "\"10s\"\nfor = \"5s\""),
            seed);
    const Acts& acts = t.run();
    REQUIRE(acts.size() >= 2);
    const std::string struck = acts.front().what.substr(0, acts.front().what.size() - 2);
    seen.insert(struck);
    CHECK(acts.back().at == s(15));
    const std::string healed = acts.back().what.substr(0, acts.back().what.size() - 2);
    CHECK(healed == (struck == "power off" ? "boot" : struck == "pause all" ? "resume all" : "release agent"));
    CHECK(acts.back().what.back() == acts.front().what.back());
  }
  CHECK(seen == std::set<std::string>{"power off", "pause all", "hold agent"});
}

TEST_CASE("the same seed does the same; another does not") {
  const std::string faults = fault(
      "kind = \"random\"\namong = [\"crash\", \"pause\", \"partition\"]\ntarget = \"any\"\nevery = \"1s..5s\"\n"
      "for = \"1s..5s\"\nshape = \"random\"");
  Trial a(faults, 7);
  Trial b(faults, 7);
  Trial c(faults, 8);
  CHECK(a.run() == b.run());
  CHECK(a.world.acts.size() > 20);
  CHECK_FALSE(a.run() == c.run());
}

TEST_CASE("a fault that is taken out of the scenario leaves the draws of the others as they were") {
  // Each on a host of its own, so that none changes what another can do.
  const auto repeated = [](const std::string& kind, const std::string& host) {
    return fault("kind = \"" + kind + "\"\ntarget = \"" + host + "\"\nevery = \"1s..9s\"\nfor = \"1s..3s\"");
  };
  const scenarios::Scenario whole =
      scenario_of(repeated("pause", "host:1") + repeated("crash", "host:2") + repeated("crash-agent", "host:3"));
  const auto of_host = [](const Trial& t, char host) {
    Acts acts;
    for (const FakeWorld::Act& act : t.world.acts)
      if (act.what.back() == host) acts.push_back(act);
    return acts;
  };
  Trial all(whole);
  all.run();
  REQUIRE(of_host(all, '1').size() > 5);
  for (const std::size_t out : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    INFO("without fault " << out);
    scenarios::Scenario less = whole;
    less.faults.erase(less.faults.begin() + static_cast<std::ptrdiff_t>(out));
    Trial rest(less);
    rest.run();
    for (const char host : {'1', '2', '3'}) {
      const Acts left = of_host(rest, host);
      if (host == static_cast<char>('1' + out))
        CHECK(left.empty());
      else
        CHECK(left == of_host(all, host));
    }
  }
}

TEST_CASE("members of the store as targets: by number, by role, by how many") {
  const auto acts = [](const std::string& keys, int members) {
    Trial t(scenario_of("[store]\nmembers = " + std::to_string(members) + "\n" + fault(keys + "\nat = \"10s\"")));
    t.world.members = members;
    t.world.roles[TargetKind::store_leader] = store_member(2);
    t.run();
    return t.names();
  };
  CHECK(acts("kind = \"crash\"\ntarget = \"store:3\"", 3) == Names{"power off store3"});
  CHECK(acts("kind = \"crash\"\ntarget = \"store-leader\"\nfor = \"1s\"", 3) ==
        Names{"power off store2", "boot store2"});
  CHECK(acts("kind = \"crash-store\"", 3) == Names{"crash agent store2"});
  CHECK(acts("kind = \"wipe-store\"\ntarget = \"store:1\"", 3) == Names{"wipe store1"});
  CHECK(acts("kind = \"wipe-store\"", 3) == Names{"wipe store1", "wipe store2", "wipe store3"});
  CHECK(acts("kind = \"crash\"\ntarget = \"store-majority\"", 5).size() == 3);
  CHECK(acts("kind = \"crash\"\ntarget = \"store-minority\"", 5).size() == 2);
  CHECK(acts("kind = \"crash\"\ntarget = \"store-minority\"", 3).size() == 1);
  const Names follower = acts("kind = \"crash\"\ntarget = \"store-follower\"", 3);
  CHECK((follower == Names{"power off store1"} || follower == Names{"power off store3"}));
}

TEST_CASE("a fault with `on` waits for its moment on a host of its target, and hits that host") {
  using scenarios::Moment;
  Trial t(fault("kind = \"crash\"\ntarget = \"any\"\non = \"gate-opens\"\ndelay = \"2s\"\nat = \"20s\"\nfor = \"1s\"") +
          fault("kind = \"pause\"\ntarget = \"sync\"\non = \"fsync\"\nat = \"20s\"\nevery = \"10s\"\nuntil = \"44s\"\n"
                "for = \"1s\""));
  const auto moment = [&](Duration at, Moment what, int host) {
    t.kernel.run({VirtualTime() + at});
    t.world.moments(what, host);
  };
  moment(s(10), Moment::gate_opens, 3);  // not yet armed
  moment(s(21), Moment::fsync, 1);       // not the sync
  moment(s(22), Moment::gate_opens, 3);
  moment(s(23), Moment::gate_opens, 2);  // it strikes once
  moment(s(24), Moment::fsync, 2);
  moment(s(25), Moment::fsync, 2);  // waits for its next turn, ten seconds after the strike
  moment(s(35), Moment::fsync, 2);
  moment(s(90), Moment::fsync, 2);  // after `until` it is not armed again
  CHECK(t.run() == Acts{{s(24), "power off 3"},
                        {s(24), "pause all 2"},
                        {s(25), "boot 3"},
                        {s(25), "resume all 2"},
                        {s(35), "pause all 2"},
                        {s(36), "resume all 2"}});
  CHECK(t.told[1].what == "pause host2 (sync), at the moment: fsync for 1s");
}

TEST_CASE("the store's members have no moment but an fsync, and are not `any`") {
  Trial t(fault("kind = \"crash\"\ntarget = \"any\"\non = \"fsync\"\nat = \"1s\"\nfor = \"1s\"") +
          fault("kind = \"crash\"\ntarget = \"store\"\non = \"fsync\"\nat = \"1s\"\nfor = \"1s\""));
  t.kernel.run({VirtualTime() + s(2)});
  t.world.moments(scenarios::Moment::fsync, store_member(1));
  t.kernel.run({VirtualTime() + s(3)});
  CHECK(t.names() == Names{"power off store", "boot store"});
}

TEST_CASE("a rack is the hosts of peers and store by turns") {
  Trial one(fault("kind = \"crash\"\ntarget = \"rack:1\"\nat = \"1s\""));
  one.run();
  CHECK(one.names() == Names{"power off 1", "power off 3", "power off store"});
  std::set<std::string> first;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Trial drawn(fault("kind = \"crash\"\ntarget = \"rack\"\nat = \"1s\""), seed);
    drawn.run();
    first.insert(drawn.names().front());
  }
  CHECK(first == std::set<std::string>{"power off 1", "power off 2"});
}

TEST_CASE("starved processes run for one part of each period, and all of the time afterwards") {
  Trial t(fault("kind = \"starve\"\ntarget = \"sync\"\nfactor = 4\nat = \"10s\"\nfor = \"200ms\""));
  const auto ms = [](std::int64_t n) { return s(10) + Duration::milliseconds(n); };
  CHECK(t.run() ==
        Acts{{ms(25), "pause all 2"}, {ms(100), "resume all 2"}, {ms(125), "pause all 2"}, {ms(200), "resume all 2"}});
}

TEST_CASE("a restart loop kills again and again, and leaves it up") {
  Trial agent(
      fault("kind = \"restart-loop\"\nprocess = \"agent\"\nup = \"3s\"\ndown = \"1s\"\nat = \"10s\"\nfor = \"6s\""));
  CHECK(agent.run() == Acts{{s(10), "hold agent 1"},
                            {s(10), "crash agent 1"},
                            {s(11), "release agent 1"},
                            {s(14), "hold agent 1"},
                            {s(14), "crash agent 1"},
                            {s(15), "release agent 1"}});
  // It is over while the host is down: it boots.
  Trial host(fault("kind = \"restart-loop\"\nup = \"3s\"\ndown = \"5s\"\nat = \"10s\"\nfor = \"2s\""));
  CHECK(host.run() == Acts{{s(10), "power off 1"}, {s(12), "boot 1"}});
}

TEST_CASE("the out-of-memory killer kills while it lasts") {
  Trial t(fault("kind = \"out-of-memory\"\ntarget = \"all\"\nat = \"10s\"\nfor = \"20s\""));
  const Acts& acts = t.run();
  CHECK(acts.size() >= 7);
  CHECK(std::all_of(acts.begin(), acts.end(), [](const FakeWorld::Act& act) {
    return act.what.starts_with("kill one ") && act.at >= s(10) && act.at < s(30);
  }));
}
