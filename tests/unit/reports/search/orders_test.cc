// The orders that the search finds: executed one operation after the other, by the rules of brute_force.h, they must
// give every answer that was recorded.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "brute_force.h"
#include "random_histories.h"
#include "reports/check/search/models.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// Does each operation, executed in this order, answer what it did, none after one that began when it had been
/// answered?
bool is_explained(Model model, const History& history, const std::vector<std::uint32_t>& order, bool greatest_first) {
  test::State state;
  std::uint32_t begun = 0;
  for (const std::uint32_t place : order) {
    const Operation& op = history.operations()[place];
    begun = std::max(begun, op.begin);
    if (op.failed() || (op.ok() && op.end < begun)) return false;
    const Answer answer = execute(model, history, state, op, greatest_first);
    if (!answer.possible || (op.ok() && !agrees(model, history, op, answer))) return false;
  }
  return true;
}

/// Where no answer was recorded there may be nothing to explain.
bool says_something(const Operation& op) {
  return op.ok() && !(op.function == Function::contains && op.result.is_nil());
}

void try_orders(const Recipe& recipe, std::uint64_t count) {
  std::size_t whole = 0, partial = 0;
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    const RandomHistory random = random_history(recipe, seed);
    const History& history = random.history;
    const std::vector<std::uint32_t> ops = operations_of(history);
    const Object object{&history, no_key, ops};
    const bool valid = judge_by_search(recipe.model, object).answer == Judgement::Answer::valid;
    const std::vector<std::uint32_t> order = merged(history, orders_by_search(recipe.model, object, {}).parts);
    INFO("model " << to_string(recipe.model) << " seed " << seed << "\n" << to_text(history));
    const bool either_way = recipe.model == Model::priority_queue;
    REQUIRE((is_explained(recipe.model, history, order, false) ||
             (either_way && is_explained(recipe.model, history, order, true))));
    const std::set<std::uint32_t> listed(order.begin(), order.end());
    REQUIRE(listed.size() == order.size());
    (valid ? whole : partial) += order.empty() ? 0 : 1;
    if (!valid) continue;
    for (const std::uint32_t op : ops)
      if (says_something(history.operations()[op])) REQUIRE(listed.contains(op));
  }
  INFO("model " << to_string(recipe.model));
  CHECK(whole > count / 20);
  CHECK(partial > 0);
}

}  // namespace

TEST_CASE("search: an order that was found explains every answer") {
  for (const Model model : {Model::register_, Model::cas_register, Model::rmw_register, Model::mutex, Model::kv,
                            Model::append, Model::set, Model::counter, Model::queue, Model::stack, Model::deque,
                            Model::priority_queue, Model::semaphore, Model::lease, Model::multi_register}) {
    try_orders({.model = model, .operations = 9}, rounds(2'000));
    try_orders({.model = model, .operations = 12, .keys = model == Model::priority_queue ? 1U : 3U, .unique = true},
               rounds(1'000));
  }
}
