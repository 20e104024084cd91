// Workers: runs every job of a plan in a process of its own, several at a time, and hands over their reports in the
// order of the jobs, whatever order they end in.
//
// So an assertion that fails, or memory that runs out, costs one run and not the campaign; and what is printed does not
// depend on how many workers there are.
#pragma once

#include <functional>
#include <optional>

#include "tools/command/job.h"

namespace heir::tools {

struct WorkerOptions {
  unsigned workers = 1;
  /// Told of every run under way, some times a second; null for never.
  std::function<void(std::size_t finished, const Job& job, sim::VirtualTime at, std::uint64_t events)> progress;
};

struct Interruption {
  int signal = 0;
  std::vector<std::string> where;  ///< Of each run that was under way.
};

/// --jobs: 0 stands for one worker a processor.
void add_jobs_option(CLI::App& command, unsigned& jobs, const char* more = "");
unsigned worker_count(unsigned jobs);
/// --stuck-after: PoolOptions::patience.
void add_stuck_after_option(CLI::App& command, Duration& patience);

/// Gets every report, in order, until an interruption.
using ReportSink = std::function<void(const Job& job, Report report)>;

/// Runs them all. SIGINT, SIGTERM, SIGHUP and SIGPIPE end it early: runs under way say where they were.
std::optional<Interruption> run_all(const Plan& plan, const JobOptions& options, const WorkerOptions& worker_options,
                                    const ReportSink& sink);

}  // namespace heir::tools
