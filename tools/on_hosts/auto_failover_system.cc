// pg_auto_failover 2.0: its monitor on the store's first host, a node on every peer's. With three nodes, one of two
// standbys must have each commit (number_sync_standbys = 1, its own default).
#include "tools/on_hosts/auto_failover_system.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::on_hosts {

namespace {

constexpr const char* script_path = "/srv/etc/service";

std::string data() {
  return std::string(auto_failover_root) + "/data";
}

std::string monitor_address(const ClusterHost& monitor) {
  return "postgres://autoctl_node@" + monitor.address + ":" + std::to_string(postgresql_port) +
         "/pg_auto_failover?sslmode=prefer";
}

/// `create` only where there is nothing; what it began and did not end it goes on with.
std::string script(const std::string& create, const std::string& set_up) {
  const std::string made = data() + ".made";
  return "#!/bin/sh\n"
         "set -e\n"
         "if [ ! -e " +
         made + " ]; then\n  " + create + " --pgdata " + data() + " --pgctl " + postgresql_programs +
         "/pg_ctl --auth trust --no-ssl\n" + set_up + "  touch " + made +
         "\n"
         "fi\n"
         "exec /usr/bin/pg_autoctl run --pgdata " +
         data() + "\n";
}

class AutoFailoverSystem final : public SystemWithoutGate {
 public:
  AutoFailoverSystem(std::vector<ClusterHost> hosts, bool tuned) : hosts_(std::move(hosts)), tuned_(tuned) {}

  Result<> install() override {
    for (const ClusterHost& host : hosts_) {
      if (const Result<> put = prepare_host(host, data()); !put) return put;
      if (const Result<> put = put_file(host, std::string(auto_failover_root) + "/.keep", ""); !put) return put;
      const std::string text = host.store ? monitor_script(monitor(), tuned_) : node_script(host, monitor(), tuned_);
      if (const Result<> put = put_file(host, script_path, text); !put) return put;
    }
    return {};
  }

  std::vector<testbed::Command> programs(const ClusterHost& host) const override {
    if (!host.peer && host.name != monitor().name) return {};
    return {postgres_command({script_path})};
  }

  bool is_agent(const ClusterHost&, const HostProcess& process) const override {
    return !process.is_postgres() && (process.command.find("pg_autoctl") != std::string::npos ||
                                      process.command.find(script_path) != std::string::npos);
  }

  std::string database_logs() const override { return data() + "/log"; }

  testbed::Command request(const scenarios::Fault&, const std::string&) const override {
    return postgres_command({"/usr/bin/pg_autoctl", "perform", "switchover", "--monitor", monitor_address(monitor())});
  }

 private:
  const ClusterHost& monitor() const {
    const auto found = std::find_if(hosts_.begin(), hosts_.end(), [](const ClusterHost& host) { return host.store; });
    ASSERT(found != hosts_.end(), "a scenario has a store");
    return *found;
  }

  const std::vector<ClusterHost> hosts_;
  const bool tuned_;
};

}  // namespace

std::string monitor_script(const ClusterHost& monitor, bool tuned) {
  std::string set_up;
  if (tuned)
    for (const char* setting :
         {"health_check_period = 500", "health_check_timeout = 1000", "health_check_max_retries = 1",
          "health_check_retry_delay = 500", "node_considered_unhealthy_timeout = 3000", "primary_demote_timeout = 5000",
          "startup_grace_period = 3000"})
      set_up += "  echo 'pgautofailover." + std::string(setting) + "' >> " + data() + "/postgresql.conf\n";
  return script("/usr/bin/pg_autoctl create monitor --hostname " + monitor.address + " --pgport " +
                    std::to_string(postgresql_port),
                set_up);
}

std::string node_script(const ClusterHost& node, const ClusterHost& monitor, bool tuned) {
  // Its own rules let in its own users only.
  std::string set_up = "  echo 'host all all all trust' >> " + data() + "/pg_hba.conf\n";
  if (tuned) set_up += "  /usr/bin/pg_autoctl config set --pgdata " + data() + " timeout.network_partition_timeout 3\n";
  return script("/usr/bin/pg_autoctl create postgres --hostname " + node.address + " --pgport " +
                    std::to_string(postgresql_port) + " --name " + node.name + " --username postgres --monitor '" +
                    monitor_address(monitor) + "'",
                set_up);
}

std::unique_ptr<System> make_auto_failover_system(const scenarios::Scenario&, std::vector<ClusterHost> hosts,
                                                  bool tuned) {
  return std::make_unique<AutoFailoverSystem>(std::move(hosts), tuned);
}

}  // namespace heir::on_hosts
