// The agent as a program of a real host: the engine's code that the simulator runs, on the real Host. The peer with its
// adapter and gate, and, where the configuration says so, a member of the store, in one process of the operating
// system; to each other they are as processes on different hosts. Or, where there is no peer, the member alone.
#pragma once

#include <optional>
#include <string>

#include "engine/hosts/log.h"
#include "tools/daemon/config.h"
#include "tools/daemon/setup.h"

namespace heir::tools {

struct ProgramOptions {
  std::string config_path;  ///< What SIGHUP has read again.
  // Said on the command line, these count rather than what the configuration says.
  std::optional<hosts::LogFormat> log_format;
  std::optional<LogLevel> log_level;
};

/// Runs until a signal ends it (0), or it cannot go on (1); why is in the log.
int run_agent_program(const HostingConfig& config, const Prepared& prepared, const ProgramOptions& options);

}  // namespace heir::tools
