// heir report: a page of a run, or of a history alone, that works from disk.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "reports/history/history_file.h"
#include "scenarios/mistakes.h"
#include "tools/command/check_settings.h"
#include "tools/command/json.h"
#include "tools/command/run_report.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

constexpr std::size_t text_width = 100;  ///< Of --format text, which may be read anywhere.

struct Options {
  SubjectOptions subject;
  std::string out;
  std::string format = "html";
  std::string messages;
};

const char* const footer =
    "Examples:\n"
    "  heir report scenarios/first/mixed.toml --seed 17 --out report\n"
    "  heir report scenarios/first/mixed.toml --out report --messages 12s..17s\n"
    "  heir report lost.heir --out report\n"
    "  heir report night.db:3 --out report\n"
    "  heir report history.jsonl --out report\n"
    "  heir report scenarios/first/primary-crash.toml --format markdown >> release-notes.md\n"
    "\n"
    "The folder then has index.html, which works from disk, without network or server; report.json, all that is on the "
    "page\n"
    "(reports/page/src/report.ts in the sources describes it); history.jsonl.zst; of a run scenario.toml, and of one "
    "that\n"
    "failed failure.heir. A history (of ours, Jepsen's, Porcupine's; see heir check) gives the parts that a history "
    "can give.\n"
    "\n"
    "A failure that was found before is run again: a page says so if it is gone, or is another run by now.\n"
    "\n"
    "Exit status: 0 written, whatever the verdict; 2 bad usage or input, or it could not be written; 3 out of memory; "
    "130\n"
    "interrupted.\n";

bool is_history(const std::string& path) {
  const auto ends = [&](std::string_view end) { return path.ends_with(end); };
  return !ends(".toml") && !ends(".heir") && !ends(".db") && path.find(".db:") == std::string::npos;
}

Exit bad(const std::string& message) {
  complain("heir report: " + message);
  return Exit::bad_usage;
}

Exit print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return std::fflush(stdout) == 0 ? Exit::as_expected : bad("cannot write to standard output");
}

/// To standard output, or as a folder.
Exit hand_over(reports::Report report, const Finished* run, const Options& options) {
  if (options.format == "html") {
    now_doing("writing " + options.out);
    Result<ReportFolder> folder = ReportFolder::open(options.out);
    if (!folder) return bad(folder.error().message);
    const reports::Outcome verdict = report.verdict;
    if (const Result<> written = folder->write(std::move(report), run); !written) return bad(written.error().message);
    std::printf("%s: %s/index.html\n", reports::to_string(verdict), scenarios::printable(options.out).c_str());
    return Exit::as_expected;
  }
  return print(markdown_of(report));
}

Exit of_history(const Options& options) {
  if (options.subject.seed || !options.subject.overrides.empty())
    return bad("--seed and --set belong to a scenario, not to a history");
  if (!options.messages.empty()) return bad("--messages belongs to a run: a history has no messages");
  const std::string path = options.subject.path == "-" ? "standard input" : options.subject.path;
  CheckSettings settings;
  now_doing("reading " + path);
  Result<reports::History> history = options.subject.path == "-" ? reports::read_history(stdin, path, settings.reading)
                                                                 : reports::read_history(path, settings.reading);
  if (!history) return bad(scenarios::printable(history.error().message));
  Checked checked;
  checked.path = path;
  checked.history = std::move(*history);
  now_doing("judging " + path);
  if (const Result<> judged = settings.judge(checked, Deadline()); !judged) {
    // A page that says so is better than none.
    checked.verdict.outcome = reports::Outcome::unknown;
    checked.verdict.unknowns.push_back(judged.error().message);
  }
  if (options.format == "text") return print(check_text(checked, true, Style(false)));
  return hand_over(report_of(checked), nullptr, options);
}

