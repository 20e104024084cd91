#include "tools/hunt/hunt.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <vector>

#include "tools/hunt/corpus.h"
#include "tools/simulation/judge.h"

namespace heir::tools {

namespace {

using Clock = std::chrono::steady_clock;

/// Results are written when there are so many, or after so long.
constexpr std::size_t batch_runs = 256;
constexpr std::chrono::milliseconds batch_time(500);

/// Of one scenario: what is still to be run, and what it has cost.
struct Queue {
  SeedSet done;
  std::vector<Task> again;            ///< Handed out already, but came back without a result.
  std::optional<std::uint64_t> next;  ///< Candidates begin here; nothing: there are none any more.
  std::int64_t time_ns = 0;
  std::uint64_t runs = 0;
  std::uint64_t under_way = 0;
  Corpus corpus;  ///< Of guided search.

  /// What it will have cost when all that is under way has ended.
  std::int64_t expected_ns() const {
    return time_ns + static_cast<std::int64_t>(under_way) *
                         (time_ns / static_cast<std::int64_t>(std::max<std::uint64_t>(runs, 1)) + 1);
  }
};

class Hunt final : public PoolOwner {
 public:
  Hunt(Results& results, Campaign& campaign, const HuntOptions& options, HuntListener& listener)
      : results_(results),
        campaign_(campaign),
        options_(options),
        listener_(listener),
        active_before_(campaign.active_seconds) {}

  Result<> prepare() {
    Result<std::vector<SeedSet>> seeds = results_.seeds_of(campaign_);
    if (!seeds) return seeds.error();
    const Result<std::vector<std::int64_t>> times = results_.time_of(campaign_);
    if (!times) return times.error();
    const WantedSeeds& wanted = campaign_.settings.seeds;
    if (const std::optional<std::uint64_t> each = wanted.count()) progress_.wanted = *each * campaign_.targets.size();
    for (std::size_t i = 0; i < campaign_.targets.size(); ++i) {
      Queue queue;
      queue.done = std::move((*seeds)[i]);
      queue.runs = queue.done.size();
      queue.time_ns = (*times)[i];
      queue.next = wanted.begin();
      progress_.runs += queue.runs;
      queues_.push_back(std::move(queue));
    }
    if (campaign_.settings.guided)
      for (std::size_t i = 0; i < queues_.size(); ++i)
        if (const Result<> loaded = results_.load_corpus(campaign_, i, queues_[i].corpus); !loaded) return loaded;
    return load_tallies();
  }

  Result<HuntEnd> run() {
    PoolOptions pool;
    pool.workers = options_.workers;
    pool.tasks_per_process = options_.runs_per_process;
    pool.most_memory = options_.most_memory;
    pool.patience = options_.patience;
    pool.keep_errors = true;
    const Work work = [this](Task task, const TellProgress& tell) {
      const Recipe recipe = recipe_of(task);
      const scenarios::Scenario& scenario =
          is_canary(task) ? options_.canary->scenario : campaign_.targets[task.what].scenario;
      return pack(options_.run(recipe.vary.empty() ? scenario : varied(scenario, recipe), recipe.seed, tell));
    };
    const Result<PoolEnd> pool_end = run_pool(pool, work, *this);
    flush();
    if (!pool_end) return pool_end.error();
    HuntEnd end;
    end.signal = pool_end->signal;
    end.not_written = not_written_;
    end.canary = canary_words();
    end.peak_memory_bytes = pool_end->peak_memory_bytes;
    end.end = how_it_ended(end.signal);
    campaign_.end = end.end;
    if (!not_written_)
      if (const Result<> set = results_.set_end(campaign_, end.end, end.canary); !set) end.not_written = set.error();
    if (end.not_written) end.end = CampaignEnd::out_of_space;
    return end;
  }

 private:
  enum class CanaryState { none, alive, dead, lived };

  bool is_canary(const Task& task) const { return task.what == campaign_.targets.size(); }

  // ---- PoolOwner ----

  std::optional<Task> next() override {
    if (not_written_ || canary_ == CanaryState::lived) return std::nullopt;
    if (canary_ == CanaryState::alive && !canary_under_way_) {
      canary_under_way_ = true;
      ++canary_seed_;
      return task_of(campaign_.targets.size(), canary_seed_, {canary_seed_, {}});
    }
    if (is_over()) return std::nullopt;
    Queue* cheapest = nullptr;
    for (Queue& queue : queues_)
      if (has_more(queue) && (!cheapest || queue.expected_ns() < cheapest->expected_ns())) cheapest = &queue;
    if (!cheapest) return std::nullopt;
    ++cheapest->under_way;
    return take(*cheapest);
  }

