#include "tests/mutants/hunt_mutants.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>

#include "scenarios/load.h"
#include "tools/hunt/corpus.h"
#include "tools/hunt/record.h"
#include "tools/workers/pool.h"

namespace heir::mutants {

namespace {

using reports::Outcome;
using tools::RunRecord;
using tools::Task;

/// Between the first seeds of two trials.
constexpr std::uint64_t seeds_apart = 1'000'000;
constexpr unsigned runs_per_process = 500;
constexpr std::uint64_t most_memory = 150 << 20;
/// Of a run: about three times what the longest one takes without a mutant.
constexpr std::uint64_t most_events = 1'000'000;

constexpr std::array known{
    Strategy{"random",
             [](const Mutant& mutant) {
               return mutant.scenario.empty() ? std::string_view("scenarios/first/mixed.toml") : mutant.scenario;
             }},
    Strategy{"swarm", [](const Mutant&) { return std::string_view("scenarios/swarm/everything.toml"); }},
    Strategy{"guided", [](const Mutant&) { return std::string_view("scenarios/swarm/everything.toml"); }, true},
};

/// A mutant may make peers do one thing over and over, in which time goes by all the same.
std::optional<RunRecord> run_bounded(const scenarios::Scenario& scenario, std::uint64_t seed,
                                     const tools::TellProgress& tell) {
  bool is_endless = false;
  std::optional<RunRecord> record = tools::run_and_judge(scenario, seed, [&](tools::TaskProgress at) {
    is_endless = at.events > most_events;
    return !is_endless && tell(at);
  });
  if (is_endless)
    record =
        tools::lost_record(seed, {tools::Lost::Cause::stuck, "more than " + std::to_string(most_events) + " events"});
  return record;
}

/// A trial under way.
struct Chase {
  std::size_t hunted = 0;
  std::size_t number = 0;
  std::uint64_t next = 0;  ///< Seeds handed out.
  std::set<std::uint64_t> under_way;
  struct Suspect {
    RunRecord record;
    bool confirmed = false;
  };
  std::map<std::uint64_t, Suspect> suspects;  ///< Seeds that failed, by place; the first confirmed one is the find.
  std::vector<std::uint64_t> noise;
  tools::Corpus corpus;  ///< What a guided trial has learnt.
  bool over = false;
};

class Hunt final : public tools::PoolOwner {
 public:
  Hunt(const HuntMutantsOptions& options, HuntMutantsListener& listener) : options_(options), listener_(listener) {}

  Result<> prepare() {
    for (const Mutant* mutant : options_.mutants) {
      for (const Strategy* strategy : options_.strategies) {
        Hunted hunted{mutant, strategy, std::string(strategy->scenario(*mutant)), {}};
        const std::string path = options_.root + "/" + hunted.path;
        scenarios::Loaded loaded = scenarios::load_file(path);
        if (!loaded) return Error{ErrorCode::invalid, loaded.messages.front()};
        // The world of a known-bad design, without its mistake; the mutant is that mistake, or another.
        // A known-bad design would fail by itself.
        if (loaded.scenario->expect.verdict) loaded.scenario->policy.clear();
        loaded.scenario->expect.verdict.reset();
        World world{*loaded.scenario, *loaded.scenario};
        if (const std::size_t equals = mutant->policy.find('='); equals != std::string_view::npos) {
          scenarios::PolicyOverride& line = world.sick.policy.emplace_back();
          line.name = mutant->policy.substr(0, equals);
          line.value = mutant->policy.substr(equals + 1);
        }
        worlds_.push_back(std::move(world));
        for (std::size_t number = 0; number < options_.repeats; ++number) {
          Chase chase;
          chase.hunted = hunted_.size();
          chase.number = number;
          chases_.push_back(std::move(chase));
        }
        hunted_.push_back(std::move(hunted));
      }
    }
    progress_.wanted = chases_.size();
    return {};
  }

  Result<HuntMutantsEnd> run() {
    tools::PoolOptions pool;
    pool.workers = options_.workers;
    pool.tasks_per_process = runs_per_process;
    pool.most_memory = most_memory;
    pool.patience = options_.patience;
    pool.keep_errors = true;
    const tools::Work work = [this](Task task, const tools::TellProgress& tell) {
      const Chase& chase = chases_[task.what / 2];
      const bool sound = is_sound(task);
      const Mutant& mutant = *hunted_[chase.hunted].mutant;
      turn_on(sound || !mutant.policy.empty() ? "" : mutant.name);
      const World& world = worlds_[chase.hunted];
      const tools::Recipe recipe = tools::recipe_of(task);
      return tools::pack(run_bounded(varied(sound ? world.sound : world.sick, recipe), recipe.seed, tell));
    };
    const Result<tools::PoolEnd> end = run_pool(pool, work, *this);
    if (!end) return end.error();
    return HuntMutantsEnd{std::move(hunted_), end->signal};
  }

 private:
  struct World {
    scenarios::Scenario sick;
    scenarios::Scenario sound;  ///< Without the mutant.
  };

  /// A run without the mutant, of a seed that failed with it.
  static bool is_sound(const Task& task) { return task.what % 2 == 1; }
  static std::uint64_t first_seed(const Chase& chase) { return 1 + chase.number * seeds_apart; }
  std::size_t place(const Chase& chase) const { return static_cast<std::size_t>(&chase - chases_.data()); }

  // ---- PoolOwner ----

