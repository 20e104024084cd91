#include "reports/check/objects/queues.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto E = Function::enqueue;
constexpr auto D = Function::dequeue;
constexpr auto P = Function::peek;
constexpr auto Drain = Function::drain;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;
constexpr auto none = std::nullopt;

std::string judged(const std::vector<Step>& steps) {
  return in_short(judge_queue(Whole(steps)));
}
std::string message(const std::vector<Step>& steps) {
  return judge_queue(Whole(steps)).failures.at(0).message;
}

/// By brute force a drain happens at one moment; by judge_queue removals may come between its steps.
bool another_may_interrupt_a_drain(const Object& object) {
  bool drain = false, unknown_removal = false;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    drain |= op.function == Drain && !op.failed();
    unknown_removal |= (op.function == Drain || op.function == D) && op.unknown();
  }
  return drain && unknown_removal;
}

}  // namespace

TEST_CASE("queues: what came out was put in, once, before") {
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, 1, 2, 3}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, 2, 2, 3}}) == "garbage-read");
  CHECK(judged({{E, 1, {}, 0, 1, failed}, {D, none, 1, 2, 3}}) == "dirty-read");
  CHECK(judged({{E, 1, {}, 0, 1, info}, {D, none, 1, 2, 3}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, -1}, {D, none, 1, 2, 3}}) == "valid");
  CHECK(judged({{D, none, 1, 0, 1}, {E, 1, {}, 2, 3}}) == "garbage-read");
  CHECK(judged({{D, none, 1, 0, 3}, {E, 1, {}, 2, 4}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, 1, 2, 3}, {D, none, 1, 4, 5}}) == "duplicate");
  CHECK(judged({{E, 1, {}, 0, 1}, {P, none, 1, 2, 3}, {D, none, 1, 4, 5}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, 1, 2, 3}, {P, none, 1, 4, 5}}) == "stale-read");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, 1, 2, 5}, {P, none, 1, 4, 5}}) == "valid");
}

TEST_CASE("queues: first in, first out") {
  CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 1, 4, 5}, {D, none, 2, 6, 7}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, 1, 6, 7}}) == "wrong-order");
  SECTION("unless they overlap") {
    CHECK(judged({{E, 1, {}, 0, 3}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, 1, 6, 7}}) == "valid");
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 7}, {D, none, 1, 6, 7}}) == "valid");
  }
  SECTION("an enqueue is over when its element was seen") {
    CHECK(judged({{E, 1, {}, 0, 90}, {D, none, 1, 1, 2}, {E, 2, {}, 3, 4}, {D, none, 2, 5, 6}}) == "valid");
    CHECK(judged({{E, 1, {}, 0, 90}, {P, none, 1, 1, 2}, {E, 2, {}, 3, 4}, {D, none, 2, 5, 6}, {D, none, 1, 7, 8}}) ==
          "wrong-order");
  }
  CHECK(
      message({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, 1, 6, 7}}) ==
      "dequeue of key 1 by process 102 at 0.005s returned 2, but enqueue of 1 to key 1 by process 100 was acknowledged "
      "at "
      "0.001s, before enqueue of 2 to key 1 by process 101 began at 0.002s, and dequeue of key 1 by process 103, which "
      "returned it, began only at 0.006s");
}

TEST_CASE("queues: what was put in is not lost") {
  CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}}) == "lost-write");
  CHECK(judged({{E, 1, {}, 0, 2}, {E, 2, {}, 1, 3}, {D, none, 2, 4, 5}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1, info}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}}) == "valid");
  SECTION("a dequeue of unknown outcome may have taken it, if it began in time, and only one") {
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, {}, 4, -1}}) == "valid");
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, {}, 6, -1}}) == "lost-write");
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {E, 3, {}, 4, 5}, {D, none, 3, 6, 7}, {D, none, {}, 4, -1}}) ==
          "lost-write");
    CHECK(judged({{E, 1, {}, 0, 1},
                  {E, 2, {}, 2, 3},
                  {E, 3, {}, 4, 5},
                  {D, none, 3, 6, 7},
                  {D, none, {}, 4, 5, info},
                  {D, none, {}, 4, -1}}) == "valid");
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}, {D, none, {}, 4, 5, failed}}) ==
          "lost-write");
  }
  CHECK(message({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, 2, 4, 5}}) ==
        "enqueue of 1 to key 1 by process 100 was acknowledged at 0.001s, and it was never taken, but dequeue of key 1 "
        "by "
        "process 102 at 0.005s returned 2, which was behind it");
}

