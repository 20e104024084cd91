#include "tools/command/run_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "scenarios/fault_kinds.h"
#include "scenarios/load.h"
#include "scenarios/names.h"
#include "tools/command/story.h"

namespace heir::tools {

namespace {

using reports::Claim;
using reports::Failure;
using reports::FailureKind;
using reports::HistoryTime;
using reports::Outcome;

/// Around what failed, or the first change of the primary, messages are listed.
constexpr Duration before_moment = Duration::seconds(3);
constexpr Duration after_moment = Duration::seconds(2);

HistoryTime history_time(sim::VirtualTime at) {
  return HistoryTime::from_ns(at.ns());
}

const char* kind_name(sim::StoryLine::Kind kind) {
  using Kind = sim::StoryLine::Kind;
  switch (kind) {
    case Kind::fault: return "fault";
    case Kind::heal: return "heal";
    case Kind::state: return "state";
    case Kind::role: return "role";
    case Kind::gate: return "gate";
    case Kind::command: return "command";
    case Kind::note: return "note";
  }
  return "note";
}

std::string word_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "passed";
    case Outcome::fail: return "failed";
    case Outcome::unknown: return "has no verdict";
  }
  return "?";
}

std::string sentence(std::string_view subject, Outcome outcome, std::string_view reason) {
  return std::string(subject) + " " + word_of(outcome) + ": " + std::string(reason);
}

std::string counted_text(const reports::Verdict::Counts& ops) {
  return fmt::format("{} operations acknowledged, {} refused, {} with an unknown outcome", thousands(ops.ok),
                     thousands(ops.fail), thousands(ops.unknown));
}

/// What was found, whether it had to be or not.
const std::vector<Failure>& failures_in(const Judgement& judgement) {
  return judgement.caught.empty() ? judgement.failures : judgement.caught;
}

/// A claim that fails by some kinds of failure.
Claim claim_of(const Judgement& judgement, std::string claim, std::string detail,
               std::initializer_list<FailureKind> by) {
  const auto violates = [&](const Failure& failure) {
    return std::find(by.begin(), by.end(), failure.kind) != by.end();
  };
  const std::vector<Failure>& failures = failures_in(judgement);
  const bool violated = std::any_of(failures.begin(), failures.end(), violates);
  const Outcome outcome = violated ? Outcome::fail : judgement.unknowns.empty() ? Outcome::pass : Outcome::unknown;
  return {std::move(claim), outcome, std::move(detail)};
}

std::vector<Claim> claims_of(const Finished& run) {
  const Judgement& judgement = run.judgement;
  const scenarios::Expect& expect = run.scenario.expect;
  const reports::Verdict::Counts& ops = judgement.operations;
  const std::string counted = counted_text(ops);
  std::vector<Claim> claims;
  if (!run.scenario.workloads.empty()) {
    claims.push_back(claim_of(judgement, "every acknowledged write is there at the end", counted,
                              {FailureKind::lost_write, FailureKind::copy_destroyed}));
    if (expect.linearizable)
      claims.push_back(claim_of(judgement, "some order of all operations explains every answer (linearizability)",
                                counted,
                                {FailureKind::not_linearizable, FailureKind::stale_read, FailureKind::dirty_read,
                                 FailureKind::wrong_order, FailureKind::duplicate, FailureKind::garbage_read}));
  }
  claims.push_back(claim_of(judgement, "at most one primary acknowledges writes in each generation",
                            thousands(run.result.generations) + " generations",
                            {FailureKind::split_brain, FailureKind::two_primaries, FailureKind::generation_regressed,
                             FailureKind::diverged}));
  const auto held = [](bool good) { return good ? Outcome::pass : Outcome::fail; };
  if (expect.writable_within && run.result.has_writers)
    claims.push_back({"a write succeeds within " + to_string(*expect.writable_within) + " of the last fault's end",
                      held(wrote_within(run.result, *expect.writable_within)),
                      {}});
  if (expect.max_unavailable)
    claims.push_back({"never longer than " + to_string(*expect.max_unavailable) + " without an acknowledged write",
                      held(!outage_beyond(run.result, *expect.max_unavailable)),
                      {}});
  if (expect.recovers_within)
    claims.push_back(claim_of(
        judgement, "a core that suffices by the rules makes progress within " + to_string(*expect.recovers_within),
        run.result.recovery ? run.result.recovery->excuse : "", {FailureKind::stuck}));
  claims.push_back(
      claim_of(judgement, "no assertion of the program or of its watchers fails", "", {FailureKind::assertion}));
  return claims;
}

std::vector<std::string> not_tested(const Finished& run) {
  std::vector<std::string> sentences{"Other seeds: this is one run, and heir hunt does many."};
  if (run.host_limits)
    for (const std::string& limit : *run.host_limits) sentences.push_back("On hosts: " + limit + ".");
  else
    sentences.push_back("Real servers, disks and networks: all of this was simulated, by models of them.");
  std::set<scenarios::FaultFamily> struck;
  for (const scenarios::Fault& fault : run.result.decisions) struck.insert(scenarios::traits(fault.kind).family);
  std::string missing;
  for (const scenarios::FaultFamily family :
       {scenarios::FaultFamily::network, scenarios::FaultFamily::clock, scenarios::FaultFamily::disk,
        scenarios::FaultFamily::process, scenarios::FaultFamily::store, scenarios::FaultFamily::operators})
    if (!struck.contains(family)) missing += (missing.empty() ? "" : ", ") + scenarios::to_string(family);
  if (!missing.empty()) sentences.push_back("Faults of these families, of which none struck: " + missing + ".");
  if (!run.scenario.expect.linearizable && !run.scenario.workloads.empty())
    sentences.push_back("Linearizability: the scenario does not ask for it.");
  return sentences;
}

