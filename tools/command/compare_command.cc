// heir compare: the same scenarios with heir and with other systems, on real hosts, in one table.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "reports/history/history_file.h"
#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "sim/faults/swarm.h"
#include "tools/command/commands.h"
#include "tools/command/comparison_table.h"
#include "tools/command/hosted_run.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/progress_line.h"
#include "tools/command/subject.h"
#include "tools/daemon/calibration.h"

namespace heir::tools {

namespace {

using on_hosts::Measurement;
using on_hosts::SystemChoice;
using on_hosts::SystemKind;

struct Options {
  std::vector<std::string> scenarios;
  std::string systems = "heir,patroni,pg_auto_failover,repmgr";
  bool tuned = false;
  bool simulated = false;
  std::string calibration;
  unsigned repeat = 5;
  std::vector<std::string> overrides;
  std::string json;
  std::string markdown;
  std::string keep;
};

const char* const footer =
    "Each scenario is run with each system and each of the seeds 1 to N, by turns, with the same workloads,\n"
    "faults, draws and judge. The systems are Debian's packages, replicating synchronously; clients go\n"
    "straight to the databases of the others (target_session_attrs=read-write), and to the gates of heir's.\n"
    "\n"
    "  no write     the longest time, from the first fault on, without an acknowledged write that survived; of a run\n"
    "               after which no database takes writes: until its end\n"
    "  lost         acknowledged writes that were gone at the end, at the primary that the others follow; of a run\n"
    "               after which no database takes writes it is not known (?)\n"
    "  stale reads  at least so many answers were older than an acknowledged write, or nothing explains them; those\n"
    "               of heir's standbys may lack what was acknowledged within the last [cluster] max_lag, those of the\n"
    "               others' any write: they promise no bound\n"
    "  split brain  runs in which two databases acknowledged writes at a time\n"
    "  undecided    runs of which the judge could not decide all\n"
    "  not back     hosts that did not follow the primary at the end\n"
    "\n"
    "With --simulated heir runs them in the simulator, too, and the distance between the medians is told. What\n"
    "`heir calibrate` prints is the --calibration that makes the simulator as fast as this machine.\n"
    "\n"
    "Examples:\n"
    "  heir compare scenarios/compare\n"
    "  heir compare scenarios/compare/power-loss.toml --systems heir,patroni --tuned --repeat 3\n"
    "  heir compare scenarios/compare --repeat 5 --tuned --json all.json --markdown all.md\n"
    "  heir calibrate > this-host.toml && heir compare scenarios/compare --systems heir --simulated --calibration "
    "this-host.toml\n"
    "\n"
    "Exit status: 0 all runs were done; 1 heir lost a write, answered wrongly, or left a host behind; 2 bad usage\n"
    "or input; 3 a run could not be done, not be decided, or it is not known what it lost; 130 interrupted, after\n"
    "what was done is told.\n"
    "\n";

/// Nothing, and why, if the list is wrong.
std::vector<SystemChoice> choices_of(const Options& options, std::vector<std::string>& problems) {
  std::vector<SystemChoice> choices;
  std::istringstream names(options.systems);
  for (std::string name; std::getline(names, name, ',');) {
    const std::optional<SystemKind> kind = scenarios::from_name<SystemKind>(name);
    if (!kind) {
      problems.push_back("heir compare: --systems: no system is called '" + scenarios::printable(name) +
                         "'; there are heir, patroni, pg_auto_failover and repmgr");
      continue;
    }
    if (std::find(choices.begin(), choices.end(), SystemChoice{*kind, false}) != choices.end()) {
      problems.push_back("heir compare: --systems names " + name + " twice");
      continue;
    }
    choices.push_back({*kind, false});
    if (options.tuned && *kind != SystemKind::heir) choices.push_back({*kind, true});
  }
  if (options.simulated) choices.push_back({SystemKind::heir, false, true});
  if (choices.empty() && problems.empty()) problems.emplace_back("heir compare: --systems names none");
  return choices;
}

class Comparison {
 public:
  /// `simulated`: the plan's scenarios as the simulator is to run them.
  Comparison(const Options& options, const Plan& plan, const Plan& simulated, std::vector<SystemChoice> choices)
      : options_(options), plan_(plan), simulated_(simulated), choices_(std::move(choices)) {}

  Exit run() {
    for (std::size_t i = 0; i < plan_.files().size(); ++i) {
      const ScenarioFile& file = plan_.files()[i];
      compared_.push_back({file.path, file.scenario.title, {}});
      for (std::uint64_t seed = 1; seed <= options_.repeat && interrupted_by() == 0; ++seed)
        for (const SystemChoice& choice : choices_)
          if (interrupted_by() == 0) take(choice.simulated ? simulated_.files()[i] : file, choice, seed);
      if (!compared_.back().measurements.empty()) std::fputs((table_of(compared_.back()) + "\n").c_str(), stdout);
      std::fflush(stdout);
      if (interrupted_by() != 0) break;
    }
    if (compared_.back().measurements.empty()) compared_.pop_back();
    const Exit saved = save_all();
    if (interrupted_by() != 0) {
      complain(fmt::format("interrupted; {} of {} runs are done", done_, all()));
      exit_interrupted(interrupted_by());
    }
    return worse(saved, status());
  }

