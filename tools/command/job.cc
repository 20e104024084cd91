#include "tools/command/job.h"

#include <chrono>
#include <memory>

#include "reports/check/objects/online.h"
#include "reports/history/history_file.h"
#include "scenarios/load.h"
#include "sim/faults/swarm.h"
#include "tools/command/json.h"
#include "tools/command/output_file.h"
#include "tools/command/report_folder.h"
#include "tools/command/run_report.h"
#include "tools/command/story.h"
#include "tools/replay/capsule.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

using reports::Outcome;

sim::RunOptions run_options(const Job& job, bool keep_story, bool stop_at_violation, const ProgressSink& progress) {
  sim::RunOptions options;
  options.seed = job.seed;
  if (stop_at_violation) {
    options.stop_at = [online = std::make_shared<reports::OnlineCheck>()](const reports::History& history,
                                                                          std::size_t event) {
      return online->add(history, event).has_value();
    };
  }
  options.keep_story = keep_story;
  options.progress = [&progress](const sim::Progress& at) { return progress(at.at, at.events); };
  return options;
}

/// How two runs of one seed differ; "" if they do not.
std::string difference(const sim::RunResult& a, const sim::RunResult& b) {
  if (a.trace_hash == b.trace_hash && a.events == b.events) return {};
  std::string text = "the same seed gave two different runs: trace " + hash_text(a.trace_hash) + " after " +
                     thousands(a.events) + " events, then " + hash_text(b.trace_hash) + " after " +
                     thousands(b.events) + "; the first event that differs is ";
  const std::optional<sim::EventRange> range = sim::first_difference(a.checkpoints, b.checkpoints);
  if (range)
    text += "number " + thousands(range->after + 1) + " to " + thousands(range->upto);
  else
    text += "behind the last checkpoint that both have";
  return text;
}

/// A second run, for its story alone: campaigns do not collect stories that nobody reads.
std::string story_again(const Finished& finished, const JobOptions& options) {
  SimulatedPrograms programs;
  const ProgressSink go_on = [](sim::VirtualTime, std::uint64_t) { return true; };
  const sim::RunResult again =
      sim::run(finished.scenario, programs, run_options(finished.job, true, options.stop_at_violation, go_on));
  const Finished with_story{finished.job,       finished.scenario, again,
                            finished.judgement, finished.wall_ns,  finished.determinism_checked,
                            finished.replay};
  return story_of(with_story, {options.tell_story_of_failures, false}, options.style);
}

}  // namespace

Exit status_of(Outcome verdict) {
  switch (verdict) {
    case Outcome::pass: return Exit::as_expected;
    case Outcome::fail: return Exit::expectation_failed;
    case Outcome::unknown: return Exit::no_verdict;
  }
  return Exit::internal;
}

std::string text_of(const Finished& finished, const JobOptions& options) {
  switch (options.detail) {
    case Detail::json: return json_of(finished) + "\n";
    case Detail::quiet: return verdict_line(finished, options.style) + failures_of(finished, options.style);
    case Detail::brief: return verdict_line(finished, options.style);
    case Detail::numbers: return story_of(finished, {false, false}, options.style);
    case Detail::story: return story_of(finished, {true, false, options.chart_width}, options.style);
    case Detail::verbose: return story_of(finished, {true, true, options.chart_width}, options.style);
  }
  return {};
}

