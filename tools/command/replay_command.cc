// heir replay: is the failure still there? The seed first; if that gives another run than it was, the decision list,
// which means the same whatever the code draws.
#include <fmt/format.h>

#include <cstdio>

#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/json.h"
#include "tools/command/option_types.h"
#include "tools/command/output_file.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/step.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

struct Options {
  SubjectOptions subject;
  std::string until;
  std::string trace;
  bool step = false;
  bool quiet = false;
};

const char* const footer =
    "Examples:\n"
    "  heir run scenarios/known-bad/async-replication.toml --capsule lost.heir\n"
    "  heir replay lost.heir\n"
    "  heir replay lost.heir --until 25s\n"
    "  heir replay night.db:17\n"
    "  heir replay scenarios/first/mixed.toml --seed 17 --until 120000 --trace trace.txt\n"
    "\n"
    "It says of a capsule:\n"
    "  same                          the run of the seed is the run that it was, event by event\n"
    "  same failure on another path  it is not, or no more, but the seed or the decision list fails in the same way\n"
    "  gone                          neither does\n"
    "So it says of a failure in results (table failures, column id), which have no decision list.\n"
    "Of a scenario with a seed it runs both too, and says whether the decision list alone fails as the seed does.\n"
    "\n"
    "Exit status: 0 same; 5 the same failure on another path; 1 gone, or no failure to replay; 2 bad usage or input, "
    "such as a\n"
    "capsule that is damaged, none, or of another version; 3 no verdict: it was ended by --until, or --trace could not "
    "be\n"
    "written; 4 an internal error of heir itself; 130 interrupted.\n";

class Replay {
 public:
  Replay(const Subject& subject, const Options& options) : subject_(subject), options_(options) {}

  Exit run() {
    const Capsule& capsule = subject_.capsule;
    std::optional<OutputFile> trace;
    sim::RunOptions run = run_options();
    if (!options_.trace.empty()) {
      Result<OutputFile> file = OutputFile::create(options_.trace);
      if (!file) return bad(file.error().message);  // Nothing was done yet.
      trace.emplace(std::move(*file));
      run.trace = [&trace](std::string_view line) { trace->line(line); };
    }
    if (!options_.until.empty()) {
      const std::optional<sim::Limits> until = parse_until(options_.until);
      if (!until)
        return bad("--until " + scenarios::printable(options_.until) +
                   ": expected a time such as 25s, or the number of an event such as 120000");
      run.pause = [until, begun = false](const sim::Glance&) mutable {
        return std::exchange(begun, true) ? std::nullopt : until;
      };
    }
    now_doing("replaying " + subject_.path + " from its seed");
    const Seen seen = see(capsule.scenario, run);
    Exit written = Exit::as_expected;
    if (trace)
      if (const Result<> done = trace->finish(); !done) {
        bad(done.error().message);
        written = Exit::not_written;
      }
    return worse(verdict_of(seen), written);
  }

 private:
  static Exit bad(const std::string& message) {
    complain("heir replay: " + message);
    return Exit::bad_usage;
  }

  sim::RunOptions run_options() const {
    sim::RunOptions run;
    run.seed = subject_.capsule.seed;
    return run;
  }

  void tell(const Seen& seen, const scenarios::Scenario& scenario) const {
    if (options_.quiet) return;
    const ScenarioFile file{subject_.path, scenario};
    const Job job{0, &file, subject_.capsule.seed};
    const Finished finished{job, scenario, seen.result, seen.judgement, 0, false, {}};
    std::fputs(replayed_story(finished, Style::of_standard_output()).c_str(), stdout);
  }

  Exit verdict_of(const Seen& seen) const {
    if (!options_.until.empty()) return told_until(seen);
    return subject_.has_failure ? of_failure(seen) : of_scenario(seen);
  }

  Exit told_until(const Seen& seen) const {
    tell(seen, subject_.capsule.scenario);
    std::printf("%s at %ss, after event %s of seed %llu, trace %s\n", seen.result.interrupted ? "stopped" : "it ended",
                clock_text(seen.result.ended.ns()).c_str(), thousands(seen.result.events).c_str(),
                static_cast<unsigned long long>(subject_.capsule.seed), hash_text(seen.result.trace_hash).c_str());
    return Exit::no_verdict;
  }

