// The generated histories of `heir-bench check`: what they promise, by the checkers that they are to measure.
#include <catch2/catch.hpp>

#include "histories.h"
#include "reports/check/check.h"
#include "reports/history/json_lines.h"

using namespace heir;
using namespace heir::bench;

namespace {

constexpr Workload all_workloads[] = {Workload::register_,   Workload::keys, Workload::queue,
                                      Workload::list_append, Workload::kv,   Workload::etcd};

HistoryRecipe recipe(Workload workload, Flaw flaw, std::uint64_t seed, std::uint32_t unknown_percent = 0) {
  HistoryRecipe recipe;
  recipe.workload = workload;
  recipe.flaw = flaw;
  recipe.seed = seed;
  // Enough on each of 1,000 keys that one of them shows a flaw.
  recipe.operations = workload == Workload::keys ? 30'000 : workload == Workload::etcd ? 80 : 600;
  recipe.clients = 5;
  recipe.unknown = sim::Ratio::percent(unknown_percent);
  return recipe;
}

reports::Outcome judged(const HistoryRecipe& recipe) {
  const auto verdict = reports::check(make_history(recipe));
  REQUIRE(verdict);
  return verdict->outcome;
}

std::string text_of(const reports::History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) reports::append_json_line(text, history, history.event(i));
  return text;
}

}  // namespace

TEST_CASE("a history without a flaw is right, also with unknown outcomes") {
  for (const Workload workload : all_workloads) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO(to_string(workload) << ", seed " << seed);
      CHECK(judged(recipe(workload, Flaw::none, seed)) == reports::Outcome::pass);
      CHECK(judged(recipe(workload, Flaw::none, seed, 5)) == reports::Outcome::pass);
    }
  }
}

TEST_CASE("a history with a flaw is wrong, but perhaps if its values repeat") {
  for (const Workload workload : all_workloads) {
    if (workload == Workload::etcd) continue;
    for (const Flaw flaw : {Flaw::stale_read, Flaw::lost_write}) {
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        INFO(to_string(workload) << ", " << to_string(flaw) << ", seed " << seed);
        CHECK(judged(recipe(workload, flaw, seed)) == reports::Outcome::fail);
      }
    }
  }
}

TEST_CASE("a recipe gives one history, of the size asked for") {
  for (const Workload workload : all_workloads) {
    for (const Flaw flaw : {Flaw::none, Flaw::stale_read, Flaw::lost_write}) {
      const HistoryRecipe same = recipe(workload, flaw, 7, 3);
      INFO(to_string(workload) << ", " << to_string(flaw));
      const reports::History history = make_history(same);
      CHECK(history.operations().size() == same.operations);
      CHECK(text_of(history) == text_of(make_history(same)));
      CHECK(text_of(history) != text_of(make_history(recipe(workload, flaw, 8, 3))));
    }
  }
}

TEST_CASE("unknown outcomes have their share") {
  const reports::History history = make_history(recipe(Workload::keys, Flaw::none, 1, 10));
  std::size_t unknown = 0;
  for (const reports::Operation& op : history.operations()) unknown += op.unknown() ? 1 : 0;
  CHECK(unknown > history.operations().size() * 9 / 100);
  CHECK(unknown < history.operations().size() * 11 / 100);
}

TEST_CASE("workloads and flaws have names") {
  for (const Workload workload : all_workloads) CHECK(workload_named(to_string(workload)) == workload);
  CHECK(flaw_named("lost-write") == Flaw::lost_write);
  CHECK(!workload_named("lists"));
  CHECK(!flaw_named(""));
}
