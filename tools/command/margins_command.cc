// heir margins: how far a number of a scenario can go before the first stale read, and before the first lost write.
//
// Each value is tried with every seed; the limit is bisected on a logarithmic scale between the last value at which
// nothing went wrong and the first at which something did. What is found is evidence, not proof: so many seeds at each
// value, and the command that shows the first failure again.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "scenarios/codec.h"
#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/json.h"
#include "tools/command/overrides_option.h"
#include "tools/command/workers.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

using scenarios::Amount;
using scenarios::Margin;

struct Options {
  std::vector<std::string> scenarios;
  std::string seeds = "1..40";
  std::vector<std::string> overrides;
  unsigned jobs = 0;
  bool json = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir margins scenarios/margins\n"
    "  heir margins scenarios/margins/clock-rate.toml --seeds 1..500\n"
    "  heir margins scenarios/margins --json\n"
    "\n"
    "A scenario names what is searched in its [[margin]] tables. Reads may become stale beyond what the configuration "
    "allows\n"
    "for; that an acknowledged write is lost at any value breaks the promise of FAILOVER.md section 1.\n"
    "\n"
    "Exit status: 0 no write was lost anywhere; 1 one was; 2 bad usage or input; 4 an internal error of heir itself;\n"
    "130 interrupted.\n"
    "\n"
    "--json: One object a margin, in one line, with these keys in this order:\n"
    "  scenario      the file, as it was named\n"
    "  of            what is searched, in words\n"
    "  set           the keys that take the value\n"
    "  from, to      the range, as in the file\n"
    "  seeds         tried at each value\n"
    "  stale_read    {holds_at, fails_at, seed, replay}: the farthest value at which every seed was free of stale "
    "reads,\n"
    "                the first at which one was not, and how to see it; null where there is none\n"
    "  lost_write    the same for lost writes, split brain and destroyed copies\n"
    "  tried         [{value, stale, lost}]: seeds that failed at each value\n";

/// What can go wrong, by what it costs: freshness, or data.
enum class Loss { freshness, data };
constexpr std::array losses{Loss::freshness, Loss::data};

std::optional<Loss> loss_of(const std::string& kind) {
  for (const char* name : {"stale-read", "dirty-read", "not-linearizable"})
    if (kind == name) return Loss::freshness;
  for (const char* name :
       {"lost-write", "split-brain", "two-primaries", "copy-destroyed", "diverged", "generation-regressed"})
    if (kind == name) return Loss::data;
  return std::nullopt;
}

/// What became of all seeds at one value.
struct Trial {
  std::size_t failed[2] = {0, 0};
  std::optional<std::uint64_t> first[2];  ///< The first seed that failed.
  bool holds(Loss loss) const { return failed[static_cast<std::size_t>(loss)] == 0; }
  std::optional<std::uint64_t> seed(Loss loss) const { return first[static_cast<std::size_t>(loss)]; }
};

/// Plain text, without the quotes of a file.
std::string text_of(const Amount& amount) {
  const std::string quoted = scenarios::Codec<Amount>::write(amount);
  return quoted.substr(1, quoted.size() - 2);
}

std::int64_t square_root(std::int64_t n) {
  std::int64_t low = 0, high = std::int64_t{3'037'000'499};
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    (middle <= n / middle ? low : high) = middle <= n / middle ? middle : middle - 1;
  }
  return low;
}

/// Between two values, on a logarithmic scale; rounded to three digits so that it reads well.
std::int64_t between(std::int64_t a, std::int64_t b) {
  const std::int64_t low = std::max<std::int64_t>(std::min(a, b), std::max(a, b) / 1000);
  const std::int64_t middle = square_root(low) * square_root(std::max(a, b));
  std::int64_t unit = 1;
  while (middle / unit >= 1000) unit *= 10;
  return middle / unit * unit;
}

/// Close enough to be told as the limit: within a twentieth.
bool are_close(std::int64_t a, std::int64_t b) {
  return std::max(a, b) - std::min(a, b) <= std::max(a, b) / 20;
}

class Search {
 public:
  Search(const ScenarioFile& file, const Margin& margin, const Options& options, SeedRange seeds)
      : file_(file), margin_(margin), options_(options), seeds_(seeds) {}

  /// False: a value is not allowed, or it was interrupted; the reason has been told.
  bool run() {
    if (!holds_or_told(margin_.from.n)) return false;
    if (!holds_or_told(margin_.to.n)) return false;
    for (const Loss loss : losses) {
      std::int64_t good = margin_.from.n;
      std::int64_t bad = margin_.to.n;
      if (!trials_.at(good).holds(loss) || trials_.at(bad).holds(loss)) continue;
      while (!are_close(good, bad)) {
        const std::int64_t middle = between(good, bad);
        if (middle == good || middle == bad) break;
        if (!holds_or_told(middle)) return false;
        (trials_.at(middle).holds(loss) ? good : bad) = middle;
      }
    }
    return true;
  }

