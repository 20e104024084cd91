// From a history to a verdict: what is recognised, who judges it, and what is put together from that.
#include "reports/check/check.h"

#include <catch2/catch.hpp>

#include "build_history.h"
#include "reports/history/format.h"

using namespace heir;
using namespace heir::reports;
using heir::reports::test::build;
using heir::reports::test::Op;

namespace {

constexpr auto R = Function::read;
constexpr auto W = Function::write;
constexpr auto A = Function::append;
constexpr auto S = Function::add;

Verdict judged(const History& history, const CheckOptions& options = {}) {
  Result<Verdict> verdict = check(history, options);
  if (!verdict) FAIL(verdict.error().message);
  return std::move(*verdict);
}

std::vector<std::string> kinds(const Verdict& verdict) {
  std::vector<std::string> all;
  for (const Failure& f : verdict.failures) all.emplace_back(to_string(f.kind));
  return all;
}

/// One event a line, without process and time: they are counted.
History from_edn(const std::string& maps) {
  Result<History> history = read_history_text(maps, "test.edn", {Format::edn, {}});
  if (!history) FAIL(history.error().message);
  return std::move(*history);
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("each key is recognised and judged by itself") {
  const History history = from_edn(R"(
    {:process 0 :type :invoke :f :write :key "r" :value 1} {:process 0 :type :ok :f :write :key "r" :value 1}
    {:process 0 :type :invoke :f :append :key "l" :value 1} {:process 0 :type :ok :f :append :key "l" :value 1}
    {:process 0 :type :invoke :f :add :key "s" :value 1} {:process 0 :type :ok :f :add :key "s" :value 1}
    {:process 0 :type :invoke :f :read :key "s" :value nil} {:process 0 :type :ok :f :read :key "s" :value []}
    {:process 0 :type :invoke :f :read :key "l" :value nil} {:process 0 :type :ok :f :read :key "l" :value []}
    {:process 0 :type :invoke :f :read :key "r" :value nil} {:process 0 :type :ok :f :read :key "r" :value nil})");
  CheckOptions options;
  options.jobs = GENERATE(1U, 4U);
  const Verdict verdict = judged(history, options);
  CHECK(verdict.model == "register+append+set");
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(kinds(verdict) == Kinds{"lost-write", "lost-write", "lost-write"});
  CHECK(verdict.failures[0].at < verdict.failures[1].at);
  CHECK(verdict.operations == Verdict::Counts{6, 0, 0});
}

TEST_CASE("of a history in which nothing succeeded nothing is known") {
  const auto unknowns = [](const History& history, const CheckOptions& options = {}) {
    const Verdict verdict = judged(history, options);
    CHECK(verdict.outcome == Outcome::unknown);
    return verdict.unknowns;
  };
  using Reasons = std::vector<std::string>;
  CHECK(unknowns(History()) == Reasons{"there are no operations"});
  CHECK(unknowns(from_edn(R"({:process 0 :type :invoke :f :write :key "r" :value 1}
                             {:process 0 :type :fail :f :write :key "r" :value 1}
                             {:process 1 :type :invoke :f :read :key "r" :value nil}
                             {:process 1 :type :info :f :read :key "r" :value nil})")) ==
        Reasons{"no operation ever succeeded"});
  CheckOptions options;
  options.model = Model::list_append;
  CHECK_FALSE(unknowns(History(), options).empty());
}

TEST_CASE("what no model has together is an error that names the functions") {
  const Result<Verdict> verdict = check(build({{0, W, {1}, 0, 1}, {0, S, {2}, 2, 3}}));
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().message == "key 5: no model has these functions together: write, add");
}

TEST_CASE("of lists to which nothing was ever written, and in which nothing was read, every model says the same") {
  const auto read = [](const std::string& found) {
    return from_edn(
        R"({:process 0 :type :invoke :f :read :key "l" :value nil} {:process 0 :type :ok :f :read :key "l" :value )" +
        found + "}");
  };
  CHECK(judged(read("[]")).outcome == Outcome::pass);
  const Result<Verdict> verdict = check(read("[1]"));
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().message.find("only reads of lists, without anything written") != std::string::npos);
}

TEST_CASE("a model named in the history, or asked for, comes before what is recognised") {
  History history = build({{0, Function::enqueue, {2}, 0, 1}, {0, Function::enqueue, {1}, 2, 3}});
  CHECK(judged(history).model == "queue");
  history.set_model_hint("priority-queue");
  CHECK(judged(history).model == "priority-queue");
  CheckOptions options;
  options.model = Model::queue;
  CHECK(judged(history, options).model == "queue");
}

TEST_CASE("where the fast checker cannot, the general search judges, and the verdict says so") {
  const std::vector<Op> twice{{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {0, W, {1}, 4, 5}, {0, R, {1}, 6, 7}};
  const Verdict right = judged(build(twice));
  CHECK(right.outcome == Outcome::pass);
  REQUIRE(right.notes.size() == 1);
  CHECK(right.notes[0].substr(0, 40) == "key 5: judged by the general search: 1 w");

  std::vector<Op> wrong = twice;
  wrong.back().values = {2};
  CHECK(judged(build(wrong)).outcome == Outcome::fail);
}

TEST_CASE("a search out of steps is unknown, never a pass, and names where") {
  std::vector<Op> ops;
  for (std::uint32_t i = 0; i < 14; ++i) ops.push_back({i, W, {i / 2}, 0, 10});
  for (std::uint32_t i = 0; i < 7; ++i) ops.push_back({i, R, {i}, 20, 30});
  ops.push_back({0, R, {3}, 40, 41});
  ops.push_back({0, R, {4}, 42, 43});
  CheckOptions options;
  options.limits.steps = 20;
  const Verdict verdict = judged(build(ops), options);
  CHECK(verdict.outcome == Outcome::unknown);
  REQUIRE(verdict.unknowns.size() == 1);
  CHECK(verdict.unknowns[0].substr(0, 6) == "key 5:");
  CHECK(judged(build(ops)).outcome == Outcome::fail);

  options.limits.steps = 1'000'000;
  options.limits.out_of_time = [] { return true; };
  CHECK(judged(build(ops), options).outcome != Outcome::pass);
}

TEST_CASE("the final state proves losses that nobody read") {
  const History history = build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, W, {3}, 4, 5, EventType::info}});
  const auto final_kinds = [&](const History& of, FinalValue value) {
    CheckOptions options;
    options.final_state = {&value, 1};
    return kinds(judged(of, options));
  };
  const KeyId key(1);
  CHECK(final_kinds(history, {key, 2, {}}) == Kinds{});
  CHECK(final_kinds(history, {key, 3, {}}) == Kinds{});
  CHECK(final_kinds(history, {key, 1, {}}) == Kinds{"lost-write"});
  CHECK(final_kinds(history, {key, std::nullopt, {}}) == Kinds{"lost-write"});
  CHECK(final_kinds(history, {key, 8, {}}) == Kinds{"garbage-read"});

  for (const Function put : {A, S}) {
    const History list = build({{0, put, {1}, 0, 1},
                                {0, put, {2}, 2, 3},
                                {1, put, {3}, 4, 5, EventType::info},
                                {0, put, {4}, 6, 7, EventType::fail}},
                               true);
    CHECK(final_kinds(list, {key, {}, {1, 2}}) == Kinds{});
    CHECK(final_kinds(list, {key, {}, {1, 2, 3}}) == Kinds{});
    CHECK(final_kinds(list, {key, {}, {2}}) == Kinds{"lost-write"});
    CHECK(final_kinds(list, {key, {}, {}}) == Kinds{"lost-write", "lost-write"});
    CHECK(final_kinds(list, {key, {}, {1, 2, 4}}) == Kinds{"dirty-read"});
  }
}

