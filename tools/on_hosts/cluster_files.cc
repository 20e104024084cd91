#include "tools/on_hosts/cluster_files.h"

#include <filesystem>

#include "engine/hosts/files.h"
#include "engine/hosts/keys.h"
#include "scenarios/names.h"
#include "tools/simulation/mains.h"

namespace heir::on_hosts {

using tools::HostingConfig;

HostingConfig hosting_config(const scenarios::Scenario& scenario) {
  HostingConfig config;
  config.cluster = tools::simulated_service;  // What the operator of a scenario asks for.
  config.data = data_root;
  config.fenced_reads = scenario.cluster.fenced_reads;
  config.singleton = scenario.cluster.singleton;
  config.gate.max_lag = scenario.cluster.max_lag;
  if (const Result<failover::Policy> policy = failover::policy_named(scenarios::to_string(scenario.cluster.policy)))
    config.policy = *policy;
  for (const scenarios::PolicyOverride& line : scenario.policy) {
    [[maybe_unused]] const Result<> set = failover::set_switch(config.policy, line.name, line.value);
    ASSERT(set.has_value(), "a scenario's [policy] was checked");
  }
  tools::TimingSection& to = config.timing;
  static_cast<scenarios::Timing&>(to) = scenario.timing;
  to.heartbeat = scenario.store.heartbeat;
  to.election = scenario.store.election;
  to.snapshot_every = scenario.store.snapshot_every;
  // Clients that connect all at once are part of many scenarios, and passwords cost the machine that all hosts share
  // more than anything else about them.
  config.postgresql.client_authentication = "trust";
  config.postgresql.settings = {"shared_buffers = '32MB'",
                                "max_connections = " + std::to_string(scenario.server.connections)};
  return config;
}

Result<> write_cluster(const HostingConfig& for_all, const std::vector<ClusterHost>& hosts,
                       const std::string& password) {
  HostingConfig config = for_all;
  std::vector<hosts::KeyPair> keys;
  for (const ClusterHost& host : hosts) {
    keys.push_back(hosts::new_key_pair());
    config.hosts.push_back({host.name, host.address, keys.back().public_key, host.store, host.peer});
  }
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    config.name = hosts[i].name;
    const std::string folder = hosts[i].folder + "/etc";
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return Error{ErrorCode::io_error, folder + ": " + error.message()};
    if (const Result<> kept = hosts::write_secret(folder + "/key", keys[i].secret_key); !kept) return kept;
    if (const Result<> kept = hosts::write_secret(folder + "/database.password", password); !kept) return kept;
    if (const Result<> written = hosts::files::write(folder + "/agent.toml", tools::write_config(config)); !written)
      return written;
    if (hosts[i].store)
      if (const Result<> word = hosts::files::write(folder + "/new-store", "The store is being set up.\n"); !word)
        return word;
  }
  return {};
}

}  // namespace heir::on_hosts
