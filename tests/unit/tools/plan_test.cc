// Which runs a command line asks for, and the command that does one of them again.
#include <catch2/catch.hpp>

#include "tools/command/plan.h"

using namespace heir::tools;

namespace {
const std::string crash = HEIR_SOURCE_DIR "/scenarios/first/primary-crash.toml";
const std::string idle = HEIR_SOURCE_DIR "/scenarios/first/idle.toml";
}  // namespace

TEST_CASE("seeds are a number or a range that does not end before it begins") {
  SeedRange seeds;
  CHECK((parse_seeds("17", seeds) && seeds.first == 17 && seeds.last == 17));
  CHECK((parse_seeds("1..200", seeds) && seeds.first == 1 && seeds.last == 200 && seeds.size() == 200));
  CHECK((parse_seeds("18446744073709551615", seeds)));
  for (const char* bad : {"", "..", "1..", "..2", "2..1", "-1", "1.5", "0x10", "18446744073709551616", "1..2..3"}) {
    INFO(bad);
    CHECK_FALSE(parse_seeds(bad, seeds));
  }
}

TEST_CASE("runs are ordered by file, then by seed") {
  std::vector<std::string> problems;
  const Plan plan = Plan::make({crash, idle}, {5, 7}, {}, problems);
  REQUIRE(problems.empty());
  REQUIRE(plan.size() == 6);
  CHECK(plan.job(2).seed == 7);
  CHECK(plan.job(2).file->path == crash);
  CHECK(plan.job(3).seed == 5);
  CHECK(plan.job(3).file->path == idle);
}

TEST_CASE("the replay command has the overrides, quoted for the shell, and the seed") {
  std::vector<std::string> problems;
  const Plan plan = Plan::make({crash}, {9, 9}, {"duration=60s", "title=\"It's late\""}, problems);
  REQUIRE(problems.empty());
  CHECK(
      plan.replay(plan.job(0)).find(" run " + crash + " --seed 9 --set duration=60s --set 'title=\"It'\\''s late\"'") !=
      std::string::npos);
}

TEST_CASE("output files of several runs need names that tell them apart") {
  std::vector<std::string> problems;
  const Plan one = Plan::make({crash}, {1, 1}, {}, problems);
  const Plan seeds = Plan::make({crash}, {1, 2}, {}, problems);
  const Plan files = Plan::make({crash, idle}, {1, 2}, {}, problems);
  const Plan twins = Plan::make({crash, crash}, {1, 1}, {}, problems);
  REQUIRE(problems.empty());
  CHECK(one.check_pattern("--trace", "t").empty());
  CHECK(one.check_pattern("--trace", "").empty());
  CHECK_FALSE(seeds.check_pattern("--trace", "t").empty());
  CHECK(seeds.check_pattern("--trace", "t-{seed}").empty());
  CHECK_FALSE(files.check_pattern("--trace", "t-{seed}").empty());
  CHECK(files.check_pattern("--trace", "{scenario}-{seed}").empty());
  CHECK_FALSE(twins.check_pattern("--trace", "{scenario}").empty());
  CHECK(files.output_name("{scenario}-{seed}", files.job(3)) == "idle-2");
}

TEST_CASE("every mistake of every file is told, each once") {
  std::vector<std::string> problems;
  Plan::make({"no-such.toml", crash, idle}, {1, 1}, {"nonsense=1"}, problems);
  CHECK(problems.size() >= 2);
  std::vector<std::string> once;
  Plan::make({crash, idle}, {1, 1}, {"nonsense=1"}, once);
  CHECK(once.size() == 1);
}
