// The faults that an exploration places: each kind of the scenario's on each host that it can strike.
#include "tools/explore/options.h"

#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "tools/explore/explore.h"

using namespace heir;
using namespace heir::tools;
using scenarios::FaultKind;

namespace {

scenarios::Scenario scenario(const std::string& text) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"t\"\nduration = \"100s\"\n" + text);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}

std::vector<std::string> words(std::vector<scenarios::Fault> options) {
  std::vector<std::string> all;
  for (scenarios::Fault& option : options) {
    option.at.reset();
    all.push_back(words_of(option));
  }
  return all;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("a fault is placed on every host, for the middle of its range, however it is aimed and timed") {
  CHECK(words(options_of(scenario("[[fault]]\nkind = \"crash\"\ntarget = \"primary\"\nat = \"20s\"\nevery = "
                                  "\"5s..9s\"\nfor = \"2s..4s\"\n"))) ==
        Words{"crash host1 for 3s", "crash host2 for 3s", "crash host3 for 3s"});
}

TEST_CASE("each kind that a random fault may be is an option, with what means something for it") {
  const std::vector<scenarios::Fault> options =
      options_of(scenario("[cluster]\npeers = 2\n[[fault]]\nkind = \"random\"\namong = [\"crash-database\", "
                          "\"switchover\"]\nat = \"20s\"\nfor = \"2s\"\n"));
  CHECK(words(options) == Words{"crash-database host1 for 2s", "crash-database host2 for 2s", "switchover"});
  for (const scenarios::Fault& option : options) {
    scenarios::Scenario alone;
    alone.faults = {option};
    CAPTURE(scenarios::write(alone));
    CHECK(scenarios::load_text("option", scenarios::write(alone)));
  }
}

TEST_CASE("what strikes the store is placed on each of its members") {
  CHECK(words(options_of(scenario("[[fault]]\nkind = \"pause\"\ntarget = \"store-leader\"\nat = \"20s\"\nfor = "
                                  "\"2s\"\n"))) ==
        Words{"pause store1 for 2s", "pause store2 for 2s", "pause store3 for 2s"});
  CHECK(words(options_of(scenario("[store]\nmembers = 5\n"), {FaultKind::crash_store}, Duration::seconds(1))).size() ==
        5);
}

TEST_CASE("what is said twice is placed once, and who comes late belongs to the world") {
  CHECK(words(options_of(scenario("[cluster]\nlate = [\"host:3\"]\n"
                                  "[[fault]]\nkind = \"crash\"\ntarget = \"primary\"\nat = \"20s\"\n"
                                  "[[fault]]\nkind = \"crash\"\ntarget = \"sync\"\nat = \"30s\"\n"
                                  "[[fault]]\nkind = \"join\"\ntarget = \"host:3\"\nat = \"40s\"\n"))) ==
        Words{"crash host1", "crash host2", "crash host3"});
}

TEST_CASE("a shape that draws its groups strikes nobody in particular") {
  CHECK(words(options_of(scenario("[[fault]]\nkind = \"partition\"\nshape = \"halves\"\nat = \"20s\"\nfor = "
                                  "\"2s\"\n"))) == Words{"partition halves for 2s"});
}