Exit of_run(const Options& options) {
  std::vector<std::string> problems;
  const std::optional<Subject> subject = load_subject(options.subject, problems);
  for (const std::string& problem : problems) std::fprintf(stderr, "%s\n", problem.c_str());
  if (!subject) return Exit::bad_usage;
  std::optional<MessageTimes> messages;
  if (!options.messages.empty() && !(messages = parse_times(options.messages)))
    return bad("--messages " + scenarios::printable(options.messages) +
               ": expected two times, the second behind the first, such as 12s..17s");
  const Capsule& capsule = subject->capsule;
  now_doing("running " + subject->path);
  sim::RunOptions run;
  run.seed = capsule.seed;
  run.keep_timeline = true;
  // Which of them are wanted is known at the end only, unless it was said.
  if (options.format == "html") run.keep_messages = messages.value_or(MessageTimes({}, sim::VirtualTime::max()));
  Seen seen = see(capsule.scenario, run);
  scenarios::Scenario scenario = capsule.scenario;
  std::string gone;  // What became of a failure that was found before.
  if (subject->has_failure && seen.result.trace_hash != capsule.trace_hash) {
    const std::string& kind = capsule.failure.kind;
    gone = "This is another run than the one that was found: the code has changed since (trace " +
           hash_text(seen.result.trace_hash) + ", it was " + hash_text(capsule.trace_hash) + ").";
    if (!fails_with(seen.judgement, kind) && subject->has_decisions) {
      Seen again = see(decided(capsule), run);
      if (fails_with(again.judgement, kind)) {
        seen = std::move(again);
        scenario = decided(capsule);
        gone += " Its decision list fails in the same way; its seed does no more.";
      }
    }
    if (!fails_with(seen.judgement, kind)) gone += " The failure is gone: " + told(capsule.failure) + ".";
  }
  const ScenarioFile file{capsule.source, scenario};
  const Job job{0, &file, capsule.seed};
  std::string replay = command_name() + " replay " + shell_word(subject->path);
  if (!subject->has_failure) {
    replay = command_name() + " run " + shell_word(subject->path) + " --seed " + std::to_string(capsule.seed);
    for (const std::string& each : options.subject.overrides) replay += " --set " + shell_word(each);
  }
  const Finished finished{job, scenario, seen.result, seen.judgement, 0, false, replay};
  if (options.format == "text")
    return print((gone.empty() ? "" : gone + "\n\n") + story_of(finished, {true, false, text_width}, Style(false)));
  if (messages && messages->first >= seen.result.ended)
    return bad("--messages " + options.messages + ": the run ended at " + clock_text(seen.result.ended.ns()) + "s");
  reports::Report report = report_of(finished, about_scenario(capsule.source), messages);
  if (!gone.empty()) {
    report.summary = gone + " " + report.summary;
    report.undecided.insert(report.undecided.begin(), gone);
  }
  return hand_over(std::move(report), &finished, options);
}

}  // namespace

void add_report_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Make a page of a run, or of a history, that works from disk");
  add_subject_options(*command, options->subject);
  command->get_option("failure")->type_name("CAPSULE|DB:ID|SCENARIO|HISTORY");
  command->add_option("--out", options->out, "The folder of the page: a new one, or one of an earlier report")
      ->type_name("DIR");
  command->add_option("--format", options->format, "html (default), or markdown or text to standard output")
      ->type_name("NAME")
      ->check(CLI::IsMember({"html", "markdown", "text"}));
  command
      ->add_option("--messages", options->messages,
                   "List the messages between these times of the run (default: around the first failure, else the "
                   "first change of the primary)")
      ->type_name("FROM..TO");
  command->footer(footer);
  command->callback([options, &chosen] {
    chosen = [options] {
      if (options->format == "html" && options->out.empty()) return bad("--out DIR: where is the page to be?");
      if (options->format != "html" && !options->out.empty())
        return bad("--out is for --format html; " + options->format + " goes to standard output");
      if (options->format != "html" && !options->messages.empty())
        return bad("--messages is for --format html; " + options->format + " lists none");
      watch_over_process(isatty(STDERR_FILENO) == 1);
      return is_history(options->subject.path) ? of_history(*options) : of_run(*options);
    };
  });
}

}  // namespace heir::tools