Report execute(const Plan& plan, const Job& job, const JobOptions& options, const ProgressSink& progress) {
  Report report;
  const scenarios::Scenario scenario = sim::expand(job.file->scenario, job.seed);
  if (!options.expand.empty())
    if (const Result<> saved = save(scenarios::write(scenario), plan.output_name(options.expand, job)); !saved)
      return {Exit::not_written, false, "", saved.error().message};
  const auto began = std::chrono::steady_clock::now();
  SimulatedPrograms programs;
  const bool wants_story = options.detail == Detail::story || options.detail == Detail::verbose;
  sim::RunOptions run = run_options(job, wants_story || !options.report.empty(), options.stop_at_violation, progress);
  std::optional<ReportFolder> folder;
  if (!options.report.empty()) {
    Result<ReportFolder> opened = ReportFolder::open(plan.output_name(options.report, job));
    if (!opened) return {Exit::not_written, false, "", opened.error().message};
    folder.emplace(std::move(*opened));
    run.keep_messages.emplace(sim::VirtualTime(), sim::VirtualTime::max());
  }
  run.keep_timeline = folder || (wants_story && options.chart_width > 0);
  run.keep_commits = !options.commit_log.empty();

  std::optional<OutputFile> trace;
  if (!options.trace.empty()) {
    Result<OutputFile> file = OutputFile::create(plan.output_name(options.trace, job));
    if (!file) return {Exit::not_written, false, "", file.error().message};
    trace.emplace(std::move(*file));
    run.trace = [&trace](std::string_view line) { trace->line(line); };
  }
  const sim::RunResult result = sim::run(scenario, programs, run);
  if (result.interrupted) {
    report.interrupted = true;
    report.error = "interrupted in " + job.file->path + ", seed " + std::to_string(job.seed) + ", at " +
                   clock_text(result.ended.ns()) + "s of " + to_string(scenario.duration) + " (event " +
                   thousands(result.events) + ")";
    return report;
  }
  const Judgement judgement = judge(scenario, result);
  const std::int64_t wall = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
  report.status = status_of(judgement.verdict);
  const Finished finished{job, scenario, result, judgement, wall, options.check_determinism, plan.replay(job)};

  const auto failed_to_write = [&](const Error& error) {
    report.status = worse(report.status, Exit::not_written);
    report.error = error.message;
  };
  if (trace)
    if (const Result<> done = trace->finish(); !done) failed_to_write(done.error());
  if (!options.history.empty())
    if (const Result<> done = reports::write_history(result.history, plan.output_name(options.history, job)); !done)
      failed_to_write(done.error());
  if (!options.commit_log.empty()) {
    if (!result.final_state)
      failed_to_write({ErrorCode::invalid, "--commit-log: not written, since no primary was up at the end"});
    else if (const Result<> done = reports::write_history(result.commits, plan.output_name(options.commit_log, job));
             !done)
      failed_to_write(done.error());
  }

  if (folder)
    if (const Result<> done = folder->write(report_of(finished, about_scenario(job.file->path), {}), &finished); !done)
      failed_to_write(done.error());
  if (!options.capsule.empty())
    if (const std::optional<FoundFailure> failure = failure_in(judgement)) {
      const Capsule capsule{{}, job.file->path, job.seed, *failure, result.trace_hash, scenario, result.decisions};
      if (const Result<> done = save(write(capsule), plan.output_name(options.capsule, job)); !done)
        failed_to_write(done.error());
    }

  if (options.check_determinism) {
    // With the first run's memory still held, so that nothing lies where it lay; and without whatever was listening to
    // it.
    SimulatedPrograms anew;
    const sim::RunResult second =
        sim::run(scenario, anew, run_options(job, !wants_story, options.stop_at_violation, progress));
    if (!second.interrupted) {
      if (const std::string differs = difference(result, second); !differs.empty()) {
        Report lost = lost_run(plan, job, options, Exit::internal, differs);
        return lost;
      }
    }
  }
  const bool whole_story = options.detail == Detail::brief && judgement.verdict != Outcome::pass;
  report.text = whole_story ? story_again(finished, options) : text_of(finished, options);
  return report;
}

Report lost_run(const Plan& plan, const Job& job, const JobOptions& options, Exit status, const std::string& cause) {
  Report report;
  report.status = status;
  report.error = job.file->path + ", seed " + std::to_string(job.seed) + ": " + cause;
  sim::RunResult nothing;
  nothing.seed = job.seed;
  Judgement judgement;
  judgement.sentence = cause + ".";
  if (status == Exit::internal)
    judgement.failures.push_back({reports::FailureKind::assertion, "heir itself failed: " + cause, {}, {}});
  else
    judgement.unknowns.push_back(cause);
  const Finished finished{job, job.file->scenario, nothing, judgement, 0, false, plan.replay(job)};
  report.text = options.detail == Detail::json ? json_of(finished) + "\n"
                                               : verdict_line(finished, options.style) + replay_line(finished);
  return report;
}

}  // namespace heir::tools
