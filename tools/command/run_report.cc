#include "tools/command/run_report.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "reports/history/json_lines.h"
#include "reports/page/page.h"
#include "scenarios/fault_kinds.h"
#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "tools/command/output_file.h"
#include "tools/command/story.h"
#include "tools/replay/capsule.h"

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
  std::vector<std::string> sentences{"Other seeds: this is one run, and heir hunt does many.",
                                     "Real servers, disks and networks: all of this was simulated, by models of them."};
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
          {"changes of the primary", std::to_string(result.failovers)},
          {"last generation", std::to_string(result.generations)},
          {"times without an acknowledged write (" + to_string(sim::shortest_outage) + " or longer)",
           std::to_string(result.outages.size())},
          {"the longest of them", rounded(longest)},
          {"all of them together", rounded(total)},
          {"strikes of faults", thousands(result.decisions.size())},
          {"simulated time", to_string(result.ended - sim::VirtualTime())},
          {"events", thousands(result.events)}};
}

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  constexpr int level = 3;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

std::string lines_of(const reports::History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) reports::append_json_line(text, history, history.event(i));
  return text;
}

Result<> write_file(const std::string& path, std::string_view bytes) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return file.error();
  file->bytes(bytes);
  return file->finish();
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
  else if (!report.timeline->failovers.empty())
    moment = report.timeline->failovers.front().declared;
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

namespace {

/// One line, and no bar that would end a table's cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string markdown_of(const reports::Report& report) {
  std::string text = "# " + cell(report.title) + "\n\n**" + cell(report.summary) + "**\n";
  text += "\n| claim | outcome | |\n|---|---|---|\n";
  for (const Claim& claim : report.claims)
    text += fmt::format("| {} | {} | {} |\n", cell(claim.claim),
                        claim.outcome == Outcome::pass   ? "holds"
                        : claim.outcome == Outcome::fail ? "**violated**"
                                                         : "undecided",
                        cell(claim.detail));
  if (!report.failures.empty()) text += "\n## What failed\n\n";
  for (const Failure& failure : report.failures) {
    text += fmt::format("- **{}** at {}: {}\n", to_string(failure.kind), moment(*report.history, failure.at),
                        failure.message);
    for (const reports::Operation& op : failure.ops) text += "  -" + operation_line(*report.history, op).substr(6);
  }
  if (report.more_failures > 0) text += fmt::format("- and {} more\n", thousands(report.more_failures));
  for (const std::string& reason : report.undecided) text += "\nNot decided: " + reason + "\n";
  text += "\n## Not tested\n\n";
  for (const std::string& words : report.not_tested) text += "- " + words + "\n";
  if (!report.story.empty()) text += "\n## What happened\n\n```\n";
  for (const reports::ReportedLine& line : report.story)
    if (line.kind != "command") text += fmt::format("{:>9}  {:<8} {}\n", clock_text(line.at.ns()), line.who, line.what);
  if (!report.story.empty()) text += "```\n";
  text += "\n## Numbers\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : report.numbers) text += fmt::format("| {} | {} |\n", name, value);
  if (report.run) text += "\nTo see it again:\n\n```sh\n" + report.run->replay + "\n```\n";
  return text;
}

Result<ReportFolder> ReportFolder::open(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Error{ErrorCode::io_error, scenarios::printable(path) + ": cannot be made: " + error.message()};
  const bool has_report = fs::exists(fs::path(path) / "report.json", error);
  if (!has_report && !fs::is_empty(path, error))
    return Error{ErrorCode::conflict, scenarios::printable(path) +
                                          ": has files in it, but no report; name a folder that is empty or not there"};
  return ReportFolder(path);
}

Result<> ReportFolder::write(reports::Report report, const Finished* run) {
  report.files = {
      {"report.json", "everything on this page, as data"},
      {"history.jsonl.zst", "what clients asked and were answered (zstdcat history.jsonl.zst | heir check -)"}};
  if (run) report.files.push_back({"scenario.toml", "the scenario as it was run"});
  const std::optional<FoundFailure> failure = run ? failure_in(run->judgement) : std::nullopt;
  if (failure) report.files.push_back({"failure.heir", "the failure, for heir replay, shrink and why"});
  // Nothing of an earlier report stays, and a page last: who sees one finds all that it names, and of the same run.
  for (const char* name : {"index.html", "report.json", "history.jsonl.zst", "scenario.toml", "failure.heir"}) {
    std::error_code error;
    std::filesystem::remove(std::filesystem::path(path_) / name, error);
    if (error) return Error{ErrorCode::io_error, "cannot remove " + path_ + "/" + name + ": " + error.message()};
  }
  const std::string json = report_json(report);
  std::vector<std::pair<std::string, std::string>> files{{"report.json", json},
                                                         {"history.jsonl.zst", compressed(lines_of(*report.history))}};
  if (run) files.emplace_back("scenario.toml", report.run->toml);
  if (failure)
    files.emplace_back("failure.heir", tools::write(Capsule{{},
                                                            run->job.file->path,
                                                            run->job.seed,
                                                            *failure,
                                                            run->result.trace_hash,
                                                            run->scenario,
                                                            run->result.decisions}));
  files.emplace_back("index.html", reports::page_with(json));
  for (const auto& [name, bytes] : files)
    if (const Result<> written = write_file(path_ + "/" + name, bytes); !written) return written;
  return {};
}

std::string about_scenario(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  for (std::string line; std::getline(in, line) && line.rfind('#', 0) == 0;)
    text += (text.empty() ? "" : " ") + line.substr(std::min(line.size(), line.find_first_not_of("# ")));
  return text;
}

}  // namespace heir::tools
