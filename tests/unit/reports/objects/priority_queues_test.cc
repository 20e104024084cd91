#include "reports/check/objects/priority_queues.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto E = Function::enqueue;
constexpr auto D = Function::dequeue;
constexpr auto P = Function::peek;
constexpr auto none = std::nullopt;

std::string judged(const std::vector<Step>& steps) {
  return in_short(judge_priority_queue(Whole(steps)));
}

}  // namespace

TEST_CASE("priority queues: what is most urgent goes first") {
  const Step two{E, 2, {}, 0, 1}, one{E, 1, {}, 2, 3}, three{E, 3, {}, 2, 3};
  CHECK(judged({one, two, three, {D, none, 1, 4, 5}, {D, none, 2, 6, 7}, {P, none, 3, 8, 9}}) == "valid");
  SECTION("or the other way round, but always") {
    CHECK(judged({one, two, three, {D, none, 3, 4, 5}, {D, none, 2, 6, 7}, {P, none, 1, 8, 9}}) == "valid");
    CHECK(judged({one, two, three, {D, none, 1, 4, 5}, {D, none, 3, 6, 7}, {P, none, 2, 8, 9}}) == "wrong-order");
  }
  CHECK(judged({one, two, three, {D, none, 2, 4, 5}, {D, none, 1, 6, 7}}) == "wrong-order");
  CHECK(judged({one, two, {D, none, 2, 1, 3}, {D, none, 1, 6, 7}}) == "valid");
  CHECK(judged({one, two, three, {D, none, 2, 4, 5}}) == "lost-write");
  CHECK(judged({one, two, three, {D, none, 2, 4, 5}, {D, none, {}, 4, -1}}) == "valid");
  CHECK(judged({one, two, three, {D, none, 2, 4, 5}, {D, none, {}, 6, -1}}) == "lost-write");
  CHECK(judged({{D, none, {}, 0, 1}, two}) == "valid");
  CHECK(judged({two, {D, none, {}, 2, 3}, {D, none, 2, 4, 5}}) == "stale-read");
  CHECK(judged({two, {D, none, 4, 2, 3}}) == "garbage-read");
  CHECK(judged({two, {D, none, 2, 2, 3}, {D, none, 2, 4, 5}}) == "duplicate");
  SECTION("something more urgent was in at every moment") {
    // 1 until 6, 2 from 5 on; both before 3.
    CHECK(judged({{E, 1, {}, 0, 1},
                  {E, 3, {}, 0, 1},
                  {E, 2, {}, 4, 5},
                  {D, none, 3, 3, 8},
                  {D, none, 1, 6, 7},
                  {D, none, 2, 9, 10}}) == "not-linearizable");
    CHECK(judged({{E, 1, {}, 0, 1},
                  {E, 3, {}, 0, 1},
                  {E, 2, {}, 4, 7},
                  {D, none, 3, 3, 8},
                  {D, none, 1, 6, 7},
                  {D, none, 2, 9, 10}}) == "valid");
  }
  CHECK(judge_priority_queue(Whole({one, two, three, {D, none, 2, 4, 5}, {D, none, 1, 6, 7}})).failures[0].message ==
        "dequeue of key 1 by process 103 at 0.005s returned 2, but enqueue of 1 to key 1 by process 100 was "
        "acknowledged at "
        "0.003s, and dequeue of key 1 by process 104, which returned it, began only at 0.006s");
}

TEST_CASE("priority queues: agree with trying every order") {
  check_shares(compare_with_brute_force({.model = Model::priority_queue, .operations = 9, .unique = true}, 100'000,
                                        judge_priority_queue),
               0.5, 0.1, 0.02);
}
