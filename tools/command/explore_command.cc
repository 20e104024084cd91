// heir explore: every placement of up to K faults in a small world (tools/explore).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/graph/graphviz.hpp>
#include <fstream>
#include <sstream>

#include "reports/history/json_text.h"
#include "scenarios/codec.h"
#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "sim/faults/decisions.h"
#include "tools/command/commands.h"
#include "tools/command/output_file.h"
#include "tools/command/plan.h"
#include "tools/command/progress_line.h"
#include "tools/command/text.h"
#include "tools/command/watch.h"
#include "tools/explore/explore.h"
#include "tools/explore/options.h"
#include "tools/workers/pool.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

using reports::json_string;

struct Options {
  std::string scenario;
  unsigned faults = 1;
  std::vector<std::string> kinds;
  std::string lasts = "5s";
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
    "  heir explore scenarios/first/primary-crash.toml --faults 2 --dot states.dot\n"
    "  heir explore scenarios/first/idle.toml --kinds crash,crash-agent,pause --lasts 3s\n"
    "\n"
    "The faults that are placed are the scenario's own, one length each, on every host; or those of --kinds. A fault "
    "matters\n"
    "where a program has just done something: it is placed once at every state that is new, whichever of equal peers "
    "is\n"
    "which (tools/explore/canonical.h says what makes two states one). Everything else of the run is as its seed has "
    "it.\n"
    "\n"
    "Exit status: 0 all hold; 1 one fails; 2 bad usage or input; 3 some have no verdict; 4 an internal error of heir "
    "itself;\n"
    "130 interrupted.\n"
    "\n"
    "--json: One object, in one line, with these keys in this order:\n"
    "  scenario   the file, as it was named\n"
    "  faults     placed at most\n"
    "  options    [text]: what was placed\n"
    "  levels     [{placed, undecided, new_states}]: runs with no fault, with one …\n"
    "  states, edges\n"
    "  failure    {kind, message, faults}: the failure with the fewest faults; else null\n";

struct Interrupted {
  int signal = 0;
};

/// Runs of one level, side by side; their results in order.
class LevelRuns final : public PoolOwner {
 public:
  LevelRuns(const std::vector<Placement>& placements, ProgressLine* line)
      : placements_(placements), explored_(placements.size()), line_(line) {}

  std::optional<Task> next() override {
    if (next_ == placements_.size()) return std::nullopt;
    return Task{next_++, 0};
  }
  void done(TaskOutcome outcome) override {
    ++done_;
    Explored& explored = explored_[outcome.task.what];
    if (outcome.lost) {
      explored.failure = "assertion";
      explored.message = outcome.lost->what;
      return;
    }
    if (Result<Explored> read = unpack_explored(outcome.answer))
      explored = std::move(*read);
    else
      explored.undecided = true;
  }
  void tick() override {
    if (line_ && line_->is_due())
      line_->show(fmt::format("{} of {} placements of {} faults", thousands(done_), thousands(placements_.size()),
                              placements_.front().faults.size()));
  }
  std::vector<Explored> take() { return std::move(explored_); }