 private:
  std::size_t all() const { return plan_.files().size() * choices_.size() * options_.repeat; }

  void take(const ScenarioFile& file, const SystemChoice& choice, std::uint64_t seed) {
    const std::optional<Measurement> measured = measure(file, choice, seed);
    if (!measured) return;
    ++done_;
    std::printf("%s: %s\n", file.path.c_str(), line_of(*measured).c_str());
    std::fflush(stdout);
    compared_.back().measurements.push_back(*measured);
  }

  /// Nothing: interrupted.
  std::optional<Measurement> measure(const ScenarioFile& file, const SystemChoice& choice, std::uint64_t seed) {
    Measurement failed;
    failed.system = choice;
    failed.seed = seed;
    const scenarios::Scenario scenario = sim::expand(file.scenario, seed);
    if (choice.simulated) {
      sim::RunOptions run;
      run.seed = seed;
      run.keep_timeline = true;
      return on_hosts::measure(scenario, choice, {see(scenario, run).result, {}});
    }
    std::vector<std::string> problems = refusal_messages(file, scenario, options_.overrides, choice.kind);
    if (!problems.empty()) {
      failed.problem = problems.front().substr(0, problems.front().find('\n'));
      return failed;
    }
    on_hosts::RunOptions run;
    run.seed = seed;
    run.system = choice;
    if (const Result<> made = make_keep_folder(file, choice, seed, run.keep); !made) {
      failed.problem = made.error().message;
      return failed;
    }
    ProgressLine line;
    run.progress = [&](const on_hosts::Progress& at) {
      if (isatty(STDERR_FILENO) == 1 && line.is_due()) line.show(progress_text(file, choice, seed, at));
      return interrupted_by() == 0;
    };
    const Result<on_hosts::Outcome> outcome = on_hosts::run(scenario, run);
    line.clear();
    if (interrupted_by() != 0 || (outcome && outcome->result.interrupted)) return std::nullopt;
    if (!outcome) {
      failed.problem = outcome.error().message;
      return failed;
    }
    if (!run.keep.empty())
      if (const Result<> kept = reports::write_history(outcome->result.history, run.keep + "/history.jsonl"); !kept)
        complain(kept.error().message);
    return on_hosts::measure(scenario, choice, *outcome);
  }

  std::string progress_text(const ScenarioFile& file, const SystemChoice& choice, std::uint64_t seed,
                            const on_hosts::Progress& at) const {
    std::string text = fmt::format("{} of {}: {}, {}, seed {}: ", done_ + 1, all(), file.path, to_string(choice), seed);
    if (!at.waits_for.empty() && at.acknowledged == 0) return text + "waiting for " + at.waits_for;
    return text + fmt::format("{}s of {}, {} operations acknowledged", clock_text(at.at.ns()),
                              to_string(file.scenario.duration), thousands(at.acknowledged));
  }

  Result<> make_keep_folder(const ScenarioFile& file, const SystemChoice& choice, std::uint64_t seed,
                            std::string& folder) const {
    namespace fs = std::filesystem;
    if (options_.keep.empty()) return {};
    const std::string name = fs::path(file.path).stem().string() + "-" + to_string(choice.kind) +
                             (choice.tuned ? "-tuned-" : "-") + std::to_string(seed);
    std::error_code error;
    folder = fs::absolute(options_.keep + "/" + name, error).string();
    if (fs::exists(folder, error)) return Error{ErrorCode::already_exists, folder + ": is there already"};
    fs::create_directories(folder, error);
    if (error) return Error{ErrorCode::io_error, folder + ": " + error.message()};
    return {};
  }

  Exit save_all() const {
    Exit status = Exit::as_expected;
    const auto write = [&](const std::string& path, const std::string& text) {
      if (path.empty()) return;
      if (const Result<> saved = save(text, path); !saved) {
        complain(saved.error().message);
        status = Exit::not_written;
      }
    };
    write(options_.json, json_of(compared_) + "\n");
    write(options_.markdown, markdown_of(compared_));
    return status;
  }

  Exit status() const {
    Exit status = Exit::as_expected;
    for (const ComparedScenario& scenario : compared_)
      for (const Measurement& each : scenario.measurements) {
        if (!each.problem.empty() || each.undecided || !each.lost) status = worse(status, Exit::no_verdict);
        const bool is_wrong =
            each.lost.value_or(0) > 0 || each.stale_reads > 0 || each.split_brain || !each.not_back.empty();
        if (each.system.kind == SystemKind::heir && is_wrong) status = worse(status, Exit::expectation_failed);
      }
    return status;
  }

