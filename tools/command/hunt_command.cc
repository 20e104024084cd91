// heir hunt: many seeds of many scenarios, and what to make of them.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/hunt_report.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/plan.h"
#include "tools/command/progress_line.h"
#include "tools/command/release_folder.h"
#include "tools/command/workers.h"
#include "tools/hunt/shard.h"

namespace heir::tools {

namespace {

struct Options {
  std::vector<std::string> scenarios;
  std::string seeds;
  Duration lasts;  ///< Zero: as long as the seeds take.
  std::vector<std::string> overrides;
  std::string shard;
  std::string db;
  std::string resume;
  std::string canary;
  std::string junit;
  std::string report;
  std::optional<std::uint64_t> stop_on;  ///< As the campaign that is gone on with has it; of a new one: never.
  Duration patience = Duration::seconds(60);
  unsigned jobs = 0;
  bool no_canary = false;
  bool guided = false;
  bool gate = false;
  bool json = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir hunt scenarios/first --seeds 1..200\n"
    "  heir hunt scenarios/swarm/everything.toml --for 10m --db night.db\n"
    "  heir hunt scenarios/swarm/everything.toml --guided --for 10m --stop-on 1\n"
    "  heir hunt --resume night.db\n"
    "  heir hunt scenarios/first --seeds 1..1000 --db release.db --report report\n"
    "  heir hunt scenarios/first --seeds 1..1000 --shard auto --db part-$SLURM_ARRAY_TASK_ID.db\n"
    "\n"
    "Each failure is printed as it comes, with the command that shows it again. With --db everything is kept in an "
    "SQLite\n"
    "database, also if heir or the machine dies: heir hunt --resume goes on where it was, and runs no seed twice. Any "
    "SQLite\n"
    "client reads it, also meanwhile; `sqlite3 FILE .schema` tells what is in it.\n"
    "\n"
    "With --guided three of four runs vary one that reached a probe or an extreme that few others did: they are the "
    "same "
    "up to a\n"
    "time, and otherwise from there on (`vary` in the scenario). Seeds then number the runs.\n"
    "\n"
    "Before anything else a canary is run: a design that is known to be bad. If it does not fail, the hunt ends, for "
    "then\n"
    "silence means nothing.\n"
    "\n"
    "Exit status: 0 all passed; 1 a run failed, or with --gate a probe was missed; 2 bad usage or input; 3 no verdict "
    "of\n"
    "some runs, or something could not be written; 4 the canary lives; 130 interrupted. The gravest counts.\n"
    "\n"
    "--json: ";

/// Tells of bad runs as they come.
class Teller final : public HuntListener {
 public:
  Teller(const Campaign& campaign, const Options& options)
      : campaign_(campaign),
        options_(options),
        style_(Style::of_standard_output()),
        shows_progress_(isatty(STDERR_FILENO) == 1 && !options.quiet) {
    const char* github = std::getenv("GITHUB_ACTIONS");
    annotates_ = !options.json && github && std::string_view(github) == "true";
  }

