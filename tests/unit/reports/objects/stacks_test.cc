#include "reports/check/objects/stacks.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto Push = Function::push;
constexpr auto Pop = Function::pop;
constexpr auto P = Function::peek;
constexpr auto none = std::nullopt;

std::string judged(const std::vector<Step>& steps) {
  return in_short(judge_stack(Whole(steps)));
}

}  // namespace

TEST_CASE("stacks: last in, first out") {
  const Step one{Push, 1, {}, 0, 1}, two{Push, 2, {}, 2, 3};
  CHECK(judged({one, two, {Pop, none, 2, 4, 5}, {Pop, none, 1, 6, 7}}) == "valid");
  CHECK(judged({one, two, {Pop, none, 1, 4, 5}, {Pop, none, 2, 6, 7}}) == "wrong-order");
  CHECK(judged({one, two, {Pop, none, 1, 4, 6}, {Pop, none, 2, 5, 7}}) == "valid");
  CHECK(judged({one, two, {P, none, 1, 4, 5}, {Pop, none, 2, 6, 7}, {Pop, none, 1, 8, 9}}) == "wrong-order");
  CHECK(judged({one, two, {P, none, 1, 4, 7}, {Pop, none, 2, 6, 7}, {Pop, none, 1, 8, 9}}) == "valid");
  CHECK(judged({one, two, {Pop, none, 1, 4, 5}}) == "lost-write");
  CHECK(judged({one, two, {Pop, none, 1, 4, 5}, {Pop, none, {}, 1, -1}}) == "valid");
  CHECK(judged({one, two, {Pop, none, 1, 4, 5}, {Pop, none, {}, 6, -1}}) == "lost-write");
  CHECK(judged({one, {Pop, none, {}, 4, 5}, {Pop, none, 1, 6, 7}}) == "stale-read");
  CHECK(judged({one, {Pop, none, {}, 4, 6}, {Pop, none, 1, 5, 7}}) == "valid");
  CHECK(judged({one, {Pop, none, 3, 4, 6}}) == "garbage-read");
  CHECK(judged({one, {Push, 1, {}, 2, 3}}).substr(0, 14) == "not applicable");
  SECTION("three elements, any two of which are in order") {
    CHECK(judged({{Push, 1, {}, 0, 3},
                  {Push, 2, {}, 1, 6},
                  {Push, 3, {}, 4, 7},
                  {Pop, none, 1, 10, 13},
                  {Pop, none, 2, 11, 16},
                  {Pop, none, 3, 14, 17}}) == "wrong-order");
  }
  CHECK(judge_stack(Whole({one, two, {Pop, none, 1, 4, 5}})).failures[0].message ==
        "push of 2 to key 1 by process 101 was acknowledged at 0.003s, and it was never taken, but pop of key 1 by "
        "process "
        "102 at 0.005s returned 1, which was below it");
  CHECK(judge_stack(Whole({one, two, {Pop, none, 1, 4, 5}, {Pop, none, 2, 6, 7}})).failures[0].message ==
        "pop of key 1 by process 103 at 0.007s, and what else is known of 1, 2, fit no order of pushes and pops");
}

TEST_CASE("stacks: the elements that contradict each other are told from the others") {
  std::vector<Step> steps;
  for (std::int64_t i = 0; i < 200; ++i) {
    // 40 and 41 are taken in the wrong order, the others each at once.
    const bool kept = i == 40 || i == 41;
    steps.push_back({Push, i, {}, 10 * i, 10 * i + 1});
    steps.push_back({Pop, none, i, kept ? 4000 + 10 * i : 10 * i + 2, kept ? 4001 + 10 * i : 10 * i + 3});
  }
  const Judgement judgement = judge_stack(Whole(steps));
  REQUIRE(judgement.failures.size() == 1);
  CHECK(judgement.failures[0].ops.size() == 4);
}

TEST_CASE("stacks: agree with trying every order") {
  check_shares(
      compare_with_brute_force({.model = Model::stack, .operations = 9, .unique = true}, 100'000, judge_stack, true),
      0.5, 0.1, 0.02);
}
