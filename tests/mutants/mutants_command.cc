// heir mutants: hunts every planted bug, and says how many seeds it takes to find it.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "reports/history/json_text.h"
#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "tests/mutants/hunt_mutants.h"
#include "tools/command/json.h"
#include "tools/command/mutants.h"
#include "tools/command/option_types.h"
#include "tools/command/progress_line.h"
#include "tools/command/workers.h"
#include "tools/hunt/results.h"

namespace heir::tools {

namespace {

using mutants::Hunted;
using mutants::Mutant;
using mutants::Strategy;
using mutants::Trial;

struct Options {
  std::vector<std::string> only;
  std::vector<std::string> strategies;
  std::uint64_t cap = 20'000;
  std::uint64_t repeats = 5;
  unsigned jobs = 0;
  Duration patience = Duration::seconds(60);
  std::string db;
  bool list = false;
  bool json = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir mutants --list\n"
    "  heir mutants --cap 300 --repeats 3\n"
    "  heir mutants --only no-lease never-severed --strategy swarm\n"
    "  heir-mutants --mutant takeover-by-an-async run scenarios/first/mixed.toml --seed 4\n"
    "\n"
    "A mutant is a small wrong version of one rule, compiled into heir-mutants alone and off until it is asked for. "
    "Each "
    "is\n"
    "hunted with seeds from 1 on, from 1,000,001 on, ...: so many times. What counts is the median of the seeds that "
    "it "
    "took\n"
    "until a run failed that passes without the mutant; `>300` says that most trials have missed it with 300.\n"
    "Strategies: random (scenarios/first/mixed.toml, or a scenario that has what the mutant needs), swarm\n"
    "(scenarios/swarm/everything.toml), and guided (the same, as heir hunt --guided; what it takes depends a little on "
    "which\n"
    "worker is the first).\n"
    "\n"
    "Exit status: 0 every mutant was found by some strategy, or is explained; 1 some were not, or an explanation is "
    "wrong; 2 bad usage or input; 3 "
    "results\n"
    "could not be written; 130 interrupted.\n"
    "\n"
    "--json: One object a mutant, in one line, with these keys in this order:\n"
    "  mutant, wrong, rule, exposes   what it is, what it does, what it breaks, and what that should show as\n"
    "  policy        the switch of a scenario's [policy] that it is; null: it is in the code\n"
    "  not_seen      why no run can show it; null: one should\n"
    "  strategies    [{strategy, scenario, median, cap, trials}]: median is null where most trials missed\n"
    "  trials        [{first_seed, seeds, kind, seed, replay, noise}]: kind to replay are null where it was missed; "
    "noise "
    "are\n"
    "                seeds that fail without the mutant, too\n";

std::string json_or_null(std::string_view text) {
  return text.empty() ? "null" : json_string(std::string(text));
}

std::string replay_line(const Hunted& hunted, const Recipe& recipe) {
  const Mutant& mutant = *hunted.mutant;
  std::string run = "run " + hunted.path + " --seed " + std::to_string(recipe.seed);
  if (const std::string vary = vary_override(recipe); !vary.empty()) run += " --set " + shell_word(vary);
  if (const std::optional<std::string> override = mutants::policy_override(mutant))
    return "heir " + run + " --set " + shell_word(*override);
  return "heir-mutants --mutant " + std::string(mutant.name) + " " + run;
}

std::string json_of(const Hunted& hunted, const Trial& trial) {
  std::string kind = "null", seed = "null", replay = "null";
  if (trial.found) {
    kind = json_string(trial.found->kind);
    seed = std::to_string(trial.found->recipe.seed);
    replay = json_string(replay_line(hunted, trial.found->recipe));
  }
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  return fmt::format(R"({{"first_seed":{},"seeds":{},"kind":{},"seed":{},"replay":{},"noise":{}}})", trial.first_seed,
                     trial.seeds, kind, seed, replay, json_array(trial.noise, number));
}

/// Of one mutant, by strategy.
std::string json_of(std::span<const Hunted> row, std::uint64_t cap) {
  const Mutant& mutant = *row.front().mutant;
  const auto text = [](std::string_view words) { return json_string(std::string(words)); };
  const std::string by_strategy = json_array(row, [&](const Hunted& hunted) {
    const std::optional<std::uint64_t> median = hunted.median();
    return fmt::format(R"({{"strategy":{},"scenario":{},"median":{},"cap":{},"trials":{}}})",
                       text(hunted.strategy->name), json_string(hunted.path), median ? std::to_string(*median) : "null",
                       cap, json_array(hunted.trials, [&](const Trial& trial) { return json_of(hunted, trial); }));
  });
  return fmt::format(R"({{"mutant":{},"wrong":{},"rule":{},"exposes":{},"policy":{},"not_seen":{},"strategies":{}}})"
                     "\n",
                     text(mutant.name), text(mutant.wrong), text(mutant.rule), text(mutant.exposes),
                     json_or_null(mutant.policy), json_or_null(mutant.not_seen), by_strategy);
}

std::string seeds_text(const Hunted& hunted, std::uint64_t cap) {
  const std::optional<std::uint64_t> median = hunted.median();
  return median ? thousands(*median) : ">" + thousands(cap);
}

bool is_found(std::span<const Hunted> row) {
  return std::any_of(row.begin(), row.end(), [](const Hunted& hunted) { return hunted.median().has_value(); });
}

/// The kinds of failure that it was seen as, and where that can be seen again.
std::string seen_as(std::span<const Hunted> row) {
  std::vector<std::string> kinds;
  for (const Hunted& hunted : row)
    for (const Trial& trial : hunted.trials)
      if (trial.found && std::find(kinds.begin(), kinds.end(), trial.found->kind) == kinds.end())
        kinds.push_back(trial.found->kind);
  std::string text;
  for (const std::string& kind : kinds) text += (text.empty() ? "" : ", ") + kind;
  if (text.empty()) return row.front().mutant->not_seen.empty() ? "MISSED" : "not seen, as explained";
  return text;
}

constexpr int name_width = 34;

std::string header(const std::vector<const Strategy*>& strategies) {
  std::string text = fmt::format("{:<{}}", "mutant", name_width);
  for (const Strategy* strategy : strategies) text += fmt::format("{:>9}", strategy->name);
  return text + "  seen as\n";
}

std::string line_of(std::span<const Hunted> row, std::uint64_t cap) {
  std::string text = fmt::format("{:<{}}", row.front().mutant->name, name_width);
  for (const Hunted& hunted : row) text += fmt::format("{:>9}", seeds_text(hunted, cap));
  return text + "  " + seen_as(row) + "\n";
}

std::string list_text(const std::vector<const Mutant*>& all) {
  std::string text;
  for (const Mutant* const each : all) {
    const Mutant& mutant = *each;
    text += fmt::format("{}\n  {} ({})\n  shows as: {}{}\n", mutant.name, mutant.wrong, mutant.rule, mutant.exposes,
                        mutant.policy.empty() ? "" : "; policy." + std::string(mutant.policy));
    if (!mutant.not_seen.empty()) text += fmt::format("  not seen: {}\n", mutant.not_seen);
  }
  return text;
}

class Teller final : public mutants::HuntMutantsListener {
 public:
  Teller(const Options& given, std::size_t strategies, Results* results, const Campaign* campaign)
      : given_(given),
        strategies_(strategies),
        results_(results),
        campaign_(campaign),
        shows_progress_(isatty(STDERR_FILENO) == 1 && !given.quiet) {}