  /// The farthest value at which nothing went wrong with anything between it and `from`.
  std::optional<std::int64_t> holds_at(Loss loss) const {
    std::optional<std::int64_t> farthest;
    for (const std::int64_t value : outwards()) {
      if (!trials_.at(value).holds(loss)) break;
      farthest = value;
    }
    return farthest;
  }
  std::optional<std::int64_t> fails_at(Loss loss) const {
    for (const std::int64_t value : outwards())
      if (!trials_.at(value).holds(loss)) return value;
    return std::nullopt;
  }
  const Trial& trial(std::int64_t value) const { return trials_.at(value); }
  std::string text(std::int64_t value) const { return text_of({margin_.from.unit, value}); }
  std::string replay(std::int64_t value, std::uint64_t seed) const {
    const Plan plan = plan_for(value);
    Job job = plan.job(0);
    job.seed = seed;
    return plan.replay(job);
  }
  /// Values tried, from `from` on.
  std::vector<std::int64_t> outwards() const {
    std::vector<std::int64_t> values;
    for (const auto& [value, trial] : trials_) values.push_back(value);
    if (margin_.to.n < margin_.from.n) std::reverse(values.begin(), values.end());
    return values;
  }
  const Margin& margin() const { return margin_; }
  const ScenarioFile& file() const { return file_; }
  std::optional<Interruption> interruption() const { return interruption_; }

 private:
  Plan plan_for(std::int64_t value) const {
    std::vector<std::string> overrides = options_.overrides;
    for (const std::string& key : margin_.set) overrides.push_back(key + "=" + text(value));
    std::vector<std::string> problems;
    Plan plan = Plan::make({file_.path}, seeds_, overrides, problems);
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
    return plan;
  }

  bool holds_or_told(std::int64_t value) {
    if (trials_.contains(value)) return true;
    const Plan plan = plan_for(value);
    if (plan.files().empty()) return false;
    JobOptions job_options;
    job_options.detail = Detail::json;
    WorkerOptions workers;
    workers.workers = worker_count(options_.jobs);
    Trial trial;
    bool broken = false;
    interruption_ = run_all(plan, job_options, workers, [&](const Job& job, Report report) {
      if (report.status == Exit::internal) {
        broken = true;
        complain(report.error);
        return;
      }
      bool seen[2] = {false, false};
      const auto run = nlohmann::json::parse(report.text, nullptr, false);
      if (run.is_discarded()) return;
      for (const char* list : {"failures", "caught"}) {
        for (const auto& failure : run[list]) {
          if (const auto loss = loss_of(failure["kind"])) seen[static_cast<std::size_t>(*loss)] = true;
        }
      }
      for (std::size_t i = 0; i < 2; ++i) {
        if (!seen[i]) continue;
        ++trial.failed[i];
        if (!trial.first[i]) trial.first[i] = job.seed;
      }
    });
    if (interruption_ || broken) return false;
    if (isatty(STDERR_FILENO) == 1 && !options_.quiet)
      std::fprintf(stderr, "\r\x1b[K%s at %s: %zu stale, %zu lost of %llu", margin_.of.c_str(), text(value).c_str(),
                   trial.failed[0], trial.failed[1], static_cast<unsigned long long>(seeds_.size()));
    trials_[value] = trial;
    return true;
  }

