#include "tools/daemon/reload.h"

namespace heir::tools {

Reload reload(const HostingConfig& running, const HostingConfig& read) {
  Reload result{running, {}, {}};
  const auto take = [&](const char* key, auto& kept, const auto& wanted) {
    if (kept == wanted) return;
    kept = wanted;
    result.changed.push_back(key);
  };
  const auto keep = [&](const char* key, const auto& kept, const auto& wanted) {
    if (!(kept == wanted)) result.need_restart.push_back(key);
  };
  HostingConfig& config = result.config;
  take("operator", config.operators, read.operators);
  take("log", config.log, read.log);
  take("log_level", config.log_level, read.log_level);
  take("hand_over", config.hand_over, read.hand_over);
  take("timing.sync_stall", config.timing.sync_stall, read.timing.sync_stall);
  take("timing.resign_hold", config.timing.resign_hold, read.timing.resign_hold);
  take("timing.switchover_drain", config.timing.switchover_drain, read.timing.switchover_drain);

  keep("cluster", running.cluster, read.cluster);
  keep("name", running.name, read.name);
  keep("user", running.user, read.user);
  keep("data", running.data, read.data);
  keep("key", running.key, read.key);
  keep("password", running.password, read.password);
  keep("new_store", running.new_store, read.new_store);
  keep("fenced_reads", running.fenced_reads, read.fenced_reads);
  keep("singleton", running.singleton, read.singleton);
  keep("policy", running.policy, read.policy);
  keep("host", running.hosts, read.hosts);
  keep("ports", running.ports, read.ports);
  keep("http", running.http, read.http);
  keep("gate", running.gate, read.gate);
  keep("postgresql", running.postgresql, read.postgresql);
  // What is left of the timings.
  keep("timing", config.timing, read.timing);
  return result;
}

}  // namespace heir::tools
