#include "tools/hosted/comparison.h"

#include <algorithm>
#include <set>

#include "reports/check/check.h"
#include "tools/hosted/aftermath.h"

namespace heir::hosted {

namespace {

using reports::FailureKind;
using reports::Operation;

constexpr std::size_t all_failures = 10'000'000;

bool is_of_values(const Operation& operation) {
  return operation.function == reports::Function::write;
}

/// Those whose fate is known and good; of registers all, if there are no others.
std::vector<const Operation*> surviving(const sim::RunResult& result,
                                        const std::vector<const Operation*>& acknowledged) {
  if (std::all_of(acknowledged.begin(), acknowledged.end(), [](const Operation* each) { return is_of_values(*each); }))
    return acknowledged;
  std::set<std::int64_t> present;  // A value is written once in a run.
  if (result.final_state)
    for (const reports::FinalValue& value : *result.final_state) present.insert(value.list.begin(), value.list.end());
  std::vector<const Operation*> found;
  for (const Operation* write : acknowledged)
    if (!is_of_values(*write) && present.contains(write->argument.number())) found.push_back(write);
  return found;
}

Duration longest_without(const scenarios::Scenario& scenario, const sim::RunResult& result,
                         const std::vector<const Operation*>& writes) {
  const VirtualTime end = VirtualTime() + scenario.duration;
  const VirtualTime struck = VirtualTime::from_ns(result.timeline->faults.front().from.ns());
  Duration longest;
  for (const sim::Outage& outage : outages_among(writes, end, Duration::zero()))
    if (outage.to > struck) longest = std::max(longest, outage.length());
  return longest;
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
  if (!result.final_state) {
    made.problem = "no database took part in the last reads, so nobody can say what became of the acknowledged writes";
    return made;
  }
  const std::vector<const Operation*> acknowledged = acknowledged_writes(result.history);
  made.acknowledged = acknowledged.size();
  made.without_write = longest_without(scenario, result, surviving(result, acknowledged));
  made.not_back = outcome.not_back;
  reports::CheckOptions options;
  options.final_state = *result.final_state;
  options.max_failures = all_failures;
  const Result<reports::Verdict> verdict = reports::check(result.history, options);
  if (!verdict) {
    made.problem = verdict.error().message;
    return made;
  }
  for (const reports::Failure& failure : verdict->failures)
    ++(failure.kind == FailureKind::lost_write ? made.lost : made.stale_reads);
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
    found->lost += each.lost;
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

}  // namespace heir::hosted
