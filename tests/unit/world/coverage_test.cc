// The probes of a run say what it went through.
#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "sim/world/run.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;

namespace {

Probes::Entries probes_of(const std::string& faults) {
  const scenarios::Loaded loaded = scenarios::load_text("test", "title = \"Coverage\"\nduration = \"60s\"\n" + faults);
  REQUIRE(loaded);
  tools::SimulatedPrograms programs;
  RunOptions options;
  options.keep_story = false;
  return run(*loaded.scenario, programs, options).probes;
}

}  // namespace

TEST_CASE("A run without faults founds a cluster, and reaches no rare branch") {
  const Probes::Entries probes = probes_of("");
  CHECK(probes.at("founded").count == 1);
  CHECK(probes.at("gate-opened").count == 1);
  CHECK(probes.at("takeover").count == 0);
  CHECK(probes.at("takeover").rarity == ProbeRarity::rare);
  for (const auto& [name, entry] : probes) {
    INFO(name);
    CHECK((entry.count == 0) == (entry.rarity == ProbeRarity::rare));
    CHECK(name.rfind("strike/", 0) != 0);
  }
}

TEST_CASE("A primary's crash is a strike in a steady cluster, then a takeover that the scenario expects") {
  const Probes::Entries probes = probes_of(
      "[[fault]]\nkind = \"crash\"\ntarget = \"primary\"\nat = \"20s\"\nfor = \"10s\"\n"
      "[[fault]]\nkind = \"clock-step\"\ntarget = \"sync\"\nat = \"1ms\"\nby = \"1s\"\n"
      "[expect]\nmin_failovers = 1\n");
  CHECK(probes.at("strike/crash").count == 1);
  CHECK(probes.at("strike/crash").rarity == ProbeRarity::expected);
  CHECK(probes.at("phase/process/steady").count == 1);
  CHECK(probes.at("phase/process/takeover").count == 0);
  CHECK(probes.at("takeover").count == 1);
  CHECK(probes.at("takeover").rarity == ProbeRarity::expected);
  CHECK(probes.at("deposed").count == 1);
  CHECK(probes.at("rejoin-followed").count + probes.at("rejoin-rewound").count + probes.at("rejoin-cloned").count >= 1);
  // Before there is a sync, nobody is struck: expected, and missed.
  CHECK(probes.at("strike/clock-step").count == 0);
  CHECK(probes.at("strike/clock-step").rarity == ProbeRarity::expected);
}