  void on_bad_run(const Target& target, const RunRecord& record) override {
    line_.clear();
    std::string text =
        options_.json ? bad_run_json(campaign_, target, record) : bad_run_text(campaign_, target, record, style_);
    if (annotates_) text += bad_run_annotation(campaign_, target, record);
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

  void on_progress(const HuntProgress& progress) override {
    if (shows_progress_ && line_.is_due()) line_.show(progress_text(progress));
  }

  void clear() { line_.clear(); }

 private:
  const Campaign& campaign_;
  const Options& options_;
  Style style_;
  bool shows_progress_;
  bool annotates_ = false;
  ProgressLine line_;
};

Exit refuse(const std::string& message) {
  complain(message);
  return Exit::bad_usage;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// From the command line; messages if it says something wrong.
std::optional<Campaign> new_campaign(const Options& given) {
  const auto wrong = [](const std::string& message) {
    complain("heir hunt: " + message);
    return std::nullopt;
  };
  Campaign campaign;
  CampaignSettings& settings = campaign.settings;
  if (given.scenarios.empty()) return wrong("expected scenarios, or --resume DB");
  if (given.seeds.empty() && given.lasts == Duration::zero())
    return wrong("how much? --seeds 1..1000, or --for 10m, or both");
  SeedRange seeds;
  if (!given.seeds.empty() && !parse_seeds(given.seeds, seeds))
    return wrong("--seeds " + scenarios::printable(given.seeds) + ": expected FIRST..LAST, such as 1..200");
  settings.heir = HEIR_VERSION;
  settings.overrides = given.overrides;
  settings.seeds.first = seeds.first;
  if (!given.seeds.empty()) settings.seeds.last = seeds.last;
  if (given.lasts > Duration::zero()) settings.seconds = (given.lasts.ns() + 999'999'999) / 1'000'000'000;
  settings.stop_on = given.stop_on.value_or(0);
  settings.guided = given.guided;
  if (!given.shard.empty()) {
    const Result<Shard> shard = parse_shard(given.shard, environment);
    if (!shard) return wrong("--shard " + scenarios::printable(given.shard) + ": " + shard.error().message);
    settings.seeds.shard = *shard;
  }
  std::vector<std::string> problems;
  const Plan plan = Plan::make(given.scenarios, seeds, given.overrides, problems);
  for (const ScenarioFile& file : plan.files()) {
    for (const Target& other : campaign.targets)
      if (other.path == file.path) problems.push_back(scenarios::printable(file.path) + ": is named twice");
    if (settings.guided && !file.scenario.vary.empty())
      problems.push_back(scenarios::printable(file.path) +
                         ": has 'vary', which --guided makes itself; leave it out (--set 'vary=[]')");
    campaign.targets.push_back({file.path, scenarios::write(file.scenario), file.scenario});
  }
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return std::nullopt;
  return campaign;
}

/// Files that have changed since: their replay lines would show another run.
void tell_of_changes(const Campaign& campaign) {
  for (const Target& target : campaign.targets) {
    const scenarios::Loaded now = scenarios::load_file(target.path, campaign.settings.overrides);
    if (!now || scenarios::write(*now.scenario) != target.text)
      complain(target.path + ": has changed since the campaign began, which goes on with what it was then");
  }
  if (campaign.settings.heir != HEIR_VERSION)
    complain("the campaign was begun by heir " + campaign.settings.heir + ", and goes on with " HEIR_VERSION);
}

std::optional<Canary> load_canary(const Options& given, std::vector<std::string>& problems) {
  if (given.no_canary) return std::nullopt;
  const std::string name = given.canary.empty() ? "the canary" : given.canary;
  scenarios::Loaded loaded =
      given.canary.empty() ? scenarios::load_text(name, canary_text) : scenarios::load_file(given.canary);
  if (loaded) return Canary::of(name, std::move(*loaded.scenario));
  problems = loaded.messages;
  return std::nullopt;
}

std::string resume_line(const Results& results) {
  return command_words() + " hunt --resume " + shell_word(results.path());
}

std::vector<std::string> problems_of_outputs(const Options& given, const std::optional<Campaign>& campaign) {
  std::vector<std::string> inputs;
  if (campaign)
    for (const Target& target : campaign->targets) inputs.push_back(target.path);
  if (!given.canary.empty()) inputs.push_back(given.canary);
  return output_problems({{"--db", given.db, Output::Kind::database},
                          {"--resume", given.resume, Output::Kind::database},
                          {"--junit", given.junit},
                          {"--report", given.report, Output::Kind::report}},
                         inputs);
}

/// What it all means, and the status that it has for that.
Exit conclude(const CampaignSummary& summary, const HuntEnd& end, const Results& results, const Options& given) {
  const std::string text =
      given.json ? summary_json(summary, results.path()) : summary_text(summary, Style::of_standard_output());
  if (given.json || !given.quiet) std::fputs(text.c_str(), stdout);
  if (!given.json && !given.quiet)
    fmt::print("After a run a worker had {} MiB of memory at most.\n", (end.peak_memory_bytes >> 20) + 1);
  const ScenarioSummary total = summary.total();
  if (given.quiet && !given.json)
    fmt::print("{}: {} passed, {} failed, {} without a verdict\n",
               total.runs() == 1 ? "1 run" : thousands(total.runs()) + " runs", thousands(total.passed),
               thousands(total.failed), thousands(total.unknown));
  Exit status = Exit::as_expected;
  if (!given.junit.empty())
    if (const Result<> saved = save(summary_junit(summary), given.junit); !saved) {
      complain(saved.error().message);
      status = Exit::not_written;
    }
  if (total.unknown > 0 || total.runs() == 0) status = worse(status, Exit::no_verdict);
  if (total.failed > 0) status = worse(status, Exit::expectation_failed);
  if (const std::vector<std::string> missed = summary.missed(false); given.gate && !missed.empty()) {
    std::string names;
    for (const std::string& name : missed) names += (names.empty() ? "" : ", ") + name;
    complain("--gate: never reached: " + names);
    status = worse(status, Exit::expectation_failed);
  }
  if (end.end == CampaignEnd::canary_lived) {
    complain("THE CANARY LIVES: a known-bad design did not fail with any of " + std::to_string(canary_seeds) +
             " seeds, so this hunt would not find anything either; the campaign was ended");
    status = Exit::internal;
  }
  if (end.not_written) {
    complain((results.path().empty() ? "results" : results.path()) + ": results could not be written: " +
             end.not_written->message + "; the campaign was ended, and what was not written will be run again" +
             (results.path().empty() ? "" : ". When there is room: " + resume_line(results)));
    status = worse(status, Exit::no_verdict);
  }
  return status;
}

/// `signal`: that interrupted it.
Exit run(const Options& given, int& signal) {
  std::optional<Campaign> campaign;
  if (given.resume.empty()) {
    campaign = new_campaign(given);
    if (!campaign) return Exit::bad_usage;
  }
  if (!given.report.empty() && given.db.empty() && given.resume.empty())
    return refuse("heir hunt: --report is made of results: name a --db");
  // What would not do is said now, and not after a night.
  std::vector<std::string> problems = problems_of_outputs(given, campaign);
  HuntOptions options;
  options.canary = load_canary(given, problems);
  if (!problems.empty()) {
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
    return Exit::bad_usage;
  }
  // A limit on the size of files is an error to be told, not a reason to die.
  ::signal(SIGXFSZ, SIG_IGN);
  Result<Results> results = !given.resume.empty() ? Results::open(given.resume, Results::Open::existing)
                            : given.db.empty()    ? Results::temporary()
                                                  : Results::open(given.db, Results::Open::add);
  if (!results) return refuse(results.error().message);
  if (!given.resume.empty()) {
    Result<std::vector<Campaign>> campaigns = results->campaigns();
    if (!campaigns) return refuse(campaigns.error().message);
    if (campaigns->empty())
      return refuse(given.resume + ": has no campaign to go on with; `heir hunt SCENARIO… --db " + given.resume +
                    "` begins one");
    campaign = std::move(campaigns->back());
    if (given.stop_on) campaign->settings.stop_on = *given.stop_on;
    tell_of_changes(*campaign);
  } else {
    Result<Campaign> begun = results->begin_campaign(campaign->settings, std::move(campaign->targets));
    if (!begun) return refuse((given.db.empty() ? "results" : given.db) + ": " + begun.error().message);
    campaign = std::move(*begun);
  }

  options.workers = worker_count(given.jobs);
  options.patience = given.patience;
  Teller teller(*campaign, given);
  const Result<HuntEnd> end = hunt(*results, *campaign, options, teller);
  teller.clear();
  if (!end) {
    complain(end.error().message);
    return Exit::no_verdict;
  }
  const Result<CampaignSummary> summary = summarize(*results, *campaign);
  if (!summary) {
    complain(summary.error().message);
    return Exit::no_verdict;
  }
  const Exit status = conclude(*summary, *end, *results, given);
  if (end->signal != 0) {
    complain("interrupted" + (results->path().empty() ? "" : "; to go on: " + resume_line(*results)));
    signal = end->signal;
  }
  return status;
}

/// The results must be closed: who opens a file of SQLite's twice in one process may lose its locks.
Exit write_page(const Options& given, bool interrupted) {
  ReleaseOptions options;
  if (interrupted) options.pages = 0;  // Whoever interrupts does not want to wait for them.
  options.databases = {given.resume.empty() ? given.db : given.resume};
  Result<reports::Release> release = read_release(options);
  const Result<> written =
      release ? write_release(std::move(*release), options, given.report) : Result<>(release.error());
  if (written) return Exit::as_expected;
  complain(written.error().message);
  return Exit::not_written;
}

}  // namespace

void add_hunt_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("hunt", "Run many seeds of many scenarios, and keep what was found");
  CLI::Option* scenario =
      command->add_option("scenario", options->scenarios, "Scenario files; a folder stands for the *.toml in it")
          ->type_name("SCENARIO");
  CLI::Option* seeds =
      command->add_option("--seeds", options->seeds, "The seeds to run of each scenario")->type_name("FIRST..LAST");
  CLI::Option* time = add_time_option(*command, "--for", options->lasts,
                                      "Begin no run after so long, as 90s, 10m or 8h", Duration::seconds(1));
  CLI::Option* set = add_overrides_option(*command, options->overrides, "a value of the scenarios");
  CLI::Option* shard = command
                           ->add_option("--shard", options->shard,
                                        "Run only the Ith of N parts of the seeds; auto: as Slurm, Kubernetes, GitLab, "
                                        "CircleCI or Buildkite tells")
                           ->type_name("I/N");
  CLI::Option* db = add_output_option(*command, "--db", options->db,
                                      "Keep the results here; another campaign is added to an existing file");
  CLI::Option* resume =
      command->add_option("--resume", options->resume, "Go on with the last campaign of these results")
          ->type_name("DB");
  CLI::Option* guided = command->add_flag("--guided", options->guided,
                                          "Let most runs be variations of those that reached something rare");
  for (CLI::Option* other : {scenario, seeds, time, set, shard, db, guided}) resume->excludes(other);
  add_count_option(*command, "--stop-on", options->stop_on,
                   "Begin no run after so many have failed; 0: go on (the default)");
  add_jobs_option(*command, options->jobs);
  add_stuck_after_option(*command, options->patience);
  CLI::Option* canary =
      command->add_option("--canary", options->canary, "Another scenario that must fail")->type_name("SCENARIO");
  command->add_flag("--no-canary", options->no_canary, "Do without")->excludes(canary);
  command->add_flag("--gate", options->gate, "Fail if a probe that is not rare was never reached");
  add_output_option(*command, "--junit", options->junit, "Write a report for CI systems: a case for each scenario");
  add_output_option(*command, "--report", options->report,
                    "At the end make a page of all results in --db, as `heir report` does", "DIR");
  command->add_flag("--json", options->json, "JSON, one object a line");
  command->add_flag("--quiet,-q", options->quiet, "Only bad runs and how many there were of each; no progress");
  command->footer(std::string(footer) + hunt_json_help);
  command->callback([options, &chosen] {
    chosen = [options] {
      int signal = 0;
      Exit status = run(*options, signal);
      if (!options->report.empty() && status != Exit::bad_usage)
        status = worse(status, write_page(*options, signal != 0));
      if (signal != 0) exit_interrupted(signal);
      return status;
    };
  });
}

}  // namespace heir::tools