  void on_trial(const Hunted& hunted, std::size_t number) override {
    if (!results_ || not_written_) return;
    const Trial& trial = hunted.trials.back();
    MutantTrial row{hunted.mutant->name, hunted.strategy->name, number + 1, trial.seeds, std::nullopt};
    if (trial.found) row.found = trial.found->kind;
    if (const Result<> added = results_->add(*campaign_, row); !added) not_written_ = added.error();
  }
  /// A line as soon as all strategies are through with a mutant.
  void on_hunted(const Hunted& hunted) override {
    std::vector<Hunted>& row = rows_[std::string(hunted.mutant->name)];
    row.push_back(hunted);
    if (row.size() < strategies_) return;
    std::sort(row.begin(), row.end(), [](const Hunted& a, const Hunted& b) { return a.strategy < b.strategy; });
    line_.clear();
    std::fputs((given_.json ? json_of(row, given_.cap) : line_of(row, given_.cap)).c_str(), stdout);
    std::fflush(stdout);
  }
  void on_progress(const mutants::HuntMutantsProgress& at) override {
    if (!shows_progress_ || !line_.is_due() || !at.at) return;
    line_.show(fmt::format("{} of {} trials, {} runs; {} by {}, seed {}", at.done, at.wanted, thousands(at.runs),
                           at.at->mutant->name, at.at->strategy->name, thousands(at.seeds)));
  }
  void clear() { line_.clear(); }
  const std::optional<Error>& not_written() const { return not_written_; }

