#include "tools/on_hosts/comparison.h"

#include <catch2/catch.hpp>

namespace heir::on_hosts {
namespace {

using reports::HistoryTime;

HistoryTime at(std::int64_t ms) {
  return HistoryTime::from_ns(ms * 1'000'000);
}

/// Adds 1, 2, … to a set, acknowledged at these times; those in `present` are there at the end. The fault strikes at
/// 1 s.
Outcome outcome_of(const std::vector<std::int64_t>& ms, const std::vector<std::int64_t>& present) {
  Outcome outcome;
  sim::RunResult& result = outcome.result;
  result.seed = 3;
  result.timeline.emplace().faults.emplace_back().from = at(1000);
  const reports::KeyId key = result.history.key("s0");
  const reports::ProcessId process(1);
  std::int64_t value = 0;
  for (const std::int64_t end : ms) {
    result.history.invoke(process, reports::Function::add, key, reports::Value::integer(++value), at(end - 1));
    result.history.ok(process, at(end), {1, 1});
  }
  reports::FinalValue final_value;
  final_value.key = key;
  final_value.list = present;
  result.final_state = {final_value};
  return outcome;
}

scenarios::Scenario of_four_seconds() {
  scenarios::Scenario scenario;
  scenario.duration = Duration::seconds(4);
  return scenario;
}

Measurement measured(SystemKind kind, std::int64_t ms) {
  Measurement each;
  each.system.kind = kind;
  each.without_write = Duration::milliseconds(ms);
  each.acknowledged = 10;
  each.lost = 0;
  return each;
}

}  // namespace

TEST_CASE("The longest time without a write that survived counts from the first strike on") {
  const Measurement made = measure(of_four_seconds(), {}, outcome_of({10, 900, 1100, 1600, 3900}, {1, 2, 3, 4, 5}));
  CHECK(made.problem.empty());
  CHECK(made.seed == 3);
  CHECK(made.without_write == Duration::milliseconds(2300));
  CHECK(made.acknowledged == 5);
  CHECK(made.lost == 0);
  CHECK(made.is_safe());
}

TEST_CASE("What is acknowledged and lost counts as lost, and not as a write") {
  const Measurement made = measure(of_four_seconds(), {}, outcome_of({10, 900, 1100, 1600, 3900}, {1, 2, 3, 5}));
  CHECK(made.without_write == Duration::milliseconds(2800));
  CHECK(made.lost == 1);
  CHECK_FALSE(made.is_safe());
}

TEST_CASE("However many are lost, all are counted, those of registers too") {
  std::vector<std::int64_t> times;
  for (std::int64_t i = 1; i <= 300; ++i) times.push_back(10 * i);
  Outcome outcome = outcome_of(times, {1, 300});
  CHECK(measure(of_four_seconds(), {}, outcome).lost == 298);
  sim::RunResult& result = outcome.result;
  const reports::KeyId key = result.history.key("r0");
  const reports::ProcessId process(2);
  for (const std::int64_t value : {1001, 1002}) {
    result.history.invoke(process, reports::Function::write, key, reports::Value::integer(value), at(3000 + value * 2));
    result.history.ok(process, at(3001 + value * 2), {1, 1});
  }
  reports::FinalValue last;
  last.key = key;
  last.number = 1001;
  result.final_state->push_back(last);
  CHECK(measure(of_four_seconds(), {}, outcome).lost == 299);
}

TEST_CASE("A read of heir's standbys that lacks more than it may is stale; others promise nothing") {
  scenarios::Scenario scenario = of_four_seconds();
  scenario.cluster.max_lag = Duration::seconds(1);
  scenario.workloads.emplace_back().reads_from = scenarios::ReadsFrom::standbys;
  const auto read_at = [](std::int64_t ms) {
    Outcome outcome = outcome_of({10, 900, 1100, 1600}, {1, 2, 3, 4});
    reports::History& history = outcome.result.history;
    const reports::KeyId key = history.key("s0");
    history.invoke(reports::ProcessId(2), reports::Function::read_standby, key, {}, at(ms));
    const std::vector<std::int64_t> shown{1};
    history.ok_read(reports::ProcessId(2), shown, at(ms + 1), {2, 0});
    return outcome;
  };
  const Measurement fresh = measure(scenario, {SystemKind::heir}, read_at(1850));
  CHECK(fresh.problem.empty());
  CHECK(fresh.stale_reads == 0);
  CHECK(fresh.is_safe());
  const Measurement late = measure(scenario, {SystemKind::heir}, read_at(2000));
  CHECK(late.stale_reads == 1);
  CHECK_FALSE(late.is_safe());
  CHECK(measure(scenario, {SystemKind::patroni}, read_at(2000)).stale_reads == 0);
}

TEST_CASE("A run that says nothing is not counted as a good one") {
  Outcome unstruck = outcome_of({10, 900}, {1, 2});
  unstruck.result.timeline->faults.clear();
  const Measurement made = measure(of_four_seconds(), {}, unstruck);
  CHECK_FALSE(made.problem.empty());
  CHECK_FALSE(made.is_safe());
  Outcome idle = outcome_of({}, {});
  CHECK_FALSE(measure(of_four_seconds(), {}, idle).problem.empty());
  const std::vector<ComparisonRow> rows = rows_of({made});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].runs == 0);
  CHECK_FALSE(rows[0].median);
  CHECK_FALSE(rows[0].is_safe());
}

