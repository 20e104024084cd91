// heir report: a page of a run, or of a history alone, that works from disk.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "reports/history/history_file.h"
#include "scenarios/mistakes.h"
#include "tools/command/check_settings.h"
#include "tools/command/option_types.h"
#include "tools/command/outputs.h"
#include "tools/command/overrides_option.h"
#include "tools/command/release_folder.h"
#include "tools/command/report_folder.h"
#include "tools/command/report_markdown.h"
#include "tools/command/rerun.h"
#include "tools/command/run_report.h"
#include "tools/command/story.h"
#include "tools/command/subject.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

constexpr std::size_t text_width = 100;  ///< Of --format text, which may be read anywhere.

struct Options {
  std::vector<std::string> paths;
  SubjectOptions subject;  ///< Of one run, or of a history: the only path.
  ReleaseOptions release;  ///< Of results: all paths.
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
    "  heir report night.db --against last-release.db --title 'heir 1.2' --out report\n"
    "  heir report night.db --compared all.json --out report\n"
    "  heir report scenarios/first/primary-crash.toml --format markdown >> release-notes.md\n"
    "\n"
    "The folder then has index.html, which works from disk, without network or server, and report.json, all that is on "
    "the\n"
    "page (reports/page/src/report.ts in the sources describes it); history.jsonl.zst; of a run scenario.toml, and of "
    "one\n"
    "that failed failure.heir. A history (of ours, Jepsen's, Porcupine's; see heir check) gives the parts that a "
    "history\n"
    "can give.\n"
    "\n"
    "Of results of `heir hunt` it is the page of a release: every scenario with its claim, what was found, with a page "
    "of\n"
    "its own for each kind of failure, probes, coverage, times of failovers, planted bugs, what changed since an "
    "earlier\n"
    "release, and the same scenarios under other rules if they were hunted too (--set 'cluster.policy=\"manatee\"').\n"
    "With --compared, also how heir and other systems fared on real hosts. release.json has all of it\n"
    "(reports/page/src/release.ts).\n"
    "\n"
    "A failure that was found before is run again: a page says so if it is gone, or is another run by now.\n"
    "\n"
    "Exit status: 0 written, whatever the verdict; 2 bad usage or input; 3 out of memory, or it could not be written; "
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
  return Exit::as_expected;
}

Exit not_written(const Error& error) {
  bad(error.message);
  return Exit::not_written;
}

/// What is read and would go with an earlier report; results may lie beside one.
std::vector<std::string> inputs_of(const Options& options) {
  const bool is_results = options.paths.size() > 1 || options.paths.front().ends_with(".db");
  return is_results ? std::vector<std::string>() : options.paths;
}

/// To standard output, or as a folder.
Exit hand_over(reports::Report report, const Finished* run, const Options& options) {
  if (options.format == "html") {
    now_doing("writing " + options.out);
    Result<ReportFolder> folder = ReportFolder::open(options.out);
    if (!folder) return not_written(folder.error());
    const reports::Outcome verdict = report.verdict;
    if (const Result<> written = folder->write(std::move(report), run); !written) return not_written(written.error());
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
  RerunOptions rerun;
  rerun.overrides = options.subject.overrides;
  rerun.lists_messages = options.format == "html";
  if (!options.messages.empty() && !(rerun.messages = parse_times(options.messages)))
    return bad("--messages " + scenarios::printable(options.messages) +
               ": expected two times, the second behind the first, such as 12s..17s");
  Exit status = Exit::internal;
  report_again(*subject, rerun, [&](reports::Report report, const Finished& run, const std::string& note) {
    if (options.format == "text")
      status = print((note.empty() ? "" : note + "\n\n") + story_of(run, {true, false, text_width}, Style(false)));
    else if (rerun.messages && rerun.messages->first >= run.result.ended)
      status = bad("--messages " + options.messages + ": the run ended at " + clock_text(run.result.ended.ns()) + "s");
    else
      status = hand_over(std::move(report), &run, options);
  });
  return status;
}

Exit of_results(const Options& options) {
  if (options.subject.seed || !options.subject.overrides.empty())
    return bad("--seed and --set belong to a scenario, not to results");
  if (!options.messages.empty()) return bad("--messages belongs to a run: a release's page lists none");
  Result<reports::Release> release = read_release(options.release);
  if (!release) return bad(release.error().message);
  if (options.format != "html") return print(markdown_of(*release));
  const std::string verdict = std::string(reports::to_string(release->verdict)) + ": " + release->summary;
  if (const Result<> written = write_release(std::move(*release), options.release, options.out); !written)
    return not_written(written.error());
  std::printf("%s\n%s/index.html\n", verdict.c_str(), scenarios::printable(options.out).c_str());
  return Exit::as_expected;
}

}  // namespace

void add_release_options(CLI::App& command, ReleaseOptions& options) {
  command.add_option("--against", options.earlier, "Of results: say what changed since these; may be repeated")
      ->type_name("DB")
      ->take_all()
      ->expected(1);
  command
      .add_option("--compared", options.compared,
                  "Of results: how heir fared beside other systems, as `heir compare … --json FILE` measured it")
      ->type_name("FILE");
  command.add_option("--title", options.title, "Of results: the page's title (default: heir and its version)")
      ->type_name("TEXT");
}

void add_report_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Make a page of a run, or of a history, that works from disk");
  command
      ->add_option("subject", options->paths,
                   "A scenario, a capsule, a failure in results by its number, a history; or databases of results")
      ->required()
      ->type_name("SCENARIO|CAPSULE|DB:ID|HISTORY|DB…");
  add_count_option(*command, "--seed", options->subject.seed, "The seed of the scenario (default 1)");
  add_overrides_option(*command, options->subject.overrides);
  add_release_options(*command, options->release);
  add_count_option(*command, "--pages", options->release.pages, "Of results: so many failures get a page (default 12)");
  add_output_option(*command, "--out", options->out, "The folder of the page: a new one, or one of an earlier report",
                    "DIR");
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
      if (const auto problems = output_problems({{"--out", options->out, Output::Kind::report}}, inputs_of(*options));
          !problems.empty())
        return bad(problems.front());
      watch_over_process(isatty(STDERR_FILENO) == 1);
      const auto is_results = [](const std::string& path) { return path.ends_with(".db"); };
      if (std::all_of(options->paths.begin(), options->paths.end(), is_results)) {
        options->release.databases = options->paths;
        return of_results(*options);
      }
      if (options->paths.size() > 1)
        return bad("of several only databases of results (NAME.db) can be told together, not " +
                   *std::find_if_not(options->paths.begin(), options->paths.end(), is_results));
      if (!options->release.earlier.empty() || !options->release.compared.empty() || !options->release.title.empty())
        return bad("--against, --compared and --title belong to results of `heir hunt`");
      options->subject.path = options->paths.front();
      return is_history(options->subject.path) ? of_history(*options) : of_run(*options);
    };
  });
}

}  // namespace heir::tools