  void done(TaskOutcome outcome) override {
    std::optional<RunRecord> record =
        outcome.lost ? lost_record(outcome.task.seed, *outcome.lost) : unpack(outcome.answer);
    if (record && outcome.lost) record->wall_ns = outcome.took.ns();
    // One that died of something else has not died as it must.
    if (record && outcome.lost && is_canary(outcome.task)) record->failures.clear();
    if (is_canary(outcome.task)) return canary_done(record);
    if (record) {
      record->seed = outcome.task.seed;
      record->recipe = recipe_of(outcome.task);
    }
    Queue& queue = queues_[outcome.task.what];
    --queue.under_way;
    // Whoever killed it once had another reason than the run.
    const bool killed = outcome.lost && outcome.lost->cause == Lost::Cause::killed;
    if (!record || (killed && killed_once_.insert({outcome.task.what, outcome.task.seed}).second)) {
      queue.again.push_back(outcome.task);
      return;
    }
    if (not_written_) return;
    queue.done.add(record->seed);
    queue.time_ns += record->wall_ns;
    ++queue.runs;
    count(*record);
    const bool bad = record->verdict != reports::Outcome::pass;
    NewRun run{outcome.task.what, std::move(*record), {}};
    // What goes on from a failure fails in the same way.
    if (campaign_.settings.guided && run.record.verdict == reports::Outcome::pass)
      run.lesson = queue.corpus.learn(run.record.recipe, run.record);
    pending_.push_back(std::move(run));
    if (bad || pending_.size() >= batch_runs) {
      const NewRun last = pending_.back();
      flush();
      if (bad && !not_written_) listener_.on_bad_run(campaign_.targets[last.target], last.record);
    }
  }

  void tick() override {
    if (!pending_.empty() && Clock::now() - flushed_ >= batch_time) flush();
    const double seconds = elapsed();
    progress_.runs_per_second = seconds > 0 ? static_cast<double>(this_session_) / seconds : 0;
    progress_.seconds_left = left();
    listener_.on_progress(progress_);
  }

  // ---- Which is next ----

  bool has_more(Queue& queue) {
    while (queue.next && queue.done.contains(*queue.next)) queue.next = campaign_.settings.seeds.after(*queue.next);
    return queue.next || !queue.again.empty();
  }

  /// REQUIRES has_more.
  Task take(Queue& queue) {
    if (!queue.again.empty()) {
      const Task task = queue.again.back();
      queue.again.pop_back();
      return task;
    }
    const std::uint64_t seed = *queue.next;
    queue.next = campaign_.settings.seeds.after(seed);
    return task_of(static_cast<std::uint64_t>(&queue - queues_.data()), seed,
                   campaign_.settings.guided ? queue.corpus.next(seed) : Recipe{seed, {}});
  }

  bool is_over() const {
    const CampaignSettings& settings = campaign_.settings;
    if (settings.stop_on > 0 && progress_.failed >= settings.stop_on) return true;
    return settings.seconds && active_before_ + elapsed() >= static_cast<double>(*settings.seconds);
  }