TEST_CASE(
    "A run after which no database takes writes is without one until its end, and nobody says that it lost none") {
  Outcome unread = outcome_of({10, 900, 1100, 1600, 2500}, {});
  unread.result.final_state.reset();
  unread.not_back = {"host1", "host2", "host3"};
  const Measurement made = measure(of_four_seconds(), {}, unread);
  CHECK(made.problem.empty());
  CHECK(made.without_write == Duration::milliseconds(3100));
  CHECK(made.acknowledged == 5);
  CHECK_FALSE(made.lost);
  CHECK_FALSE(made.is_safe());
  const Measurement good = measure(of_four_seconds(), {}, outcome_of({10, 900, 1100, 1600, 3900}, {1, 2, 3, 4, 5}));
  const std::vector<ComparisonRow> rows = rows_of({good, good, made});
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].runs == 3);
  CHECK(rows[0].median == Duration::milliseconds(2300));
  CHECK(rows[0].longest == Duration::milliseconds(3100));
  CHECK(rows[0].unknown == std::vector<std::uint64_t>{3});
  CHECK(rows[0].problems.empty());
  CHECK(rows[0].not_back == 3);
  CHECK_FALSE(rows[0].is_safe());
}

TEST_CASE("A switchover after which the primary is the same was not done, however short it was") {
  Outcome asked = outcome_of({10, 900, 1100, 1600, 3900}, {1, 2, 3, 4, 5});
  asked.result.timeline->faults.front().kind = "switchover";
  CHECK(measure(of_four_seconds(), {}, asked).problem == "the switchover was not done");
  asked.result.failovers.emplace_back().declared = at(900);  // An earlier one.
  CHECK(measure(of_four_seconds(), {}, asked).problem == "the switchover was not done");
  asked.result.failovers.emplace_back().declared = at(1500);
  CHECK(measure(of_four_seconds(), {}, asked).problem.empty());
  asked.result.failovers.clear();
  asked.result.final_state.reset();  // It left nobody to take writes: that is worse, and counts.
  CHECK(measure(of_four_seconds(), {}, asked).problem.empty());
  Outcome crashed = outcome_of({10, 900, 1100, 1600, 3900}, {1, 2, 3, 4, 5});
  crashed.result.timeline->faults.front().kind = "crash";
  CHECK(measure(of_four_seconds(), {}, crashed).problem.empty());
}

TEST_CASE("Rows have the median and the longest, and sums") {
  std::vector<Measurement> all{measured(SystemKind::heir, 30), measured(SystemKind::patroni, 500),
                               measured(SystemKind::heir, 10), measured(SystemKind::heir, 20),
                               measured(SystemKind::patroni, 700)};
  all[1].split_brain = true;
  all[2].not_back = {"host1", "host3"};
  const std::vector<ComparisonRow> rows = rows_of(all);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].median == Duration::milliseconds(20));
  CHECK(rows[0].longest == Duration::milliseconds(30));
  CHECK(rows[0].acknowledged == 30);
  CHECK(rows[0].not_back == 2);
  CHECK(rows[1].median == Duration::milliseconds(600));
  CHECK(rows[1].split_brains == 1);
  CHECK_FALSE(rows[1].is_safe());
}

}  // namespace heir::on_hosts
