#include "tools/hosted/cluster_files.h"

#include <filesystem>

#include "engine/hosts/files.h"
#include "engine/hosts/keys.h"
#include "scenarios/names.h"
#include "tools/simulation/mains.h"

namespace heir::hosted {

namespace {

using tools::HostEntry;
using tools::HostingConfig;

std::string quoted(const std::string& text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    made += c;
  }
  return made + "\"";
}

/// "key = value" lines.
class Lines {
 public:
  void add(const std::string& key, const std::string& value) { text_ += key + " = " + value + "\n"; }
  void add_text(const std::string& key, const std::string& value) { add(key, quoted(value)); }
  void add(const std::string& key, Duration value) { add_text(key, to_string(value)); }
  void add(const std::string& key, bool value) { add(key, std::string(value ? "true" : "false")); }
  void add(const std::string& key, int value) { add(key, std::to_string(value)); }
  void table(const std::string& name) { text_ += "\n" + name + "\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

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
  const scenarios::Timing& from = scenario.timing;
  tools::TimingSection& to = config.timing;
  to.session_ttl = from.session_ttl;
  to.renewal = from.renewal;
  to.request_timeout = from.request_timeout;
  to.sync_stall = from.sync_stall;
  to.resign_hold = from.resign_hold;
  to.switchover_drain = from.switchover_drain;
  to.retry_first = from.retry_first;
  to.retry_most = from.retry_most;
  to.restart_attempts = from.restart_attempts;
  to.clock_bound = from.clock_bound;
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

std::string text_of(const HostingConfig& config) {
  Lines lines;
  lines.add_text("cluster", config.cluster);
  lines.add_text("name", config.name);
  lines.add_text("data", config.data);
  lines.add("fenced_reads", config.fenced_reads);
  lines.add("singleton", config.singleton);
  for (const HostEntry& host : config.hosts) {
    lines.table("[[host]]");
    lines.add_text("name", host.name);
    lines.add_text("address", host.address);
    lines.add_text("public_key", host.public_key);
    lines.add("store", host.store);
    lines.add("peer", host.peer);
  }
  lines.table("[gate]");
  lines.add("max_lag", config.gate.max_lag);
  lines.table("[postgresql]");
  lines.add_text("client_authentication", config.postgresql.client_authentication);
  std::string settings;
  for (const std::string& line : config.postgresql.settings) settings += (settings.empty() ? "" : ", ") + quoted(line);
  lines.add("settings", "[" + settings + "]");
  lines.table("[timing]");
  const tools::TimingSection& timing = config.timing;
  lines.add("session_ttl", timing.session_ttl);
  lines.add("renewal", timing.renewal);
  lines.add("request_timeout", timing.request_timeout);
  lines.add("sync_stall", timing.sync_stall);
  lines.add("resign_hold", timing.resign_hold);
  lines.add("switchover_drain", timing.switchover_drain);
  lines.add("retry_first", timing.retry_first);
  lines.add("retry_most", timing.retry_most);
  lines.add("restart_attempts", timing.restart_attempts);
  lines.add_text("clock_bound", std::to_string(timing.clock_bound.ppb()) + "ppb");
  lines.add("heartbeat", timing.heartbeat);
  lines.add("election", timing.election);
  lines.add("snapshot_every", timing.snapshot_every);
  if (config.policy == failover::Policy()) return lines.text();
  lines.table("[policy]");
  for (const failover::PolicySwitch& each : failover::policy_switches())
    lines.add_text(std::string(each.name), std::string(failover::switch_value(config.policy, each.name)));
  return lines.text();
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
    if (const Result<> written = hosts::files::write(folder + "/agent.toml", text_of(config)); !written) return written;
    if (hosts[i].store)
      if (const Result<> word = hosts::files::write(folder + "/new-store", "The store is being set up.\n"); !word)
        return word;
  }
  return {};
}

}  // namespace heir::hosted
