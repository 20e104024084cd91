// heir why: when did the failure become unavoidable?
//
// The run of the seed is followed up to points in time before the failure; at each of them the process forks, and each
// child goes on with other random numbers from there on: other latencies, other operations, other faults where the
// scenario draws them. The share of children that fail in the same way is P(failure | time). Where it jumps, something
// happened that mattered: there it looks closer, again and again.
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "sim/faults/decisions.h"
#include "sim/kernel/random.h"
#include "tools/command/commands.h"
#include "tools/command/option_types.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"
#include "tools/command/workers.h"

namespace heir::tools {

namespace {

struct Options {
  SubjectOptions subject;
  unsigned runs = 1000;
  unsigned jobs = 0;
  bool keep_faults = false;
};

const char* const footer =
    "Examples:\n"
    "  heir why lost.heir\n"
    "  heir why scenarios/first/mixed.toml --seed 17 --runs 200\n"
    "  heir why lost.heir --keep-faults\n"
    "\n"
    "Of each point in time: how many runs that go on from there with other random numbers fail in the same way. With "
    "--keep-faults the\n"
    "strikes stay as they were (the decision list), and only the rest is drawn anew.\n"
    "\n"
    "Exit status: 0 answered; 1 there is no failure to explain; 2 bad usage or input; 4 an internal error of heir "
    "itself;\n"
    "130 interrupted.\n";

constexpr int points_at_first = 20;
constexpr int points_closer = 10;
constexpr int closer_looks = 3;
constexpr double least_rise = 0.15;

/// Of the runs that went on from one point in time.
struct Share {
  unsigned failed = 0;
  unsigned runs = 0;
  double value() const { return runs == 0 ? 0 : static_cast<double>(failed) / runs; }
};
using Shares = std::map<sim::VirtualTime, Share>;

/// Children that each do one run; so many at a time.
class Brood {
 public:
  explicit Brood(unsigned most) : most_(most) {}

  /// In the child: true.
  bool fork_into(Share& share) {
    while (children_.size() >= most_) await_one();
    std::fflush(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return true;
    }
    if (pid < 0) {
      complain(std::string("heir why: cannot start a process: ") + std::strerror(errno));
      _exit(static_cast<int>(Exit::internal));
    }
    children_[pid] = &share;
    return false;
  }
  void await_all() {
    while (!children_.empty()) await_one();
  }

  static constexpr int kFails = 10;
  static constexpr int kHolds = 11;

 private:
  void await_one() {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, 0);
    const auto child = children_.find(pid);
    if (child == children_.end()) return;
    // One that died says nothing.
    if (WIFEXITED(status) && (WEXITSTATUS(status) == kFails || WEXITSTATUS(status) == kHolds)) {
      ++child->second->runs;
      child->second->failed += WEXITSTATUS(status) == kFails;
    }
    children_.erase(child);
  }