  const Options& options_;
  const Plan& plan_;
  const Plan& simulated_;
  const std::vector<SystemChoice> choices_;
  std::vector<ComparedScenario> compared_;
  std::size_t done_ = 0;
};

Result<> add_calibration(const Options& options, std::vector<std::string>& overrides) {
  if (options.calibration.empty()) return {};
  std::ifstream file(options.calibration);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Error{ErrorCode::io_error, options.calibration + ": cannot be read"};
  const Result<std::vector<std::string>> read = fragment_overrides(text);
  if (!read) return Error{read.error().code, options.calibration + ":" + read.error().message};
  if (read->empty())
    return Error{ErrorCode::invalid, options.calibration + ": says nothing; `heir calibrate > FILE` writes one"};
  overrides.insert(overrides.end(), read->begin(), read->end());
  return {};
}

std::vector<std::string> problems_of_outputs(const Options& options, const Plan& plan) {
  std::vector<std::string> inputs;
  if (!options.calibration.empty()) inputs.push_back(options.calibration);
  for (const ScenarioFile& file : plan.files()) inputs.push_back(file.path);
  return output_problems({{"--json", options.json}, {"--markdown", options.markdown}}, inputs);
}

Exit compare(const Options& options) {
  std::vector<std::string> problems;
  const std::vector<SystemChoice> choices = choices_of(options, problems);
  const Plan plan = Plan::make(options.scenarios, {1, options.repeat}, options.overrides, problems, RunsOn::hosts);
  for (const ScenarioFile& file : plan.files())
    if (file.scenario.cluster.system != SystemKind::heir)
      for (std::string& message :
           system_messages(file, options.overrides,
                           "heir compare runs a scenario with each of --systems; leave the key out, or --set "
                           "cluster.system=heir"))
        problems.push_back(std::move(message));
  std::vector<std::string> calibrated = options.overrides;
  if (const Result<> read = add_calibration(options, calibrated); !read) problems.push_back(read.error().message);
  const Plan simulated =
      problems.empty() ? Plan::make(options.scenarios, {1, options.repeat}, calibrated, problems) : Plan();
  if (problems.empty()) {
    // What hosts cannot do nobody can do there; what one of the others cannot is told in its row.
    for (const ScenarioFile& file : plan.files())
      for (std::string& message :
           refusal_messages(file, sim::expand(file.scenario, 1), options.overrides, SystemKind::heir))
        problems.push_back(std::move(message));
    if (const Result<> can = can_have_hosts(plan); problems.empty() && !can)
      problems.push_back("heir compare " + can.error().message);
    for (const SystemChoice& choice : choices)
      if (const Result<> can = on_hosts::can_deploy(choice.kind);
          problems.empty() && !choice.tuned && !choice.simulated && !can)
        problems.push_back("heir compare: " + can.error().message +
                           "; or leave it out: --systems takes those to be compared");
  }
  for (const std::string& problem : problems_of_outputs(options, plan)) problems.push_back("heir compare: " + problem);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return Exit::bad_usage;
  note_interruptions();
  return Comparison(options, plan, simulated, choices).run();
}

}  // namespace

void add_compare_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("compare", "Run scenarios on real hosts with heir and with other systems, and compare them");
  command->add_option("scenario", options->scenarios, "Scenario files; a folder stands for the *.toml in it")
      ->required()
      ->type_name("SCENARIO");
  command
      ->add_option("--systems", options->systems,
                   "Which, with commas between (default heir,patroni,pg_auto_failover,repmgr)")
      ->type_name("LIST");
  command->add_flag("--tuned", options->tuned, "The others also with settings tuned for short failovers");
  command->add_flag("--simulated", options->simulated, "heir in the simulator, too");
  command
      ->add_option("--calibration", options->calibration, "What `heir calibrate` printed; counts in the simulator only")
      ->needs("--simulated")
      ->type_name("FILE");
  add_count_option(*command, "--repeat", options->repeat,
                   "Runs of each scenario with each system: seeds 1 to N (default 5)", 1, 1000);
  add_overrides_option(*command, options->overrides, "a value of the scenarios");
  add_output_option(*command, "--json", options->json, "Write all that was measured");
  add_output_option(*command, "--markdown", options->markdown, "Write the tables");
  command
      ->add_option("--keep", options->keep,
                   "Keep the logs of all programs, and the history, in a folder here, one in it for each run")
      ->type_name("DIR");
  command->footer(std::string(footer) + comparison_json_help);
  command->callback([options, &chosen] { chosen = [options] { return compare(*options); }; });
}

}  // namespace heir::tools
