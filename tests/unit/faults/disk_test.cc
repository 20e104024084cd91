// Faults of disks against a world that only writes down what is done to it, and the atlas.
#include <catch2/catch.hpp>

#include <memory>
#include <set>

#include "fake_world.h"
#include "scenarios/load.h"
#include "sim/faults/atlas.h"
#include "sim/faults/nemesis.h"

using namespace heir;
using namespace heir::sim;
using scenarios::TargetKind;

namespace {

using Names = std::vector<std::string>;

scenarios::Loaded load(const std::string& faults, const std::string& more = "") {
  return scenarios::load_text("test.toml", "title = \"t\"\nduration = \"100s\"\n[cluster]\npeers = 3\n" + more +
                                               "[[workload]]\nkind = \"register\"\n" + faults);
}

/// Host 1 is primary, 2 sync, 3 async.
struct Trial {
  explicit Trial(const std::string& faults) : kernel(1), world(kernel, 3, 1) {
    const scenarios::Loaded loaded = load(faults);
    for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
    REQUIRE(loaded);
    scenario = *loaded.scenario;
    world.roles = {{TargetKind::primary, 1}, {TargetKind::sync, 2}, {TargetKind::async, 3}};
    nemesis =
        std::make_unique<Nemesis>(kernel, scenario, world, [this](const FaultEvent& event) { told.push_back(event); });
  }
  Names run(Duration until = Duration::seconds(100)) {
    kernel.run({VirtualTime() + until});
    Names names;
    for (const FakeWorld::Act& act : world.acts) names.push_back(act.what);
    return names;
  }
  scenarios::Scenario scenario;
  Kernel kernel;
  FakeWorld world;
  std::vector<FaultEvent> told;
  std::unique_ptr<Nemesis> nemesis;
};

std::string fault(const std::string& keys) {
  return "[[fault]]\nat = \"10s\"\n" + keys + "\n";
}
Names acts(const std::string& keys) {
  return Trial(fault(keys)).run();
}
std::string refusal(const std::string& keys, const std::string& more = "") {
  const scenarios::Loaded loaded = load(fault(keys), more);
  return loaded || loaded.messages.empty() ? "" : loaded.messages.front();
}

/// Peers whose copies are as a test says.
struct Copies final : CopyHolders {
  std::vector<int> counted{1, 2};
  std::set<int> bad;    ///< Lack something.
  std::set<int> risky;  ///< Have all, but not safely.
  std::vector<int> holders() const override { return counted; }
  bool has_all(int host) const override { return !bad.contains(host); }
  bool is_good(int host) const override { return has_all(host) && !risky.contains(host); }
};

}  // namespace

TEST_CASE("faults of a whole disk are laid on and lifted") {
  CHECK(acts("kind = \"stuck-disk\"\nfor = \"2s\"") == Names{"disk stuck 1", "lift disk 1 1"});
  CHECK(acts("kind = \"disk-full\"\nfor = \"2s\"\ntarget = \"sync\"") == Names{"disk full 2", "lift disk 1 2"});
  CHECK(acts("kind = \"read-only-disk\"\nfor = \"2s\"") == Names{"disk read-only 1", "lift disk 1 1"});
  CHECK(acts("kind = \"bad-fsync\"\nfor = \"2s\"") == Names{"disk error 1", "lift disk 1 1"});
  CHECK(acts("kind = \"bad-fsync\"\nfor = \"2s\"\nanswer = \"lie\"") == Names{"disk lie 1", "lift disk 1 1"});
  CHECK(acts("kind = \"bad-fsync\"\nfor = \"2s\"\nanswer = \"error-dropped\"") ==
        Names{"disk error-dropped 1", "lift disk 1 1"});
}