TEST_CASE("queues: empty means that nothing was in") {
  CHECK(judged({{D, none, {}, 0, 1}, {E, 1, {}, 2, 3}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, {}, 2, 3}}) == "lost-write");
  CHECK(judged({{E, 1, {}, 0, 1}, {D, none, {}, 2, 3}, {D, none, {}, 2, -1}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 2}, {P, none, {}, 1, 3}}) == "valid");
  CHECK(judged({{E, 1, {}, 0, 1}, {P, none, {}, 2, 3}, {D, none, 1, 4, 5}}) == "stale-read");
  CHECK(judged({{E, 1, {}, 0, 1}, {P, none, {}, 2, 4}, {D, none, 1, 3, 5}}) == "valid");
  SECTION("one element after the other was in") {
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 2, 3}, {D, none, {}, 2, 9}, {D, none, 1, 4, 5}, {D, none, 2, 10, 11}}) ==
          "not-linearizable");
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 5, 6}, {D, none, {}, 2, 9}, {D, none, 1, 4, 5}, {D, none, 2, 10, 11}}) ==
          "valid");
  }
  CHECK(message({{E, 1, {}, 0, 1}, {P, none, {}, 2, 3}, {D, none, 1, 4, 5}}) ==
        "peek of key 1 by process 101 at 0.003s found it empty, but enqueue of 1 to key 1 by process 100 was "
        "acknowledged "
        "at 0.001s, and dequeue of key 1 by process 102, which returned it, began only at 0.004s");
}

TEST_CASE("queues: who was peeked at is at the front until taken") {
  CHECK(judged({{E, 1, {}, 0, 4}, {E, 2, {}, 0, 4}, {P, none, 1, 5, 6}, {P, none, 1, 7, 8}, {D, none, 1, 9, 10}}) ==
        "valid");
  CHECK(judged({{E, 1, {}, 0, 4}, {E, 2, {}, 0, 4}, {P, none, 1, 5, 6}, {P, none, 2, 7, 8}, {D, none, 1, 9, 10}}) ==
        "wrong-order");
  CHECK(judged({{E, 1, {}, 0, 4}, {E, 2, {}, 0, 4}, {P, none, 1, 5, 6}, {P, none, 2, 7, 10}, {D, none, 1, 9, 10}}) ==
        "valid");
  CHECK(judged({{E, 1, {}, 0, 4}, {E, 2, {}, 0, 4}, {P, none, 1, 5, 6}, {P, none, 2, 7, 8}}) == "wrong-order");
  SECTION("what came to the front before or after it has an order through it alone") {
    const Step peek_2{P, none, 2, 10, 11};
    const Step take_1{D, none, 1, 5, 15};
    const Step take_2{D, none, 2, 20, 21};
    const Step take_3{D, none, 3, 12, 40};
    CHECK(judged({{E, 1, {}, 0, 1}, {E, 2, {}, 0, 4}, {E, 3, {}, 2, 3}, peek_2, take_1, take_2, take_3}) == "valid");
    CHECK(judged({{E, 1, {}, 2, 3}, {E, 2, {}, 0, 4}, {E, 3, {}, 0, 1}, peek_2, take_1, take_2, take_3}) ==
          "wrong-order");
  }
}

