// heir run: scenarios and seeds in, verdicts out.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "tools/command/commands.h"
#include "tools/command/hosted_run.h"
#include "tools/command/json.h"
#include "tools/command/option_types.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/progress_line.h"
#include "tools/command/workers.h"

namespace heir::tools {

namespace {

struct Options {
  std::vector<std::string> scenarios;
  std::string seed = "1";
  std::string seeds;
  std::vector<std::string> overrides;
  std::string history;
  std::string commit_log;
  std::string expand;
  std::string capsule;
  std::string report;
  std::string trace;
  std::string on = "simulator";
  std::string keep;
  bool capture = false;
  std::string system;
  bool tuned = false;
  unsigned jobs = 0;
  bool json = false;
  bool verbose = false;
  bool stop_at_violation = false;
  bool quiet = false;
  bool no_story = false;
  bool check_determinism = false;
};

const char* const footer =
    "Examples:\n"
    "  heir run scenarios/first/primary-crash.toml\n"
    "  heir run scenarios/first/mixed.toml --seeds 1..200 --quiet\n"
    "  heir run scenarios/first --json --no-story\n"
    "  heir run scenarios/first/primary-crash.toml --set workload.0.rate=2000/s --set duration=60s\n"
    "  heir run scenarios/first/mixed.toml --seeds 1..20 --history 'h-{seed}.jsonl'\n"
    "  heir run scenarios/first/mixed.toml --seed 17 --report report\n"
    "  heir run scenarios/first/primary-crash.toml --on hosts --keep logs\n"
    "  heir run scenarios/compare/power-loss.toml --on hosts --system patroni --tuned\n"
    "\n"
    "Exit status: 0 as expected; 1 an expectation failed; 2 bad usage or input; 3 no verdict (out of time or memory, "
    "or\n"
    "nothing to conclude from), or an output could not be written; 4 an internal error of heir itself; 130 "
    "interrupted. Of several runs, the gravest.\n"
    "\n"
    "The last line of a failed run is the command that replays it.\n"
    "\n"
    "--json: ";

Detail detail_of(const Options& options, std::size_t runs) {
  if (options.json) return Detail::json;
  if (options.quiet) return Detail::quiet;
  if (options.verbose) return Detail::verbose;
  if (runs > 1) return Detail::brief;
  return options.no_story ? Detail::numbers : Detail::story;
}

std::string progress_text(const Plan& plan, std::size_t finished, const Job& job, sim::VirtualTime at) {
  if (plan.size() > 1)
    return fmt::format("{} of {} runs done; {} seed {}", thousands(finished), thousands(plan.size()), job.file->path,
                       job.seed);
  const std::int64_t share = at.ns() * 100 / std::max<std::int64_t>(job.file->scenario.duration.ns(), 1);
  return fmt::format("{} seed {}: {}s, {}%", job.file->path, job.seed, clock_text(at.ns()),
                     std::min<std::int64_t>(share, 100));
}

struct Tally {
  std::size_t passed = 0, failed = 0, unknown = 0, internal = 0;
  std::string first_replay;
  void count(Exit status) {
    switch (status) {
      case Exit::as_expected: ++passed; break;
      case Exit::expectation_failed: ++failed; break;
      case Exit::no_verdict: ++unknown; break;
      case Exit::bad_usage:
      case Exit::partly_done:
      case Exit::internal: ++internal; break;
    }
  }
  std::string text() const {
    std::string line = fmt::format("{} passed, {} failed", thousands(passed), thousands(failed));
    if (unknown > 0) line += fmt::format(", {} without a verdict", thousands(unknown));
    if (internal > 0) line += fmt::format(", {} could not be run", thousands(internal));
    return line + "\n";
  }
};

/// What only one of the two worlds can do, and was asked of the other; "" if all is well.
std::string not_of_this_world(const Options& given) {
  if (given.on != "hosts") {
    for (const auto& [option, is_given] :
         {std::pair("--keep", !given.keep.empty()), std::pair("--capture", given.capture),
          std::pair("--system", !given.system.empty()), std::pair("--tuned", given.tuned)})
      if (is_given) return std::string(option) + " is for --on hosts";
    return "";
  }
  if (given.capture && given.keep.empty()) return "--capture needs --keep DIR, where the frames are put";
  if (given.jobs > 1) return "--jobs: runs on hosts share this machine, and go one after another";
  std::string option;
  if (!given.trace.empty()) option = "--trace";
  if (!given.commit_log.empty()) option = "--commit-log";
  if (!given.capsule.empty()) option = "--capsule";
  if (given.check_determinism) option = "--check-determinism";
  if (given.stop_at_violation) option = "--stop-at-violation";
  return option.empty() ? "" : option + " is the simulator's; real hosts cannot do it";
}

/// What is wrong with the names of the files to be written.
std::vector<std::string> problems_of_outputs(const Options& given, const Plan& plan) {
  constexpr std::size_t most_looked_at = 1000;  // Of more runs, the first and the last.
  const std::vector<Output> patterns{{"--history", given.history}, {"--commit-log", given.commit_log},
                                     {"--trace", given.trace},     {"--expand", given.expand},
                                     {"--capsule", given.capsule}, {"--report", given.report, Output::Kind::report}};
  std::vector<std::string> problems, inputs;
  for (const Output& pattern : patterns)
    if (std::string problem = plan.check_pattern(pattern.option, pattern.path); !problem.empty())
      problems.push_back(std::move(problem));
  for (const ScenarioFile& file : plan.files()) inputs.push_back(file.path);
  const std::size_t step = plan.size() > most_looked_at ? plan.size() - 1 : 1;
  for (std::size_t i = 0; problems.empty() && i < plan.size(); i += step) {
    std::vector<Output> outputs = patterns;
    for (Output& output : outputs) output.path = plan.output_name(output.path, plan.job(i));
    problems = output_problems(outputs, inputs);
  }
  return problems;
}

Exit run(const Options& given) {
  if (const std::string problem = not_of_this_world(given); !problem.empty()) {
    complain("heir run: " + problem);
    return Exit::bad_usage;
  }
  SeedRange seeds;
  if (!given.seeds.empty() && !parse_seeds(given.seeds, seeds)) {
    complain("heir run: --seeds " + scenarios::printable(given.seeds) + ": expected FIRST..LAST, such as 1..200");
    return Exit::bad_usage;
  }
  if (given.seeds.empty() && (given.seed.find("..") != std::string::npos || !parse_seeds(given.seed, seeds))) {
    complain("heir run: --seed " + scenarios::printable(given.seed) +
             ": expected a number from 0 to 18446744073709551615" +
             (given.seed.find("..") != std::string::npos ? "; for a range there is --seeds" : ""));
    return Exit::bad_usage;
  }
  std::vector<std::string> problems;
  const RunsOn on = given.on == "hosts" ? RunsOn::hosts : RunsOn::simulator;
  Plan plan = Plan::make(given.scenarios, seeds, given.overrides, problems, on);
  if (problems.empty()) problems = problems_of_outputs(given, plan);
  if (!problems.empty()) {
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
    return Exit::bad_usage;
  }

  JobOptions options;
  options.detail = detail_of(given, plan.size());
  options.tell_story_of_failures = !given.no_story;
  options.check_determinism = given.check_determinism;
  options.stop_at_violation = given.stop_at_violation;
  options.history = given.history;
  options.commit_log = given.commit_log;
  options.trace = given.trace;
  options.expand = given.expand;
  options.capsule = given.capsule;
  options.report = given.report;
  options.style = Style::of_standard_output();
  if (isatty(STDOUT_FILENO) == 1 && !given.no_story) options.chart_width = terminal_width();

  const bool show_progress = isatty(STDERR_FILENO) == 1 && !given.quiet;
  if (on == RunsOn::hosts) {
    const auto system = scenarios::from_name<scenarios::SystemKind>(given.system);
    plan.set_on_hosts((system ? " --system " + given.system : "") + (given.tuned ? " --tuned" : ""));
    return run_on_hosts(plan, options,
                        {given.overrides, given.keep, given.capture, show_progress, system, given.tuned});
  }

  ProgressLine line;
  WorkerOptions workers;
  workers.workers = worker_count(given.jobs);
  if (show_progress)
    workers.progress = [&](std::size_t finished, const Job& job, sim::VirtualTime at, std::uint64_t) {
      if (line.is_due()) line.show(progress_text(plan, finished, job, at));
    };

  Exit status = Exit::as_expected;
  Tally tally;
  const std::optional<Interruption> interruption = run_all(plan, options, workers, [&](const Job& job, Report report) {
    line.clear();
    std::fwrite(report.text.data(), 1, report.text.size(), stdout);
    std::fflush(stdout);
    if (!report.error.empty()) complain(report.error);
    tally.count(report.status);
    if (report.status != Exit::as_expected && tally.first_replay.empty()) tally.first_replay = plan.replay(job);
    status = worse(status, report.status);
  });
  line.clear();
  const std::size_t done = tally.passed + tally.failed + tally.unknown + tally.internal;
  if (interruption) {
    const bool is_told = interruption->signal != SIGPIPE;  // Nobody wants to know any more.
    if (is_told) {
      for (const std::string& where : interruption->where) complain(where);
      complain("interrupted; " + thousands(done) + " of " + counted(plan.size(), "run", "runs") + " finished");
    }
    exit_interrupted(interruption->signal);
  }
  if (plan.size() > 1 && !given.json) {
    std::fputs(tally.text().c_str(), stdout);
    if (!tally.first_replay.empty()) std::printf("To see the first of them again:\n%s\n", tally.first_replay.c_str());
  }
  return status;
}

}  // namespace

void add_run_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "run", "Run scenarios in the simulator, or on real hosts, and say whether they went as expected");
  command->add_option("scenario", options->scenarios, "Scenario files; a folder stands for the *.toml in it")
      ->required()
      ->type_name("SCENARIO");
  CLI::Option* seed = command->add_option("--seed", options->seed, "The seed of the run (default 1)")->type_name("N");
  command->add_option("--seeds", options->seeds, "A run for each of these seeds")
      ->type_name("FIRST..LAST")
      ->excludes(seed);
  add_overrides_option(*command, options->overrides);
  command->add_flag("--json", options->json, "One JSON object a run");
  add_output_option(*command, "--history", options->history,
                    "Write the clients' operations (for `heir check`); {seed} and {scenario} are replaced");
  add_output_option(*command, "--commit-log", options->commit_log,
                    "Write what the primary at the end had committed (for `heir check --commit-log`); {seed} and "
                    "{scenario} are replaced");
  add_output_option(*command, "--trace", options->trace, "Write every event; {seed} and {scenario} are replaced");
  add_output_option(*command, "--expand", options->expand,
                    "Write the scenario as it is run, with what a swarm drew; {seed} and {scenario} are replaced");
  add_output_option(*command, "--capsule", options->capsule,
                    "Write a failure that was found as a capsule (for `heir replay` and `heir shrink`); {seed} and "
                    "{scenario} are replaced");
  add_output_option(*command, "--report", options->report,
                    "Make a page of the run, as `heir report` does; {seed} and {scenario} are replaced", "DIR");
  command
      ->add_option("--on", options->on,
                   "simulator (default), or hosts: real agents and databases in namespaces of this machine, in real "
                   "time; needs root")
      ->type_name("WORLD")
      ->check(CLI::IsMember({"simulator", "hosts"}));
  command
      ->add_option("--keep", options->keep,
                   "On hosts: keep the logs of all programs, and the history, in a folder here")
      ->type_name("DIR");
  command->add_flag("--capture", options->capture, "On hosts: keep all frames too (pcap)");
  command
      ->add_option("--system", options->system,
                   "On hosts: what is deployed, instead of the scenario's `cluster.system`: heir, patroni, "
                   "pg_auto_failover or repmgr")
      ->type_name("SYSTEM")
      ->check(CLI::IsMember({"heir", "patroni", "pg_auto_failover", "repmgr"}));
  command->add_flag("--tuned", options->tuned, "On hosts: another system with settings tuned for short failovers");
  add_jobs_option(*command, options->jobs, "; never changes what is printed");
  command->add_flag("--check-determinism", options->check_determinism,
                    "Run everything twice; exit status 4 if anything differs");
  command->add_flag("--stop-at-violation", options->stop_at_violation,
                    "End a run at the first answer that is proven wrong, instead of at its end");
  command->add_flag("--verbose,-v", options->verbose, "Tell of the databases' procedures and the probes too");
  command->add_flag("--quiet,-q", options->quiet, "Only verdicts, one line each, and how to replay failures");
  command->add_flag("--no-story", options->no_story, "Numbers and verdict only");
  command->footer(std::string(footer) + run_json_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
