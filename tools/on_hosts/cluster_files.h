// What an operator would put on the hosts of a new cluster: for each host its configuration and its secrets.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "scenarios/scenario.h"
#include "tools/daemon/config.h"

namespace heir::on_hosts {

struct ClusterHost {
  std::string name;
  std::string address;
  std::string folder;  ///< Of this machine: the host's disk.
  bool store = false;
  bool peer = false;
};

/// Where things are on a host.
inline constexpr const char* disk_root = "/srv";
inline constexpr const char* program_path = "/srv/bin/heir";
inline constexpr const char* config_path = "/srv/etc/agent.toml";
inline constexpr const char* data_root = "/srv/heir";
inline constexpr const char* database_root = "/srv/heir/database";

/// All that the scenario says of peers and store; only hosts and name are missing.
tools::HostingConfig hosting_config(const scenarios::Scenario& scenario);

/// Writes them, and the word that the store is new.
Result<> write_cluster(const tools::HostingConfig& for_all, const std::vector<ClusterHost>& hosts,
                       const std::string& password);

}  // namespace heir::on_hosts
