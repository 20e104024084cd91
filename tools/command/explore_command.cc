// heir explore: every placement of up to K faults in a small world (tools/explore).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/graph/graphviz.hpp>
#include <fstream>
#include <sstream>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "sim/faults/decisions.h"
#include "tools/command/commands.h"
#include "tools/command/json.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/plan.h"
#include "tools/command/progress_line.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/text.h"
#include "tools/command/watch.h"
#include "tools/command/workers.h"
#include "tools/explore/explore.h"
#include "tools/explore/options.h"
#include "tools/workers/pool.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

/// With more of them there is no end to what can happen.
constexpr int most_peers = 5;

struct Options {
  std::string scenario;
  unsigned faults = 1;
  std::vector<std::string> kinds;
  Duration lasts = Duration::seconds(5);
  Duration after = Duration::seconds(20);
  std::uint64_t seed = 1;
  std::vector<std::string> overrides;
  std::string dot;
  std::string out;
  unsigned jobs = 0;
  bool json = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir explore scenarios/first/primary-crash.toml\n"
    "  heir explore scenarios/explore/three-peer-takeover.toml --faults 2 --dot states.dot\n"
    "  heir explore scenarios/first/idle.toml --kinds crash,crash-agent,pause --lasts 3s\n"
    "  heir explore scenarios/known-bad/no-lease-partition.toml --out stale.toml\n"
    "\n"
    "The faults that are placed are the scenario's own, one length each, on every host; or those of --kinds. A fault "
    "is\n"
    "placed after the first event that shows a state, at each state once. A state says what every host and the cluster "
    "are\n"
    "doing, and which placed faults last; not what clients do, nor which messages are on their way, nor numbers and "
    "names:\n"
    "who is which of several peers makes no difference, and of hosts that are alike one is struck\n"
    "(tools/explore/canonical.h). Where a run comes to a state that was seen with fewer faults, no more are placed. "
    "All\n"
    "else is as the seed has it. Runs are judged by what every run must keep: answers are linearizable, and no "
    "acknowledged\n"
    "write is lost; not by the times that [expect] wants of the scenario's own faults.\n"
    "\n"
    "Exit status: 0 all hold; 1 one fails; 2 bad usage or input; 3 some have no verdict, or an output could not be\n"
    "written; 4 an internal error of heir itself; 130 interrupted.\n"
    "\n"
    "--json: One object, in one line, with these keys in this order:\n"
    "  scenario   the file, as it was named\n"
    "  seed       of all that is not placed\n"
    "  faults     placed at most\n"
    "  options    [text]: what was placed\n"
    "  levels     [{faults, runs, nobody, alike, unknown, new_states}]: with no fault, with one …; nobody: runs whose\n"
    "             last fault struck nobody; alike: placements left out, on hosts that are alike; new_states: null\n"
    "             where no more faults are placed, and nobody looked\n"
    "  states, steps\n"
    "  failure    {kind, message, faults: [text], schedule}: the first with the fewest faults, also as a scenario; "
    "else null\n"
    "  unknown    {message, faults}: the first run without a verdict; else null\n";

struct Interrupted {
  int signal = 0;
};

/// Runs of one level, side by side; their results in order.
class LevelRuns final : public PoolOwner {
 public:
  LevelRuns(const std::vector<Placement>& placements, ProgressLine* line)
      : placements_(placements), explored_(placements.size()), line_(line) {}

