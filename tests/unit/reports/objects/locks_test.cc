#include "reports/check/objects/locks.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto A = Function::acquire;
constexpr auto R = Function::release;
constexpr auto Up = Function::increment;
constexpr auto Down = Function::decrement;
constexpr auto ok = EventType::ok;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;
constexpr auto none = std::nullopt;

std::string mutex(const std::vector<Step>& steps) {
  return in_short(judge_mutex(Whole(steps)));
}
std::string semaphore(const std::vector<Step>& steps) {
  return in_short(judge_semaphore(Whole(steps)));
}
std::string lease(const std::vector<Step>& steps) {
  return in_short(judge_lease(Whole(steps)));
}

}  // namespace

TEST_CASE("mutex: one holder at a time") {
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 2, 3}, {A, none, {}, 4, 5}}) == "valid");
  CHECK(mutex({{A, none, {}, 0, 1}, {A, none, {}, 4, 5}}) == "two-holders");
  CHECK(mutex({{A, none, {}, 0, 1}, {A, none, {}, 4, 5, failed}}) == "valid");
  CHECK(mutex({{A, none, {}, 0, 1}, {A, none, {}, 4, -1}}) == "valid");
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 2, 3, info}, {A, none, {}, 4, 5}}) == "valid");
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 2, 3, failed}, {A, none, {}, 4, 5}}) == "two-holders");
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 6, 7}, {A, none, {}, 4, 5}}) == "two-holders");
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 4, 7}, {A, none, {}, 4, 5}}) == "valid");
  CHECK(mutex({{R, none, {}, 0, 1}}) == "not-linearizable");
  CHECK(mutex({{A, none, {}, 0, 1}, {R, none, {}, 2, 3}, {R, none, {}, 4, 5}}) == "not-linearizable");
  SECTION("the release that is over first is used first") {
    CHECK(mutex({{A, none, {}, 0, 1},
                 {R, none, {}, 2, 90},
                 {R, none, {}, 2, 7},
                 {A, none, {}, 4, 5},
                 {A, none, {}, 6, 8},
                 {R, none, {}, 9, 91}}) == "valid");
    CHECK(mutex({{A, none, {}, 0, 1},
                 {R, none, {}, 2, -1},
                 {R, none, {}, 2, 6},
                 {A, none, {}, 4, 5},
                 {R, none, {}, 7, 8}}) == "valid");
  }
  CHECK(judge_mutex(Whole({{A, none, {}, 0, 1}, {A, none, {}, 4, 5}})).failures[0].message ==
        "acquire of key 1 by process 101, acknowledged at 0.005s, was granted what acquire of key 1 by process 100, "
        "acknowledged at 0.001s, held; no release came between");
  CHECK(judge_mutex(Whole({{R, none, {}, 0, 1}})).failures[0].message ==
        "release of key 1 by process 100, acknowledged at 0.001s, released what nobody had acquired");
}

TEST_CASE("semaphore: no more is taken than was put in") {
  CHECK(semaphore({{Up, 2, {}, 0, 1}, {Down, none, {}, 2, 3}, {Down, 1, 1, 2, 3}}) == "valid");
  CHECK(semaphore({{Up, 2, {}, 0, 1}, {Down, none, {}, 2, 3}, {Down, 2, 1, 4, 5}}) == "not-linearizable");
  CHECK(semaphore({{Up, 2, {}, 0, 1}, {Up, 1, {}, 4, 9}, {Down, none, {}, 2, 3}, {Down, 2, 1, 4, 5}}) == "valid");
  CHECK(semaphore({{Up, 2, {}, 0, 1}, {Down, 2, {}, 2, 3, failed}, {Down, 2, 1, 4, 5}}) == "valid");
  CHECK(semaphore({{Up, 2, {}, 0, 1, info}, {Down, 2, {}, 2, -1}, {Down, 2, 1, 4, 5}}) == "valid");
  CHECK(semaphore({{Up, 2, {}, 0, 1, failed}, {Down, 2, 1, 4, 5}}) == "not-linearizable");
  CHECK(semaphore({{Down, 1, 0, 0, 1}}) == "not applicable: a decrement was refused");
  CHECK(semaphore({{Down, 1, 0, 0, 1}, {Down, 1, 1, 2, 3}}) == "not-linearizable");
  CHECK(semaphore({{Up, -1, {}, 0, 1}}) == "not applicable: an amount is negative");
}

