// Verdicts of runs: nothing but proof passes, and a known-bad design passes only if it was caught.
#include <catch2/catch.hpp>

#include "tools/simulation/judge.h"

using namespace heir;
using reports::FailureKind;
using reports::Outcome;
using tools::Judgement;

namespace {

/// One acknowledged write and a primary that has it.
sim::RunResult good_run() {
  sim::RunResult result;
  const reports::KeyId key = result.history.key("r1");
  const reports::ProcessId process(1);
  result.history.invoke(process, reports::Function::write, key, reports::Value::integer(5),
                        reports::HistoryTime::from_ns(1'000));
  result.history.ok(process, reports::HistoryTime::from_ns(2'000));
  result.final_state = std::vector<reports::FinalValue>{{key, 5, {}}};
  result.has_writers = true;
  result.first_write_after_heal = sim::VirtualTime::from_ns(2'000);
  result.ended = sim::VirtualTime::from_ns(60'000'000'000);
  return result;
}

scenarios::Scenario plain() {
  scenarios::Scenario scenario;
  scenario.title = "judged";
  scenario.workloads.emplace_back();
  return scenario;
}

void expect_failure(const Judgement& judgement, FailureKind kind) {
  CHECK(judgement.verdict == Outcome::fail);
  REQUIRE_FALSE(judgement.failures.empty());
  CHECK(judgement.failures.front().kind == kind);
  CHECK_FALSE(judgement.sentence.empty());
}

}  // namespace

TEST_CASE("a run whose write is there at the end passes") {
  const Judgement judgement = tools::judge(plain(), good_run());
  CHECK(judgement.verdict == Outcome::pass);
  CHECK(judgement.failures.empty());
  CHECK(judgement.unknowns.empty());
  CHECK(judgement.operations.ok == 1);
}

TEST_CASE("a standby of heir's shows what it promises; others promise nothing, and what may be lost may be lacked") {
  sim::RunResult result = good_run();
  const reports::ProcessId reader(2);
  const auto read = [&](std::int64_t seconds) {
    result.history.invoke(reader, reports::Function::read_standby, result.history.key("r1"), {},
                          reports::HistoryTime::from_ns(seconds * 1'000'000'000));
    result.history.ok(reader, reports::HistoryTime::from_ns(seconds * 1'000'000'000 + 1), {2, 0});
  };
  scenarios::Scenario scenario = plain();
  scenario.workloads.front().reads_from = scenarios::ReadsFrom::standbys;
  scenario.cluster.max_lag = Duration::seconds(10);
  read(10);  // Within the bound, by a clock as slow as it may be.
  CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
  read(20);
  expect_failure(tools::judge(scenario, result), FailureKind::stale_read);
  scenarios::Scenario of_others = scenario;
  of_others.cluster.system = scenarios::SystemKind::patroni;
  CHECK(tools::judge(of_others, result).verdict == Outcome::pass);
  scenario.expect.lost_writes = 1;
  CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
}

TEST_CASE("an acknowledged write that the last primary does not hold is lost") {
  sim::RunResult result = good_run();
  result.final_state->front().number = std::nullopt;
  expect_failure(tools::judge(plain(), result), FailureKind::lost_write);
  scenarios::Scenario lenient = plain();
  lenient.expect.lost_writes = 1;
  CHECK(tools::judge(lenient, result).verdict == Outcome::pass);
}

TEST_CASE("a standby may be as late as the cluster's bound allows, by the slowest clock that is allowed for") {
  scenarios::Scenario scenario = plain();
  scenario.workloads.front().reads_from = scenarios::ReadsFrom::standbys;
  scenario.cluster.max_lag = Duration::seconds(2);
  sim::RunResult result = good_run();
  const Duration acknowledged = result.history.operations().front().completed - reports::HistoryTime();
  const auto read_after = [&](Duration lag) {
    sim::RunResult late = result;
    const reports::HistoryTime at = reports::HistoryTime() + acknowledged + lag;
    const reports::KeyId key = late.history.key("r1");
    late.history.invoke(reports::ProcessId(2), reports::Function::read_standby, key, reports::Value::nil(), at);
    late.history.ok_read(reports::ProcessId(2), reports::Value::nil(), at);
    return tools::judge(scenario, late);
  };
  CHECK(read_after(Duration::milliseconds(2020)).verdict == Outcome::pass);
  expect_failure(read_after(Duration::milliseconds(2021)), FailureKind::stale_read);
  scenario.expect.linearizable = false;
  CHECK(read_after(Duration::milliseconds(2021)).verdict == Outcome::pass);
  scenario = plain();
  CHECK(read_after(Duration::seconds(9)).verdict == Outcome::pass);
}

TEST_CASE("without a primary at the end there is no pass") {
  sim::RunResult result = good_run();
  result.final_state.reset();
  const Judgement judgement = tools::judge(plain(), result);
  CHECK(judgement.verdict == Outcome::unknown);
  CHECK(judgement.unknowns.size() == 1);
}

TEST_CASE("clients of which none succeeded prove nothing") {
  sim::RunResult result = good_run();
  result.history = {};
  const reports::KeyId key = result.history.key("r1");
  result.history.invoke(reports::ProcessId(1), reports::Function::write, key, reports::Value::integer(5), {});
  result.final_state = std::vector<reports::FinalValue>{{key, std::nullopt, {}}};
  CHECK(tools::judge(plain(), result).verdict == Outcome::unknown);
}

TEST_CASE("an interrupted run has no verdict") {
  sim::RunResult result = good_run();
  result.interrupted = true;
  CHECK(tools::judge(plain(), result).verdict == Outcome::unknown);
}

TEST_CASE("a violation seen during the run fails it, whatever the history says") {
  sim::RunResult result = good_run();
  result.violations.push_back({scenarios::FailureKind::split_brain, sim::VirtualTime::from_ns(7), "two at once"});
  const Judgement judgement = tools::judge(plain(), result);
  expect_failure(judgement, FailureKind::split_brain);
  CHECK(judgement.failures.front().at.ns() == 7);
}

TEST_CASE("every expectation can be missed") {
  sim::RunResult result = good_run();
  scenarios::Scenario scenario = plain();
  SECTION("min_ok") {
    scenario.expect.min_ok = 2;
    expect_failure(tools::judge(scenario, result), FailureKind::stuck);
  }
  SECTION("min_failovers") {
    scenario.expect.min_failovers = 1;
    expect_failure(tools::judge(scenario, result), FailureKind::stuck);
  }
  SECTION("max_failovers") {
    scenario.expect.max_failovers = 0;
    result.failovers.resize(1);
    expect_failure(tools::judge(scenario, result), FailureKind::assertion);
  }
  SECTION("max_failed_requests") {
    scenario.expect.max_failed_requests = 1;
    result.requests = {5, 1};
    CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
    result.requests = {5, 2};
    expect_failure(tools::judge(scenario, result), FailureKind::assertion);
    scenario.expect.max_failed_requests.reset();
    CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
  }
  SECTION("max_unavailable") {
    scenario.expect.max_unavailable = Duration::seconds(3);
    result.outages.push_back({sim::VirtualTime(), sim::VirtualTime() + Duration::seconds(3)});
    CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
    result.outages.push_back({sim::VirtualTime(), sim::VirtualTime() + Duration::seconds(4)});
    expect_failure(tools::judge(scenario, result), FailureKind::not_writable);
  }
  SECTION("writable_within, too late") {
    scenario.expect.writable_within = Duration::seconds(5);
    result.healed_at = sim::VirtualTime() + Duration::seconds(10);
    result.first_write_after_heal = sim::VirtualTime() + Duration::seconds(15);
    CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
    result.first_write_after_heal = sim::VirtualTime() + Duration::seconds(16);
    expect_failure(tools::judge(scenario, result), FailureKind::not_writable);
  }
  SECTION("writable_within, never") {
    scenario.expect.writable_within = Duration::seconds(5);
    result.first_write_after_heal.reset();
    expect_failure(tools::judge(scenario, result), FailureKind::not_writable);
  }
}

TEST_CASE("a known-bad design passes only if that failure was found") {
  scenarios::Scenario scenario = plain();
  scenario.expect.verdict = scenarios::FailureKind::lost_write;
  sim::RunResult result = good_run();
  SECTION("not found") {
    expect_failure(tools::judge(scenario, result), FailureKind::assertion);
  }
  SECTION("found") {
    result.final_state->front().number = std::nullopt;
    const Judgement judgement = tools::judge(scenario, result);
    CHECK(judgement.verdict == Outcome::pass);
    CHECK(judgement.failures.empty());
    REQUIRE_FALSE(judgement.caught.empty());
    CHECK(judgement.caught.front().kind == FailureKind::lost_write);
  }
  SECTION("another was found") {
    result.violations.push_back({scenarios::FailureKind::split_brain, {}, "two at once"});
    const Judgement judgement = tools::judge(scenario, result);
    CHECK(judgement.verdict == Outcome::fail);
    CHECK(judgement.caught.size() == 1);
  }
  SECTION("it cannot be told") {
    result.final_state.reset();
    CHECK(tools::judge(scenario, result).verdict == Outcome::unknown);
  }
}

TEST_CASE("linearizable = false forgives stale reads but not lost writes") {
  scenarios::Scenario scenario = plain();
  scenario.expect.linearizable = false;
  sim::RunResult result = good_run();
  const reports::KeyId key = result.history.key("r1");
  const reports::ProcessId reader(2);
  result.history.invoke(reader, reports::Function::read, key, reports::Value::nil(),
                        reports::HistoryTime::from_ns(3'000));
  result.history.ok_read(reader, reports::Value::nil(), reports::HistoryTime::from_ns(4'000));
  CHECK(tools::judge(scenario, result).verdict == Outcome::pass);
  CHECK(tools::judge(plain(), result).verdict == Outcome::fail);
  result.final_state->front().number = std::nullopt;
  CHECK(tools::judge(scenario, result).verdict == Outcome::fail);
}