  unsigned most_;
  std::map<pid_t, Share*> children_;
};

/// Lets runs go on from each of these times; adds what became of them.
void go_on_from(const std::vector<sim::VirtualTime>& times, const scenarios::Scenario& scenario, std::uint64_t seed,
                const std::string& kind, unsigned runs_each, unsigned jobs, Shares& shares) {
  Brood brood(jobs);
  bool is_child = false;
  std::size_t next = 0;
  sim::RunOptions run;
  run.seed = seed;
  run.keep_story = false;
  run.pause = [&, begun = false](const sim::Glance&) mutable -> std::optional<sim::Limits> {
    if (is_child) return sim::Limits{};
    if (std::exchange(begun, true) || times[next] == sim::VirtualTime()) {
      now_doing(fmt::format("going on from {}s", clock_text(times[next].ns())));
      for (unsigned i = 0; i < runs_each; ++i) {
        if (!brood.fork_into(shares[times[next]])) continue;
        is_child = true;
        sim::RandomStream::salt_all(
            sim::RandomStream(seed, "why", i + 1000 * static_cast<std::uint64_t>(times[next].ns())).next() | 1);
        return sim::Limits{};
      }
      if (++next == times.size()) return std::nullopt;
    }
    return sim::Limits{times[next]};
  };
  const Seen seen = see(scenario, run);
  if (is_child) _exit(fails_with(seen.judgement, kind) ? Brood::kFails : Brood::kHolds);
  brood.await_all();
}

std::vector<sim::VirtualTime> between(sim::VirtualTime from, sim::VirtualTime to, int points, const Shares& known) {
  std::vector<sim::VirtualTime> times;
  for (int i = 0; i <= points; ++i) {
    const sim::VirtualTime at = from + (to - from) * i / points;
    if (!known.contains(at) && (times.empty() || times.back() < at)) times.push_back(at);
  }
  return times;
}

/// The point before the step: where the shares before and after it are told apart best (the split with the greatest sum
/// of squares between both sides), which a single share that is off by chance does not decide. The end if there is
/// none.
Shares::const_iterator step_of(const Shares& shares) {
  Share all;
  for (const auto& [at, share] : shares) {
    all.failed += share.failed;
    all.runs += share.runs;
  }
  auto best = shares.end();
  double most = 0;
  Share before;
  for (auto at = shares.begin(); std::next(at) != shares.end(); ++at) {
    before.failed += at->second.failed;
    before.runs += at->second.runs;
    const Share after{all.failed - before.failed, all.runs - before.runs};
    const double rise = after.value() - before.value();
    const double squares = rise * rise * before.runs * after.runs;
    if (rise < least_rise || squares <= most) continue;
    most = squares;
    best = at;
  }
  return best;
}

std::string percent(const Share& share) {
  return fmt::format("{}%", static_cast<int>(share.value() * 100 + 0.5));
}

std::string sparkline(const Shares& shares) {
  constexpr const char* bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string line;
  for (const auto& [at, share] : shares) line += bars[static_cast<std::size_t>(share.value() * 7 + 0.5)];
  return line;
}

Exit run(const Options& options) {
  std::vector<std::string> problems;
  const std::optional<Subject> subject = load_subject(options.subject, problems);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!subject) return Exit::bad_usage;
  watch_over_process(isatty(STDERR_FILENO) == 1);
  ::signal(SIGCHLD, SIG_DFL);  // Who starts us may ignore it: then nobody could be waited for.
  const Capsule& capsule = subject->capsule;
  sim::RunOptions run_options;
  run_options.seed = capsule.seed;
  scenarios::Scenario scenario = capsule.scenario;
  now_doing("running seed " + std::to_string(capsule.seed));
  Seen seen = see(scenario, run_options);
  const std::optional<FoundFailure> found = failure_in(seen.judgement);
  const std::string kind = subject->has_failure ? capsule.failure.kind : found ? found->kind : "";
  const bool seed_fails = !kind.empty() && fails_with(seen.judgement, kind);
  if ((options.keep_faults && seed_fails) || (subject->has_decisions && !seed_fails)) {
    scenario = sim::with_decisions(scenario, seed_fails ? seen.result.decisions : capsule.decisions);
    seen = see(scenario, run_options);
  }
  if (kind.empty() || !fails_with(seen.judgement, kind)) {
    std::printf("nothing to explain: seed %llu of %s shows no %s\n", static_cast<unsigned long long>(capsule.seed),
                subject->path.c_str(), kind.empty() ? "failure" : kind.c_str());
    return Exit::expectation_failed;
  }
  sim::VirtualTime failed_at;
  for (const auto* list : {&seen.judgement.failures, &seen.judgement.caught})
    for (const reports::Failure& failure : *list)
      if (kind == reports::to_string(failure.kind) && failed_at == sim::VirtualTime()) {
        failed_at = sim::VirtualTime::from_ns(failure.at.ns());
        std::printf("%s\n", told({kind, failure.message, Duration::nanoseconds(failure.at.ns())}).c_str());
      }

  const unsigned jobs = worker_count(options.jobs);
  const unsigned each = std::max(1U, options.runs / (points_at_first + closer_looks * points_closer));
  Shares shares;
  go_on_from(between({}, failed_at, points_at_first, shares), scenario, capsule.seed, kind, each, jobs, shares);
  for (int look = 0; look < closer_looks; ++look) {
    const auto before = step_of(shares);
    if (before == shares.end()) break;
    // One point further on both sides: with so few runs each the step may seem to be beside where it is.
    const auto from = before == shares.begin() ? before : std::prev(before);
    const auto to = std::next(before, 2) == shares.end() ? std::next(before) : std::next(before, 2);
    const std::vector<sim::VirtualTime> times = between(from->first, to->first, points_closer, shares);
    if (!times.empty()) go_on_from(times, scenario, capsule.seed, kind, each, jobs, shares);
  }
  now_doing("telling");

  std::printf("\n     time  P(%s)\n", kind.c_str());
  for (const auto& [at, share] : shares)
    std::printf("%9s  %4s  %u of %u\n", clock_text(at.ns()).c_str(), percent(share).c_str(), share.failed, share.runs);
  std::printf("\n%s\n\n", sparkline(shares).c_str());

  const auto before = step_of(shares);
  if (before == shares.end()) {
    std::printf(
        "There is no step: it was %s likely from the start, by what the scenario says and not by what is drawn.\n",
        percent(shares.begin()->second).c_str());
    return Exit::as_expected;
  }
  const auto after = std::next(before);
  std::printf("The step: from %s at %ss to %s at %ss.\n", percent(before->second).c_str(),
              clock_text(before->first.ns()).c_str(), percent(after->second).c_str(),
              clock_text(after->first.ns()).c_str());
  std::vector<sim::StoryLine> within, last;
  for (const sim::StoryLine& line : named_story(seen.result.story)) {
    if (line.kind == sim::StoryLine::Kind::command || line.at > after->first) continue;
    if (line.at > before->first)
      within.push_back(line);
    else
      last = {line};
  }
  // What was decided there may have been begun before.
  std::printf("%s%s", within.empty() ? "What happened last before it:\n" : "",
              story_text(within.empty() ? last : within).c_str());
  return Exit::as_expected;
}

}  // namespace

void add_why_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("why", "When did a failure become unavoidable? P(failure | time)");
  add_subject_options(*command, options->subject);
  add_count_option(*command, "--runs", options->runs, "Runs in all (default 1000)", 40, 10'000'000);
  add_jobs_option(*command, options->jobs);
  command->add_flag("--keep-faults", options->keep_faults, "Draw everything anew but the strikes");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
