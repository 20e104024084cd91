// heir shrink: from a failure to the smallest and plainest scenario that still fails in the same way, and its tale.
//
// Works on the decision list: first strikes are left out by delta debugging, in a world where less goes on if the
// scenario fails in the same way there too. As long as more than one is left, other seeds that fail in the same way are
// begun with as well, and the smallest is gone on with. Then everything else is made smaller and plainer by the passes
// of tools/shrink, over and over until nothing helps any more, or the time is up. Candidates run in processes of their
// own, some at a time.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "scenarios/names.h"
#include "sim/faults/decisions.h"
#include "tools/command/commands.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"
#include "tools/command/workers.h"
#include "tools/shrink/ddmin.h"
#include "tools/shrink/edits.h"
#include "tools/shrink/tale.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

using scenarios::Scenario;

struct Options {
  SubjectOptions subject;
  Duration lasts = Duration::seconds(60);
  std::string out;
  std::string svg;
  unsigned jobs = 0;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir shrink lost.heir --out lost.toml\n"
    "  heir shrink scenarios/first/mixed.toml --seed 17 --for 30s --svg lost.svg\n"
    "\n"
    "Prints the tale of the shrunk run: what happened, in order, then as a Lamport diagram. The scenario goes to "
    "--out, or behind the\n"
    "tale. Its [expect] names the verdict, so that it passes as long as it fails in this way: a regression test. When "
    "the time is up,\n"
    "or at an interruption, the smallest scenario so far is what is written.\n"
    "\n"
    "Exit status: 0 shrunk, or it cannot be; 1 there is no failure to shrink; 2 bad usage or input; 3 an output "
    "could not be\n"
    "written; 4 an internal error of heir itself; 130 interrupted.\n";

constexpr std::uint64_t other_seeds = 20;         ///< Tried where a strike is left out.
constexpr std::uint64_t seeds_of_a_world = 40;    ///< Looked at for one that fails in a cheaper world.
constexpr std::uint64_t most_other_seeds = 1000;  ///< Looked at for other beginnings,
constexpr std::size_t enough_beginnings = 5;      ///< so many at a time.
constexpr int seeds = 10;                         ///< Tried with the shrunk scenario,
constexpr int steady_seeds = 8;                   ///< and so many that fail are enough.

/// A run that fails, with its strikes decided.
struct Beginning {
  Scenario scenario;
  std::uint64_t seed = 1;
  Duration failed_at;
};

/// What the scenario is to be judged by: the failure alone, if a file can name it, with those expectations that it may
/// be a breach of.
void expect_failure(Scenario& scenario, const FoundFailure& failure) {
  using scenarios::FailureKind;
  const scenarios::Expect asked = std::exchange(scenario.expect, {});
  scenarios::Expect& expect = scenario.expect;
  expect.verdict = scenarios::from_name<FailureKind>(failure.kind);
  if (expect.verdict == FailureKind::not_writable) {
    expect.writable_within = asked.writable_within;
    expect.max_unavailable = asked.max_unavailable;
  }
  if (expect.verdict == FailureKind::stuck) {
    expect.recovers_within = asked.recovers_within;
    expect.min_failovers = asked.min_failovers;
    // Any calmer workload would be a breach of it.
    if (failure.message.find("operations succeeded; expected") != std::string::npos) expect.min_ok = asked.min_ok;
  }
  if (expect.verdict == FailureKind::assertion) expect.max_failovers = asked.max_failovers;
}

/// The scenario with these strikes, if it fails in the same way: then also when.
std::optional<Beginning> beginning(const Scenario& scenario, const std::vector<scenarios::Fault>& strikes,
                                   std::uint64_t seed, const FoundFailure& failure) {
  Beginning begun{sim::with_decisions(scenario, strikes), seed, failure.at};
  sim::RunOptions run;
  run.seed = seed;
  const Judgement judgement = see(begun.scenario, run).judgement;
  if (!fails_with(judgement, failure.kind)) return std::nullopt;
  if (const std::optional<FoundFailure> seen = failure_in(judgement)) begun.failed_at = seen->at;
  return begun;
}

class Shrinking {
 public:
  /// `source`: the scenario that the beginning comes from, which draws other strikes with other seeds.
  Shrinking(Beginning from, Scenario source, FoundFailure failure, unsigned jobs, bool tells)
      : best_(std::move(from.scenario)),
        seed_(from.seed),
        failed_at_(from.failed_at),
        source_(std::move(source)),
        failure_(std::move(failure)),
        jobs_(jobs),
        tells_(tells) {
    tried_.insert({seed_, scenarios::write(best_)});
  }

