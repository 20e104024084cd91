#include "reports/check/objects/sets.h"

#include "against_brute_force.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto A = Function::add;
constexpr auto R = Function::read;
constexpr auto B = Function::read_standby;
constexpr auto C = Function::contains;
constexpr auto Remove = Function::remove;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;
constexpr auto none = std::nullopt;

Judgement judge(const Object& object) {
  return judge_set(object);
}
std::string judged(const std::vector<Step>& steps) {
  return in_short(judge(Whole(steps)));
}
std::string message(const std::vector<Step>& steps) {
  return judge(Whole(steps)).failures.at(0).message;
}

}  // namespace

TEST_CASE("sets: what is shown was added, and is shown once") {
  CHECK(judged({{A, 1, {}, 0, 1}, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(judged({{A, 1, {}, 0, 1}, {R, none, list({1, 2}), 2, 3}}) == "garbage-read");
  CHECK(judged({{R, none, list({1}), 0, 1}, {A, 1, {}, 2, 3}}) == "garbage-read");
  CHECK(judged({{R, none, list({1}), 0, 3}, {A, 1, {}, 2, 4}}) == "valid");
  CHECK(judged({{A, 1, {}, 0, 1, failed}, {R, none, list({1}), 2, 3}}) == "dirty-read");
  CHECK(judged({{A, 1, {}, 0, 1, info}, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(judged({{A, 1, {}, 0, 1}, {A, 2, {}, 0, 1}, {R, none, list({1, 2, 1}), 2, 3}}) == "duplicate");
  CHECK(judged({{A, 1, {}, 0, 1}, {A, 2, {}, 0, 1}, {R, none, list({2, 1}), 2, 3}, {R, none, list({1, 2}), 4, 5}}) ==
        "valid");
  CHECK(message({{A, 1, {}, 0, 1, failed}, {R, none, list({1}), 2, 3}}) ==
        "read of key 1 by process 101 at 0.003s shows 1, but add of 1 to key 1 failed at 0.001s");
}

TEST_CASE("sets: what was there does not vanish") {
  const Step one{A, 1, {}, 0, 1}, two{A, 2, {}, 2, 3};
  CHECK(judged({one, two, {R, none, list({2}), 4, 5}}) == "lost-write");
  CHECK(judged({one, two, {R, none, list({1}), 2, 5}}) == "valid");
  CHECK(judged({one, {R, none, {}, 2, 3}}) == "lost-write");
  CHECK(judged({one, {R, none, {}, 0, 3}}) == "valid");
  CHECK(judged({one, two, {R, none, list({2}), 4, 5}, {R, none, list({1, 2}), 6, 7}}) == "stale-read");
  CHECK(judged({one, two, {R, none, list({1, 2}), 4, 5}, {R, none, list({2}), 6, 7}}) == "lost-write");
  SECTION("of unknown outcome") {
    CHECK(judged({{A, 1, {}, 0, 1, info}, {R, none, {}, 2, 3}}) == "valid");
    CHECK(judged({{A, 1, {}, 0, 1, info}, {R, none, list({1}), 2, 3}, {R, none, {}, 4, 5}}) == "dirty-read");
    CHECK(judged({{A, 1, {}, 0, 1, info}, {R, none, {}, 2, 3}, {R, none, list({1}), 4, 5}}) == "valid");
    CHECK(
        judged({{A, 1, {}, 0, 1, info}, {R, none, list({1}), 2, 3}, {R, none, {}, 4, 5}, {R, none, list({1}), 6, 7}}) ==
        "stale-read");
  }
  SECTION("seen before it was acknowledged") {
    CHECK(judged({{A, 1, {}, 0, 90}, {R, none, list({1}), 2, 3}, {R, none, {}, 4, 5}}) == "lost-write");
    CHECK(judged({{A, 1, {}, 0, 90}, {R, none, list({1}), 2, 4}, {R, none, {}, 3, 5}}) == "valid");
  }
  SECTION("each lost element is told, each stale read once") {
    const Step three{A, 3, {}, 2, 3};
    CHECK(judged({one, two, three, {R, none, list({3}), 4, 5}}) == "lost-write lost-write");
    CHECK(judged({one, two, three, {R, none, list({3}), 4, 5}, {R, none, list({1, 2, 3}), 6, 7}}) == "stale-read");
    CHECK(message({one, two, three, {R, none, list({3}), 4, 5}, {R, none, list({1, 2, 3}), 6, 7}}) ==
          "read of key 1 by process 103 at 0.005s does not show 1 and 1 more, but add of 1 to key 1, acknowledged to "
          "process "
          "100 at 0.001s");
  }
  CHECK(message({one, two, {R, none, list({1, 2}), 4, 5}, {R, none, list({2}), 6, 7}, {R, none, list({2}), 8, 9}}) ==
        "add of 1 to key 1, acknowledged to process 100 at 0.001s, shown last by read of key 1 by process 102 at "
        "0.005s, is "
        "missing from read of key 1 by process 103 at 0.007s and from every later read");
}

TEST_CASE("sets: reads have an order") {
  const Step one{A, 1, {}, 0, 90}, two{A, 2, {}, 0, 90};
  CHECK(judged({one, two, {R, none, list({1}), 1, 5}, {R, none, list({2}), 2, 6}}) == "not-linearizable");
  CHECK(judged({one, two, {R, none, list({1}), 1, 5}, {R, none, list({1, 2}), 2, 6}}) == "valid");
  CHECK(message({one, two, {R, none, list({1}), 1, 5}, {R, none, list({2}), 2, 6}}) ==
        "read of key 1 by process 102 at 0.005s shows 1 and not 2, but read of key 1 by process 103 at 0.006s shows 2 "
        "and "
        "not 1");
  SECTION("as the additions have") {
    CHECK(judged({{A, 1, {}, 0, 2}, {A, 2, {}, 3, 4}, {R, none, list({2}), 1, 5}}) == "lost-write");
    CHECK(judged({{A, 1, {}, 0, 2}, {A, 2, {}, 1, 4}, {R, none, list({2}), 1, 5}}) == "valid");
    CHECK(judged({{A, 1, {}, 0, 2}, {A, 2, {}, 3, 4}, {R, none, list({2}), 1, 5}, {R, none, list({1, 2}), 4, 6}}) ==
          "stale-read");
  }
}

TEST_CASE("sets: an element that is added twice counts from the first time") {
  CHECK(judged({{A, 1, {}, 0, 1}, {A, 1, {}, 4, 5}, {R, none, {}, 2, 3}}) == "lost-write");
  CHECK(judged({{A, 1, {}, 0, 1, info}, {A, 1, {}, 4, 5}, {R, none, {}, 2, 3}}) == "valid");
  CHECK(judged({{A, 1, {}, 0, 1, info}, {A, 1, {}, 4, 5}, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(judged({{A, 1, 0, 0, 1}, {R, none, list({1}), 2, 3}}).substr(0, 14) == "not applicable");
  CHECK(judged({{A, 1, 1, 0, 1}, {R, none, list({1}), 2, 3}}) == "valid");
}

TEST_CASE("sets: answers of an older generation are stale") {
  History history;
  const KeyId key = history.key(1);
  const auto at = [](std::int64_t ms) { return HistoryTime::from_ns(ms * 1'000'000); };
  history.invoke(ProcessId(0), A, key, Value::integer(1), at(0));
  history.ok(ProcessId(0), at(1), {2, 7});
  history.invoke(ProcessId(0), R, key, Value::nil(), at(2));
  const bool old = GENERATE(true, false);
  history.ok_read(ProcessId(0), std::vector<std::int64_t>{}, at(3), {1, old ? 6U : 8U});
  CHECK(in_short(judge(Whole(std::move(history)))) == (old ? "stale-read" : "lost-write"));
}

TEST_CASE("sets: standbys and the final state") {
  const Step one{A, 1, {}, 0, 1};
  CHECK(judged({one, {B, none, list({}), 2, 3}}) == "valid");
  CHECK(judged({one, {B, none, list({2}), 2, 3}}) == "garbage-read");
  CHECK(judged({{B, none, list({1}), 0, 1}, {A, 1, {}, 2, 3}}) == "garbage-read");
  const auto with_final = [](const std::vector<Step>& steps, std::vector<std::int64_t> elements) {
    const FinalValue value{KeyId(1), {}, std::move(elements)};
    return in_short(judge_set(Whole(steps), &value));
  };
  CHECK(with_final({one}, {1}) == "valid");
  CHECK(with_final({one}, {}) == "lost-write");
  CHECK(with_final({one}, {1, 1}) == "duplicate");
  CHECK(with_final({one}, {1, 2}) == "garbage-read");
  CHECK(with_final({one, {A, 2, {}, 2, -1}}, {1, 2}) == "valid");
  CHECK(with_final({one, {A, 2, {}, 2, -1}}, {1}) == "valid");
  CHECK(with_final({one, {R, none, list({}), 2, 3}}, {1}) == "stale-read");
  const FinalValue nothing{KeyId(1), {}, {}};
  const Whole whole({one});
  CHECK(judge_set(whole, &nothing).failures[0].message ==
        "add of 1 to key 1, acknowledged to process 100 at 0.001s, is missing from the final state of key 1");
}

TEST_CASE("sets: many reads that share their beginnings, and some that do not") {
  std::vector<Step> steps;
  std::vector<std::int64_t> elements;
  for (std::int64_t i = 0; i < 60; ++i) {
    steps.push_back({A, i, {}, 10 * i, 10 * i + 1});
    elements.insert(i % 7 == 0 ? elements.begin() : elements.end(), i);
    steps.push_back({R, none, elements, 10 * i + 2, 10 * i + 3});
    steps.push_back({R, none, list(elements), 10 * i + 4, 10 * i + 5});
  }
  CHECK(judged(steps) == "valid");
  std::erase(elements, 31);
  steps.push_back({R, none, elements, 1000, 1001});
  CHECK(judged(steps) == "lost-write");
  elements.push_back(31);
  steps.push_back({R, none, elements, 1002, 1003});
  CHECK(judged(steps) == "stale-read");
}

TEST_CASE("sets: single elements") {
  const Step one{A, 1, {}, 0, 1};
  CHECK(judged({one, {C, 1, 1, 2, 3}, {C, 2, 0, 2, 3}}) == "valid");
  CHECK(judged({one, {C, 1, 0, 2, 3}}) == "lost-write");
  CHECK(judged({one, {C, 1, 0, 0, 3}}) == "valid");
  CHECK(judged({one, {C, 1, 0, 2, 3}, {C, 1, 1, 4, 5}}) == "stale-read");
  CHECK(judged({{A, 1, {}, 0, 1, info}, {C, 1, 1, 2, 3}, {C, 1, 0, 4, 5}}) == "dirty-read");
  CHECK(judged({{C, 1, 1, 2, 3}}) == "garbage-read");
  CHECK(judged({{C, 1, 1, 2, 3}, {A, 1, {}, 4, 5}}) == "garbage-read");
  CHECK(judged({{A, 1, {}, 0, 1, failed}, {C, 1, 1, 2, 3}}) == "dirty-read");
  SECTION("removed") {
    CHECK(judged({one, {Remove, 1, 1, 2, 3}, {C, 1, 0, 4, 5}}) == "valid");
    CHECK(judged({one, {Remove, 1, 1, 2, 3}, {C, 1, 1, 4, 5}}) == "stale-read");
    CHECK(judged({one, {Remove, 1, 1, 2, 3, info}, {C, 1, 1, 4, 5}}) == "valid");
    CHECK(judged({one, {Remove, 1, {}, 2, 3}, {C, 1, 1, 4, 5}}) == "stale-read");
    CHECK(judged({{A, 1, {}, 0, 9}, {Remove, 1, {}, 2, 3}, {C, 1, 1, 4, 5}}) == "valid");
    CHECK(judged({{A, 1, {}, 0, 9}, {Remove, 1, 1, 2, 3}, {C, 1, 1, 4, 5}}) == "stale-read");
    CHECK(judged({{Remove, 1, 0, 2, 3}}) == "valid");
    CHECK(judged({{Remove, 1, 1, 2, 3}}) == "garbage-read");
    CHECK(judged({one, {Remove, 1, 0, 2, 3}}) == "lost-write");
  }
  SECTION("not applicable") {
    CHECK(judged({one, {A, 1, {}, 2, 3}, {C, 1, 0, 4, 5}}) ==
          "not applicable: add of 1 to key 1 is not the first of this element");
    CHECK(judged({one, {A, 1, {}, 2, 3}, {C, 2, 1, 4, 5}}) == "garbage-read");
    CHECK(judged({one, {Remove, 1, {}, 2, 3}, {R, none, {}, 4, 5}}) ==
          "not applicable: reads of the whole set are mixed with remove or contains");
    CHECK(judged({one, {Function::write, 1, {}, 2, 3}}) == "not applicable: not all functions are those of a set");
  }
  CHECK(message({one, {C, 1, 0, 2, 3}, {C, 1, 1, 4, 5}}) ==
        "contains of 1 to key 1 by process 101 at 0.003s did not find it there, but add of 1 to key 1, acknowledged to "
        "process 100 at 0.001s, and contains of 1 to key 1 by process 102 at 0.005s found it there");
}

TEST_CASE("sets: agree with trying every order") {
  SECTION("whole reads") {
    check_shares(
        compare_with_brute_force({.model = Model::set, .operations = 8, .unique = true, .functions = {A, A, R}},
                                 100'000, judge, true),
        0.5, 0.1, 0.2);
  }
  SECTION("whole reads, repeated additions") {
    check_shares(
        compare_with_brute_force({.model = Model::set, .operations = 8, .functions = {A, R}}, 50'000, judge, true), 0.2,
        0.08, 0.6);
  }
  SECTION("single elements") {
    check_shares(
        compare_with_brute_force({.model = Model::set, .operations = 8, .unique = true, .functions = {A, Remove, C}},
                                 100'000, judge, true),
        0.4, 0.1, 0.3);
  }
  SECTION("all functions") {
    check_shares(compare_with_brute_force({.model = Model::set, .operations = 8}, 20'000, judge, true), 0.2, 0.04,
                 0.75);
  }
}