 private:
  const Options& given_;
  std::size_t strategies_;
  Results* results_;
  const Campaign* campaign_;
  bool shows_progress_;
  std::map<std::string, std::vector<Hunted>> rows_;
  std::optional<Error> not_written_;
  ProgressLine line_;
};

/// The mutants and strategies that were asked for; all if none were. False: a name is not known, which has been told.
template <class Item>
bool choose(const std::vector<std::string>& names, std::span<const Item> all, const char* what,
            std::vector<const Item*>& chosen) {
  bool good = true;
  for (const Item& item : all)
    if (names.empty() || std::find(names.begin(), names.end(), item.name) != names.end()) chosen.push_back(&item);
  for (const std::string& name : names) {
    if (std::any_of(all.begin(), all.end(), [&](const Item& item) { return item.name == name; })) continue;
    std::vector<std::string> known;
    for (const Item& item : all) known.emplace_back(item.name);
    complain("heir mutants: no " + std::string(what) + " " + scenarios::printable(name) +
             scenarios::suggestion(name, known));
    good = false;
  }
  return good;
}

/// The results' campaign, of all scenarios that are run.
Result<Campaign> begin_campaign(Results& results, const mutants::HuntMutantsOptions& options) {
  CampaignSettings settings;
  settings.heir = HEIR_VERSION;
  std::vector<Target> targets;
  for (const Mutant* mutant : options.mutants) {
    for (const Strategy* strategy : options.strategies) {
      const std::string path(strategy->scenario(*mutant));
      if (std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return target.path == path; }))
        continue;
      scenarios::Loaded loaded = scenarios::load_file(options.root + "/" + path);
      if (!loaded) return Error{ErrorCode::invalid, loaded.messages.front()};
      const std::string text = scenarios::write(*loaded.scenario);
      targets.push_back({path, text, std::move(*loaded.scenario)});
    }
  }
  return results.begin_campaign(settings, std::move(targets));
}

/// `is_bad`: some were missed, or found though they are explained.
std::string summary_text(const std::vector<Hunted>& all, std::size_t strategies, bool& is_bad) {
  std::size_t found = 0, explained = 0;
  std::string missed, wrong;
  for (std::size_t i = 0; i < all.size(); i += strategies) {
    const std::span<const Hunted> row(all.data() + i, strategies);
    const Mutant& mutant = *row.front().mutant;
    if (is_found(row))
      ++found;
    else if (!mutant.not_seen.empty())
      ++explained;
    else
      missed += (missed.empty() ? "" : ", ") + std::string(mutant.name);
    if (is_found(row) && !mutant.not_seen.empty()) wrong += (wrong.empty() ? "" : ", ") + std::string(mutant.name);
  }
  is_bad = !missed.empty() || !wrong.empty();
  std::string text =
      fmt::format("{} mutants: {} found, {} not seen and explained", all.size() / strategies, found, explained);
  text += missed.empty() ? "\n" : "; missed: " + missed + "\n";
  if (!wrong.empty()) text += "found though explained (the explanation is wrong): " + wrong + "\n";
  return text;
}

Exit run(const Options& given, int& signal) {
  mutants::HuntMutantsOptions options;
  bool good = choose(given.only, mutants::catalogue(), "mutant", options.mutants);
  good = choose(given.strategies, mutants::strategies(), "strategy", options.strategies) && good;
  if (!good) return Exit::bad_usage;
  if (given.list) {
    std::fputs(list_text(options.mutants).c_str(), stdout);
    return Exit::as_expected;
  }
  options.cap = given.cap;
  options.repeats = given.repeats;
  options.workers = worker_count(given.jobs);
  options.patience = given.patience;
  options.root = HEIR_SOURCE_DIR;

  std::optional<Results> results;
  std::optional<Campaign> campaign;
  if (!given.db.empty()) {
    Result<Results> opened = Results::open(given.db, Results::Open::add);
    Result<Campaign> begun = opened ? begin_campaign(*opened, options) : Result<Campaign>(opened.error());
    if (!begun) {
      complain(begun.error().message);
      return Exit::bad_usage;
    }
    results.emplace(std::move(*opened));
    campaign.emplace(std::move(*begun));
  }
  if (!given.json) std::fputs(header(options.strategies).c_str(), stdout);
  Teller teller(given, options.strategies.size(), results ? &*results : nullptr, campaign ? &*campaign : nullptr);
  const Result<mutants::HuntMutantsEnd> end = mutants::hunt_mutants(options, teller);
  teller.clear();
  if (!end) {
    complain(end.error().message);
    return Exit::bad_usage;
  }
  std::optional<Error> not_written = teller.not_written();
  if (results && !not_written) {
    const CampaignEnd how = end->signal != 0 ? CampaignEnd::interrupted : CampaignEnd::complete;
    if (const Result<> set = results->set_end(*campaign, how, ""); !set) not_written = set.error();
  }
  if (end->signal != 0) {
    complain("interrupted");
    signal = end->signal;
    return Exit::no_verdict;
  }
  bool is_bad = false;
  const std::string summary = summary_text(end->hunted, options.strategies.size(), is_bad);
  if (!given.json) std::fputs(summary.c_str(), stdout);
  Exit status = is_bad ? Exit::expectation_failed : Exit::as_expected;
  if (not_written) {
    complain(given.db + ": results could not be written: " + not_written->message);
    status = worse(status, Exit::no_verdict);
  }
  return status;
}

}  // namespace

