// What pg_auto_failover's hosts run, as pure functions: for their tests.
#pragma once

#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

inline constexpr const char* auto_failover_root = "/srv/auto-failover";

/// Scripts for the shell: make the monitor, or the node, if it is not made yet, and become its service.
std::string monitor_script(const ClusterHost& monitor, bool tuned);
std::string node_script(const ClusterHost& node, const ClusterHost& monitor, bool tuned);

}  // namespace heir::on_hosts
