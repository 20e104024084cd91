#include "scenarios/names.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

failover::Timing protocol_timing(const scenarios::Timing& from) {
  failover::Timing to;
  to.sync_stall = from.sync_stall;
  to.resign_hold = from.resign_hold;
  to.switchover_drain = from.switchover_drain;
  to.retry_first = from.retry_first;
  to.retry_most = from.retry_most;
  to.restart_attempts = static_cast<std::uint32_t>(from.restart_attempts);
  return to;
}

}  // namespace

Result<agent::Config> agent_config(const scenarios::Scenario& scenario, const sim::PeerSetup& setup) {
  Result<failover::Policy> policy = failover::policy_named(scenarios::to_string(scenario.cluster.policy));
  if (!policy) return policy.error();
  for (const scenarios::PolicyOverride& line : scenario.policy)
    if (const Result<> set = failover::set_switch(*policy, line.name, line.value); !set) return set.error();

  agent::Config config;
  config.name = setup.name;
  config.store = setup.store;
  config.gate = setup.gate;
  config.singleton = scenario.cluster.singleton;
  config.fenced_reads = scenario.cluster.fenced_reads;
  config.policy = *policy;
  config.timing = protocol_timing(scenario.timing);
  config.ttl = scenario.timing.session_ttl;
  config.renewal_interval = scenario.timing.renewal;
  config.request_timeout = scenario.timing.request_timeout;
  config.clock_error = store::RateError{scenario.timing.clock_bound.ppb() / 1000};
  if (setup.read_only) config.read_only = agent::ReadOnlyPort{*setup.read_only, scenario.cluster.max_lag};
  config.others = setup.others;
  config.on_lease = setup.on_lease;
  config.database.root = setup.root;
  config.database.listen = setup.database;
  // Simulated hosts know no passwords.
  config.database.access = {"host all all all trust", "host replication all all trust"};
  config.database.settings = {"max_connections = " + std::to_string(scenario.server.connections)};
  return config;
}

}  // namespace heir::tools