  /// Nothing is left to leave out, or the time is up.
  void shrink_strikes(Deadline deadline) {
    deadline_ = deadline;
    drop_what_came_later();
    drop_all_strikes();
    if (best_.faults.size() > 1) go_to_a_cheaper_world();
    drop_strikes();
    drop_strikes_with_other_seeds();
    while (best_.faults.size() > 1 && try_other_beginnings()) {
    }
    were_seeds_left_ = !goes_on() && best_.faults.size() > 1 && next_seed_ <= most_other_seeds;
  }

  /// Nothing is left to try, or the time is up.
  void shrink_all(Deadline deadline) {
    deadline_ = deadline;
    is_over_ = false;
    drop_strikes();  // Those for which there was no time.
    plain_seed();
    do {
      bool smaller = true;
      while (smaller && goes_on()) {
        smaller = false;
        for (const Pass& pass : passes())
          while (goes_on() && take_one(pass.candidates(best_), pass.about)) smaller = true;
        if (smaller) drop_strikes();
        plain_seed();
      }
    } while (drop_strikes_with_other_seeds());
    is_over_ = is_over_ || !goes_on();
    clear();
  }

  /// With how many of the first seeds it fails in the same way. Where operations that are too few make that a matter of
  /// luck, there are more of them again: what fails by luck fails no more after the next change of code.
  /// Nothing if there is no time for that.
  std::optional<int> make_steady(Deadline deadline) {
    deadline_ = deadline;
    double expected = longest_batch_ * seeds / jobs_;  // That so many runs take.
    if (!deadline_.has(std::chrono::duration<double>(expected))) return std::nullopt;
    const Stopwatch watch;
    std::vector<bool> failing = run_side_by_side({best_}, {1, seeds});
    expected = watch.seconds();
    Scenario busier = best_;
    for (int i = 0; i < most_raises && how_many(failing) < steady_seeds && goes_on(); ++i) {
      expected *= 4;
      if (!deadline_.has(std::chrono::duration<double>(expected))) break;
      for (scenarios::Workload& workload : busier.workloads)
        workload.rate.count = std::min<std::int64_t>(workload.rate.count * 4, 1'000'000);
      show("steadier operations");
      std::vector<bool> now = run_side_by_side({busier}, {1, seeds});
      if (how_many(now) <= how_many(failing)) continue;
      failing = std::move(now);
      best_ = busier;
      seed_ = static_cast<std::uint64_t>(std::find(failing.begin(), failing.end(), true) - failing.begin()) + 1;
    }
    clear();
    return how_many(failing);
  }

  const Scenario& best() const { return best_; }
  std::uint64_t seed() const { return seed_; }
  std::size_t runs() const { return runs_; }
  bool is_over() const { return is_over_; }
  bool left_slow_aside() const { return left_slow_aside_; }
  /// There was no time for all other beginnings.
  bool were_seeds_left() const { return were_seeds_left_; }
  const std::optional<Interruption>& interruption() const { return interruption_; }

 private:
  static constexpr int most_raises = 4;
  static constexpr double slow_factor = 2;
  static constexpr double slow_seconds = 1;

  static int how_many(const std::vector<bool>& outcomes) {
    return static_cast<int>(std::count(outcomes.begin(), outcomes.end(), true));
  }

  /// Whether there is time for a batch, and then for the run that is told.
  bool goes_on() const { return !interruption_ && deadline_.has(std::chrono::duration<double>(2 * longest_batch_)); }

  /// Nothing that came behind the failure has to do with it.
  void drop_what_came_later() {
    Scenario earlier = best_;
    std::erase_if(earlier.faults,
                  [&](const scenarios::Fault& strike) { return strike.at && strike.at->low > failed_at_; });
    std::vector<Scenario> candidates(2, earlier);
    const Duration enough = std::max(whole_seconds(failed_at_ + Duration::seconds(2)), least_duration(earlier));
    candidates[0].duration = std::min(best_.duration, enough);
    take_one(std::move(candidates), "what came later");
  }

