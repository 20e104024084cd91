// heir worst: searches for the schedule of faults that makes a number of a run as large as it can be: first by seeds,
// then by variations of the worst of them (tools/search).
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "sim/faults/decisions.h"
#include "sim/faults/swarm.h"
#include "tools/command/commands.h"
#include "tools/command/json.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/progress_line.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"
#include "tools/command/workers.h"
#include "tools/search/climb.h"

namespace heir::tools {

namespace {

using nlohmann::json;

struct Options {
  std::string scenario;
  std::string metric = "unavailability";
  std::string seeds = "1..100";
  Duration lasts = Duration::seconds(60);
  std::uint64_t runs = 0;
  std::uint64_t search_seed = 1;
  std::vector<std::string> overrides;
  std::string out;
  unsigned jobs = 0;
  bool json = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir worst scenarios/first/mixed.toml --metric unavailability\n"
    "  heir worst scenarios/margins/clock-rate.toml --metric stale-window --for 5min --out stale.toml\n"
    "  heir worst scenarios/swarm/everything.toml --seeds 1..500 --runs 5000 --json\n"
    "\n"
    "--metric:\n"
    "  unavailability   the longest time without an acknowledged write\n"
    "  stale-window     how long after a newer write was acknowledged a read that began then still showed an older "
    "one\n"
    "\n"
    "Seeds come first; then strikes of the worst few are moved, made longer or shorter, left out and exchanged. Of "
    "each "
    "kind\n"
    "there are never more than the scenario's faults can draw, nor earlier, later or longer; but they may come closer\n"
    "together, and hit hosts that have another role by then. The worst schedule is printed,\n"
    "and written by --out as a plain scenario. What the scenario expects of its own faults (failovers, "
    "max_unavailable, "
    "min_ok)\n"
    "is not expected. A run that fails in a way that the metric is not about ends the search: there is nothing worse.\n"
    "\n"
    "Exit status: 0 searched; 1 a run failed; 2 bad usage or input; 3 --out could not be written; 4 an internal "
    "error of\n"
    "heir itself; 130 interrupted.\n"
    "\n"
    "--json: One object, in one line, with these keys in this order:\n"
    "  scenario      the file, as it was named\n"
    "  metric\n"
    "  seeds         {tried, worst_ns, seed}: before any variation\n"
    "  variations    tried\n"
    "  worst_ns      found\n"
    "  failure       {kind, message} of a run that failed, which is then the worst; else null\n"
    "  schedule      the worst run as a scenario\n"
    "  replay        how to see the worst of the seeds, or, with --out, the worst schedule\n";

enum class Metric { unavailability, stale_window };
constexpr std::array<std::pair<const char*, Metric>, 2> metrics{
    {{"unavailability", Metric::unavailability}, {"stale-window", Metric::stale_window}}};

/// Failures that are what a large value of the metric looks like.
bool is_about(Metric metric, const std::string& kind) {
  if (metric == Metric::unavailability) return kind == "not-writable";
  return kind == "stale-read" || kind == "dirty-read" || kind == "not-linearizable" || kind == "not-writable";
}

/// Of the answer of a run (json.h).
std::int64_t value_of(Metric metric, const json& run) {
  if (metric == Metric::unavailability) return run["unavailable"]["max_ns"].get<std::int64_t>();
  std::int64_t widest = 0;
  for (const json& failure : run["failures"]) {
    if (failure["kind"] != "stale-read" || failure["ops"].size() < 2) continue;
    // The read, then the writes: of what it showed, and newer ones.
    const std::int64_t began = failure["ops"][0]["invoked_ns"].get<std::int64_t>();
    std::int64_t window = 0;
    for (std::size_t i = 1; i < failure["ops"].size(); ++i) {
      const std::int64_t since = began - failure["ops"][i].value("completed_ns", began);
      if (since <= 0) continue;
      window = window == 0 ? since : std::min(window, since);
    }
    widest = std::max(widest, window);
  }
  return widest;
}

struct Outcome {
  std::int64_t value = 0;
  std::string failure;  ///< Its kind, of another sort than the metric is about.
  std::string message;
};

/// The scenario without what it expects of its own faults only.
scenarios::Scenario without_expectations(scenarios::Scenario scenario, Metric metric) {
  scenarios::Expect& expect = scenario.expect;
  expect.min_failovers.reset();
  expect.max_failovers.reset();
  expect.max_unavailable.reset();
  expect.min_ok.reset();
  if (metric == Metric::stale_window) {
    // What is to become large must not be what is not judged, or what is wanted.
    expect.linearizable = true;
    expect.verdict.reset();
  }
  return scenario;
}

class Search {
 public:
  Search(const Options& options, const ScenarioFile& file, Metric metric, Deadline deadline, unsigned jobs, bool tells)
      : options_(options),
        file_(file),
        metric_(metric),
        deadline_(deadline),
        jobs_(jobs),
        tells_(tells),
        climb_(options.search_seed) {}