TEST_CASE("disks of the store's members are struck as those of peers are") {
  CHECK(acts("kind = \"stuck-disk\"\nfor = \"2s\"\ntarget = \"store:1\"") ==
        Names{"disk stuck store", "lift disk 1 store"});
  CHECK(acts("kind = \"bit-rot\"\nfor = \"2s\"\ntarget = \"store-minority\"") ==
        Names{"rot log store", "lift disk 1 store"});
  CHECK(acts("kind = \"swap-disk\"\nfor = \"2s\"\ntarget = \"store:1\"") ==
        Names{"power off store", "replace disk store", "boot store"});
}

TEST_CASE("what is stored rots, for a while or until everything is healed") {
  CHECK(acts("kind = \"bit-rot\"\nfor = \"2s\"") == Names{"rot log 1", "lift disk 1 1"});
  CHECK(acts("kind = \"misdirected-read\"\nfor = \"2s\"\nchance = \"20%\"") ==
        Names{"misdirect reads 200000 1", "lift disk 1 1"});
  Trial t(fault("kind = \"bit-rot\"\nwhere = \"table\""));
  CHECK(t.run() == Names{"rot table 1"});
  t.nemesis->stop_and_heal_all();
  CHECK(t.run() == Names{"rot table 1", "lift disk 1 1"});
}

TEST_CASE("a host comes back with another disk") {
  CHECK(acts("kind = \"swap-disk\"\nfor = \"2s\"") == Names{"power off 1", "replace disk 1", "boot 1"});
  CHECK(acts("kind = \"swap-disk\"\nfor = \"2s\"\ndisk = \"foreign\"") ==
        Names{"power off 1", "replace disk 1", "boot 1"});
  Trial t(fault("kind = \"swap-disk\"\nfor = \"5s\"\ndisk = \"old\"\nage = \"3s\""));
  CHECK(t.run(Duration::seconds(12)).empty());
  CHECK(t.run(Duration::seconds(14)) == Names{"power off 1", "replace disk 1"});
  CHECK(t.run() == Names{"power off 1", "replace disk 1", "boot 1"});
}

TEST_CASE("what the atlas spares is not struck") {
  for (const char* keys :
       {"kind = \"bit-rot\"\nwhere = \"table\"", "kind = \"misdirected-write\"", "kind = \"swap-disk\"\nfor = \"2s\"",
        "kind = \"swap-disk\"\nfor = \"5s\"\ndisk = \"old\"\nage = \"3s\""}) {
    Trial t(fault(keys));
    t.world.spared = {1};
    INFO(keys);
    CHECK(t.run().empty());
  }
}

TEST_CASE("while a loss is repaired, nothing strikes") {
  Trial t(fault("kind = \"crash\"\nfor = \"2s\""));
  t.world.repairing = true;
  CHECK(t.run(Duration::seconds(20)).empty());
  t.world.repairing = false;
  CHECK(t.run() == Names{"power off 1", "boot 1"});
  CHECK(t.told.front().at > VirtualTime() + Duration::seconds(19));
}

