#include "tools/command/hosted_run.h"

#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "reports/history/history_file.h"
#include "scenarios/document.h"
#include "scenarios/load.h"
#include "scenarios/names.h"
#include "sim/faults/swarm.h"
#include "tools/command/output_file.h"
#include "tools/command/progress_line.h"
#include "tools/command/report_folder.h"
#include "tools/command/run_report.h"
#include "tools/daemon/setup.h"
#include "tools/on_hosts/disks.h"
#include "tools/on_hosts/host_clock.h"
#include "tools/on_hosts/refusals.h"
#include "tools/on_hosts/request.h"
#include "tools/on_hosts/run.h"
#include "tools/on_hosts/system_refusals.h"
#include "tools/testbed/world.h"

namespace heir::tools {

namespace {

namespace fs = std::filesystem;
using scenarios::Place;
using scenarios::Value;

constexpr std::size_t most_messages = 20;

volatile sig_atomic_t noted = 0;

void note_signal(int number) {
  noted = number;
}

/// Where in the file, or in --set, something stands that is refused.
Place place_of(const Value& root, const on_hosts::Refusal& refusal) {
  const scenarios::Entry* const table = root.find(refusal.table);
  if (!table) return {-1, 1, 1, 1};
  const Value* at = &table->value;
  const auto number = static_cast<std::size_t>(refusal.number);
  if (at->kind == Value::Kind::array && number < at->items.size()) at = &at->items[number];
  const scenarios::Entry* const key = at->find(refusal.key);
  return key ? key->value.place : at->kind == Value::Kind::table ? at->place : table->place;
}

/// `overrides`: as --set.
std::vector<std::string> messages_of(const ScenarioFile& file, const std::vector<std::string>& overrides,
                                     const std::vector<on_hosts::Refusal>& refused) {
  if (refused.empty()) return {};
  std::ifstream in(file.path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  scenarios::Mistakes mistakes(file.path, text, overrides);
  Value root;
  scenarios::parse_document(text, mistakes, root);
  for (std::size_t i = 0; i < overrides.size(); ++i)
    scenarios::apply_override(overrides[i], static_cast<int>(i), mistakes, root);
  for (on_hosts::Refusal refusal : refused) {
    if (file.scenario.swarm && (refusal.table == "fault" || !root.find(refusal.table))) {
      refusal.why += refusal.table == "fault" ? " (a fault that the seed drew)" : " (as the seed drew it)";
      refusal.table = "swarm";
      refusal.number = 0;
      refusal.key.clear();
    }
    mistakes.add(place_of(root, refusal), refusal.why);
  }
  return mistakes.render(most_messages);
}

}  // namespace

std::vector<std::string> refusal_messages(const ScenarioFile& file, const scenarios::Scenario& scenario,
                                          const std::vector<std::string>& overrides, on_hosts::SystemKind system) {
  std::vector<on_hosts::Refusal> refused = on_hosts::refusals(scenario);
  for (on_hosts::Refusal& refusal : refused) refusal.why = "cannot be done on hosts: " + refusal.why;
  for (on_hosts::Refusal& refusal : on_hosts::refusals_of(system, scenario)) {
    refusal.why = "cannot be done with " + to_string(system) + ": " + refusal.why;
    refused.push_back(std::move(refusal));
  }
  return messages_of(file, overrides, refused);
}

std::vector<std::string> system_messages(const ScenarioFile& file, const std::vector<std::string>& overrides,
                                         const std::string& why) {
  return messages_of(file, overrides, {{"cluster", 0, "system", why}});
}

std::vector<std::string> simulator_messages(const ScenarioFile& file, const std::vector<std::string>& overrides) {
  if (file.scenario.cluster.system == on_hosts::SystemKind::heir) return {};
  return system_messages(file, overrides,
                         to_string(file.scenario.cluster.system) +
                             " cannot be simulated; `heir run --on hosts` has it, and --set cluster.system=heir "
                             "simulates heir");
}

namespace {

std::string progress_text(const Plan& plan, const Job& job, const on_hosts::Progress& at) {
  std::string text = plan.size() > 1 ? fmt::format("{} of {}: ", job.index + 1, plan.size()) : "";
  text += fmt::format("{} seed {}: ", job.file->path, job.seed);
  if (!at.waits_for.empty() && at.acknowledged == 0) return text + "waiting for " + at.waits_for;
  return text + fmt::format("{}s of {}, {} operations acknowledged{}", clock_text(at.at.ns()),
                            to_string(job.file->scenario.duration), thousands(at.acknowledged),
                            at.waits_for.empty() ? "" : ", waiting for " + at.waits_for);
}

/// The run's own folder in --keep.
Result<std::string> keep_folder(const Plan& plan, const Job& job, const std::string& keep) {
  if (keep.empty()) return keep;
  const std::string folder = keep + "/" + plan.output_name("{scenario}-{seed}", job);
  std::error_code error;
  if (fs::exists(folder, error)) return Error{ErrorCode::already_exists, folder + ": is there already"};
  fs::create_directories(folder, error);
  if (error) return Error{ErrorCode::io_error, folder + ": " + error.message()};
  return fs::absolute(folder).string();
}

/// Which runs the job's scenario, as it will be written.
on_hosts::SystemKind system_of(const Job& job, const HostedOptions& hosted) {
  return hosted.system.value_or(job.file->scenario.cluster.system);
}

Report execute_on_hosts(const Plan& plan, const Job& job, const JobOptions& options, const HostedOptions& hosted,
                        ProgressLine& line) {
  scenarios::Scenario scenario = sim::expand(job.file->scenario, job.seed);
  scenario.cluster.system = system_of(job, hosted);
  if (!options.expand.empty())
    if (const Result<> saved = save(scenarios::write(scenario), plan.output_name(options.expand, job)); !saved)
      return {Exit::not_written, false, "", saved.error().message};
  std::optional<ReportFolder> folder;
  if (!options.report.empty()) {
    Result<ReportFolder> opened = ReportFolder::open(plan.output_name(options.report, job));
    if (!opened) return {Exit::not_written, false, "", opened.error().message};
    folder.emplace(std::move(*opened));
  }
  const Result<std::string> keep = keep_folder(plan, job, hosted.keep);
  if (!keep) return {Exit::bad_usage, false, "", keep.error().message};
  on_hosts::RunOptions run;
  run.seed = job.seed;
  run.keep = *keep;
  run.capture = hosted.capture;
  run.system = {scenario.cluster.system, hosted.tuned};
  run.progress = [&](const on_hosts::Progress& at) {
    if (hosted.show_progress && line.is_due()) line.show(progress_text(plan, job, at));
    return interrupted_by() == 0;
  };
  const auto began = std::chrono::steady_clock::now();
  const Result<on_hosts::Outcome> outcome = on_hosts::run(scenario, run);
  if (!outcome) return lost_run(plan, job, options, Exit::no_verdict, outcome.error().message);
  const sim::RunResult* const result = &outcome->result;
  if (result->interrupted)
    return {Exit::internal, true, "",
            "interrupted in " + job.file->path + ", seed " + std::to_string(job.seed) + ", at " +
                clock_text(result->ended.ns()) + "s of " + to_string(scenario.duration)};
  const Judgement judgement = judge(scenario, *result);
  const std::int64_t wall = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
  std::vector<std::string> limits = on_hosts::limits_of_hosts(scenario);
  if (std::string what = on_hosts::about(run.system); !what.empty()) limits.insert(limits.begin(), std::move(what));
  const Finished finished{job, scenario, *result, judgement, wall, false, plan.replay(job), &limits};
  Report report;
  report.status = status_of(judgement.verdict);
  const auto failed_to_write = [&](const Error& error) {
    report.status = worse(report.status, Exit::not_written);
    report.error = error.message;
  };
  const auto write_history = [&](const std::string& name) {
    if (const Result<> done = reports::write_history(result->history, name); !done) failed_to_write(done.error());
  };
  if (!options.history.empty()) write_history(plan.output_name(options.history, job));
  if (!keep->empty()) write_history(*keep + "/history.jsonl");
  if (folder)
    if (const Result<> done = folder->write(report_of(finished, about_scenario(job.file->path), {}), &finished); !done)
      failed_to_write(done.error());
  JobOptions telling = options;
  if (options.detail == Detail::brief && judgement.verdict != reports::Outcome::pass) telling.detail = Detail::story;
  report.text = text_of(finished, telling);
  return report;
}

}  // namespace

Result<> can_have_hosts(const Plan& plan) {
  Result<> can = testbed::can_make_worlds();
  for (std::size_t i = 0; can && i < plan.size(); ++i) {
    const Job job = plan.job(i);
    const scenarios::Scenario scenario = sim::expand(job.file->scenario, job.seed);
    if (on_hosts::needs_disks(scenario)) can = testbed::can_make_disks();
    if (can && on_hosts::has_own_clocks(scenario)) can = on_hosts::can_have_clocks();
  }
  return can;
}

void note_interruptions() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int interrupted_by() {
  return noted;
}

Exit run_on_hosts(const Plan& plan, const JobOptions& options, const HostedOptions& hosted) {
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Job job = plan.job(i);
    // Every seed draws a swarm's faults anew.
    if (job.seed != plan.job(0).seed && !job.file->scenario.swarm) continue;
    for (std::string& message : refusal_messages(*job.file, sim::expand(job.file->scenario, job.seed), hosted.overrides,
                                                 system_of(job, hosted)))
      problems.push_back(std::move(message));
    if (hosted.tuned && system_of(job, hosted) == on_hosts::SystemKind::heir && problems.empty())
      problems.push_back("heir run: --tuned is for other systems: heir runs with its defaults");
  }
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return Exit::bad_usage;
  if (const Result<> can = can_have_hosts(plan); !can) {
    complain("heir run --on hosts " + can.error().message);
    return Exit::bad_usage;
  }
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const Result<> can = on_hosts::can_deploy(system_of(plan.job(i), hosted));
    if (can) continue;
    complain("heir run: " + can.error().message);
    return Exit::bad_usage;
  }