  std::optional<Task> next() override {
    // Who fails after another one in order makes no difference.
    if (next_ == placements_.size() || first_failure_) return std::nullopt;
    return Task{next_++, 0};
  }
  void done(TaskOutcome outcome) override {
    ++done_;
    Explored& explored = explored_[outcome.task.what];
    if (outcome.lost) {
      const bool ran_out =
          outcome.lost->cause == Lost::Cause::killed || outcome.lost->cause == Lost::Cause::out_of_memory;
      explored.verdict = ran_out ? Explored::Verdict::unknown : Explored::Verdict::fails;
      explored.failure = outcome.lost->cause == Lost::Cause::stuck ? "stuck" : "assertion";
      explored.message = outcome.lost->what;
    } else if (Result<Explored> read = unpack_explored(outcome.answer)) {
      explored = std::move(*read);
    } else {
      explored.verdict = Explored::Verdict::unknown;
      explored.message = read.error().message;
    }
    if (explored.verdict == Explored::Verdict::fails)
      first_failure_ = std::min<std::size_t>(first_failure_.value_or(SIZE_MAX), outcome.task.what);
  }
  void tick() override {
    if (line_ && line_->is_due())
      line_->show(fmt::format("{} of {} runs with {} fault{}", thousands(done_), thousands(placements_.size()),
                              placements_.front().faults.size(), placements_.front().faults.size() == 1 ? "" : "s"));
  }
  /// Up to the first failure.
  std::vector<Explored> take() {
    if (first_failure_) explored_.resize(*first_failure_ + 1);
    return std::move(explored_);
  }

