#include "tools/on_hosts/aftermath.h"

#include <catch2/catch.hpp>

namespace heir::on_hosts {
namespace {

using reports::HistoryTime;

HistoryTime at(std::int64_t ms) {
  return HistoryTime::from_ns(ms * 1'000'000);
}

/// A write by a process of its own, acknowledged by that peer of that generation.
struct Write {
  std::int64_t begin_ms;
  std::int64_t end_ms;
  std::uint16_t peer;
  std::uint32_t generation;
};

sim::RunResult run_with(const std::vector<Write>& writes, std::int64_t healed_at_ms = 0) {
  sim::RunResult result;
  result.has_writers = true;
  result.healed_at = sim::VirtualTime::from_ns(healed_at_ms * 1'000'000);
  struct Moment {
    std::int64_t ms;
    bool begins;
    std::uint32_t write;
  };
  std::vector<Moment> moments;
  for (std::uint32_t i = 0; i < writes.size(); ++i) {
    moments.push_back({writes[i].begin_ms, true, i});
    moments.push_back({writes[i].end_ms, false, i});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.ms < b.ms; });
  for (const Moment& moment : moments) {
    const reports::ProcessId process(moment.write);
    if (moment.begins)
      result.history.invoke(process, reports::Function::write, result.history.key("r0"),
                            reports::Value::integer(moment.write + 1), at(moment.ms));
    else
      result.history.ok(process, at(moment.ms), {writes[moment.write].peer, writes[moment.write].generation});
  }
  scenarios::Scenario scenario;
  scenario.duration = Duration::seconds(10);
  conclude_from_history(scenario, result);
  return result;
}

}  // namespace

TEST_CASE("Two hosts that acknowledge in one generation are two primaries") {
  CHECK(run_with({{0, 10, 1, 1}, {20, 30, 1, 1}, {40, 50, 2, 2}}).violations.empty());
  const sim::RunResult result = run_with({{0, 10, 1, 1}, {20, 30, 2, 1}});
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].kind == scenarios::FailureKind::two_primaries);
  CHECK(run_with({{0, 10, 1, 0}, {20, 30, 2, 0}}).violations.empty());  // Nobody knows in which generations.
}

TEST_CASE("An earlier generation that acknowledges what began after a later one's first is a split brain") {
  // Asked before: its answer was under way.
  CHECK(run_with({{0, 10, 1, 1}, {15, 60, 1, 1}, {20, 30, 2, 2}}).violations.empty());
  const sim::RunResult result = run_with({{0, 10, 1, 1}, {20, 30, 2, 2}, {40, 50, 1, 1}});
  REQUIRE(result.violations.size() == 1);
  CHECK(result.violations[0].kind == scenarios::FailureKind::split_brain);
}

TEST_CASE("Times without an acknowledged write are outages, up to the scenario's end") {
  const sim::RunResult result = run_with({{0, 10, 1, 1}, {20, 400, 1, 1}, {500, 2000, 1, 1}});
  REQUIRE(result.outages.size() == 2);
  CHECK(result.outages[0].length() == Duration::milliseconds(1600));
  CHECK(result.outages[1].to == sim::VirtualTime() + Duration::seconds(10));
  REQUIRE(run_with({}).outages.size() == 1);
}

TEST_CASE("The first write after the last fault healed") {
  CHECK_FALSE(run_with({{0, 10, 1, 1}}, 100).first_write_after_heal);
  CHECK(run_with({{0, 10, 1, 1}, {50, 150, 1, 1}, {160, 170, 1, 1}}, 100).first_write_after_heal ==
        sim::VirtualTime::from_ns(150'000'000));
}

}  // namespace heir::on_hosts