void add_mutants_command(CLI::App& app, Chosen& chosen) {
  app.add_option_function<std::string>(
         "--mutant",
         [](const std::string& name) {
           const Mutant* mutant = mutants::find(name);
           if (!mutant) throw CLI::ValidationError("--mutant", "no mutant " + scenarios::printable(name));
           if (const std::optional<std::string> override = mutants::policy_override(*mutant))
             throw CLI::ValidationError("--mutant",
                                        name + " is a switch of a scenario's policy: run … --set '" + *override + "'");
           mutants::turn_on(name);
           set_command_words("heir-mutants --mutant " + name);
         },
         "Turn this mutant on in what is run")
      ->type_name("NAME");
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("mutants", "Hunt planted bugs: how many seeds does it take to find each?");
  command->add_option("--only", options->only, "These mutants")->type_name("NAME");
  command->add_option("--strategy", options->strategies, "These strategies: random, swarm, guided (default: all)")
      ->type_name("NAME");
  add_count_option(*command, "--cap", options->cap, "Seeds after which a trial has missed (default 20000)", 1,
                   1'000'000);
  add_count_option(*command, "--repeats", options->repeats, "Trials of each, of which the median counts (default 5)", 1,
                   1000);
  add_jobs_option(*command, options->jobs);
  add_stuck_after_option(*command, options->patience);
  add_output_option(*command, "--db", options->db,
                    "Keep the results here; another campaign is added to an existing file");
  command->add_flag("--list", options->list, "What mutants there are, and nothing more");
  command->add_flag("--json", options->json, "JSON, one object a mutant");
  command->add_flag("--quiet,-q", options->quiet, "No progress");
  command->footer(footer);
  command->callback([options, &chosen] {
    chosen = [options] {
      int signal = 0;
      const Exit status = run(*options, signal);
      if (signal != 0) exit_interrupted(signal);
      return status;
    };
  });
}

}  // namespace heir::tools