  Exit of_failure(const Seen& seen) const {
    const Capsule& capsule = subject_.capsule;
    const std::string& kind = capsule.failure.kind;
    std::printf("%s   %s\n          seed %llu of %s, heir %s\n", subject_.has_decisions ? "capsule" : "results",
                told(capsule.failure).c_str(), static_cast<unsigned long long>(capsule.seed),
                scenarios::printable(capsule.source).c_str(), scenarios::printable(capsule.heir).c_str());
    const bool seed_fails = fails_with(seen.judgement, kind);
    if (seen.result.trace_hash == capsule.trace_hash) {
      std::printf("seed      trace %s, as it was\n", hash_text(capsule.trace_hash).c_str());
      if (!seed_fails) return gone("the run is the same, but is judged otherwise: " + seen.judgement.sentence);
      tell(seen, capsule.scenario);
      std::printf("same: %s\n", kind.c_str());
      return Exit::as_expected;
    }
    std::printf("seed      trace %s, it was %s: %s\n", hash_text(seen.result.trace_hash).c_str(),
                hash_text(capsule.trace_hash).c_str(), outcome(seen, kind).c_str());
    if (!subject_.has_decisions) return without_decisions(seen, seed_fails);
    now_doing("replaying " + subject_.path + " from its decision list");
    const scenarios::Scenario decided_scenario = decided(capsule);
    const Seen again = see(decided_scenario, run_options());
    std::printf("decisions %zu strikes: %s\n", capsule.decisions.size(), outcome(again, kind).c_str());
    if (fails_with(again.judgement, kind)) {
      tell(again, decided_scenario);
      std::printf("same failure on another path: %s, from the decision list\n", kind.c_str());
      return Exit::on_another_path;
    }
    if (seed_fails) {
      tell(seen, capsule.scenario);
      std::printf("same failure on another path: %s, from the seed\n", kind.c_str());
      return Exit::on_another_path;
    }
    return gone("neither the seed nor the decision list fails with " + kind);
  }

  Exit without_decisions(const Seen& seen, bool seed_fails) const {
    const std::string& kind = subject_.capsule.failure.kind;
    if (!seed_fails)
      return gone("the seed no longer fails with " + kind +
                  "; results keep no decision list (`heir run … --capsule FILE` writes one)");
    tell(seen, subject_.capsule.scenario);
    std::printf("same failure on another path: %s, from the seed\n", kind.c_str());
    return Exit::on_another_path;
  }

  Exit of_scenario(const Seen& seen) const {
    const std::optional<FoundFailure> failure = failure_in(seen.judgement);
    tell(seen, subject_.capsule.scenario);
    if (!failure) return gone("seed " + std::to_string(subject_.capsule.seed) + " shows no failure");
    std::printf("seed      %s, trace %s\n", told(*failure).c_str(), hash_text(seen.result.trace_hash).c_str());
    Capsule capsule = subject_.capsule;
    capsule.decisions = seen.result.decisions;
    now_doing("replaying " + subject_.path + " from its decision list");
    const Seen again = see(decided(capsule), run_options());
    std::printf("decisions %zu strikes: %s\n", capsule.decisions.size(), outcome(again, failure->kind).c_str());
    if (fails_with(again.judgement, failure->kind)) {
      std::printf("same: %s\n", failure->kind.c_str());
      return Exit::as_expected;
    }
    std::printf("the decision list alone does not fail with %s\n", failure->kind.c_str());
    return Exit::expectation_failed;
  }

  static std::string outcome(const Seen& seen, const std::string& kind) {
    if (fails_with(seen.judgement, kind)) return kind + " again";
    if (const std::optional<FoundFailure> other = failure_in(seen.judgement))
      return "no " + kind + ", but " + told(*other);
    return "no " + kind;
  }

  static Exit gone(const std::string& why) {
    std::printf("gone: %s\n", why.c_str());
    return Exit::expectation_failed;
  }

  const Subject& subject_;
  const Options& options_;
};

Exit run(const Options& options) {
  std::vector<std::string> problems;
  const std::optional<Subject> subject = load_subject(options.subject, problems);
  for (const std::string& problem : output_problems({{"--trace", options.trace}}, {file_of(options.subject)}))
    problems.push_back("heir replay: " + problem);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!problems.empty()) return Exit::bad_usage;
  if (options.step) return step_through(*subject);
  watch_over_process(false);
  return Replay(*subject, options).run();
}

}  // namespace

void add_subject_options(CLI::App& command, SubjectOptions& options) {
  command
      .add_option("failure", options.path,
                  "A capsule (NAME.heir), a failure in results of `heir hunt` by its number, or a scenario")
      ->required()
      ->type_name("CAPSULE|DB:ID|SCENARIO");
  add_count_option(command, "--seed", options.seed, "The seed of the scenario (default 1)");
  add_overrides_option(command, options.overrides);
}

void add_replay_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("replay", "See a failure again, and say whether it is the same, or gone");
  add_subject_options(*command, options->subject);
  command->add_option("--until", options->until, "Tell the run up to a time or event, unjudged")
      ->type_name("TIME|EVENT");
  add_output_option(*command, "--trace", options->trace, "Write every event of the run of the seed");
  command->add_flag("--step", options->step, "Walk through it, forward and back; commands from standard input");
  command->add_flag("--quiet,-q", options->quiet, "No story");
  command->footer(std::string(footer) + "\nCommands of --step:\n" + step_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