TEST_CASE("a final state that cannot be compared leaves no pass") {
  const History history = build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {0, W, {1}, 4, 5}, {0, R, {1}, 6, 7}});
  const FinalValue value{KeyId(1), 1, {}};
  CheckOptions options;
  options.final_state = {&value, 1};
  CHECK(judged(history, options).outcome == Outcome::unknown);
}

TEST_CASE("failures are bounded, most severe first, then by time") {
  std::vector<Op> ops;
  for (std::int64_t i = 0; i < 30; ++i) ops.push_back({1, R, {1000 + i}, 10 * i, 10 * i + 1});
  ops.push_back({0, W, {1}, 400, 401});
  ops.push_back({1, R, {}, 402, 403});
  CheckOptions options;
  options.max_failures = 5;
  const Verdict verdict = judged(build(ops), options);
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.failures.size() == 5);
  CHECK(verdict.more_failures == 26);
  CHECK(verdict.failures[0].kind == FailureKind::lost_write);
  CHECK(verdict.failures[1].at.ns() == 1'000'000);
}

TEST_CASE("reads on standbys promise little") {
  constexpr auto B = Function::read_standby;
  CHECK(kinds(judged(build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, B, {1}, 4, 5}, {1, B, {}, 6, 7}}))) == Kinds{});
  CHECK(kinds(judged(build({{0, W, {1}, 0, 1, EventType::fail}, {1, B, {1}, 4, 5}}))) == Kinds{"dirty-read"});
}

