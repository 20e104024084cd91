// What must not matter does not: random histories of every model, told differently, have the same verdict, by whatever
// checker judges them.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <optional>
#include <set>
#include <string>

#include "random_histories.h"
#include "reports/check/check.h"
#include "retelling.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr std::uint64_t histories = 4'000;  // of each recipe

constexpr std::array linearizable{Model::register_,    Model::cas_register, Model::mutex,          Model::kv,
                                  Model::append,       Model::set,          Model::counter,        Model::queue,
                                  Model::stack,        Model::deque,        Model::priority_queue, Model::semaphore,
                                  Model::rmw_register, Model::lease,        Model::multi_register};

Outcome outcome_of(const History& history, Model model) {
  CheckOptions options;
  options.model = model;
  const auto verdict = check(history, options);
  REQUIRE(verdict);
  return verdict->outcome;
}

/// Values that repeat and values that do not: the general search and the fast checkers.
template <class Told>
void compare(Model model, Told told) {
  std::uint64_t wrong = 0, changed = 0;
  for (const bool unique : {false, true}) {
    for (std::uint64_t seed = 0; seed < rounds(histories); ++seed) {
      const RandomHistory random =
          random_history({.model = model, .keys = model == Model::multi_register ? 2U : 1U, .unique = unique}, seed);
      const std::optional<Retelling> how = told(random.history);
      if (!how) continue;
      const Outcome before = outcome_of(random.history, model);
      const Outcome after = outcome_of(retold(random.history, *how), model);
      ++changed;
      if (before == Outcome::fail) ++wrong;
      if (before == after) continue;
      FAIL(to_string(model) << ", seed " << seed << ": " << to_string(before) << " became " << to_string(after) << "\n"
                            << to_text(random.history));
    }
  }
  INFO(to_string(model) << ": " << wrong << " of " << changed << " are wrong");
  CHECK(wrong > changed / 200);
  CHECK(changed > rounds(histories) / 20);
}

/// Every value that anything that was answered shows, or depends on.
std::set<std::int64_t> noticed(const History& history) {
  std::set<std::int64_t> all;
  for (const Operation& op : history.operations()) {
    if (!op.ok()) continue;
    if (op.function == Function::contains || op.function == Function::remove || op.function == Function::add)
      all.insert(op.argument.bits());
    if (op.result.kind() == ValueKind::integer) all.insert(op.result.bits());
    if (op.result.kind() == ValueKind::list) {
      for (const Value element : history.elements(op.result.list())) all.insert(element.bits());
    }
    if (op.result.kind() == ValueKind::micro_ops) {
      for (const MicroOp& micro : history.micro_ops(op.result)) all.insert(micro.value.bits());
    }
  }
  return all;
}

bool puts_in(Function f) {
  switch (f) {
    case Function::write:
    case Function::append:
    case Function::add:
    case Function::enqueue:
    case Function::push:
    case Function::push_front:
    case Function::push_back: return true;
    default: return false;
  }
}

}  // namespace

TEST_CASE("the same operations later") {
  for (const Model model : linearizable) {
    compare(model, [](const History&) { return std::optional(Retelling{.later_ns = 86'400'000'000'000}); });
  }
}

TEST_CASE("the same operations by other processes") {
  for (const Model model : linearizable) {
    compare(model, [](const History&) { return std::optional(Retelling{.process = permuted}); });
  }
}

TEST_CASE("the same operations on other keys") {
  for (const Model model : linearizable) {
    compare(model, [](const History&) { return std::optional(Retelling{.key_prefix = "table/"}); });
  }
}

TEST_CASE("the same operations with other values, in the same order") {
  for (const Model model : linearizable) {
    // Of these two the values are amounts.
    if (model == Model::counter || model == Model::semaphore) continue;
    const auto upper_case = [](std::string text) {
      for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
      return text;
    };
    compare(model, [&](const History&) {
      return std::optional(Retelling{.value = [](std::int64_t v) { return 1000 + 3 * v; }, .text = upper_case});
    });
  }
}

TEST_CASE("without what has an unknown outcome and was noticed by nobody") {
  for (const Model model :
       {Model::register_, Model::append, Model::set, Model::queue, Model::stack, Model::deque, Model::priority_queue}) {
    compare(model, [](const History& history) {
      const auto unnoticed = [seen = noticed(history)](const Operation& op) {
        return op.unknown() && puts_in(op.function) && !seen.contains(op.argument.bits());
      };
      const bool any = std::ranges::any_of(history.operations(), unnoticed);
      return any ? std::optional(Retelling{.drop = unnoticed}) : std::nullopt;
    });
  }
}

TEST_CASE("without reads of unknown outcome") {
  for (const Model model : {Model::register_, Model::cas_register, Model::kv, Model::append, Model::set, Model::counter,
                            Model::queue, Model::stack, Model::priority_queue, Model::deque, Model::rmw_register}) {
    compare(model, [](const History& history) {
      const auto lost = [](const Operation& op) {
        return op.unknown() && (op.function == Function::read || op.function == Function::peek ||
                                op.function == Function::contains || op.function == Function::peek_front);
      };
      const bool any = std::ranges::any_of(history.operations(), lost);
      return any ? std::optional(Retelling{.drop = lost}) : std::nullopt;
    });
  }
}