  CampaignEnd how_it_ended(int signal) const {
    if (canary_ == CanaryState::lived) return CampaignEnd::canary_lived;
    if (not_written_) return CampaignEnd::out_of_space;
    if (progress_.wanted && progress_.runs >= *progress_.wanted) return CampaignEnd::complete;
    if (signal != 0) return CampaignEnd::interrupted;
    const std::uint64_t stop_on = campaign_.settings.stop_on;
    return stop_on > 0 && progress_.failed >= stop_on ? CampaignEnd::stopped : CampaignEnd::complete;
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  std::optional<double> left() const {
    std::optional<double> seconds;
    if (campaign_.settings.seconds)
      seconds = std::max(0.0, static_cast<double>(*campaign_.settings.seconds) - active_before_ - elapsed());
    if (progress_.wanted && progress_.runs_per_second > 0) {
      const double by_rate = static_cast<double>(*progress_.wanted - progress_.runs) / progress_.runs_per_second;
      seconds = seconds ? std::min(*seconds, by_rate) : by_rate;
    }
    return seconds;
  }

  // ---- The canary ----

  void canary_done(const std::optional<RunRecord>& record) {
    canary_under_way_ = false;
    if (!record) {  // interrupted
      --canary_seed_;
      return;
    }
    const std::string& wanted = options_.canary->wanted;
    for (const RunFailure& failure : record->failures)
      if (wanted.empty() || failure.kind == wanted) {
        canary_ = CanaryState::dead;
        canary_kind_ = failure.kind;
        // Known from now on, whatever becomes of the campaign.
        if (const Result<> set = results_.set_end(campaign_, std::nullopt, canary_words()); !set)
          not_written_ = set.error();
        return;
      }
    if (canary_seed_ == canary_seeds) canary_ = CanaryState::lived;
  }

  std::string canary_words() const {
    switch (canary_) {
      case CanaryState::none: return "";
      case CanaryState::alive: return "not finished";
      case CanaryState::dead: return "died as it must: " + canary_kind_ + " with seed " + std::to_string(canary_seed_);
      case CanaryState::lived: return "lives: no failure with " + std::to_string(canary_seeds) + " seeds";
    }
    return "";
  }

  // ---- What is known ----

  Result<> load_tallies() {
    for (const std::int64_t id : campaign_.target_ids) {
      Result<Statement> verdicts =
          results_.database().prepare("SELECT verdict, runs FROM tallies WHERE scenario = ?1 AND verdict <> 'pass'");
      if (!verdicts) return verdicts.error();
      verdicts->bind(1, id);
      for (Result<bool> row = verdicts->step();; row = verdicts->step()) {
        if (!row) return row.error();
        if (!*row) break;
        (verdicts->text(0) == "fail" ? progress_.failed : progress_.unknown) += verdicts->bits(1);
      }
      Result<Statement> kinds = results_.database().prepare(
          "SELECT kind, count(*) FROM failures WHERE id IN (SELECT min(id) FROM failures WHERE scenario = ?1 "
          "GROUP BY seed) GROUP BY kind");
      if (!kinds) return kinds.error();
      kinds->bind(1, id);
      for (Result<bool> row = kinds->step();; row = kinds->step()) {
        if (!row) return row.error();
        if (!*row) break;
        progress_.failed_by_kind[kinds->text(0)] += kinds->bits(1);
      }
      Result<Statement> probes = results_.database().prepare("SELECT name, hits FROM probes WHERE scenario = ?1");
      if (!probes) return probes.error();
      probes->bind(1, id);
      for (Result<bool> row = probes->step();; row = probes->step()) {
        if (!row) return row.error();
        if (!*row) break;
        count_probe(probes->text(0), probes->bits(1));
      }
    }
    return {};
  }

  void count(const RunRecord& record) {
    ++progress_.runs;
    ++this_session_;
    if (record.verdict == reports::Outcome::unknown) ++progress_.unknown;
    if (record.verdict == reports::Outcome::fail) {
      ++progress_.failed;
      if (!record.failures.empty()) ++progress_.failed_by_kind[record.failures.front().kind];
    }
    for (const ProbeHits& probe : record.probes) count_probe(probe.name, probe.hits);
  }

  void count_probe(const std::string& name, std::uint64_t hits) {
    const auto [found, is_new] = probes_.try_emplace(name, false);
    if (is_new) ++progress_.probes;
    if (hits == 0 || found->second) return;
    found->second = true;
    ++progress_.probes_hit;
  }

  void flush() {
    flushed_ = Clock::now();
    campaign_.active_seconds = active_before_ + elapsed();
    if (pending_.empty() || not_written_) return;
    const Result<> added = results_.add(campaign_, pending_);
    if (!added) not_written_ = added.error();
    pending_.clear();
  }

  Results& results_;
  Campaign& campaign_;
  const HuntOptions& options_;
  HuntListener& listener_;
  const double active_before_;
  const Clock::time_point began_ = Clock::now();
  Clock::time_point flushed_ = began_;
  std::vector<Queue> queues_;  ///< By target.
  std::set<std::pair<std::uint64_t, std::uint64_t>> killed_once_;
  std::vector<NewRun> pending_;  ///< Not written yet.
  std::optional<Error> not_written_;
  std::map<std::string, bool> probes_;  ///< Whether it was hit.
  HuntProgress progress_;
  std::uint64_t this_session_ = 0;
  CanaryState canary_ = options_.canary ? CanaryState::alive : CanaryState::none;
  bool canary_under_way_ = false;
  std::uint64_t canary_seed_ = 0;
  std::string canary_kind_;
};

}  // namespace

Canary Canary::of(std::string name, scenarios::Scenario scenario) {
  std::string wanted;
  if (scenario.expect.verdict) wanted = to_string(failure_kind(*scenario.expect.verdict));
  scenario.expect.verdict.reset();
  return {std::move(name), std::move(scenario), std::move(wanted)};
}

Result<HuntEnd> hunt(Results& results, Campaign& campaign, const HuntOptions& options, HuntListener& listener) {
  Hunt hunted(results, campaign, options, listener);
  if (const Result<> prepared = hunted.prepare(); !prepared) return prepared.error();
  if (const Result<> begun = results.set_end(campaign, std::nullopt, ""); !begun) return begun.error();
  return hunted.run();
}

}  // namespace heir::tools
