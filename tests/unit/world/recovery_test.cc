// The second phase of a campaign's run: a core that could get on must, and only a rule excuses one that does not.
#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "sim/faults/swarm.h"
#include "sim/world/run.h"
#include "tools/simulation/judge.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;

namespace {

struct Tally {
  int recovered = 0;
  int excused = 0;
  int stuck = 0;
};

/// Many seeds of a scenario of three peers, of which the core is two or three.
Tally runs(const std::string& more, std::uint64_t seeds) {
  const std::string text =
      "title = \"x\"\nduration = \"25s\"\n[[workload]]\nkind = \"register\"\nrate = \"50/s\"\n[expect]\n"
      "recovers_within = \"30s\"\n" +
      more;
  const scenarios::Loaded loaded = scenarios::load_text("recovery", text);
  REQUIRE(loaded);
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    tools::SimulatedPrograms programs;
    RunOptions options;
    options.seed = seed;
    options.keep_story = false;
    const RunResult result = run(*loaded.scenario, programs, options);
    REQUIRE(result.recovery);
    const tools::Judgement judged = tools::judge(*loaded.scenario, result);
    const bool stuck = !result.recovery->recovered && result.recovery->excuse.empty();
    CHECK(stuck == (judged.verdict == reports::Outcome::fail));
    if (stuck) CHECK(judged.failures.front().kind == reports::FailureKind::stuck);
    (stuck ? tally.stuck : result.recovery->recovered ? tally.recovered : tally.excused)++;
  }
  return tally;
}

}  // namespace

TEST_CASE("with every rule on, whatever core is healed gets on") {
  const Tally tally = runs("", 300);
  CHECK(tally.recovered == 300);
}

TEST_CASE("a primary that never makes way leaves some cores stuck, and the harness sees it") {
  const Tally tally = runs("[policy]\nresign = false\n", 300);
  CHECK(tally.stuck > 0);
  CHECK(tally.recovered > 0);
}

TEST_CASE("a sync that is present but dead is kept for ever without its rule, and the harness sees it") {
  const Tally tally = runs("[policy]\nreplace_stalled_sync = false\n", 60);
  CHECK(tally.stuck > 0);
}

TEST_CASE("what a fault broke for ever is healed in the core") {
  const Tally tally = runs("[[fault]]\nkind = \"partition\"\nshape = \"halves\"\nat = \"15s\"\n", 30);
  CHECK(tally.stuck == 0);
}

TEST_CASE("a frozen cluster is excused") {
  // The operator's freeze is still under way when the core is healed and unfrozen.
  const Tally tally = runs("[[fault]]\nkind = \"freeze\"\nat = \"24.9995s\"\n", 60);
  CHECK(tally.stuck == 0);
  CHECK(tally.excused > 0);
}
