// heir check: judges recorded histories.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "reports/history/history_file.h"
#include "scenarios/mistakes.h"
#include "tools/command/check_follow.h"
#include "tools/command/check_report.h"
#include "tools/command/check_settings.h"
#include "tools/command/commands.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

const char* const footer =
    "Examples:\n"
    "  heir run scenarios/first/primary-crash.toml --history h.jsonl\n"
    "  heir check h.jsonl\n"
    "  heir check --json *.edn\n"
    "  heir check --model list-append --consistency snapshot-isolation elle.json\n"
    "  heir check h.jsonl --explain --emit-minimal proof.jsonl\n"
    "  heir check h.jsonl --commit-log commits.jsonl\n"
    "  zcat h.jsonl.gz | heir check -\n"
    "\n"
    "A history is a file of JSON objects, one a line, in the order in which things happened:\n"
    "  {\"process\":3,\"type\":\"invoke\",\"f\":\"write\",\"key\":\"x\",\"value\":5,\"time\":123456789}\n"
    "type is invoke, ok, fail, or info (unknown outcome); time in ns, may be left out everywhere. Jepsen's, Knossos' "
    "and\n"
    "Elle's files and Porcupine's logs are read as well; format and model are recognised by what stands in them.\n"
    "\n"
    "Linearizable must be: register, cas-register, multi-register, mutex, kv, append, set, counter, queue, stack,\n"
    "priority-queue, deque, semaphore, rmw-register, lease, unique-ids. Judged as Jepsen judges them: set-full, bank,\n"
    "long-fork; as Elle does, by default for strict serializability: list-append, rw-register,\n"
    "closed-predicate.\n"
    "\n"
    "Exit status: 0 valid; 1 invalid; 2 bad usage or input; 3 no verdict (out of time, steps or memory, or nothing "
    "succeeded),\n"
    "or something could not be written; 130 interrupted. Of several histories, the gravest.\n"
    "\n"
    "--follow reads events as they happen, lines as above, and answers in lines of JSON:\n"
    "  {\"type\":\"violation\",\"line\":N,\"anomaly\":{kind, message, at_ns, ops}} as soon as line N proves it\n"
    "  {\"type\":\"verdict\",…}, with the keys of --json, at the end of input\n"
    "\n"
    "--json: ";

Exit exit_of(reports::Outcome outcome) {
  switch (outcome) {
    case reports::Outcome::pass: return Exit::as_expected;
    case reports::Outcome::fail: return Exit::expectation_failed;
    case reports::Outcome::unknown: return Exit::no_verdict;
  }
  return Exit::internal;
}

struct Tally {
  std::size_t valid = 0, invalid = 0, unknown = 0, unreadable = 0;
  void count(Exit status) {
    switch (status) {
      case Exit::as_expected: ++valid; break;
      case Exit::expectation_failed: ++invalid; break;
      case Exit::no_verdict: ++unknown; break;
      case Exit::bad_usage:
      case Exit::partly_done:
      case Exit::internal: ++unreadable; break;
    }
  }
  std::string text() const {
    std::string line = thousands(valid + invalid + unknown + unreadable) + " histories: " + thousands(valid) +
                       " valid, " + thousands(invalid) + " invalid";
    if (unknown > 0) line += ", " + thousands(unknown) + " without a verdict";
    if (unreadable > 0) line += ", " + thousands(unreadable) + " that could not be judged";
    return line + "\n";
  }
};

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

class CheckRun {
 public:
  explicit CheckRun(const CheckSettings& settings) : settings_(settings), style_(Style::of_standard_output()) {}

  Exit run() {
    watch_over_process(isatty(STDERR_FILENO) == 1 && !settings_.quiet);
    Exit status = Exit::as_expected;
    Tally tally;
    for (const std::string& path : settings_.histories) {
      const Exit one = history(path);
      tally.count(one);
      status = worse(status, one);
      ++done_;
    }
    if (settings_.histories.size() > 1 && !settings_.json) print(tally.text());
    return status;
  }

 private:
  Exit history(const std::string& path) {
    const Deadline deadline = settings_.deadline();
    Result<Checked> checked = read(path, deadline);
    if (checked) {
      doing("judging", path);
      if (const Result<> judged = settings_.judge(*checked, deadline); !judged) checked = judged.error();
    }
    now_doing("reporting");
    if (!checked) {
      complain(scenarios::printable(checked.error().message));
      return Exit::bad_usage;
    }
    print(settings_.json    ? check_json(*checked) + "\n"
          : settings_.quiet ? check_line(*checked, style_)
                            : check_text(*checked, settings_.explain, style_));
    Exit status = exit_of(checked->verdict.outcome);
    if (!settings_.minimal.empty()) status = worse(status, emit_minimal(*checked));
    return status;
  }

  /// What could not be read in time has no verdict.
  Result<Checked> read(const std::string& path, const Deadline& deadline) {
    doing("reading", path);
    reset_peak_memory();
    const Stopwatch watch;
    reports::ReadOptions reading = settings_.reading;
    if (deadline.is_set()) reading.is_over = [&deadline] { return deadline.over(); };
    Result<reports::History> history =
        path == "-" ? reports::read_history(stdin, "standard input", reading) : reports::read_history(path, reading);
    Checked checked;
    checked.path = path;
    if (history) {
      checked.history = std::move(*history);
    } else if (history.error().code == ErrorCode::timed_out) {
      checked.verdict.unknowns.push_back(history.error().message);
    } else {
      return with_advice(history.error());
    }
    checked.parse_seconds = watch.seconds();
    return checked;
  }

  /// What could not be recognised can be named.
  static Error with_advice(Error error) {
    if (error.message.find("in one of the formats") != std::string::npos) error.message += "; --format names one";
    return error;
  }

  Exit emit_minimal(const Checked& checked) {
    if (checked.verdict.outcome != reports::Outcome::fail) {
      complain("--emit-minimal " + settings_.minimal + ": not written, since nothing is proven wrong");
      return Exit::as_expected;
    }
    if (checked.proofs.empty()) {
      complain("--emit-minimal " + settings_.minimal +
               ": not written, since no part was found that is wrong by itself");
      return Exit::as_expected;
    }
    const Undisturbed writing;
    const reports::History& minimal = checked.proofs.front().history;
    if (const Result<> written = reports::write_history(minimal, settings_.minimal); !written) {
      complain(written.error().message);
      return Exit::not_written;
    }
    return Exit::as_expected;
  }

  void doing(const char* what, const std::string& path) const {
    std::string text = std::string(what) + " " + scenarios::printable(path == "-" ? "standard input" : path);
    if (settings_.histories.size() > 1)
      text += "; " + thousands(done_) + " of " + thousands(settings_.histories.size()) + " histories judged";
    now_doing(text);
  }

  const CheckSettings& settings_;
  Style style_;
  std::size_t done_ = 0;
};

}  // namespace

void add_check_command(CLI::App& app, Chosen& chosen) {
  auto settings = std::make_shared<CheckSettings>();
  CLI::App* command = app.add_subcommand("check", "Judge recorded histories: was every answer linearizable?");
  settings->add_options(*command);
  command->footer(std::string(footer) + check_json_help);
  command->callback([settings, &chosen] {
    chosen = [settings] {
      if (const Result<> understood = settings->understand(); !understood) {
        complain("heir check: " + understood.error().message);
        return Exit::bad_usage;
      }
      return settings->follow ? follow(*settings, exit_of) : CheckRun(*settings).run();
    };
  });
}

}  // namespace heir::tools