std::vector<std::pair<std::string, std::string>> numbers_of(const Finished& run) {
  const sim::RunResult& result = run.result;
  const reports::Verdict::Counts& ops = run.judgement.operations;
  const auto [longest, total] = outage_lengths(result);
  return {{"operations acknowledged", thousands(ops.ok)},
          {"operations refused", thousands(ops.fail)},
          {"operations with an unknown outcome", thousands(ops.unknown)},
          {"changes of the primary", std::to_string(result.failovers.size())},
          {"last generation", std::to_string(result.generations)},
          {"times without an acknowledged write (" + to_string(sim::shortest_outage) + " or longer)",
           std::to_string(result.outages.size())},
          {"the longest of them", rounded(longest)},
          {"all of them together", rounded(total)},
          {"strikes of faults", thousands(result.decisions.size())},
          {run.host_limits ? "time on hosts" : "simulated time", to_string(result.ended - sim::VirtualTime())},
          {"events", thousands(result.events)}};
}

}  // namespace

reports::Report report_of(const Finished& run, std::string about, const std::optional<MessageTimes>& messages) {
  const sim::RunResult& result = run.result;
  const Judgement& judgement = run.judgement;
  reports::Report report;
  report.heir = HEIR_VERSION;
  report.title = run.scenario.title;
  report.verdict = judgement.verdict;
  report.summary = sentence("The run", judgement.verdict, judgement.sentence);
  report.end = history_time(result.ended);
  report.run = reports::ReportedRun{run.job.file->path, std::move(about),  scenarios::write(run.scenario),
                                    run.job.seed,       result.trace_hash, result.events,
                                    run.replay};
  report.claims = claims_of(run);
  report.not_tested = not_tested(run);
  report.failures = failures_in(judgement);
  report.more_failures = judgement.more_failures;
  report.undecided = judgement.unknowns;
  for (sim::StoryLine& line : named_story(result.story))
    report.story.push_back({history_time(line.at), kind_name(line.kind), std::move(line.host), std::move(line.what)});
  report.numbers = numbers_of(run);
  for (const sim::Outage& outage : result.outages)
    report.unavailable.emplace_back(history_time(outage.from), history_time(outage.to));
  report.failovers = result.failovers;
  reports::add_writes(report.failovers, result.history);
  report.order = reports::linearization(result.history);
  report.history = &result.history;
  report.timeline = &*result.timeline;
  if (messages) {
    report.messages.emplace(history_time(messages->first), history_time(messages->second));
    return report;
  }
  std::optional<HistoryTime> moment;
  if (!report.failures.empty())
    moment = report.failures.front().at;
  else if (!report.failovers.empty())
    moment = report.failovers.front().declared;
  const HistoryTime around = moment.value_or(HistoryTime() + before_moment);
  report.messages.emplace(std::max(HistoryTime(), around - before_moment), around + after_moment);
  return report;
}

reports::Report report_of(const Checked& checked) {
  const reports::Verdict& verdict = checked.verdict;
  reports::Report report;
  report.heir = HEIR_VERSION;
  report.title = checked.path;
  report.verdict = verdict.outcome;
  const reports::Verdict::Counts& ops = verdict.operations;
  const std::string counted = counted_text(ops);
  std::string reason = "judged as " + verdict.model + ", " + counted + ".";
  if (!verdict.failures.empty()) reason = verdict.failures.front().message;
  if (verdict.outcome == Outcome::unknown && !verdict.unknowns.empty()) reason = verdict.unknowns.front();
  report.summary = sentence("The history", verdict.outcome, reason);
  const auto ops_of = checked.history.operations();
  for (const reports::Operation& op : ops_of) report.end = std::max({report.end, op.invoked, op.completed});
  report.claims.push_back({"the history is valid as " + verdict.model, verdict.outcome, counted});
  report.not_tested = {"Whatever is not in this history: nothing else was known of the system that it came from."};
  report.failures = verdict.failures;
  report.more_failures = verdict.more_failures;
  report.undecided = verdict.unknowns;
  report.undecided.insert(report.undecided.end(), verdict.notes.begin(), verdict.notes.end());
  report.numbers = {{"operations acknowledged", thousands(ops.ok)},
                    {"operations refused", thousands(ops.fail)},
                    {"operations with an unknown outcome", thousands(ops.unknown)},
                    {"keys", thousands(checked.history.key_count() - 1)}};
  report.order = reports::linearization(checked.history);
  report.history = &checked.history;
  return report;
}

std::string about_scenario(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  for (std::string line; std::getline(in, line) && line.rfind('#', 0) == 0;)
    text += (text.empty() ? "" : " ") + line.substr(std::min(line.size(), line.find_first_not_of("# ")));
  return text;
}

}  // namespace heir::tools