 private:
  const std::vector<Placement>& placements_;
  std::vector<Explored> explored_;
  std::size_t next_ = 0;
  std::size_t done_ = 0;
  ProgressLine* line_;
};

Result<Interrupted> run_level(const scenarios::Scenario& world, std::uint64_t seed, unsigned jobs, ProgressLine* line,
                              Exploration& exploration, const std::vector<Placement>& placements) {
  LevelRuns runs(placements, line);
  PoolOptions pool;
  pool.workers = jobs;
  pool.tasks_per_process = 200;
  pool.patience = Duration::seconds(60);
  pool.keep_errors = true;
  const Work work = [&](Task task, const TellProgress&) {
    const Placement& placement = placements[task.what];
    const scenarios::Scenario scenario = sim::with_decisions(world, placement.faults);
    // Two faults that exclude each other are no schedule: what is there already goes on.
    if (!scenarios::load_text("placement", scenarios::write(scenario))) return pack(Explored{});
    const Duration from = placement.faults.empty() ? Duration::zero() : placement.faults.back().at->low;
    return pack(run_and_look(scenario, seed, from));
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

std::string list_of(const std::vector<scenarios::Fault>& faults) {
  std::string list;
  for (const scenarios::Fault& fault : faults) list += (list.empty() ? "" : ", ") + words_of(fault);
  return list;
}

std::optional<std::vector<scenarios::Fault>> load_options(const Options& given, const scenarios::Scenario& scenario,
                                                          std::vector<std::string>& problems) {
  if (given.kinds.empty()) {
    std::vector<scenarios::Fault> options = options_of(scenario);
    if (options.empty())
      problems.push_back("heir explore: " + scenarios::printable(given.scenario) +
                         " has no faults that strike a host; name what to place: --kinds crash,pause");
    return options;
  }
  scenarios::Value value;
  value.kind = scenarios::Value::Kind::text;
  value.text = given.lasts;
  const Result<Duration> lasts = scenarios::Codec<Duration>::read(value);
  if (!lasts || *lasts <= Duration::zero())
    problems.push_back("heir explore: --lasts " + scenarios::printable(given.lasts) + ": expected a time such as 5s");
  std::vector<scenarios::FaultKind> kinds;
  for (const std::string& name : given.kinds) {
    const std::optional<scenarios::FaultKind> kind = scenarios::from_name<scenarios::FaultKind>(name);
    if (!kind)
      problems.push_back("heir explore: --kinds " + scenarios::printable(name) +
                         ": is no kind of fault; `heir scenario reference` lists them");
    else
      kinds.push_back(*kind);
  }
  if (!problems.empty()) return std::nullopt;
  return options_of(scenario, kinds, *lasts);
}

Exit tell(const Exploration& exploration, const Options& given, const scenarios::Scenario& world,
          const std::vector<scenarios::Fault>& options, double seconds) {
  std::size_t undecided = 0, runs = 0;
  for (const Exploration::Level& level : exploration.levels()) {
    undecided += level.undecided;
    runs += level.placed;
  }
  if (!given.dot.empty())
    if (const Result<> done = save(dot_of(exploration.graph()), given.dot); !done) {
      complain("heir explore: " + done.error().message);
      return Exit::bad_usage;
    }
  const std::optional<Exploration::Failure>& failure = exploration.failure();
  if (failure && !given.out.empty()) {
    const std::string text = "# " + failure->kind + ": " + failure->message + "\n" +
                             scenarios::write(sim::with_decisions(world, failure->placement.faults));
    if (const Result<> done = save(text, given.out); !done) {
      complain("heir explore: " + done.error().message);
      return Exit::bad_usage;
    }
  }
  const Exit status = failure ? Exit::expectation_failed : undecided > 0 ? Exit::no_verdict : Exit::as_expected;
  if (given.json) {
    std::string names, levels;
    for (const scenarios::Fault& option : options) {
      scenarios::Fault timeless = option;
      timeless.at.reset();
      names += (names.empty() ? "" : ",") + json_string(words_of(timeless));
    }
    for (const Exploration::Level& level : exploration.levels())
      levels += fmt::format("{}{{\"placed\":{},\"undecided\":{},\"new_states\":{}}}", levels.empty() ? "" : ",",
                            level.placed, level.undecided, level.new_states);
    std::printf(
        "%s\n",
        fmt::format("{{\"scenario\":{},\"faults\":{},\"options\":[{}],\"levels\":[{}],\"states\":{},\"edges\":{},"
                    "\"failure\":{}}}",
                    json_string(given.scenario), given.faults, names, levels, exploration.states(),
                    boost::num_edges(exploration.graph()),
                    failure
                        ? fmt::format("{{\"kind\":{},\"message\":{},\"faults\":{}}}", json_string(failure->kind),
                                      json_string(failure->message), json_string(list_of(failure->placement.faults)))
                        : "null")
            .c_str());
    return status;
  }
  std::printf("%s: %zu faults to place, %u at most\n  faults      runs  new states\n", given.scenario.c_str(),
              options.size(), given.faults);
  for (std::size_t i = 0; i < exploration.levels().size(); ++i)
    std::printf("%8zu  %8s  %10s\n", i, thousands(exploration.levels()[i].placed).c_str(),
                thousands(exploration.levels()[i].new_states).c_str());
  std::printf("%s states, %s steps between them, %s runs in %s\n", thousands(exploration.states()).c_str(),
              thousands(boost::num_edges(exploration.graph())).c_str(), thousands(runs).c_str(),
              rounded(Duration::milliseconds(static_cast<std::int64_t>(seconds * 1000))).c_str());
  if (failure) {
    std::printf("FAIL: with %zu faults, %s: %s: %s\n", failure->placement.faults.size(),
                failure->placement.faults.empty() ? "none placed" : list_of(failure->placement.faults).c_str(),
                failure->kind.c_str(), failure->message.c_str());
    if (!given.out.empty())
      std::printf("To see it:\n%s run %s --seed %llu\n", shell_word(command_name()).c_str(),
                  shell_word(given.out).c_str(), static_cast<unsigned long long>(given.seed));
  } else if (undecided > 0) {
    std::printf("unknown: %s runs have no verdict; all others hold.\n", thousands(undecided).c_str());
  } else {
    std::printf("All schedules with at most %u fault%s hold.\n", given.faults, given.faults == 1 ? "" : "s");
  }
  return status;
}

Exit run(const Options& given) {
  std::vector<std::string> problems;
  const Plan plan = Plan::make({given.scenario}, {given.seed, given.seed}, given.overrides, problems);
  if (problems.empty() && plan.files().size() != 1)
    problems.push_back("heir explore: " + scenarios::printable(given.scenario) +
                       ": expected one scenario, not a folder");
  if (problems.empty() && plan.files().front().scenario.swarm)
    problems.push_back(
        "heir explore: " + scenarios::printable(given.scenario) +
        ": has a [swarm], which draws its world; `heir run --expand FILE` saves one as a plain scenario");
  std::optional<std::vector<scenarios::Fault>> options;
  if (problems.empty()) options = load_options(given, plan.files().front().scenario, problems);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty() || !options) return Exit::bad_usage;

  scenarios::Scenario world = plan.files().front().scenario;
  world.faults.clear();
  // What was expected of the scenario's own faults is not expected of others.
  world.expect = {};
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  const unsigned jobs = given.jobs > 0 ? given.jobs : static_cast<unsigned>(std::max(processors, 1L));
  const Stopwatch watch;
  Exploration exploration(*options, given.faults);
  ProgressLine line;
  const bool tells = isatty(STDERR_FILENO) == 1 && !given.quiet;
  for (std::vector<Placement> level = exploration.next_level(); !level.empty(); level = exploration.next_level()) {
    const Result<Interrupted> end = run_level(world, given.seed, jobs, tells ? &line : nullptr, exploration, level);
    if (!end) {
      complain("heir explore: " + end.error().message);
      return Exit::internal;
    }
    if (end->signal != 0) {
      line.clear();
      complain(fmt::format("interrupted among the placements of {} faults", level.front().faults.size()));
      std::fflush(nullptr);
      _exit(128 + end->signal);
    }
  }
  line.clear();
  return tell(exploration, given, world, *options, watch.seconds());
}

}  // namespace

void add_explore_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("explore", "Place up to K faults everywhere in a small world: all that can happen to it");
  command->add_option("scenario", options->scenario, "A scenario file")->required()->type_name("SCENARIO");
  command->add_option("--faults", options->faults, "Place so many at most (default 1)")
      ->type_name("K")
      ->check(CLI::Range(1U, 4U));
  command->add_option("--kinds", options->kinds, "Place faults of these kinds (default: the scenario's own faults)")
      ->type_name("KIND,…")
      ->delimiter(',');
  command->add_option("--lasts", options->lasts, "With --kinds: how long each lasts (default 5s)")->type_name("TIME");
  command->add_option("--seed", options->seed, "Of everything else in the run (default 1)")->type_name("N");
  command->add_option("--set", options->overrides, "Override a value of the scenario; may be repeated")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1);
  command->add_option("--dot", options->dot, "Write the graph of states for Graphviz")->type_name("FILE");
  command->add_option("--out", options->out, "Write the failing schedule as a scenario")->type_name("FILE");
  command->add_option("--jobs,-j", options->jobs, "Worker processes (default: one a processor)")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U));
  command->add_flag("--json", options->json, "One JSON object");
  command->add_flag("--quiet,-q", options->quiet, "No progress");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
