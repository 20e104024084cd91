// load(write(s)) == s, for values of every shape.
#include <catch2/catch.hpp>

#include "random_scenario.h"
#include "scenarios/load.h"

namespace heir::scenarios {

TEST_CASE("a random valid scenario reads back as it was written") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Dice dice(seed);
    const Scenario scenario = random_scenario(dice);
    const std::string text = write(scenario);
    const Loaded loaded = load_text("random.toml", text);
    INFO("seed " << seed << "\n" << text << "\n" << (loaded.messages.empty() ? "" : loaded.messages.front()));
    REQUIRE(loaded.scenario.has_value());
    REQUIRE(*loaded.scenario == scenario);
    REQUIRE(write(*loaded.scenario) == text);
  }
}

TEST_CASE("every override of a random scenario's own value changes nothing") {
  const std::string text = "title = \"t\"\n[[fault]]\nkind = \"crash\"\nat = \"10s\"\nfor = \"1s..2s\"\n";
  const Loaded plain = load_text("x.toml", text);
  const Loaded set = load_text(
      "x.toml", text, {"fault.0.at=10s", "fault.0.for=1s..2s", "fault.0.kind=crash", "cluster.peers=3", "title=t"});
  REQUIRE(plain);
  REQUIRE(set);
  CHECK(*plain.scenario == *set.scenario);
}

}  // namespace heir::scenarios