  note_interruptions();
  Exit status = Exit::as_expected;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    ProgressLine line;
    const Report report = execute_on_hosts(plan, plan.job(i), options, hosted, line);
    line.clear();
    std::fwrite(report.text.data(), 1, report.text.size(), stdout);
    std::fflush(stdout);
    if (!report.error.empty()) complain(report.error);
    if (interrupted_by() != 0) exit_interrupted(interrupted_by());
    status = worse(status, report.status);
  }
  return status;
}

namespace {

struct RequestOptions {
  std::string config;
  std::string kind;
  std::string mode = "all";
  std::string host;
};

Exit carry_out_request(const RequestOptions& options) {
  const LoadedConfig loaded = load_config(options.config);
  for (const std::string& message : loaded.messages) complain(message);
  scenarios::Fault request;
  const auto kind = scenarios::from_name<scenarios::FaultKind>(options.kind);
  const auto mode = scenarios::from_name<scenarios::FreezeMode>(options.mode);
  if (!loaded.config || !kind || !mode) return Exit::bad_usage;
  const Result<hosts::KeyPair> keys = read_keys(*loaded.config);
  if (!keys) {
    complain(keys.error().message);
    return Exit::bad_usage;
  }
  request.kind = *kind;
  request.mode = *mode;
  const bool succeeded = on_hosts::carry_out_request(*loaded.config, *keys, request, options.host);
  return succeeded ? Exit::as_expected : Exit::expectation_failed;
}

}  // namespace

void add_scenario_request_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<RequestOptions>();
  CLI::App* command = app.add_subcommand("scenario-request", "What an operator of a scenario on hosts asks for");
  command->group("");  // For the harness; not shown.
  command->add_option("--config", options->config)->required();
  command->add_option("--kind", options->kind)->required();
  command->add_option("--mode", options->mode);
  command->add_option("--host", options->host);
  command->callback([options, &chosen] { chosen = [options] { return carry_out_request(*options); }; });
}

}  // namespace heir::tools