TEST_CASE("queues: a drain is a row of dequeues") {
  const Step one{E, 1, {}, 0, 1};
  const Step two{E, 2, {}, 2, 3};
  CHECK(judged({one, two, {Drain, none, list({1, 2}), 4, 5}}) == "valid");
  CHECK(judged({one, two, {Drain, none, list({2, 1}), 4, 5}}) == "wrong-order");
  CHECK(judged({one, two, {Drain, none, list({1}), 4, 5}}) == "lost-write");
  CHECK(judged({one, two, {Drain, none, list({}), 4, 5}}) == "lost-write");
  CHECK(judged({one, two, {Drain, none, list({1, 1, 2}), 4, 5}}) == "duplicate");
  CHECK(judged({one, two, {Drain, none, {}, 4, 5, info}, {P, none, {}, 6, 7}}) == "valid");
  SECTION("with an enqueue of unknown outcome") {
    CHECK(judged({one, two, {E, 3, {}, 2, -1}, {Drain, none, list({1, 3, 2}), 4, 5}}) == "valid");
    CHECK(judged({one, two, {E, 3, {}, 3, -1}, {Drain, none, list({1, 3, 2}), 4, 5}}) == "wrong-order");
  }
  CHECK(judged({one, two, {D, none, 1, 2, 5}, {Drain, none, list({2}), 4, 6}}) ==
        "not applicable: other operations were under way during a drain");
  CHECK(judged({one, two, {D, none, 1, 2, 5}, {Drain, none, list({9}), 4, 6}}) == "garbage-read");
}

TEST_CASE("queues: not applicable") {
  CHECK(judged({{E, 1, {}, 0, 1}, {E, 1, {}, 2, 3}}) ==
        "not applicable: 1 is put in twice, the second time by enqueue of 1 to key 1 by process 101");
  CHECK(judged({{E, 1, {}, 0, 1, failed}, {E, 1, {}, 2, 3}, {D, none, 1, 4, 5}}) == "valid");
  CHECK(judged({{E, none, {}, 0, 1}}).substr(0, 14) == "not applicable");
  CHECK(judged({{E, 1, {}, 0, 1}, {Function::read, none, 1, 2, 3}}).substr(0, 14) == "not applicable");
  // Who was taken by the dequeue of unknown outcome? Here it is 2, not 1, which came first.
  CHECK(judged({{E, 1, {}, 1, 5},
                {E, 2, {}, 0, 6},
                {E, 3, {}, 2, 9},
                {P, none, 2, 6, 7},
                {D, none, {}, 0, -1},
                {D, none, {}, 100, -1},
                {D, none, 3, 20, 30}}) ==
        "not applicable: a removal of unknown outcome may have taken one of several elements");
}

TEST_CASE("queues: agrees with trying every order") {
  SECTION("enqueue, dequeue, peek") {
    check_shares(
        compare_with_brute_force({.model = Model::queue, .operations = 9, .unique = true, .functions = {E, E, D, D, P}},
                                 100'000, judge_queue, true),
        0.5, 0.1, 0.01);
  }
  SECTION("mostly peeks") {
    check_shares(
        compare_with_brute_force({.model = Model::queue, .operations = 9, .unique = true, .functions = {E, P, D, P}},
                                 30'000, judge_queue, true),
        0.5, 0.1, 0.01);
  }
  SECTION("drains") {
    const auto judge = [](const Object& object) {
      Judgement judgement = judge_queue(object);
      if (judgement.answer == Judgement::Answer::valid && another_may_interrupt_a_drain(object)) {
        judgement = {Judgement::Answer::not_applicable, {}, "brute force means something else"};
      }
      return judgement;
    };
    check_shares(
        compare_with_brute_force({.model = Model::queue, .operations = 9, .unique = true}, 30'000, judge, true), 0.3,
        0.1, 0.5);
  }
  SECTION("repeated elements are left to others") {
    check_shares(
        compare_with_brute_force({.model = Model::queue, .operations = 8, .functions = {E, D, P}}, 10'000, judge_queue),
        0.05, 0.02, 0.9);
  }
}