TEST_CASE("impossible faults of disks are refused, each with its reason") {
  CHECK(refusal("kind = \"swap-disk\"").find("needs the key 'for'") != std::string::npos);
  CHECK(refusal("kind = \"swap-disk\"\nfor = \"2s\"\ndisk = \"old\"").find("needs the key 'age'") != std::string::npos);
  CHECK(refusal("kind = \"swap-disk\"\nfor = \"2s\"\ndisk = \"old\"\nage = \"2s\"").find("above its 'age'") !=
        std::string::npos);
  CHECK(refusal("kind = \"swap-disk\"\nfor = \"2s\"\nage = \"1s\"").find("\"old\" disk") != std::string::npos);
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"store\"").find("leaves the atlas none") != std::string::npos);
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"store-majority\"").find("leaves the atlas none") != std::string::npos);
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"store-minority\"").empty());
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"store:1\"", "[store]\nkind = \"ideal\"\n")
            .find("leaves the atlas none") != std::string::npos);
  CHECK(refusal("kind = \"stuck-disk\"\nfor = \"2s\"\ntarget = \"store\"").empty());
  CHECK(refusal("kind = \"swap-disk\"\nfor = \"2s\"\ndisk = \"foreign\"\ntarget = \"store:2\"")
            .find("no cluster's data") != std::string::npos);
  CHECK(refusal("kind = \"slow-disk\"\nfsync = \"1s\"\nanswer = \"lie\"").find("means nothing for kind") !=
        std::string::npos);
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"all\"").find("leaves the atlas none") != std::string::npos);
  CHECK(
      refusal("kind = \"bad-fsync\"\nanswer = \"lie\"\nfor = \"2s\"\ntarget = \"all\"").find("leaves the atlas none") !=
      std::string::npos);
  CHECK(refusal("kind = \"bad-fsync\"\nfor = \"2s\"\ntarget = \"all\"").empty());
  const std::string off = "[disk]\natlas = false\n";
  CHECK(refusal("kind = \"bit-rot\"\ntarget = \"all\"", off).empty());
  CHECK(refusal("kind = \"bit-rot\"\n[expect]\nwritable_within = \"5s\"", off).find("cannot be judged") !=
        std::string::npos);
  CHECK(refusal("kind = \"bit-rot\"\n[expect]\nrecovers_within = \"5s\"", off).find("cannot be judged") !=
        std::string::npos);
  CHECK(refusal("kind = \"crash\"", "[disk]\nkept = 0\ndropped = 0\ntorn = 0\ngarbage = 0\n").find("more than 0") !=
        std::string::npos);
}

TEST_CASE("the atlas lets one copy that counts lose, alone, and beside a good one") {
  Copies copies;
  Atlas atlas(true);
  atlas.watch(copies);
  SECTION("and nobody else until that is repaired") {
    CHECK(atlas.grant(1, true));
    copies.bad = {1};
    CHECK(atlas.is_repairing());
    CHECK_FALSE(atlas.grant(2, true));
    CHECK_FALSE(atlas.grant(1, true));
    SECTION("it has all again") {
      copies.bad.clear();
    }
    SECTION("or counts no more") {
      copies.counted = {2, 3};
    }
    CHECK_FALSE(atlas.is_repairing());
    CHECK(atlas.grant(2, true) == (copies.counted.size() == 2 && copies.is_good(3)));
  }
  SECTION("not while something else is broken") {
    CHECK_FALSE(atlas.grant(1, false));
  }
  SECTION("not if the other is at risk itself") {
    copies.risky = {2};
    CHECK_FALSE(atlas.grant(1, true));
    CHECK(atlas.grant(2, true));
  }
  SECTION("whoever does not count may lose at any time") {
    CHECK(atlas.grant(3, false));
    CHECK_FALSE(atlas.is_repairing());
  }
}

TEST_CASE("a group that needs no quiet loses one at a time, and never so many that a majority is gone") {
  struct Members final : CopyHolders {
    std::vector<int> counted{-1, -2, -3, -4, -5};
    std::set<int> bad;
    std::vector<int> holders() const override { return counted; }
    bool has_all(int host) const override { return !bad.contains(host); }
    bool is_good(int host) const override { return has_all(host); }
    std::size_t needed() const override { return 3; }
    bool needs_quiet() const override { return false; }
  } members;
  Atlas atlas(true);
  atlas.watch(members);
  CHECK(atlas.grant(-1, false));
  members.bad = {-1};
  CHECK_FALSE(atlas.is_repairing());   // Anything else may strike,
  CHECK_FALSE(atlas.grant(-2, true));  // but no other of the group.
  members.counted = {-2, -3, -4, -5};  // It is gone for good.
  CHECK(atlas.grant(-2, false));
  members.counted = {-3, -4, -5};
  CHECK_FALSE(atlas.grant(-3, true));
}

TEST_CASE("without an atlas every copy may be lost") {
  Copies copies;
  copies.bad = {2};
  Atlas atlas(false);
  atlas.watch(copies);
  CHECK(atlas.grant(1, false));
  CHECK_FALSE(atlas.is_repairing());
}
