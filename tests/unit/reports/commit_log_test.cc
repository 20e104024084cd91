// The database's own log of commits beside a history.
#include "reports/check/commit_log.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "build_history.h"
#include "reports/check/check.h"
#include "reports/history/format.h"

using namespace heir;
using namespace heir::reports;
using heir::reports::test::build;
using heir::reports::test::Op;

namespace {

constexpr auto R = Function::read;
constexpr auto W = Function::write;
constexpr auto A = Function::append;

/// Operations one after the other.
History log_of(Function function, const std::vector<std::int64_t>& values) {
  std::vector<Op> ops;
  for (const std::int64_t value : values) {
    const auto begin = static_cast<std::int64_t>(2 * ops.size());
    ops.push_back({0, function, {value}, begin, begin + 1});
  }
  return build(ops);
}

Verdict judged(const History& history, const History& log) {
  CheckOptions options;
  const auto order = match_commits(history, log);
  REQUIRE(order);
  options.commit_order = *order;
  const auto verdict = check(history, options);
  REQUIRE(verdict);
  return *verdict;
}

std::string refused(const History& history, const History& log) {
  const auto order = match_commits(history, log);
  return order ? "matched" : order.error().message;
}

const std::string by = "by the order of commits: ";

}  // namespace

TEST_CASE("commit log: each commit is the operation that asked for what it writes") {
  const History history = build({{0, W, {1}, 0, 3}, {1, W, {2}, 1, 4}, {2, R, {1}, 5, 6}, {3, W, {3}, 7, -1}});
  CHECK(match_commits(history, log_of(W, {2, 1})).value() == std::vector<std::uint32_t>{1, 0});
  CHECK(match_commits(history, log_of(W, {3})).value() == std::vector<std::uint32_t>{3});
  CHECK(refused(history, log_of(W, {4})) == "commit 1, write of 4 to key 5, is no operation of the history");
  CHECK(refused(history, log_of(W, {1, 1})) == "commit 2, write of 1 to key 5, was committed before");
  CHECK(refused(build({{0, W, {1}, 0, 1}, {0, W, {1}, 2, 3}}), log_of(W, {1})) ==
        "commit 1, write of 1 to key 5, is more than one operation of the history, and nothing tells which");
}

TEST_CASE("commit log: transactions are known by all that they write") {
  const auto read = [](const char* text) {
    auto history = read_history_text(text, "test.edn", {Format::edn, {}});
    REQUIRE(history);
    return std::move(*history);
  };
  const History history = read(R"(
    {:process 0 :type :invoke :f :txn :value [[:append 1 1] [:append 2 2]]}
    {:process 0 :type :ok :f :txn :value [[:append 1 1] [:append 2 2]]}
    {:process 1 :type :invoke :f :txn :value [[:r 1 nil] [:append 1 3]]}
    {:process 1 :type :ok :f :txn :value [[:r 1 [1]] [:append 1 3]]})");
  CHECK(match_commits(history, read(R"({:process 0 :type :invoke :f :txn :value [[:append 1 1] [:append 2 2]]}
                                       {:process 1 :type :invoke :f :txn :value [[:append 1 3]]})"))
            .value() == std::vector<std::uint32_t>{0, 1});
  CHECK(refused(history, read("{:process 0 :type :invoke :f :txn :value [[:append 1 1] [:append 1 3]]}")) ==
        "commit 1, append of 3 to key 1, is another operation than what it writes besides");
}

TEST_CASE("commit log: confirms what clients of registers and lists saw") {
  const History history = build({{0, W, {1}, 0, 3}, {1, W, {2}, 1, 4}, {2, R, {1}, 5, 6}});
  const Verdict fine = judged(history, log_of(W, {2, 1}));
  CHECK(fine.outcome == Outcome::pass);
  CHECK(fine.notes ==
        std::vector<std::string>{by + "all 3 acknowledged transactions read the state at their place in it"});
  const History lists = build({{0, A, {1}, 0, 1}, {1, A, {2}, 2, 3}, {2, R, {1, 2}, 4, 5}}, true);
  CHECK(judged(lists, log_of(A, {1, 2})).notes.size() == 1);
}

TEST_CASE("commit log: proves losses that no client could see, and tells where the orders part") {
  // The lost write was overwritten before anybody looked.
  const History history = build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {2, R, {2}, 4, 5}});
  const Verdict lost = judged(history, log_of(W, {2}));
  CHECK(lost.outcome == Outcome::fail);
  REQUIRE(lost.failures.size() == 1);
  CHECK(lost.failures[0].kind == FailureKind::lost_write);
  CHECK(lost.failures[0].message == "write of 1 to key 5 by process 0 was acknowledged at 0.001s and never committed");
  REQUIRE(lost.failures[0].ops.size() == 1);
  CHECK(lost.failures[0].ops[0].argument == Value::integer(1));

  const Verdict turned = judged(build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}}), log_of(W, {2, 1}));
  CHECK(turned.outcome == Outcome::pass);
  REQUIRE(turned.notes.size() == 2);
  CHECK(turned.notes[0] == by + "T1 (process 0, answered at 0.003s) was committed before T0 (process 0, answered at "
                                "0.001s), which had been answered before it was asked for");
}

TEST_CASE("commit log: a loss that clients saw is told once") {
  const History history = build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {2, R, {1}, 4, 5}});
  CHECK(judged(history, log_of(W, {1})).failures.size() == 1);
}
