#include "tools/on_hosts/comparison.h"

#include <algorithm>
#include <set>

#include "reports/check/check.h"
#include "scenarios/names.h"
#include "tools/on_hosts/aftermath.h"
#include "tools/simulation/judge.h"

namespace heir::on_hosts {

namespace {

using reports::FailureKind;
using reports::Operation;
using sim::VirtualTime;

constexpr std::size_t all_failures = 10'000'000;

bool is_of_values(const Operation& operation) {
  return operation.function == reports::Function::write;
}

/// The elements of all sets and lists at the end. A value is written once in a run.
std::set<std::int64_t> elements_at_end(const sim::RunResult& result) {
  std::set<std::int64_t> present;
  for (const reports::FinalValue& value : *result.final_state) present.insert(value.list.begin(), value.list.end());
  return present;
}

VirtualTime first_strike(const sim::RunResult& result) {
  return VirtualTime::from_ns(result.timeline->faults.front().from.ns());
}

/// Those whose fate is known and good; of registers all, if there are no others. If nothing of the end is known, those
/// before the first strike.
std::vector<const Operation*> surviving(const sim::RunResult& result, std::vector<const Operation*> acknowledged) {
  if (!result.final_state) {
    std::erase_if(acknowledged, [struck = first_strike(result)](const Operation* write) {
      return VirtualTime::from_ns(write->completed.ns()) > struck;
    });
    return acknowledged;
  }
  if (std::all_of(acknowledged.begin(), acknowledged.end(), [](const Operation* each) { return is_of_values(*each); }))
    return acknowledged;
  const std::set<std::int64_t> present = elements_at_end(result);
  std::vector<const Operation*> found;
  for (const Operation* write : acknowledged)
    if (!is_of_values(*write) && present.contains(write->argument.number())) found.push_back(write);
  return found;
}

/// Of sets and lists all; of registers as far as the judge tells of each.
std::size_t count_lost(const sim::RunResult& result, const std::vector<const Operation*>& acknowledged,
                       const std::vector<reports::Failure>& failures) {
  const std::set<std::int64_t> present = elements_at_end(result);
  const auto is_gone = [&](const Operation* write) {
    return !is_of_values(*write) && !present.contains(write->argument.number());
  };
  const auto is_of_register = [](const reports::Failure& failure) {
    return failure.kind == FailureKind::lost_write && std::any_of(failure.ops.begin(), failure.ops.end(), is_of_values);
  };
  return static_cast<std::size_t>(std::count_if(acknowledged.begin(), acknowledged.end(), is_gone) +
                                  std::count_if(failures.begin(), failures.end(), is_of_register));
}

Duration longest_without(const scenarios::Scenario& scenario, const sim::RunResult& result,
                         const std::vector<const Operation*>& writes) {
  const VirtualTime end = VirtualTime() + scenario.duration;
  const VirtualTime struck = first_strike(result);
  Duration longest;
  for (const sim::Outage& outage : outages_among(writes, end, Duration::zero()))
    if (outage.to > struck) longest = std::max(longest, outage.length());
  return longest;
}

/// An operator asked for a switchover, and the primary has never changed since.
bool lacks_switchover(const sim::RunResult& result) {
  const std::string kind = scenarios::to_string(scenarios::FaultKind::switchover);
  const auto asked = std::find_if(result.timeline->faults.begin(), result.timeline->faults.end(),
                                  [&](const reports::FaultTimeline& fault) { return fault.kind == kind; });
  return asked != result.timeline->faults.end() &&
         std::none_of(result.failovers.begin(), result.failovers.end(),
                      [&](const reports::Failover& each) { return each.declared >= asked->from; });
}

}  // namespace

Measurement measure(const scenarios::Scenario& scenario, const SystemChoice& system, const Outcome& outcome) {
  const sim::RunResult& result = outcome.result;
  Measurement made;
  made.system = system;
  made.seed = result.seed;
  if (!result.timeline || result.timeline->faults.empty()) {
    made.problem = "no fault struck: nobody had the role that it was for";
    return made;
  }
  if (result.history.empty()) {
    made.problem = "there were no clients, so nothing can be measured";
    return made;
  }
  // One that left nobody to take writes did something.
  if (result.final_state && lacks_switchover(result)) {
    made.problem = "the switchover was not done";
    return made;
  }
  const std::vector<const Operation*> acknowledged = acknowledged_writes(result.history);
  made.acknowledged = acknowledged.size();
  made.without_write = longest_without(scenario, result, surviving(result, acknowledged));
  made.not_back = outcome.not_back;
  reports::CheckOptions options;
  if (result.final_state) options.final_state = *result.final_state;
  options.max_failures = all_failures;
  scenarios::Scenario with_system = scenario;
  with_system.cluster.system = system.kind;
  options.max_lag = tools::promised_lag(with_system);
  const Result<reports::Verdict> verdict = reports::check(result.history, options);
  if (!verdict) {
    made.problem = verdict.error().message;
    return made;
  }
  if (result.final_state) made.lost = count_lost(result, acknowledged, verdict->failures);
  made.stale_reads = static_cast<std::size_t>(
      std::count_if(verdict->failures.begin(), verdict->failures.end(),
                    [](const reports::Failure& failure) { return failure.kind != FailureKind::lost_write; }));
  made.undecided = !verdict->unknowns.empty();
  made.split_brain = std::any_of(result.violations.begin(), result.violations.end(), [](const sim::Violation& each) {
    return each.kind == scenarios::FailureKind::split_brain || each.kind == scenarios::FailureKind::two_primaries;
  });
  return made;
}

std::vector<ComparisonRow> rows_of(const std::vector<Measurement>& measurements) {
  std::vector<ComparisonRow> rows;
  std::vector<std::vector<Duration>> times;
  for (const Measurement& each : measurements) {
    auto found =
        std::find_if(rows.begin(), rows.end(), [&](const ComparisonRow& row) { return row.system == each.system; });
    if (found == rows.end()) {
      found = rows.insert(rows.end(), ComparisonRow());
      found->system = each.system;
      times.emplace_back();
    }
    if (!each.problem.empty()) {
      found->problems.push_back("seed " + std::to_string(each.seed) + ": " + each.problem);
      continue;
    }
    ++found->runs;
    times[static_cast<std::size_t>(found - rows.begin())].push_back(each.without_write);
    found->acknowledged += each.acknowledged;
    found->lost += each.lost.value_or(0);
    if (!each.lost) found->unknown.push_back(each.seed);
    found->stale_reads += each.stale_reads;
    found->split_brains += each.split_brain ? 1 : 0;
    found->undecided += each.undecided ? 1 : 0;
    found->not_back += each.not_back.size();
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::sort(times[i].begin(), times[i].end());
    const std::size_t count = times[i].size();
    if (count == 0) continue;
    rows[i].median = count % 2 == 1 ? times[i][count / 2] : (times[i][count / 2 - 1] + times[i][count / 2]) / 2;
    rows[i].longest = times[i].back();
  }
  return rows;
}

}  // namespace heir::on_hosts
