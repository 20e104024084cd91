// From what a run recorded to whether it went as its scenario says.
//
// A run passes only on proof: an undecided search, no surviving primary to compare the writes with, or clients of which
// none ever succeeded give `unknown`, never `pass`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/check/check.h"
#include "scenarios/scenario.h"
#include "sim/world/run.h"

namespace heir::tools {

struct Judgement {
  reports::Outcome verdict = reports::Outcome::unknown;
  std::string sentence;  ///< Why, in one sentence.
  /// Why the run failed: what is wrong with the history and the cluster, most severe first, then expectations that were
  /// missed (as not-writable, stuck or assertion).
  std::vector<reports::Failure> failures;
  std::size_t more_failures = 0;      ///< Found, but not listed.
  std::vector<std::string> unknowns;  ///< Why parts of it have no verdict.
  /// Of a known-bad design: what must be found for it to pass, and what was found. `failures` then has only what else
  /// failed.
  std::optional<reports::FailureKind> wanted;
  std::vector<reports::Failure> caught;
  reports::Verdict::Counts operations;
};

Judgement judge(const scenarios::Scenario& scenario, const sim::RunResult& result);

/// What the reads of standbys show at least: all that was acknowledged so long before, by true time. Nothing if nobody
/// promises that: other systems than heir set no bound, and what may be lost may be lacked.
std::optional<Duration> promised_lag(const scenarios::Scenario& scenario);

/// Whether a write succeeded within `limit` after the last fault had healed (Expect::writable_within).
bool wrote_within(const sim::RunResult& result, Duration limit);
/// The first time without an acknowledged write that was longer (Expect::max_unavailable); null if none was.
const sim::Outage* outage_beyond(const sim::RunResult& result, Duration limit);

/// The same name in the two lists.
reports::FailureKind failure_kind(scenarios::FailureKind kind);

}  // namespace heir::tools
