#include "reports/check/objects/counters.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto A = Function::add;
constexpr auto R = Function::read;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;
constexpr auto none = std::nullopt;

std::string bounds(const std::vector<Step>& steps) {
  return in_short(judge_counter(Whole(steps)));
}
std::string order(const std::vector<Step>& steps) {
  return in_short(judge_counter_order(Whole(steps)));
}

}  // namespace

TEST_CASE("counters: a read is at least what was acknowledged, at most what was begun") {
  CHECK(bounds({{R, none, 0, 0, 1}}) == "valid");
  CHECK(bounds({{R, none, {}, 0, 1}}) == "valid");  // nil is 0
  CHECK(bounds({{R, none, 1, 0, 1}}) == "out-of-bounds");
  CHECK(bounds({{A, 3, {}, 0, 1}, {R, none, 3, 2, 3}}) == "valid");
  CHECK(bounds({{A, 3, {}, 0, 1}, {R, none, 2, 2, 3}}) == "out-of-bounds");
  CHECK(bounds({{A, 3, {}, 0, 2}, {R, none, 0, 1, 3}}) == "valid");
  CHECK(bounds({{A, 3, {}, 0, 1, info}, {R, none, 3, 2, 3}, {R, none, 0, 4, 5}}) == "valid");
  CHECK(bounds({{A, 3, {}, 0, 1, failed}, {R, none, 3, 2, 3}}) == "out-of-bounds");
  CHECK(bounds({{R, none, 3, 0, 1}, {A, 3, {}, 2, 3}}) == "out-of-bounds");
  CHECK(bounds({{A, 3, {}, 0, 1}, {R, none, 4, 2, 3}, {R, none, 5, 4, 5}}) == "out-of-bounds out-of-bounds");
  SECTION("of negative amounts the other way round") {
    CHECK(bounds({{A, 3, {}, 0, 1}, {A, -2, {}, 2, 4}, {R, none, 1, 3, 5}, {R, none, 1, 5, 6}}) == "valid");
    CHECK(bounds({{A, 3, {}, 0, 1}, {A, -2, {}, 2, 4}, {R, none, 3, 3, 5}}) == "valid");
    CHECK(bounds({{A, 3, {}, 0, 1}, {A, -2, {}, 2, 4}, {R, none, 3, 5, 6}}) == "out-of-bounds");
    CHECK(bounds({{A, 3, {}, 0, 1}, {R, none, 1, 2, 3}, {A, -2, {}, 4, 5}}) == "out-of-bounds");
  }
  SECTION("what is no counter") {
    CHECK(bounds({{A, Value::most, {}, 0, 1}, {A, Value::most, {}, 0, 1}, {A, Value::most, {}, 0, 1}}) == "valid");
    std::vector<Step> too_much(5, {A, Value::most, {}, 0, 1});
    CHECK(bounds(too_much).substr(0, 14) == "not applicable");
    CHECK(bounds({{A, none, {}, 0, 1}}).substr(0, 14) == "not applicable");
    CHECK(bounds({{R, none, list({1}), 0, 1}}).substr(0, 14) == "not applicable");
  }
  const Judgement judgement = judge_counter(Whole({{A, 3, {}, 0, 1}, {R, none, 2, 2, 3}, {R, none, 4, 2, 4}}));
  CHECK(
      judgement.failures.at(0).message ==
      "read of key 1 by process 101 at 0.003s returned 2, but at least 3 was added, and acknowledged, before it began");
  CHECK(judgement.failures.at(1).message ==
        "read of key 1 by process 102 at 0.004s returned 4, but at most 3 could have been added by then");
}

TEST_CASE("counters: linearizability of equal amounts") {
  CHECK(order({{A, 1, {}, 0, 1, info}, {R, none, 1, 2, 3}, {R, none, 1, 4, 5}}) == "valid");
  SECTION("a counter goes back within its bounds") {
    const std::vector<Step> steps{{A, 1, {}, 0, 1, info}, {R, none, 1, 2, 3}, {R, none, 0, 4, 5}};
    CHECK(bounds(steps) == "valid");
    CHECK(order(steps) == "stale-read");
    CHECK(order({{A, 1, {}, 0, 1, info}, {R, none, 1, 2, 4}, {R, none, 0, 3, 5}}) == "valid");
  }
  SECTION("or stands still") {
    const Step lost{A, 1, {}, 0, -1}, seen{A, 1, {}, 4, 5};
    CHECK(order({lost, {R, none, 1, 2, 3}, seen, {R, none, 1, 6, 7}}) == "stale-read");
    CHECK(order({lost, {R, none, 1, 2, 3}, seen, {R, none, 2, 6, 7}}) == "valid");
    CHECK(order({lost, {R, none, 1, 2, 6}, seen, {R, none, 1, 6, 7}}) == "valid");
  }
  SECTION("each addition counts once, when it can") {
    const Step seen{A, 1, {}, 0, -1}, also{A, 1, {}, 4, 5};
    CHECK(order({seen, {R, none, 1, 2, 3}, also, also, {R, none, 3, 6, 7}}) == "valid");
    const std::vector<Step> too_few{seen, {R, none, 1, 2, 3}, also, also, {R, none, 2, 6, 7}};
    CHECK(bounds(too_few) == "valid");
    CHECK(order(too_few) == "not-linearizable");
    CHECK(
        judge_counter_order(Whole(too_few)).failures.at(0).message ==
        "read of key 1 by process 104 at 0.007s returned 2, but by what the other reads show at least 3 additions came "
        "before it");
  }
  CHECK(order({{A, 2, {}, 0, 9}, {A, 2, {}, 0, 9}, {R, none, 3, 2, 3}}) == "out-of-bounds");
  CHECK(order({{A, -2, {}, 0, 9}, {A, -2, {}, 0, 9}, {R, none, -2, 2, 3}, {R, none, -4, 4, 5}}) == "valid");
  CHECK(order({{A, -2, {}, 0, 9}, {A, -2, {}, 0, 9}, {R, none, -4, 2, 3}, {R, none, -2, 4, 5}}) == "stale-read");
  CHECK(order({{A, 2, {}, 0, 1}, {A, 0, {}, 2, 3}, {R, none, 2, 4, 5}}) == "valid");
  CHECK(order({{A, 2, {}, 0, 1}, {A, 1, {}, 2, 3}, {R, none, 3, 4, 5}}) ==
        "not applicable: different amounts are added");
  CHECK(order({{A, 2, {}, 0, 1}, {A, 1, {}, 2, 3}, {R, none, 2, 4, 5}}) == "out-of-bounds");
}

TEST_CASE("counters: agree with trying every order") {
  check_shares(
      compare_with_brute_force({.model = Model::counter, .operations = 9, .values = 1}, 100'000, judge_counter_order),
      0.5, 0.1, 0);
  check_shares(
      compare_with_brute_force({.model = Model::counter, .operations = 9, .values = 3}, 20'000, judge_counter_order),
      0.1, 0.1, 0.7);
  SECTION("what is out of bounds is not linearizable") {
    const auto judge = [](const Object& object) {
      Judgement judgement = judge_counter(object);
      if (judgement.answer == Judgement::Answer::valid) judgement = {Judgement::Answer::not_applicable, {}, "weaker"};
      return judgement;
    };
    check_shares(compare_with_brute_force({.model = Model::counter, .operations = 9}, 20'000, judge), 0, 0.1, 0.9);
  }
}
