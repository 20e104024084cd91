// One run, from a Job to what is printed of it. In a process of its own (workers.h): nothing here comes back but a
// Report.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tools/command/commands.h"
#include "tools/command/plan.h"
#include "tools/command/text.h"
#include "tools/simulation/judge.h"

namespace heir::tools {

/// What is printed of each run.
enum class Detail {
  json,     ///< One object.
  quiet,    ///< The verdict in one line; failures with how to replay them.
  brief,    ///< Of one run among many: a line; of a failed one the whole story.
  numbers,  ///< All but the story.
  story,
  verbose,  ///< The story with the databases' procedures, and the probes.
};

struct JobOptions {
  Detail detail = Detail::story;
  bool tell_story_of_failures = true;
  bool check_determinism = false;
  bool stop_at_violation = false;
  std::string history;  ///< Patterns of file names (Plan::output_name); "" for none.
  std::string commit_log;
  std::string trace;
  std::string expand;
  std::string capsule;
  std::string report;  ///< Of folders.
  Style style{false};
  std::size_t chart_width = 0;  ///< Beside a story that is told the run at a glance, so wide; 0: without.
};

/// A run with its verdict, as json.h and story.h show it.
struct Finished {
  const Job& job;
  const scenarios::Scenario& scenario;  ///< As it was run: with what a swarm drew.
  const sim::RunResult& result;
  const Judgement& judgement;
  std::int64_t wall_ns = 0;
  bool determinism_checked = false;
  std::string replay;
  /// Of a run on real hosts: what such a run does not show. Null: it was simulated.
  const std::vector<std::string>* host_limits = nullptr;
};

struct Report {
  Exit status = Exit::internal;
  bool interrupted = false;
  std::string text;   ///< For standard output.
  std::string error;  ///< For standard error, a line without its newline; "" for none.
};

Exit status_of(reports::Outcome verdict);

/// What is printed of it.
std::string text_of(const Finished& finished, const JobOptions& options);

/// Called now and then; false interrupts the run.
using ProgressSink = std::function<bool(sim::VirtualTime at, std::uint64_t events)>;

Report execute(const Plan& plan, const Job& job, const JobOptions& options, const ProgressSink& progress);

/// What is printed of a run of which there is no Report: the process that it ran in died of `cause`.
Report lost_run(const Plan& plan, const Job& job, const JobOptions& options, Exit status, const std::string& cause);

}  // namespace heir::tools
