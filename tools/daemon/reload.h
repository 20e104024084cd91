// What of a changed configuration counts at once, and what only after a restart of the agent.
#pragma once

#include <string>
#include <vector>

#include "tools/daemon/config.h"

namespace heir::tools {

struct Reload {
  HostingConfig config;                   ///< What counts from now on.
  std::vector<std::string> changed;       ///< Keys whose new value it has.
  std::vector<std::string> need_restart;  ///< Keys whose new value it has not.
};

/// `config` is `running` with all of `read` that can change while the agent runs: who are operators, the log,
/// hand_over, and timings that are looked at anew each time.
Reload reload(const HostingConfig& running, const HostingConfig& read);

}  // namespace heir::tools