TEST_CASE("lease: fencing tokens grow") {
  CHECK(lease({{A, none, 1, 0, 1}, {A, none, 2, 2, 3}}) == "valid");
  CHECK(lease({{A, none, 2, 0, 1}, {A, none, 1, 2, 3}}) == "token-regressed");
  CHECK(lease({{A, none, 2, 0, 3}, {A, none, 1, 2, 4}}) == "valid");
  CHECK(lease({{A, none, 2, 0, 3}, {A, none, 2, 2, 4}}) == "token-regressed");
  CHECK(lease({{A, none, 2, 0, 1}, {A, none, 2, 2, 3}}) == "token-regressed");
  CHECK(lease({{A, none, {}, 0, 1}, {A, none, 1, 2, 3}}) == "valid");
  CHECK(judge_lease(Whole({{A, none, 2, 0, 1}, {A, none, 1, 2, 3}})).failures[0].message ==
        "acquire of key 1 by process 101, acknowledged at 0.003s, got token 1, though acquire of key 1 by process 100, "
        "acknowledged at 0.001s, had got 2 before");
  History history;
  history.invoke(ProcessId(0), A, history.key(1), Value::nil(), {});
  history.ok_read(ProcessId(0), history.text("x"), {});
  CHECK(in_short(judge_lease(Whole(std::move(history)))) == "not applicable: a fencing token is not a number");
}

TEST_CASE("lease: nobody acquires what another certainly holds") {
  const Step first{A, none, 1, 0, 1}, release{R, 1, {}, 6, 7};
  CHECK(lease({first, release, {A, none, 2, 2, 5}}) == "two-holders");
  CHECK(lease({first, release, {A, none, 2, 2, 7}}) == "valid");
  CHECK(lease({first, release, {A, none, 2, 0, 2}}) == "valid");  // may have been granted before, and lost
  CHECK(lease({first, release, {A, none, 2, 0, 2}, {R, 2, {}, 3, 4}}) == "two-holders");
  SECTION("a holder may lose it without knowing: only an acknowledged release says that it did not") {
    CHECK(lease({first, {A, none, 2, 2, 5}}) == "valid");
    CHECK(lease({first, {R, 1, {}, 6, 7, info}, {A, none, 2, 2, 5}}) == "valid");
    CHECK(lease({first, {R, 1, {}, 6, 7, failed}, {A, none, 2, 2, 5}}) == "valid");
    CHECK(lease({first, {R, 1, {}, 2, 3, info}, release, {A, none, 2, 4, 5}}) == "valid");
  }
  SECTION("without tokens the process tells") {
    CHECK(lease({{A, none, {}, 0, 1, ok, 7}, {R, none, {}, 6, 7, ok, 7}, {A, none, {}, 2, 5}}) == "two-holders");
    CHECK(lease({{A, none, {}, 0, 1, ok, 7}, {R, none, {}, 6, 7, ok, 8}, {A, none, {}, 2, 5}}) == "valid");
    CHECK(lease({{A, none, {}, 0, 1, ok, 7},
                 {A, none, {}, 2, 3, info, 7},
                 {R, none, {}, 6, 7, ok, 7},
                 {A, none, {}, 2, 5}}) == "valid");
  }
  CHECK(judge_lease(Whole({first, release, {A, none, 2, 2, 5}})).failures[0].message ==
        "acquire of key 1 by process 102, acknowledged at 0.005s, was granted what acquire of key 1 by process 100, "
        "acknowledged at 0.001s, held until release of 1 to key 1 by process 101 began at 0.006s");
}

TEST_CASE("locks: agree with trying every order") {
  SECTION("mutex") {
    check_shares(compare_with_brute_force({.model = Model::mutex, .operations = 10}, 100'000, judge_mutex), 0.5, 0.05,
                 0);
  }
  SECTION("semaphore") {
    check_shares(compare_with_brute_force({.model = Model::semaphore, .operations = 9}, 100'000, judge_semaphore), 0.2,
                 0.05, 0.7);
  }
  SECTION("lease: what is wrong here is wrong for a lock that is never lost, too") {
    const auto judge = [](const Object& object) {
      Judgement judgement = judge_lease(object);
      if (judgement.answer == Judgement::Answer::valid) judgement = {Judgement::Answer::not_applicable, {}, "weaker"};
      return judgement;
    };
    check_shares(compare_with_brute_force({.model = Model::lease, .operations = 9}, 100'000, judge, true), 0, 0.01,
                 0.99);
  }
}