TEST_CASE("a stack of unique elements needs no search") {
  History history;
  const KeyId key = history.key(5);
  for (std::int64_t i = 0; i < 10'000; ++i) {
    const bool pushes = i < 5000;
    history.invoke(ProcessId(1), pushes ? Function::push : Function::pop, key,
                   pushes ? Value::integer(i) : Value::nil(), HistoryTime::from_ns(2 * i));
    history.ok_read(ProcessId(1), pushes ? Value::nil() : Value::integer(9999 - i), HistoryTime::from_ns(2 * i + 1));
  }
  CheckOptions options;
  options.limits.steps = 1;
  const Verdict verdict = judged(history, options);
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.notes.empty());
}

TEST_CASE("an order of all keys that explains every answer") {
  History history;
  const KeyId x = history.key("x"), y = history.key("y");
  const auto at = [](std::int64_t ms) { return HistoryTime::from_ns(ms * 1'000'000); };
  history.invoke(ProcessId(0), W, x, Value::integer(1), at(1));  // 0
  history.invoke(ProcessId(1), W, x, Value::integer(2), at(2));  // 1
  history.invoke(ProcessId(2), R, x, Value::nil(), at(3));       // 2: sees 1, so 1 is before 0
  history.invoke(ProcessId(3), A, y, Value::integer(7), at(4));  // 3: nobody answers
  history.ok(ProcessId(0), at(5), {});
  history.ok(ProcessId(1), at(6), {});
  history.ok_read(ProcessId(2), Value::integer(1), at(7), {});
  history.invoke(ProcessId(4), R, y, Value::nil(), at(8));  // 4
  history.ok_read(ProcessId(4), std::vector<std::int64_t>{7}, at(9), {});
  history.invoke(ProcessId(5), W, x, Value::integer(3), at(10));  // 5: refused
  history.fail(ProcessId(5), at(11));
  CHECK(linearization(history) == std::vector<std::uint32_t>{1, 0, 2, 3, 4});

  SECTION("of a key that has none up to the first answer that nothing explains") {
    history.invoke(ProcessId(6), R, x, Value::nil(), at(12));      // 6
    history.ok_read(ProcessId(6), Value::integer(3), at(13), {});  // that was refused
    history.invoke(ProcessId(7), R, y, Value::nil(), at(14));      // 7
    history.ok_read(ProcessId(7), std::vector<std::int64_t>{7}, at(15), {});
    CHECK(judged(history).outcome == Outcome::fail);
    CHECK(linearization(history) == std::vector<std::uint32_t>{1, 0, 2, 3, 4, 7});
  }
  SECTION("none of more operations than anybody looks at, nor when there is no time") {
    LinearizationOptions options;
    options.most_operations = 5;
    CHECK(linearization(history, options).empty());
    options = {};
    options.limits.out_of_time = [] { return true; };
    CHECK(linearization(history, options).empty());
  }
}