  std::optional<Task> next() override {
    if (!to_confirm_.empty()) {
      const Task task = to_confirm_.front();
      to_confirm_.pop_front();
      return task;
    }
    while (first_open_ < chases_.size() && chases_[first_open_].over) ++first_open_;
    for (std::size_t i = first_open_; i < chases_.size(); ++i) {
      Chase& chase = chases_[i];
      if (chase.over || !chase.suspects.empty() || chase.next == options_.cap) continue;
      const std::uint64_t at = chase.next++;
      chase.under_way.insert(at);
      const std::uint64_t seed = first_seed(chase) + at;
      const bool guided = hunted_[chase.hunted].strategy->guided;
      return tools::task_of(i * 2, seed, guided ? chase.corpus.next(seed) : tools::Recipe{seed, {}});
    }
    return std::nullopt;
  }

  void done(tools::TaskOutcome outcome) override {
    ++progress_.runs;
    Chase& chase = chases_[outcome.task.what / 2];
    const std::uint64_t at = outcome.task.seed - first_seed(chase);
    std::optional<RunRecord> record =
        outcome.lost ? tools::lost_record(outcome.task.seed, *outcome.lost) : tools::unpack(outcome.answer);
    if (!record || chase.over) return;  // interrupted, or the others have settled it
    const bool failed = record->verdict == Outcome::fail;
    if (is_sound(outcome.task)) {
      if (record->verdict == Outcome::pass) {
        chase.suspects.at(at).confirmed = true;
      } else {
        chase.suspects.erase(at);
        chase.noise.push_back(outcome.task.seed);
      }
    } else {
      chase.under_way.erase(at);
      record->recipe = tools::recipe_of(outcome.task);
      if (hunted_[chase.hunted].strategy->guided && record->verdict == Outcome::pass)
        chase.corpus.learn(record->recipe, *record);
      if (failed) {
        to_confirm_.push_back(tools::task_of(outcome.task.what + 1, outcome.task.seed, record->recipe));
        chase.suspects[at].record = std::move(*record);
      }
    }
    settle(chase);
  }

  void tick() override {
    progress_.at = first_open_ < chases_.size() ? &hunted_[chases_[first_open_].hunted] : nullptr;
    progress_.seeds = first_open_ < chases_.size() ? chases_[first_open_].next : 0;
    listener_.on_progress(progress_);
  }

  // ---- The end of a trial ----

  void settle(Chase& chase) {
    const bool exhausted = chase.next == options_.cap && chase.under_way.empty();
    if (chase.suspects.empty()) {
      if (exhausted) end_trial(chase, std::nullopt);
      return;
    }
    const auto& [at, suspect] = *chase.suspects.begin();
    const bool earlier_may_fail = !chase.under_way.empty() && *chase.under_way.begin() < at;
    if (suspect.confirmed && !earlier_may_fail) end_trial(chase, at);
  }

  void end_trial(Chase& chase, std::optional<std::uint64_t> at) {
    Trial trial;
    trial.first_seed = first_seed(chase);
    trial.seeds = at ? *at + 1 : options_.cap;
    trial.noise = chase.noise;
    if (at) {
      const RunRecord& record = chase.suspects.at(*at).record;
      trial.found = Find{record.recipe, "assertion", record.reason};
      if (!record.failures.empty()) trial.found->kind = record.failures.front().kind;
      if (!record.failures.empty()) trial.found->message = record.failures.front().message;
    }
    Hunted& hunted = hunted_[chase.hunted];
    close(chase);
    hunted.trials.push_back(std::move(trial));
    listener_.on_trial(hunted, chase.number);
    // Nothing that the rest could find would bring the median under the cap.
    const std::size_t missed = hunted.trials.size() - hunted.found();
    const std::size_t first = place(chase) - chase.number;
    if (missed > options_.repeats / 2)
      for (std::size_t i = first; i < first + options_.repeats; ++i)
        if (!chases_[i].over) close(chases_[i]);
    const auto begin = chases_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(options_.repeats);
    if (std::all_of(begin, end, [](const Chase& each) { return each.over; })) listener_.on_hunted(hunted);
  }

  void close(Chase& chase) {
    chase.over = true;
    ++progress_.done;
    std::erase_if(to_confirm_, [&](const Task& task) { return task.what / 2 == place(chase); });
  }

  const HuntMutantsOptions& options_;
  HuntMutantsListener& listener_;
  std::vector<Hunted> hunted_;
  std::vector<World> worlds_;  ///< By hunted.
  std::vector<Chase> chases_;
  std::size_t first_open_ = 0;
  std::deque<Task> to_confirm_;
  HuntMutantsProgress progress_;
};

}  // namespace

std::span<const Strategy> strategies() {
  return known;
}

std::size_t Hunted::found() const {
  return static_cast<std::size_t>(
      std::count_if(trials.begin(), trials.end(), [](const Trial& trial) { return trial.found.has_value(); }));
}

std::optional<std::uint64_t> Hunted::median() const {
  std::vector<std::uint64_t> seeds;
  for (const Trial& trial : trials)
    if (trial.found) seeds.push_back(trial.seeds);
  std::sort(seeds.begin(), seeds.end());
  // Those in vain are above all others; of two in the middle the upper one counts.
  const std::size_t middle = trials.size() / 2;
  return middle < seeds.size() ? std::optional(seeds[middle]) : std::nullopt;
}

Result<HuntMutantsEnd> hunt_mutants(const HuntMutantsOptions& options, HuntMutantsListener& listener) {
  Hunt hunt(options, listener);
  if (const Result<> prepared = hunt.prepare(); !prepared) return prepared.error();
  return hunt.run();
}

}  // namespace heir::mutants