  /// False: it was interrupted, or heir broke.
  bool run_seeds(const Plan& plan) {
    std::vector<std::pair<std::int64_t, std::uint64_t>> best;
    const bool done = run_all_of(plan, [&](const Job& job, const Outcome& outcome) {
      ++seeds_;
      best.push_back({outcome.value, job.seed});
      if (!outcome.failure.empty() && !failed_) fail(world_of(job.seed), outcome);
    });
    if (!done) return false;
    std::stable_sort(best.begin(), best.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    if (best.size() > families) best.resize(families);
    worst_seed_ = best.front();
    for (const auto& [value, seed] : best) {
      show("looking at seed " + std::to_string(seed));
      climb_.begin_with(world_of(seed), sim::expand(file_.scenario, seed), value);
    }
    return true;
  }

  bool vary() {
    const std::uint64_t most = options_.runs == 0 ? UINT64_MAX : options_.runs;
    while (!failed_ && variations_ < most && !deadline_.over()) {
      // The runs of a batch share their seed.
      const std::uint64_t batch = std::min<std::uint64_t>(jobs_ * runs_per_fork, most - variations_);
      std::vector<Climb::Candidate> candidates;
      std::vector<ScenarioFile> files;
      while (candidates.size() < batch) {
        std::optional<Climb::Candidate> candidate =
            candidates.empty() ? climb_.propose() : climb_.propose(candidates.front().family);
        if (!candidate) break;
        files.push_back({"candidate", candidate->world.scenario});
        candidates.push_back(std::move(*candidate));
      }
      if (candidates.empty()) return true;
      const std::uint64_t seed = candidates.front().world.seed;
      const bool done =
          run_all_of(Plan::of(std::move(files), {seed, seed}), [&](const Job& job, const Outcome& outcome) {
            ++variations_;
            if (!outcome.failure.empty() && !failed_) fail(candidates[job.index].world, outcome);
            climb_.tried(std::move(candidates[job.index]), outcome.value);
          });
      if (!done) return false;
    }
    return true;
  }

  const World& worst() const { return failed_ ? *failed_world_ : climb_.kept().front().world; }
  std::int64_t worst_value() const { return failed_ ? failed_->value : climb_.kept().front().value; }
  const std::optional<Outcome>& failed() const { return failed_; }
  std::pair<std::int64_t, std::uint64_t> worst_seed() const { return worst_seed_; }
  std::uint64_t seeds() const { return seeds_; }
  std::uint64_t variations() const { return variations_; }
  const std::optional<Interruption>& interruption() const { return interruption_; }

 private:
  static constexpr std::size_t families = 8;  ///< Seeds whose worlds are varied.
  static constexpr unsigned runs_per_fork = 4;

  World world_of(std::uint64_t seed) {
    sim::RunOptions run;
    run.seed = seed;
    run.keep_story = false;
    const scenarios::Scenario plain = sim::expand(file_.scenario, seed);
    return {sim::with_decisions(plain, see(plain, run).result.decisions), seed};
  }

  void fail(World world, const Outcome& outcome) {
    failed_world_ = std::move(world);
    failed_ = outcome;
  }

  template <class Sink>
  bool run_all_of(const Plan& plan, Sink sink) {
    JobOptions job_options;
    job_options.detail = Detail::json;
    WorkerOptions workers;
    workers.workers = jobs_;
    bool broken = false;
    interruption_ = run_all(plan, job_options, workers, [&](const Job& job, const Report& report) {
      const json run = json::parse(report.text, nullptr, false);
      if (report.status == Exit::internal || run.is_discarded()) {
        broken = true;
        complain(report.error);
        return;
      }
      Outcome outcome;
      outcome.value = value_of(metric_, run);
      for (const json& failure : run["failures"]) {
        const std::string kind = failure["kind"].get<std::string>();
        if (is_about(metric_, kind) || !outcome.failure.empty()) continue;
        outcome.failure = kind;
        outcome.message = failure["message"].get<std::string>();
      }
      sink(job, outcome);
      show("");
    });
    return !interruption_ && !broken;
  }

  void show(const std::string& about) {
    if (!tells_ || !line_.is_due()) return;
    std::string text = fmt::format("{} seeds, {} variations", thousands(seeds_), thousands(variations_));
    if (!climb_.kept().empty())
      text += fmt::format("; {} at worst", rounded(Duration::nanoseconds(climb_.kept().front().value)));
    if (!about.empty()) text += "; " + about;
    line_.show(text);
  }

  const Options& options_;
  const ScenarioFile& file_;
  Metric metric_;
  Deadline deadline_;
  unsigned jobs_;
  bool tells_;
  ProgressLine line_;
  Climb climb_;
  std::uint64_t seeds_ = 0;
  std::uint64_t variations_ = 0;
  std::pair<std::int64_t, std::uint64_t> worst_seed_;
  std::optional<Outcome> failed_;
  std::optional<World> failed_world_;
  std::optional<Interruption> interruption_;
};

std::string schedule_text(const World& world, const std::string& source, const std::string& found) {
  return "# " + found + ".\n# The worst schedule found of " + scenarios::printable(source) + ", seed " +
         std::to_string(world.seed) + ".\n" + scenarios::write(world.scenario);
}

Exit tell(const Search& search, const ScenarioFile& file, const Plan& plan, const Options& options) {
  const std::string worst = rounded(Duration::nanoseconds(search.worst_value()));
  const auto [seed_value, seed] = search.worst_seed();
  const std::string found =
      search.failed() ? search.failed()->failure + ": " + search.failed()->message : options.metric + " of " + worst;
  const std::string text = schedule_text(search.worst(), file.path, found);
  bool is_saved = !options.out.empty();
  Exit status = search.failed() ? Exit::expectation_failed : Exit::as_expected;
  if (is_saved)
    if (const Result<> done = save(text, options.out); !done) {
      complain("heir worst: " + done.error().message);
      status = worse(status, Exit::not_written);
      is_saved = false;
    }
  Job of_seed = plan.job(0);
  of_seed.seed = seed;
  const std::string replay =
      is_saved ? command_words() + " run " + shell_word(options.out) +
                     (search.worst().seed == 1 ? "" : " --seed " + std::to_string(search.worst().seed))
               : plan.replay(of_seed);
  if (options.json) {
    const std::string failure =
        search.failed() ? fmt::format("{{\"kind\":{},\"message\":{}}}", json_string(search.failed()->failure),
                                      json_string(search.failed()->message))
                        : "null";
    std::printf("%s\n",
                fmt::format("{{\"scenario\":{},\"metric\":{},\"seeds\":{{\"tried\":{},\"worst_ns\":{},\"seed\":{}}},"
                            "\"variations\":{},\"worst_ns\":{},\"failure\":{},\"schedule\":{},\"replay\":{}}}",
                            json_string(file.path), json_string(options.metric), search.seeds(), seed_value, seed,
                            search.variations(), search.worst_value(), failure, json_string(text), json_string(replay))
                    .c_str());
    return status;
  }
  sim::RunOptions run;
  run.seed = search.worst().seed;
  std::vector<sim::StoryLine> story = named_story(see(search.worst().scenario, run).result.story);
  std::erase_if(story, [](const sim::StoryLine& line) { return line.kind == sim::StoryLine::Kind::command; });
  if (!options.quiet) std::printf("%s\n\n%s\n", file.scenario.title.c_str(), story_text(story).c_str());
  std::printf("%s of %s\n", options.metric.c_str(), file.path.c_str());
  std::printf("  by seeds      %s, with seed %llu; %s were tried\n", rounded(Duration::nanoseconds(seed_value)).c_str(),
              static_cast<unsigned long long>(seed), thousands(search.seeds()).c_str());
  if (search.failed())
    std::printf("  FAIL          %s\n", found.c_str());
  else
    std::printf("  at worst      %s, after %s variations\n", worst.c_str(), thousands(search.variations()).c_str());
  if (!is_saved) std::printf("\n%s", text.c_str());
  std::printf("To see %s:\n%s\n", is_saved ? "it" : "the worst of the seeds", replay.c_str());
  return status;
}

Exit run(const Options& options) {
  std::vector<std::string> problems;
  SeedRange seeds;
  if (!parse_seeds(options.seeds, seeds))
    problems.push_back("heir worst: --seeds " + scenarios::printable(options.seeds) +
                       ": expected FIRST..LAST, such as 1..200");
  const auto metric =
      std::find_if(metrics.begin(), metrics.end(), [&](const auto& known) { return options.metric == known.first; });
  if (metric == metrics.end())
    problems.push_back("heir worst: --metric " + scenarios::printable(options.metric) +
                       ": expected unavailability or stale-window");
  const Plan plan = Plan::make({options.scenario}, seeds, options.overrides, problems);
  if (problems.empty() && plan.files().size() != 1)
    problems.push_back("heir worst: " + scenarios::printable(options.scenario) +
                       ": expected one scenario, not a folder");
  for (const std::string& problem : output_problems({{"--out", options.out}}, {options.scenario}))
    problems.push_back("heir worst: " + problem);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return Exit::bad_usage;

  const Plan searched = Plan::of(
      {{plan.files().front().path, without_expectations(plan.files().front().scenario, metric->second)}}, seeds);
  const ScenarioFile& file = searched.files().front();
  std::optional<Search> search;
  search.emplace(options, file, metric->second, Deadline(std::chrono::nanoseconds(options.lasts.ns())),
                 worker_count(options.jobs), isatty(STDERR_FILENO) == 1 && !options.quiet);
  const bool done = search->run_seeds(searched) && search->vary();
  if (search->interruption()) {
    complain("interrupted" + std::string(search->seeds() < seeds.size() ? "" : "; what is told is the worst so far"));
    if (search->seeds() == seeds.size()) (void)tell(*search, file, plan, options);
    exit_interrupted(search->interruption()->signal);
  }
  return done ? tell(*search, file, plan, options) : Exit::internal;
}

}  // namespace

void add_worst_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("worst", "Search for the worst schedule of the faults of a scenario");
  command->add_option("scenario", options->scenario, "A scenario file")->required()->type_name("SCENARIO");
  command->add_option("--metric", options->metric, "What is to become large (default unavailability)")
      ->type_name("METRIC");
  command->add_option("--seeds", options->seeds, "The seeds to begin with (default 1..100)")->type_name("FIRST..LAST");
  add_time_option(*command, "--for", options->lasts, "How long to try, in real time (default 60s)");
  add_count_option(*command, "--runs", options->runs, "Variations to try at most", 1);
  add_count_option(*command, "--search-seed", options->search_seed, "Of the search itself (default 1)");
  add_overrides_option(*command, options->overrides);
  add_output_option(*command, "--out", options->out, "Write the worst schedule as a scenario");
  add_jobs_option(*command, options->jobs);
  command->add_flag("--json", options->json, "One JSON object");
  command->add_flag("--quiet,-q", options->quiet, "No progress, no story");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