  /// The first where some seed fails in the same way is gone on in, with the seed that has the fewest strikes.
  void go_to_a_cheaper_world() {
    if (source_.expect.min_ok) return;  // Any world with fewer operations would be a breach of that.
    for (Scenario& world : cheaper_worlds(source_)) {
      if (!scenarios::load_text("candidate", scenarios::write(world))) continue;
      std::uint64_t next_seed = 1;
      const std::vector<Beginning> found = beginnings(world, next_seed, seeds_of_a_world);
      if (found.empty()) continue;
      source_ = std::move(world);
      next_seed_ = next_seed;
      set_out_from(found.front());
      drop_what_came_later();
      return;
    }
  }

  /// Another seed often has a smaller schedule in it. False if there is no other, or no time.
  bool try_other_beginnings() {
    const std::vector<Beginning> found = beginnings(source_, next_seed_, most_other_seeds);
    for (const Beginning& other : found) {
      if (!goes_on()) return false;
      const Beginning before{best_, seed_, failed_at_};
      const std::size_t fewest = best_.faults.size();
      set_out_from(other);
      drop_what_came_later();
      drop_strikes();
      if (best_.faults.size() <= fewest + 1) drop_strikes_with_other_seeds();
      if (best_.faults.size() >= fewest) set_out_from(before);
    }
    return !found.empty();
  }

  /// The next that fail in the same way, the one with the fewest strikes before its failure first.
  std::vector<Beginning> beginnings(const Scenario& source, std::uint64_t& next_seed, std::uint64_t last_seed) {
    std::vector<Beginning> found;
    while (next_seed <= last_seed && found.size() < enough_beginnings && goes_on()) {
      show("other seeds");
      const std::uint64_t first = std::exchange(next_seed, next_seed + 2 * jobs_);
      const std::vector<bool> failing = run_side_by_side({source}, {first, next_seed - 1});
      for (std::size_t i = 0; i < failing.size() && goes_on(); ++i) {
        if (!failing[i]) continue;
        sim::RunOptions run;
        run.seed = first + i;
        if (auto begun = beginning(source, see(source, run).result.decisions, run.seed, failure_))
          found.push_back(std::move(*begun));
      }
    }
    const auto strikes = [](const Beginning& begun) {
      return std::count_if(begun.scenario.faults.begin(), begun.scenario.faults.end(),
                           [&](const scenarios::Fault& strike) { return strike.at->low <= begun.failed_at; });
    };
    std::stable_sort(found.begin(), found.end(),
                     [&](const Beginning& a, const Beginning& b) { return strikes(a) < strikes(b); });
    return found;
  }

  void set_out_from(const Beginning& from) {
    best_ = from.scenario;
    seed_ = from.seed;
    failed_at_ = from.failed_at;
  }

  /// Without a strike everything behind it is drawn anew, so that one which the failure does not need may be needed
  /// with this seed. True if any was left out.
  bool drop_strikes_with_other_seeds() {
    bool smaller = false;
    for (std::size_t i = best_.faults.size(); i-- > 0;) {
      Scenario without = best_;
      without.faults.erase(without.faults.begin() + static_cast<std::ptrdiff_t>(i));
      smaller = take_with_other_seeds(std::move(without)) || smaller;
    }
    return smaller;
  }

  /// It may need none at all.
  void drop_all_strikes() {
    Scenario none = with_strikes({});
    if (!take_one({none}, "strikes")) take_with_other_seeds(std::move(none));
  }

  bool take_with_other_seeds(Scenario candidate) {
    const std::string text = scenarios::write(candidate);
    if (tried_.contains({0, text}) || !scenarios::load_text("candidate", text)) return false;
    show("strikes, with other seeds");
    for (std::uint64_t first = 1; first <= other_seeds; first += 2 * jobs_) {
      if (!goes_on()) {
        is_over_ = true;
        return false;
      }
      const SeedRange some{first, std::min<std::uint64_t>(first + 2 * jobs_ - 1, other_seeds)};
      const std::vector<bool> failing = run_side_by_side({candidate}, some);
      const auto found = std::find(failing.begin(), failing.end(), true);
      if (found == failing.end()) continue;
      best_ = std::move(candidate);
      seed_ = first + static_cast<std::uint64_t>(found - failing.begin());
      tried_.insert({seed_, text});
      return true;
    }
    tried_.insert({0, text});
    return false;
  }

