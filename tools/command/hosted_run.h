// heir run --on hosts: the runs of a plan on real hosts of this machine, one after another.
#pragma once

#include "tools/command/job.h"
#include "tools/on_hosts/system.h"

namespace heir::tools {

struct HostedOptions {
  std::vector<std::string> overrides;  ///< --set: places in messages.
  std::string keep;                    ///< A folder for the logs, made if it is not there; a folder in it for each run.
  bool capture = false;                ///< All frames too.
  bool show_progress = false;
  std::optional<on_hosts::SystemKind> system = {};  ///< Instead of the scenario's.
  bool tuned = false;                               ///< It, if it is not heir.
};

/// "FILE:LINE:COLUMN: …" for everything of a scenario that hosts, or that system, cannot do. `overrides`: as --set.
std::vector<std::string> refusal_messages(const ScenarioFile& file, const scenarios::Scenario& scenario,
                                          const std::vector<std::string>& overrides, on_hosts::SystemKind system);

/// The same, of a scenario whose `cluster.system` is not to be.
std::vector<std::string> system_messages(const ScenarioFile& file, const std::vector<std::string>& overrides,
                                         const std::string& why);
/// The same, of a scenario that is to be simulated; none, if it can.
std::vector<std::string> simulator_messages(const ScenarioFile& file, const std::vector<std::string>& overrides);

/// Whether this machine and this build can have the hosts that the plan's scenarios need. The error says what is
/// missing, after "heir run --on hosts" or the like.
Result<> can_have_hosts(const Plan& plan);

/// From here on SIGINT, SIGTERM and SIGHUP are noted, and end nothing by themselves.
void note_interruptions();
/// The signal; 0: none came.
int interrupted_by();

/// Prints each run's report. Before the first begins, all that cannot be done on hosts is complained of: bad_usage.
Exit run_on_hosts(const Plan& plan, const JobOptions& options, const HostedOptions& hosted);

}  // namespace heir::tools
