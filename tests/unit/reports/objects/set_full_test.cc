#include "reports/check/objects/set_full.h"

#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "steps.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto A = Function::add;
constexpr auto R = Function::read;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;
constexpr auto none = std::nullopt;

SetFull judge(const std::vector<Step>& steps, bool linearizable = false) {
  SetFullOptions options;
  options.linearizable = linearizable;
  return judge_set_full(Whole(steps), options);
}
std::string judged(const std::vector<Step>& steps, bool linearizable = false) {
  return in_short(judge(steps, linearizable).judgement);
}
const std::string unknown = "unknown: no element is in the reads for good, so nothing is known";

std::set<std::int64_t> numbers(const std::vector<Value>& values) {
  std::set<std::int64_t> all;
  for (const Value value : values) all.insert(value.number());
  return all;
}

/// Jepsen's rules, event by event, without haste: every read visits every element.
class Reference {
 public:
  explicit Reference(const History& history) : history_(history) {
    for (std::size_t e = 0; e < history.size(); ++e) {
      const Operation& op = history.operations()[history.operation_of(e)];
      const bool end = history.is_end(e);
      if (op.function == A && !end) {
        elements_[op.argument.number()] = {};
      } else if (op.function == A && op.ok()) {
        Element& element = elements_[op.argument.number()];
        if (!element.known) element.known = {static_cast<std::int64_t>(e), op.completed};
      } else if (end && op.ok()) {
        see(op, static_cast<std::int64_t>(e));
      }
    }
    for (const auto& [number, element] : elements_) judge(number, element);
  }

  std::set<std::int64_t> stable, lost, never_read, stale;

 private:
  struct Moment {
    std::int64_t index = -1;
    HistoryTime time;
  };
  struct Element {
    std::optional<Moment> known, present, absent;
  };

  void see(const Operation& read, std::int64_t end) {
    std::set<std::int64_t> shown;
    if (read.result.kind() == ValueKind::list) shown = numbers(history_.elements(read.result.list()));
    for (auto& [number, element] : elements_) {
      const bool there = shown.contains(number);
      if (there && !element.known) element.known = {end, read.completed};
      std::optional<Moment>& last = there ? element.present : element.absent;
      if (!last || last->index < read.begin) last = Moment{read.begin, read.invoked};
    }
  }

  void judge(std::int64_t number, const Element& e) {
    const std::int64_t present = e.present ? e.present->index : -1;
    const std::int64_t absent = e.absent ? e.absent->index : -1;
    if (e.present && absent < present) {
      stable.insert(number);
      if (!e.absent) return;
      const bool is_late = history_.timed() ? (e.absent->time.ns() + 1 - e.known->time.ns()) / 1'000'000 > 0
                                            : e.absent->index > e.known->index;
      if (is_late) stale.insert(number);
    } else if (e.known && e.absent && present < absent && e.known->index < absent) {
      lost.insert(number);
    } else {
      never_read.insert(number);
    }
  }

  const History& history_;
  std::map<std::int64_t, Element> elements_;
};

}  // namespace

TEST_CASE("set-full: what became of each element") {
  const Step one{A, 1, {}, 0, 1};
  CHECK(judged({one, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(judged({one, {R, none, list({}), 2, 3}}) == "lost");
  CHECK(judged({one, {R, none, list({}), 0, 3}}) == unknown);
  CHECK(judged({one}) == unknown);
  CHECK(judged({one, {R, none, list({1}), 2, 3}, {R, none, list({}), 4, 5}}) == "lost");
  SECTION("stale") {
    const std::vector<Step> steps{one, {R, none, list({}), 2, 3}, {R, none, list({1}), 4, 5}};
    CHECK(judged(steps) == "valid");
    CHECK(judged(steps, true) == "stale");
    CHECK(judge(steps).stale == std::vector<Value>{Value::integer(1)});
    CHECK(judge(steps).stable_latencies->back() == 1);
  }
  SECTION("failed, unknown") {
    CHECK(judged({{A, 1, {}, 0, 1, failed}, {R, none, list({}), 2, 3}}) == unknown);
    CHECK(judge({{A, 1, {}, 0, 1, failed}, {R, none, list({}), 2, 3}}).never_read.size() == 1);
    CHECK(judge({{A, 1, {}, 0, 1, info}, {R, none, list({1}), 2, 3}}).recovered == 1);
    CHECK(judge({one, {R, none, list({1}), 2, 3}}).recovered == 0);
    CHECK(judged({{A, 1, {}, 0, 1, info}, {R, none, list({1}), 2, 3}, {R, none, list({}), 4, 5}}) == "lost");
  }
  SECTION("notes beyond Jepsen's") {
    const SetFull found = judge({one, {R, none, list({1, 7, 7}), 2, 3}, {R, none, list({1, 1}), 4, 5}});
    CHECK(in_short(found.judgement) == "valid");
    CHECK(found.notes ==
          std::vector<std::string>{"read of key 1 by process 102 at 0.005s shows 1 twice",
                                   "read of key 1 by process 101 at 0.003s shows 7, which nobody tried to add"});
  }
  CHECK(judge({one, {R, none, list({1}), 2, 3}, {R, none, list({}), 4, 5}}).judgement.failures[0].message ==
        "add of 1 to key 1, acknowledged to process 100 at 0.001s, shown last by read of key 1 by process 101 at "
        "0.003s, is "
        "missing from read of key 1 by process 102 at 0.005s");
}

TEST_CASE("set-full: agrees with its rules followed event by event") {
  std::uint64_t lost = 0, stale = 0, never_read = 0;
  for (std::uint64_t seed = 0; seed < rounds(50'000); ++seed) {
    const RandomHistory random = random_history({.model = Model::set,
                                                 .operations = 16,
                                                 .processes = 6,
                                                 .values = 6,
                                                 .unique = seed % 2 == 0,
                                                 .functions = {A, R, R}},
                                                seed);
    const Whole whole(random.history);
    const SetFull found = judge_set_full(whole);
    const Reference expected(random.history);
    INFO("seed " << seed << '\n' << to_text(random.history));
    REQUIRE(found.stable == expected.stable.size());
    REQUIRE(numbers(found.lost) == expected.lost);
    REQUIRE(numbers(found.never_read) == expected.never_read);
    REQUIRE(numbers(found.stale) == expected.stale);
    lost += expected.lost.size();
    stale += expected.stale.size();
    never_read += expected.never_read.size();
  }
  CHECK(lost > rounds(50'000) / 20);
  CHECK(stale > rounds(50'000) / 20);
  CHECK(never_read > rounds(50'000) / 20);
}

TEST_CASE("the last read of a set") {
  const auto final_set = [](const std::vector<Step>& steps) { return in_short(judge_final_set(Whole(steps))); };
  const Step one{A, 1, {}, 0, 1};
  CHECK(final_set({one, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(final_set({one, {R, none, list({}), 2, 3}, {R, none, list({1}), 4, 5}}) == "valid");
  CHECK(final_set({one, {R, none, list({1}), 2, 3}, {R, none, list({}), 4, 5}}) == "lost");
  CHECK(final_set({one, {R, none, list({1, 2, 2}), 2, 3}}) == "garbage-read");
  CHECK(final_set({one, {A, 2, {}, 0, 1, failed}, {R, none, list({1, 2}), 2, 3}}) == "valid");
  CHECK(final_set({one, {A, 2, {}, 0, 1, info}, {R, none, list({1}), 2, 3}}) == "valid");
  CHECK(final_set({one}) == "unknown: the set was never read");
}