  Scenario with_strikes(std::vector<scenarios::Fault> strikes) const {
    Scenario made = best_;
    made.faults = std::move(strikes);
    // Whether writes go on in time is known soon after the last of them.
    if (made.expect.writable_within) made.duration = std::min(made.duration, least_duration(made));
    return made;
  }

  void drop_strikes() {
    const std::vector<scenarios::Fault> strikes = best_.faults;
    ddmin(strikes.size(), [&](const std::vector<Items>& parts) {
      std::vector<Scenario> candidates;
      for (const Items& part : parts) {
        std::vector<scenarios::Fault> some;
        for (const std::size_t i : part) some.push_back(strikes[i]);
        candidates.push_back(with_strikes(std::move(some)));
      }
      return take(std::move(candidates), "strikes");
    });
  }

  bool take_one(std::vector<Scenario> candidates, const std::string& about) {
    return take(std::move(candidates), about).has_value();
  }

  /// Whoever runs the shrunk scenario gives no seed, if that can be.
  void plain_seed() {
    for (std::uint64_t seed = 1; seed <= 3 && seed < seed_ && goes_on(); ++seed) {
      if (!tried_.insert({seed, scenarios::write(best_)}).second || !first_that_fails({best_}, seed)) continue;
      seed_ = seed;
    }
  }

  /// The first of the candidates that fails in the same way becomes the best; the index of it.
  std::optional<std::size_t> take(std::vector<Scenario> candidates, const std::string& about) {
    std::vector<std::size_t> worth;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const std::string text = scenarios::write(candidates[i]);
      if (tried_.insert({seed_, text}).second && scenarios::load_text("candidate", text)) worth.push_back(i);
    }
    for (std::size_t at = 0; at < worth.size() && goes_on(); at += jobs_) {
      std::vector<Scenario> batch;
      const std::size_t end = std::min<std::size_t>(at + jobs_, worth.size());
      for (std::size_t i = at; i < end; ++i) batch.push_back(candidates[worth[i]]);
      show(about);
      const double usual = longest_batch_;
      const std::optional<std::size_t> found = first_that_fails(batch, seed_);
      if (!found) continue;
      if (is_slow(candidates[worth[at + *found]], usual)) continue;
      best_ = std::move(candidates[worth[at + *found]]);
      return worth[at + *found];
    }
    return std::nullopt;
  }

  /// Runs that take much longer than all before cost more than a candidate is plainer. `usual`: what those took. If the
  /// last batch took so long, it is looked at alone, for the others of the batch or of the machine may be the reason.
  bool is_slow(const Scenario& candidate, double usual) {
    const auto took_long = [&] { return usual > 0 && longest_batch_ > slow_factor * usual + slow_seconds; };
    if (!took_long()) return false;
    longest_batch_ = usual;
    (void)first_that_fails({candidate}, seed_);
    if (!took_long()) return false;
    longest_batch_ = usual;
    left_slow_aside_ = true;
    return true;
  }

  std::optional<std::size_t> first_that_fails(const std::vector<Scenario>& candidates, std::uint64_t seed) {
    const std::vector<bool> outcomes = run_side_by_side(candidates, {seed, seed});
    const auto found = std::find(outcomes.begin(), outcomes.end(), true);
    if (found == outcomes.end()) return std::nullopt;
    return static_cast<std::size_t>(found - outcomes.begin());
  }

