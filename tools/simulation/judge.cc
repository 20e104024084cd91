#include "tools/simulation/judge.h"

#include <algorithm>
#include <iterator>

namespace heir::tools {

namespace {

using reports::Failure;
using reports::FailureKind;
using reports::HistoryTime;
using reports::Outcome;

HistoryTime history_time(sim::VirtualTime at) {
  return HistoryTime::from_ns(at.ns());
}

std::string time_text(sim::VirtualTime at) {
  return reports::seconds(history_time(at));
}

std::string times(int n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

bool about_order_of_answers(FailureKind kind) {
  return kind == FailureKind::not_linearizable || kind == FailureKind::stale_read || kind == FailureKind::dirty_read ||
         kind == FailureKind::wrong_order;
}

/// What the checks of the history and the watchers of the cluster found, with what the scenario allows taken off.
std::vector<Failure> found(const scenarios::Scenario& scenario, const sim::RunResult& result, reports::Verdict& verdict,
                           std::size_t& more) {
  const scenarios::Expect& expect = scenario.expect;
  reports::CheckOptions options;
  if (result.final_state && !result.stopped) options.final_state = *result.final_state;
  options.max_lag = promised_lag(scenario);
  const auto allowed = static_cast<std::size_t>(std::max(expect.lost_writes, 0));
  options.max_failures += allowed;
  if (Result<reports::Verdict> judged = reports::check(result.history, options)) {
    verdict = std::move(*judged);
  } else {
    verdict.outcome = reports::Outcome::unknown;
    verdict.unknowns.push_back(judged.error().message);
  }
  more = verdict.more_failures;
  std::vector<Failure> failures;
  for (const sim::Violation& violation : result.violations)
    failures.push_back({failure_kind(violation.kind), violation.message, history_time(violation.at), {}});
  const auto lost =
      static_cast<std::size_t>(std::count_if(verdict.failures.begin(), verdict.failures.end(),
                                             [](const Failure& f) { return f.kind == FailureKind::lost_write; }));
  const bool may_lose = allowed > 0 && lost <= allowed;
  for (const Failure& failure : verdict.failures) {
    if (!expect.linearizable && about_order_of_answers(failure.kind)) continue;
    if (may_lose && failure.kind == FailureKind::lost_write) continue;
    failures.push_back(failure);
  }
  std::stable_sort(failures.begin(), failures.end(),
                   [](const Failure& a, const Failure& b) { return a.kind != b.kind ? a.kind < b.kind : a.at < b.at; });
  return failures;
}

void expect_writable(const scenarios::Scenario& scenario, const sim::RunResult& result,
                     std::vector<Failure>& failures) {
  const scenarios::Expect& expect = scenario.expect;
  if (expect.writable_within && result.has_writers) {
    const Duration limit = *expect.writable_within;
    const std::string since = result.healed_at == sim::VirtualTime()
                                  ? "the start"
                                  : "the last fault healed at " + time_text(result.healed_at);
    if (!result.first_write_after_heal) {
      failures.push_back({FailureKind::not_writable,
                          "no write succeeded after " + since + "; expected within " + to_string(limit),
                          history_time(result.healed_at + limit),
                          {}});
    } else if (!wrote_within(result, limit)) {
      const Duration took = *result.first_write_after_heal - result.healed_at;
      failures.push_back({FailureKind::not_writable,
                          "the first write after " + since + " succeeded " + to_string(took) +
                              " later; expected within " + to_string(limit),
                          history_time(*result.first_write_after_heal),
                          {}});
    }
  }
  if (expect.max_unavailable) {
    if (const sim::Outage* outage = outage_beyond(result, *expect.max_unavailable))
      failures.push_back({FailureKind::not_writable,
                          "no write succeeded from " + time_text(outage->from) + " to " + time_text(outage->to) + ", " +
                              to_string(outage->length()) + " long; expected at most " +
                              to_string(*expect.max_unavailable),
                          history_time(outage->to),
                          {}});
  }
}

void expect_recovery(const scenarios::Scenario& scenario, const sim::RunResult& result,
                     std::vector<Failure>& failures) {
  if (!result.recovery || result.recovery->recovered || !result.recovery->excuse.empty()) return;
  failures.push_back({FailureKind::stuck,
                      result.recovery->core + " alone were healed at " + time_text(result.recovery->began) +
                          ", which suffices by the rules, but the cluster did not get on; expected progress within " +
                          to_string(*scenario.expect.recovers_within) +
                          (result.recovery->complaints.empty() ? "" : " (" + result.recovery->complaints + ")"),
                      history_time(result.ended),
                      {}});
}

void expect_numbers(const scenarios::Scenario& scenario, const sim::RunResult& result, std::size_t ok,
                    std::vector<Failure>& failures) {
  const scenarios::Expect& expect = scenario.expect;
  const HistoryTime end = history_time(result.ended);
  if (expect.min_ok && ok < static_cast<std::size_t>(*expect.min_ok))
    failures.push_back(
        {FailureKind::stuck,
         std::to_string(ok) + " operations succeeded; expected at least " + std::to_string(*expect.min_ok),
         end,
         {}});
  const int failovers = static_cast<int>(result.failovers.size());
  if (expect.min_failovers && failovers < *expect.min_failovers)
    failures.push_back({FailureKind::stuck,
                        "the primary changed " + times(failovers, "time") + "; expected at least " +
                            std::to_string(*expect.min_failovers),
                        end,
                        {}});
  if (expect.max_failovers && failovers > *expect.max_failovers)
    failures.push_back({FailureKind::assertion,
                        "the primary changed " + times(failovers, "time") + "; expected at most " +
                            std::to_string(*expect.max_failovers),
                        end,
                        {}});
  if (expect.max_failed_requests && result.requests.failed > *expect.max_failed_requests)
    failures.push_back({FailureKind::assertion,
                        times(result.requests.failed, "request") + " of operators failed; expected at most " +
                            std::to_string(*expect.max_failed_requests),
                        end,
                        {}});
}

/// Why the histories of a run that shows nothing wrong still prove nothing.
std::vector<std::string> missing_proof(const scenarios::Scenario& scenario, const sim::RunResult& result,
                                       const reports::Verdict& verdict) {
  std::vector<std::string> reasons;
  if (result.interrupted) reasons.push_back("the run was interrupted at " + time_text(result.ended));
  const bool has_operations = !result.history.empty();  // Without clients there is nothing to prove.
  if (has_operations && scenario.expect.linearizable)
    reasons.insert(reasons.end(), verdict.unknowns.begin(), verdict.unknowns.end());
  else if (has_operations && verdict.operations.ok == 0)
    reasons.push_back("no operation ever succeeded");
  if (has_operations && !result.final_state && !result.interrupted && !result.stopped)
    reasons.push_back("no primary was up at the end, so nobody can say what became of the acknowledged writes");
  if (scenario.expect.writable_within && !result.has_writers && !scenario.workloads.empty())
    reasons.push_back("expect.writable_within cannot be judged: no client writes");
  return reasons;
}

std::string passed_sentence(const scenarios::Scenario& scenario, const Judgement& judgement) {
  if (scenario.workloads.empty() || judgement.operations.ok == 0)
    return "the cluster did as expected; there were no operations to judge.";
  if (scenario.expect.lost_writes > 0)
    return "no more than the " + times(scenario.expect.lost_writes, "allowed acknowledged write") + " got lost.";
  std::string text = "every acknowledged write survived";
  if (scenario.expect.linearizable) text += ", and every answer was linearizable";
  return text + ".";
}

}  // namespace

std::optional<Duration> promised_lag(const scenarios::Scenario& scenario) {
  if (!reads_from_standbys(scenario) || scenario.cluster.system != scenarios::SystemKind::heir ||
      scenario.expect.lost_writes > 0)
    return std::nullopt;
  // A standby measures its lag by its own clock, which may be as slow as the clocks' bound allows.
  constexpr std::int64_t whole = 1'000'000'000;
  const std::int64_t slow = scenario.timing.clock_bound.ppb();
  return scenario.cluster.max_lag +
         Duration::microseconds(scenario.cluster.max_lag.ns() / 1000 * slow / (whole - slow));
}

bool wrote_within(const sim::RunResult& result, Duration limit) {
  return result.first_write_after_heal && *result.first_write_after_heal - result.healed_at <= limit;
}

const sim::Outage* outage_beyond(const sim::RunResult& result, Duration limit) {
  const auto found = std::find_if(result.outages.begin(), result.outages.end(),
                                  [&](const sim::Outage& outage) { return outage.length() > limit; });
  return found == result.outages.end() ? nullptr : &*found;
}

FailureKind failure_kind(scenarios::FailureKind kind) {
  switch (kind) {
    case scenarios::FailureKind::not_linearizable: return FailureKind::not_linearizable;
    case scenarios::FailureKind::lost_write: return FailureKind::lost_write;
    case scenarios::FailureKind::stale_read: return FailureKind::stale_read;
    case scenarios::FailureKind::dirty_read: return FailureKind::dirty_read;
    case scenarios::FailureKind::split_brain: return FailureKind::split_brain;
    case scenarios::FailureKind::two_primaries: return FailureKind::two_primaries;
    case scenarios::FailureKind::generation_regressed: return FailureKind::generation_regressed;
    case scenarios::FailureKind::copy_destroyed: return FailureKind::copy_destroyed;
    case scenarios::FailureKind::not_writable: return FailureKind::not_writable;
    case scenarios::FailureKind::stuck: return FailureKind::stuck;
    case scenarios::FailureKind::diverged: return FailureKind::diverged;
    case scenarios::FailureKind::assertion: return FailureKind::assertion;
  }
  return FailureKind::assertion;
}

Judgement judge(const scenarios::Scenario& scenario, const sim::RunResult& result) {
  Judgement judgement;
  reports::Verdict verdict;
  std::vector<Failure> seen = found(scenario, result, verdict, judgement.more_failures);
  judgement.operations = verdict.operations;
  std::vector<Failure> missed;
  if (!result.interrupted && !result.stopped) {
    expect_writable(scenario, result, missed);
    expect_recovery(scenario, result, missed);
    expect_numbers(scenario, result, verdict.operations.ok, missed);
  }
  std::vector<std::string> unproven = missing_proof(scenario, result, verdict);

  if (scenario.expect.verdict) {
    const FailureKind wanted = failure_kind(*scenario.expect.verdict);
    judgement.wanted = wanted;
    const std::string name = reports::to_string(wanted);
    // An expectation that was missed can be the failure that is looked for.
    const auto is_wanted = [wanted](const Failure& f) { return f.kind == wanted; };
    std::copy_if(missed.begin(), missed.end(), std::back_inserter(seen), is_wanted);
    const bool caught = std::any_of(seen.begin(), seen.end(), is_wanted);
    judgement.caught = std::move(seen);
    if (caught) {
      judgement.verdict = Outcome::pass;
      judgement.sentence = "this design is known to be bad, and the harness caught it: " + name + ".";
      return judgement;
    }
    judgement.unknowns = std::move(unproven);
    if (!judgement.unknowns.empty()) {
      judgement.verdict = Outcome::unknown;
      judgement.sentence =
          "this design is known to be bad, but no " + name + " was found, and not everything could be judged.";
      return judgement;
    }
    judgement.verdict = Outcome::fail;
    judgement.sentence = "this design is known to be bad, but the harness did not catch it: no " + name + " was found.";
    judgement.failures.push_back({FailureKind::assertion,
                                  "expected to find " + name + " in a known-bad design, and did not",
                                  history_time(result.ended),
                                  {}});
    return judgement;
  }

  judgement.failures = std::move(seen);
  std::move(missed.begin(), missed.end(), std::back_inserter(judgement.failures));
  judgement.unknowns = std::move(unproven);
  if (!judgement.failures.empty()) {
    const std::size_t n = judgement.failures.size() + judgement.more_failures;
    judgement.verdict = Outcome::fail;
    judgement.sentence = std::string(reports::to_string(judgement.failures.front().kind)) + ": " +
                         judgement.failures.front().message +
                         (n > 1 ? " (and " + std::to_string(n - 1) + " more)." : ".");
  } else if (!judgement.unknowns.empty()) {
    judgement.verdict = Outcome::unknown;
    judgement.sentence = judgement.unknowns.front() + ".";
  } else {
    judgement.verdict = Outcome::pass;
    judgement.sentence = passed_sentence(scenario, judgement);
  }
  return judgement;
}

}  // namespace heir::tools