  const ScenarioFile& file_;
  const Margin& margin_;
  const Options& options_;
  SeedRange seeds_;
  std::map<std::int64_t, Trial> trials_;
  std::optional<Interruption> interruption_;
};

std::string json_of(const Search& search, Loss loss) {
  const auto value = [&](const std::optional<std::int64_t>& n) {
    return n ? json_string(search.text(*n)) : std::string("null");
  };
  const std::optional<std::int64_t> fails = search.fails_at(loss);
  const std::optional<std::uint64_t> seed = fails ? search.trial(*fails).seed(loss) : std::nullopt;
  return fmt::format("{{\"holds_at\":{},\"fails_at\":{},\"seed\":{},\"replay\":{}}}", value(search.holds_at(loss)),
                     value(fails), seed ? std::to_string(*seed) : "null",
                     seed ? json_string(search.replay(*fails, *seed)) : "null");
}

std::string json_of(const Search& search, SeedRange seeds) {
  std::string set, tried;
  for (const std::string& key : search.margin().set) set += (set.empty() ? "" : ",") + json_string(key);
  for (const std::int64_t value : search.outwards())
    tried += fmt::format("{}{{\"value\":{},\"stale\":{},\"lost\":{}}}", tried.empty() ? "" : ",",
                         json_string(search.text(value)), search.trial(value).failed[0], search.trial(value).failed[1]);
  return fmt::format(
      "{{\"scenario\":{},\"of\":{},\"set\":[{}],\"from\":{},\"to\":{},\"seeds\":{},\"stale_read\":{},\"lost_write\":{},"
      "\"tried\":[{}]}}\n",
      json_string(search.file().path), json_string(search.margin().of), set, json_string(text_of(search.margin().from)),
      json_string(text_of(search.margin().to)), seeds.size(), json_of(search, Loss::freshness),
      json_of(search, Loss::data), tried);
}

/// "none up to 20s", "none up to 1.9%; at 2% in seed 17", "at once".
std::string words_of(const Search& search, Loss loss) {
  const std::optional<std::int64_t> holds = search.holds_at(loss);
  const std::optional<std::int64_t> fails = search.fails_at(loss);
  const char* way = search.margin().to.n < search.margin().from.n ? "down to" : "up to";
  if (!fails) return fmt::format("none {} {}", way, search.text(*holds));
  const std::string found = fmt::format("at {} in seed {}", search.text(*fails), *search.trial(*fails).seed(loss));
  return holds ? fmt::format("none {} {}; {}", way, search.text(*holds), found) : found + " already";
}

Exit run(const Options& given) {
  SeedRange seeds;
  if (!parse_seeds(given.seeds, seeds)) {
    complain("heir margins: --seeds " + scenarios::printable(given.seeds) + ": expected FIRST..LAST, such as 1..200");
    return Exit::bad_usage;
  }
  std::vector<std::string> problems;
  const Plan plan = Plan::make(given.scenarios, seeds, given.overrides, problems);
  for (const ScenarioFile& file : plan.files()) {
    if (file.scenario.margins.empty())
      problems.push_back(scenarios::printable(file.path) +
                         ": has no [[margin]] that names what to search; scenarios/margins/ has examples");
  }
  if (!problems.empty()) {
    for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
    return Exit::bad_usage;
  }
  Exit status = Exit::as_expected;
  std::string replays;
  for (const ScenarioFile& file : plan.files()) {
    for (const Margin& margin : file.scenario.margins) {
      Search search(file, margin, given, seeds);
      // What came while the last one was told is not forgotten.
      if (const int signal = noted_signal(); signal != 0) exit_interrupted(signal);
      const bool done = search.run();
      if (isatty(STDERR_FILENO) == 1 && !given.quiet) std::fputs("\r\x1b[K", stderr);
      if (!done) {
        if (!search.interruption()) return Exit::bad_usage;
        complain("interrupted in " + file.path + ", " + margin.of);
        exit_interrupted(search.interruption()->signal);
      }
      if (search.fails_at(Loss::data)) status = worse(status, Exit::expectation_failed);
      if (given.json) {
        std::fputs(json_of(search, seeds).c_str(), stdout);
        std::fflush(stdout);
        continue;
      }
      std::printf("%s\n  %s, %s … %s, %llu seeds at each of %zu values\n  stale read   %s\n  lost write   %s\n",
                  margin.of.c_str(), file.path.c_str(), text_of(margin.from).c_str(), text_of(margin.to).c_str(),
                  static_cast<unsigned long long>(seeds.size()), search.outwards().size(),
                  words_of(search, Loss::freshness).c_str(), words_of(search, Loss::data).c_str());
      for (const Loss loss : losses)
        if (const auto fails = search.fails_at(loss))
          std::printf("  to see it    %s\n", search.replay(*fails, *search.trial(*fails).seed(loss)).c_str());
      std::fflush(stdout);
    }
  }
  return status;
}

}  // namespace

void add_margins_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("margins", "Search how far a number can go before a read is stale or a write lost");
  command->add_option("scenario", options->scenarios, "Scenario files with [[margin]]; a folder stands for its *.toml")
      ->required()
      ->type_name("SCENARIO");
  command->add_option("--seeds", options->seeds, "The seeds to try at each value (default 1..40)")
      ->type_name("FIRST..LAST");
  add_overrides_option(*command, options->overrides);
  command->add_flag("--json", options->json, "One JSON object a margin");
  add_jobs_option(*command, options->jobs);
  command->add_flag("--quiet,-q", options->quiet, "No progress");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