 private:
  const std::vector<Placement>& placements_;
  std::vector<Explored> explored_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  std::optional<std::size_t> first_failure_;
  ProgressLine* line_;
};

/// What the runs have in common.
struct Setting {
  scenarios::Scenario world;  ///< Its faults belong to it; those that are placed come beside them.
  std::uint64_t seed = 1;
  Duration after;  ///< Runs go on for so long after their last fault.
};

scenarios::Scenario placed_in(const Setting& setting, const std::vector<scenarios::Fault>& placed) {
  std::vector<scenarios::Fault> faults = setting.world.faults;
  faults.insert(faults.end(), placed.begin(), placed.end());
  scenarios::Scenario scenario = sim::with_decisions(setting.world, faults);
  if (placed.empty()) return scenario;
  Duration over;
  for (const scenarios::Fault& fault : faults)
    over = std::max(over, fault.at->high + (fault.lasts ? fault.lasts->high : Duration::zero()));
  scenario.duration = std::min(scenario.duration, over + setting.after);
  return scenario;
}

Result<Interrupted> run_level(const Setting& setting, unsigned jobs, Looks looks, ProgressLine* line,
                              Exploration& exploration, const std::vector<Placement>& placements) {
  LevelRuns runs(placements, line);
  PoolOptions pool;
  pool.workers = jobs;
  pool.tasks_per_process = 200;
  pool.patience = Duration::seconds(60);
  pool.keep_errors = true;
  const Work work = [&](Task task, const TellProgress& tell) {
    const Placement& placement = placements[task.what];
    return pack(run_and_look(placed_in(setting, placement.faults), placement.faults.size(), setting.seed, looks, tell));
  };
  const Result<PoolEnd> end = run_pool(pool, work, runs);
  if (!end) return end.error();
  if (end->signal != 0) return Interrupted{end->signal};
  exploration.level_done(placements, runs.take());
  return Interrupted{};
}

std::string dot_of(const StateGraph& graph) {
  std::ostringstream out;
  boost::write_graphviz(
      out, graph,
      [&](std::ostream& to, StateGraph::vertex_descriptor state) {
        to << "[label=\"" << state << "\", tooltip=" << json_string(graph[state].text)
           << (graph[state].fails ? ", color=red" : "") << "]";
      },
      [&](std::ostream& to, const StateGraph::edge_descriptor& step) {
        if (!graph[step].fault.empty()) to << "[label=" << json_string(graph[step].fault) << ", color=blue]";
      });
  return out.str();
}

/// Only they belong to the world: a host that comes later.
std::vector<scenarios::Fault> joins_of(const scenarios::Scenario& scenario) {
  std::vector<scenarios::Fault> joins = scenario.faults;
  std::erase_if(joins, [](const scenarios::Fault& fault) { return fault.kind != scenarios::FaultKind::join; });
  return joins;
}

bool can_be_placed(const scenarios::Scenario& scenario, const scenarios::Fault& option) {
  scenarios::Scenario placed = scenario;
  placed.faults = joins_of(scenario);
  placed.faults.push_back(option);
  return static_cast<bool>(scenarios::load_text("placed", scenarios::write(placed)));
}

/// The faults to place; what is wrong with them goes to `problems`.
std::vector<scenarios::Fault> load_options(const Options& given, const scenarios::Scenario& scenario,
                                           std::vector<std::string>& problems) {
  if (given.kinds.empty()) {
    std::vector<scenarios::Fault> options = options_of(scenario);
    std::erase_if(options, [&](const scenarios::Fault& option) { return !can_be_placed(scenario, option); });
    if (options.empty())
      problems.push_back("heir explore: " + scenarios::printable(given.scenario) +
                         " has no faults to place; name some: --kinds crash,pause");
    return options;
  }
  std::vector<scenarios::Fault> options;
  for (const std::string& name : given.kinds) {
    const std::optional<scenarios::FaultKind> kind = scenarios::from_name<scenarios::FaultKind>(name);
    if (!kind) {
      problems.push_back("heir explore: --kinds " + scenarios::printable(name) +
                         ": is no kind of fault; `heir scenario reference` lists them");
      continue;
    }
    const std::vector<scenarios::Fault> of_kind = options_of(scenario, {*kind}, given.lasts);
    // Some need more than a length.
    if (of_kind.empty() || !can_be_placed(scenario, of_kind.front()))
      problems.push_back("heir explore: --kinds " + scenarios::printable(name) +
                         ": cannot be placed by its name alone; give the scenario a [[fault]] of this kind");
    options.insert(options.end(), of_kind.begin(), of_kind.end());
  }
  return options;
}

std::string schedule_text(const Setting& setting, const Exploration::Finding& found) {
  return "# " + found.kind + ": " + found.message + "\n" + scenarios::write(placed_in(setting, found.placement.faults));
}

/// What can be placed, and not when.
std::vector<scenarios::Fault> timeless(std::vector<scenarios::Fault> options) {
  for (scenarios::Fault& option : options) option.at.reset();
  return options;
}

std::vector<std::string> words_of_all(const std::vector<scenarios::Fault>& faults) {
  std::vector<std::string> words;
  for (const scenarios::Fault& fault : faults) words.push_back(words_of(fault));
  return words;
}

std::string explored_json(const Exploration& exploration, const Options& given, const Setting& setting,
                          const std::vector<std::string>& options, bool looked_at_last) {
  std::size_t faults = 0;
  const std::string levels = json_array(exploration.levels(), [&](const Exploration::Level& level) {
    const bool looked = looked_at_last || faults < given.faults;
    return fmt::format("{{\"faults\":{},\"runs\":{},\"nobody\":{},\"alike\":{},\"unknown\":{},\"new_states\":{}}}",
                       faults++, level.runs, level.nobody, level.alike, level.unknown,
                       looked ? std::to_string(level.new_states) : "null");
  });
  std::string failure = "null", unknown = "null";
  if (const auto& found = exploration.failure())
    failure = fmt::format("{{\"kind\":{},\"message\":{},\"faults\":{},\"schedule\":{}}}", json_string(found->kind),
                          json_string(found->message), json_strings(words_of_all(found->placement.faults)),
                          json_string(schedule_text(setting, *found)));
  if (const auto& found = exploration.unknown())
    unknown = fmt::format("{{\"message\":{},\"faults\":{}}}", json_string(found->message),
                          json_strings(words_of_all(found->placement.faults)));
  return fmt::format(
      "{{\"scenario\":{},\"seed\":{},\"faults\":{},\"options\":{},\"levels\":{},\"states\":{},\"steps\":{},"
      "\"failure\":{},\"unknown\":{}}}",
      json_string(given.scenario), given.seed, given.faults, json_strings(options), levels, exploration.states(),
      boost::num_edges(exploration.graph()), failure, unknown);
}

/// `is_saved`: the schedule stands in --out.
void tell_failure(const Exploration::Finding& found, const Options& given, const Setting& setting, bool is_saved) {
  const std::vector<scenarios::Fault>& faults = found.placement.faults;
  // A run that broke its process would break this one too.
  if (!given.quiet && found.kind != "assertion" && found.kind != "stuck") {
    sim::RunOptions run;
    run.seed = given.seed;
    std::vector<sim::StoryLine> story = named_story(see(placed_in(setting, faults), run).result.story);
    std::erase_if(story, [](const sim::StoryLine& line) { return line.kind == sim::StoryLine::Kind::command; });
    std::printf("\n%s\n", story_text(story).c_str());
  }
  std::printf("FAIL: %s: %s\n", found.kind.c_str(), found.message.c_str());
  if (faults.empty()) std::printf("  with no fault at all\n");
  for (const scenarios::Fault& fault : faults) std::printf("  %s\n", words_of(fault).c_str());
  if (!is_saved)
    std::printf("\n%s", schedule_text(setting, found).c_str());
  else
    std::printf("To see it:\n%s run %s%s\n", command_words().c_str(), shell_word(given.out).c_str(),
                given.seed == 1 ? "" : (" --seed " + std::to_string(given.seed)).c_str());
}

Exit tell(const Exploration& exploration, const Options& given, const Setting& setting,
          const std::vector<std::string>& options, bool looked_at_last, Duration took) {
  const std::optional<Exploration::Finding>& failure = exploration.failure();
  Exit status = failure ? Exit::expectation_failed : exploration.unknown() ? Exit::no_verdict : Exit::as_expected;
  const auto written = [&](const std::string& text, const std::string& path) {
    const Result<> done = save(text, path);
    if (done) return true;
    complain("heir explore: " + done.error().message);
    status = worse(status, Exit::not_written);
    return false;
  };
  if (!given.dot.empty()) written(dot_of(exploration.graph()), given.dot);
  const bool is_saved = failure && !given.out.empty() && written(schedule_text(setting, *failure), given.out);
  if (given.json) {
    std::printf("%s\n", explored_json(exploration, given, setting, options, looked_at_last).c_str());
    return status;
  }
  std::printf("%s, seed %llu: at most %u of these, at every state\n", given.scenario.c_str(),
              static_cast<unsigned long long>(given.seed), given.faults);
  for (const std::string& option : options) std::printf("  %s\n", option.c_str());
  std::printf("  faults      runs     alike  new states\n");
  std::size_t unknown = 0, runs = 0;
  for (std::size_t i = 0; i < exploration.levels().size(); ++i) {
    const Exploration::Level& level = exploration.levels()[i];
    unknown += level.unknown;
    runs += level.runs;
    std::printf("%8zu  %8s  %8s  %10s\n", i, thousands(level.runs).c_str(), thousands(level.alike).c_str(),
                looked_at_last || i < given.faults ? thousands(level.new_states).c_str() : "-");
  }
  std::printf("%s states, %s steps between them, %s runs in %s\n", thousands(exploration.states()).c_str(),
              thousands(boost::num_edges(exploration.graph())).c_str(), thousands(runs).c_str(), rounded(took).c_str());
  if (failure) {
    tell_failure(*failure, given, setting, is_saved);
  } else if (exploration.unknown()) {
    std::printf("unknown: %s runs have no verdict, all others hold. The first: %s\n", thousands(unknown).c_str(),
                exploration.unknown()->message.c_str());
    for (const scenarios::Fault& fault : exploration.unknown()->placement.faults)
      std::printf("  %s\n", words_of(fault).c_str());
  } else {
    std::printf("All schedules with at most %u fault%s hold: of these faults, at these states, with this seed.\n",
                given.faults, given.faults == 1 ? "" : "s");
  }
  return status;
}

Exit run(const Options& given) {
  std::vector<std::string> problems;
  const auto refuse = [&](const std::string& why) {
    problems.push_back("heir explore: " + scenarios::printable(given.scenario) + ": " + why);
  };
  const Plan plan = Plan::make({given.scenario}, {given.seed, given.seed}, given.overrides, problems);
  if (problems.empty() && plan.files().size() != 1) refuse("expected one scenario, not a folder");
  if (problems.empty() && plan.files().front().scenario.swarm)
    refuse("has a [swarm], which draws its world; `heir run --expand FILE` saves one as a plain scenario");
  if (problems.empty() && plan.files().front().scenario.cluster.peers > most_peers)
    refuse(fmt::format("has {} peers; a small world has {} at most", plan.files().front().scenario.cluster.peers,
                       most_peers));
  std::vector<scenarios::Fault> options;
  if (problems.empty()) options = load_options(given, plan.files().front().scenario, problems);
  for (const std::string& problem : output_problems({{"--dot", given.dot}, {"--out", given.out}}, {given.scenario}))
    problems.push_back("heir explore: " + problem);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return Exit::bad_usage;

  Setting setting{plan.files().front().scenario, given.seed, given.after};
  setting.world.faults = joins_of(setting.world);
  // What was expected of the scenario's own faults is not expected of others; what never may be is.
  scenarios::Expect safe;
  safe.linearizable = setting.world.expect.linearizable;
  safe.lost_writes = setting.world.expect.lost_writes;
  setting.world.expect = safe;
  const Stopwatch watch;
  Exploration exploration(options, given.faults, setting.world.duration);
  ProgressLine line;
  const bool tells = isatty(STDERR_FILENO) == 1 && !given.quiet;
  const bool looks_at_last = !given.dot.empty();
  for (std::vector<Placement> level = exploration.next_level(); !level.empty(); level = exploration.next_level()) {
    const Looks looks{looks_at_last || !exploration.is_last_level(), !given.dot.empty()};
    const Result<Interrupted> end =
        run_level(setting, worker_count(given.jobs), looks, tells ? &line : nullptr, exploration, level);
    if (!end) {
      complain("heir explore: " + end.error().message);
      return Exit::internal;
    }
    if (end->signal != 0) {
      line.clear();
      complain("interrupted among the runs with " + counted(level.front().faults.size(), "fault", "faults"));
      exit_interrupted(end->signal);
    }
  }
  line.clear();
  return tell(exploration, given, setting, words_of_all(timeless(options)), looks_at_last,
              Duration::milliseconds(static_cast<std::int64_t>(watch.seconds() * 1000)));
}

}  // namespace

void add_explore_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("explore", "Place up to K faults everywhere in a small world: all that can happen to it");
  command->add_option("scenario", options->scenario, "A scenario file")->required()->type_name("SCENARIO");
  add_count_option(*command, "--faults", options->faults, "Place so many at most (default 1)", 1, 4)->type_name("K");
  command->add_option("--kinds", options->kinds, "Place faults of these kinds (default: the scenario's own faults)")
      ->type_name("KIND,…")
      ->delimiter(',');
  add_time_option(*command, "--lasts", options->lasts, "With --kinds: how long each lasts (default 5s)");
  add_time_option(*command, "--after", options->after, "End a run so long after its last fault is over (default 20s)");
  add_count_option(*command, "--seed", options->seed, "Of everything else in the run (default 1)");
  add_overrides_option(*command, options->overrides);
  add_output_option(*command, "--dot", options->dot, "Write the graph of states for Graphviz");
  add_output_option(*command, "--out", options->out, "Write the failing schedule as a scenario");
  add_jobs_option(*command, options->jobs);
  command->add_flag("--json", options->json, "One JSON object");
  command->add_flag("--quiet,-q", options->quiet, "No progress, no story");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