  /// Whether each of the runs fails in the same way; none does after an interruption.
  std::vector<bool> run_side_by_side(const std::vector<Scenario>& candidates, SeedRange seed_range) {
    // One that came between two calls is not forgotten.
    if (const int signal = noted_signal(); signal != 0) interruption_ = Interruption{signal, {}};
    if (interruption_) return {};
    std::vector<ScenarioFile> files;
    for (const Scenario& candidate : candidates) files.push_back({"candidate", candidate});
    const Plan plan = Plan::of(std::move(files), seed_range);
    JobOptions job_options;
    job_options.detail = Detail::json;
    WorkerOptions workers;
    workers.workers = jobs_;
    std::vector<bool> outcomes;
    const Stopwatch watch;
    interruption_ = run_all(plan, job_options, workers,
                            [&](const Job&, const Report& report) { outcomes.push_back(is_same(report)); });
    runs_ += outcomes.size();
    const double batches = static_cast<double>((outcomes.size() + jobs_ - 1) / jobs_);
    longest_batch_ = std::max(longest_batch_, watch.seconds() / std::max(batches, 1.0));
    if (interruption_) outcomes.clear();
    return outcomes;
  }

  bool is_same(const Report& report) const {
    const auto run = nlohmann::json::parse(report.text, nullptr, false);
    if (run.is_discarded() || report.status == Exit::internal) return false;
    // One that should have shown it and did not fails too, with an assertion.
    for (const auto& failure : run[best_.expect.verdict ? "caught" : "failures"])
      if (failure["kind"] == failure_.kind) return true;
    return false;
  }

  void show(const std::string& about) {
    if (!tells_) return;
    std::string text = fmt::format("{} runs; {}: now {}", runs_, size_of(best_), about);
    constexpr std::size_t width = 118;
    if (text.size() > width) text.resize(width);
    std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    std::fflush(stderr);
  }
  void clear() const {
    if (tells_) std::fputs("\r\x1b[K", stderr);
  }

  Scenario best_;
  std::uint64_t seed_;
  Duration failed_at_;
  Scenario source_;              ///< What other beginnings are drawn from,
  std::uint64_t next_seed_ = 1;  ///< and the next seed for that.
  FoundFailure failure_;
  Deadline deadline_;
  bool is_over_ = false;  ///< Something was not tried, for the time was up.
  bool left_slow_aside_ = false;
  bool were_seeds_left_ = false;
  unsigned jobs_;
  bool tells_;
  std::set<std::pair<std::uint64_t, std::string>> tried_;
  std::size_t runs_ = 0;
  double longest_batch_ = 0;  ///< Seconds that as many runs took as go on at a time.
  std::optional<Interruption> interruption_;
};

std::string file_text(const Shrinking& shrinking, const Subject& subject, const FoundFailure& failure,
                      const std::optional<int>& failing, const std::string& before) {
  std::string text = "# " + scenarios::printable(failure.kind) + ", shrunk from " +
                     scenarios::printable(subject.capsule.source) + ", seed " + std::to_string(subject.capsule.seed) +
                     ".\n# Was: " + before + ".\n# Is:  " + size_of(shrinking.best()) + ".\n";
  text += fmt::format("# Fails in this way with seed {}", shrinking.seed());
  if (failing) text += fmt::format(", and with {} of the seeds 1 to {}", *failing, seeds);
  text += ".\n";
  return text + scenarios::write(shrinking.best());
}

