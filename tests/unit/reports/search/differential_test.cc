// The general search against trying every order, on small random histories of every model.
#include <catch2/catch.hpp>

#include "brute_force.h"
#include "random_histories.h"
#include "reports/check/search/models.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

void compare(Recipe recipe, std::uint64_t count) {
  int valid = 0, invalid = 0;
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    const RandomHistory random = random_history(recipe, seed);
    const std::vector<std::uint32_t> ops = operations_of(random.history);
    const Object object{&random.history, no_key, ops};
    const bool expected = linearizable_by_brute_force(recipe.model, object);
    const Judgement judgement = judge_by_search(recipe.model, object);
    (expected ? valid : invalid)++;
    if (judgement.answer == (expected ? Judgement::Answer::valid : Judgement::Answer::invalid)) continue;
    const std::string said = judgement.failures.empty() ? judgement.reason : judgement.failures[0].message;
    FAIL("seed " << seed << ": expected " << (expected ? "valid" : "invalid") << ", got "
                 << static_cast<int>(judgement.answer) << " " << said << "\n"
                 << to_text(random.history));
  }
  CHECK(valid > invalid / 20);
  CHECK(invalid > valid / 20);
}

/// Values that repeat, values that do not, and several keys in one object.
void compare(Model model) {
  compare({.model = model}, rounds(70'000));
  compare({.model = model, .unique = true}, rounds(15'000));
  // Of two priority queues one may give the least first and one the greatest: brute force does not try that.
  const std::uint32_t keys = model == Model::priority_queue ? 1 : 2;
  compare({.model = model, .operations = 9, .keys = keys}, rounds(15'000));
}

}  // namespace

TEST_CASE("search = all orders: register") {
  compare(Model::register_);
}
TEST_CASE("search = all orders: cas-register") {
  compare(Model::cas_register);
}
TEST_CASE("search = all orders: rmw-register") {
  compare(Model::rmw_register);
}
TEST_CASE("search = all orders: mutex") {
  compare(Model::mutex);
}
TEST_CASE("search = all orders: lease") {
  compare(Model::lease);
}
TEST_CASE("search = all orders: kv") {
  compare(Model::kv);
}
TEST_CASE("search = all orders: append") {
  compare(Model::append);
}
TEST_CASE("search = all orders: set") {
  compare(Model::set);
}
TEST_CASE("search = all orders: counter") {
  compare(Model::counter);
}
TEST_CASE("search = all orders: queue") {
  compare(Model::queue);
}
TEST_CASE("search = all orders: stack") {
  compare(Model::stack);
}
TEST_CASE("search = all orders: priority-queue") {
  compare(Model::priority_queue);
}
TEST_CASE("search = all orders: deque") {
  compare(Model::deque);
}
TEST_CASE("search = all orders: semaphore") {
  compare(Model::semaphore);
}
TEST_CASE("search = all orders: multi-register") {
  compare(Model::multi_register);
}
