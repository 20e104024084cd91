// What repmgr's hosts run, as pure functions: for their tests.
#pragma once

#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

inline constexpr const char* repmgr_data = "/srv/repmgr/data";

/// repmgr.conf; nodes count from 1, as the hosts of peers.
std::string repmgr_text(const ClusterHost& host, int node, bool tuned);
/// Scripts for the shell: the database, made if it is not there (of the first host anew, of the others as its copy),
/// and repmgrd, which registers it first.
std::string repmgr_database_script(const ClusterHost& host, const ClusterHost& first, int connections);
std::string repmgr_daemon_script(const ClusterHost& host, const ClusterHost& first);

}  // namespace heir::on_hosts