Exit shrink(const Subject& subject, const Options& options, std::chrono::nanoseconds time) {
  const Stopwatch watch;
  // What is left until a part of the time has passed; the rest is for what comes behind.
  const auto left = [&](double part) {
    return std::chrono::nanoseconds(
        static_cast<std::int64_t>(static_cast<double>(time.count()) * part - watch.seconds() * 1e9));
  };
  const auto no_failure = [&](const std::string& why) {
    std::printf("nothing to shrink: %s\n", why.c_str());
    return Exit::expectation_failed;
  };
  const bool tells = isatty(STDERR_FILENO) == 1 && !options.quiet;
  sim::RunOptions run;
  run.seed = subject.capsule.seed;
  const Seen seed_run = see(subject.capsule.scenario, run);
  const std::optional<FoundFailure> seen = failure_in(seed_run.judgement);
  if (!subject.has_failure && !seen)
    return no_failure("seed " + std::to_string(subject.capsule.seed) + " of " + subject.path + " shows no failure");
  const FoundFailure failure = subject.has_failure ? subject.capsule.failure : *seen;
  // The strikes as they are now, or, if the seed does something else by now, as they were.
  Scenario source = subject.capsule.scenario;
  expect_failure(source, failure);
  source.title = failure.kind + ", shrunk from " + subject.capsule.source;
  std::optional<Beginning> start;
  for (const auto* decisions : {&seed_run.result.decisions, &subject.capsule.decisions})
    if (!start) start = beginning(source, *decisions, run.seed, failure);
  if (!start) return no_failure("its decision list does not fail with " + failure.kind + " (`heir replay` says more)");

  if (const scenarios::Loaded good = scenarios::load_text("the shrunk scenario", scenarios::write(start->scenario));
      !good) {
    complain("heir shrink: " + good.messages.front());
    return Exit::internal;
  }

  const unsigned jobs = worker_count(options.jobs);
  const std::string before = size_of(start->scenario);
  Shrinking shrinking(*start, std::move(source), failure, jobs, tells);
  shrinking.shrink_strikes(Deadline(left(0.6)));
  shrinking.shrink_all(Deadline(left(0.85)));
  const std::optional<int> failing = shrinking.make_steady(Deadline(left(0.95)));
  const std::optional<Interruption> interruption = shrinking.interruption();

  run.seed = shrinking.seed();
  const Seen last = see(shrinking.best(), run);
  const std::vector<TaleLine> tale =
      tale_of(shrinking.best(), named_story(last.result.story), last.result, last.judgement, failure.kind);
  const std::string text = file_text(shrinking, subject, failure, failing, before);
  std::printf("%s\n\n%s\n%s\n", shrinking.best().title.c_str(), text_of(tale).c_str(), diagram_text(tale).c_str());
  std::printf("was          %s\nis           %s\nin           %s, %s runs%s\n", before.c_str(),
              size_of(shrinking.best()).c_str(),
              rounded(Duration::milliseconds(static_cast<std::int64_t>(watch.seconds() * 1000))).c_str(),
              thousands(shrinking.runs()).c_str(),
              interruption                  ? "; interrupted"
              : shrinking.is_over()         ? "; the time was up"
              : shrinking.left_slow_aside() ? "; only what makes its runs much slower can be left out"
              : shrinking.were_seeds_left() ? "; nothing more can be left out, but there was no time for more seeds"
                                            : "; nothing more can be left out");
  if (!interruption)
    std::printf("it fails     with seed %llu%s\n", static_cast<unsigned long long>(shrinking.seed()),
                failing ? fmt::format(", and with {} of the seeds 1 to {}", *failing, seeds).c_str()
                        : "; there was no time for others");
  Exit status = Exit::as_expected;
  const auto written = [&](const std::string& content, const std::string& path) {
    const Result<> done = save(content, path);
    if (done) return true;
    complain("heir shrink: " + done.error().message);
    status = Exit::not_written;
    return false;
  };
  if (!options.svg.empty()) written(diagram_svg(tale, shrinking.best().title), options.svg);
  if (options.out.empty() || !written(text, options.out)) {
    std::printf("\n%s", text.c_str());
  } else {
    std::printf("To see it again:\n%s run %s%s\n", command_words().c_str(), shell_word(options.out).c_str(),
                shrinking.seed() == 1 ? "" : (" --seed " + std::to_string(shrinking.seed())).c_str());
  }
  if (interruption) {
    complain("interrupted; what is told is the smallest so far");
    exit_interrupted(interruption->signal);
  }
  return status;
}

Exit run(const Options& options) {
  std::vector<std::string> problems;
  const std::optional<Subject> subject = load_subject(options.subject, problems);
  for (const std::string& problem :
       output_problems({{"--out", options.out}, {"--svg", options.svg}}, {file_of(options.subject)}))
    problems.push_back("heir shrink: " + problem);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty() || !subject) return Exit::bad_usage;
  return shrink(*subject, options, std::chrono::nanoseconds(options.lasts.ns()));
}

}  // namespace

void add_shrink_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("shrink", "Make a failure as small and plain as it can be, and tell it");
  add_subject_options(*command, options->subject);
  add_time_option(*command, "--for", options->lasts, "How long to try, in real time (default 60s)");
  add_output_option(*command, "--out", options->out, "Write the shrunk scenario");
  add_output_option(*command, "--svg", options->svg, "Draw the Lamport diagram");
  add_jobs_option(*command, options->jobs);
  command->add_flag("--quiet,-q", options->quiet, "No progress");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
