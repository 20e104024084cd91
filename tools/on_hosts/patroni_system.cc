// Patroni 3.0.2 on etcd's v2 API, with synchronous_mode and synchronous_mode_strict: that which promises what heir
// does. For it, as for the other systems, the harness removes postmaster.pid when a host boots (system.cc says why);
// heir does without.
#include "tools/on_hosts/patroni_system.h"

namespace heir::on_hosts {

namespace {

constexpr const char* patroni_file = "/srv/etc/patroni.yml";
constexpr const char* root = "/srv/patroni";

std::string etcd_url(const ClusterHost& host, int port) {
  return "http://" + host.address + ":" + std::to_string(port);
}

class PatroniSystem final : public SystemWithoutGate {
 public:
  PatroniSystem(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts, bool tuned)
      : connections_(scenario.server.connections), hosts_(std::move(hosts)), tuned_(tuned) {}

  Result<> install() override {
    for (const ClusterHost& host : hosts_) {
      const std::string text = patroni_text(host, hosts_, connections_, tuned_);
      if (const Result<> put = prepare_host(host, patroni_data); !put) return put;
      if (const Result<> put = put_file(host, patroni_file, text); !put) return put;
      if (const Result<> put = put_file(host, std::string(root) + "/log/.keep", ""); !put) return put;
    }
    return {};
  }

  std::vector<testbed::Command> programs(const ClusterHost& host) const override {
    if (host.store) return {postgres_command(etcd_arguments(host, hosts_))};
    if (host.peer) return {postgres_command({"/usr/bin/patroni", patroni_file})};
    return {};
  }

  bool is_agent(const ClusterHost& host, const HostProcess& process) const override {
    return process.command.find(host.store ? "/usr/bin/etcd " : "/usr/bin/patroni ") != std::string::npos;
  }

  std::string database_logs() const override { return std::string(root) + "/log"; }

  testbed::Command request(const scenarios::Fault&, const std::string&) const override {
    return postgres_command({"/usr/bin/patronictl", "-c", patroni_file, "switchover", "--force", "heir"});
  }

 private:
  const int connections_;
  const std::vector<ClusterHost> hosts_;
  const bool tuned_;
};

}  // namespace

std::vector<std::string> etcd_arguments(const ClusterHost& host, const std::vector<ClusterHost>& hosts) {
  std::string members;
  for (const ClusterHost& each : hosts)
    if (each.store) members += (members.empty() ? "" : ",") + each.name + "=" + etcd_url(each, 2380);
  return {"/usr/bin/etcd",
          "--name=" + host.name,
          "--data-dir=/srv/etcd/data",
          "--enable-v2",
          "--listen-client-urls=" + etcd_url(host, 2379),
          "--advertise-client-urls=" + etcd_url(host, 2379),
          "--listen-peer-urls=" + etcd_url(host, 2380),
          "--initial-advertise-peer-urls=" + etcd_url(host, 2380),
          "--initial-cluster=" + members,
          "--initial-cluster-token=heir",
          "--log-level=warn"};
}

std::string patroni_text(const ClusterHost& host, const std::vector<ClusterHost>& hosts, int connections, bool tuned) {
  std::string etcd;
  for (const ClusterHost& each : hosts)
    if (each.store) etcd += (etcd.empty() ? "" : ",") + each.address + ":2379";
  // Of its documentation: ttl must be at least loop_wait + 2 * retry_timeout.
  const std::string pace = tuned ? "    ttl: 7\n    loop_wait: 1\n    retry_timeout: 3\n    primary_start_timeout: 0\n"
                                 : "    ttl: 30\n    loop_wait: 10\n    retry_timeout: 10\n";
  return "scope: heir\nname: " + host.name +
         "\n"
         "restapi:\n"
         "  listen: " +
         host.address + ":8008\n  connect_address: " + host.address +
         ":8008\n"
         "etcd:\n"
         "  hosts: " +
         etcd +
         "\n"
         "bootstrap:\n"
         "  dcs:\n" +
         pace +
         "    maximum_lag_on_failover: 1048576\n"
         "    synchronous_mode: true\n"
         "    synchronous_mode_strict: true\n"
         "    postgresql:\n"
         "      use_pg_rewind: true\n"
         "      use_slots: true\n"
         "      parameters:\n"
         "        max_connections: " +
         std::to_string(connections) +
         "\n"
         "        shared_buffers: 32MB\n"
         "  initdb:\n"
         "  - encoding: UTF8\n"
         "  - data-checksums\n"
         "postgresql:\n"
         "  listen: " +
         host.address + ":" + std::to_string(postgresql_port) + "\n  connect_address: " + host.address + ":" +
         std::to_string(postgresql_port) +
         "\n"
         "  data_dir: " +
         patroni_data +
         "\n"
         "  bin_dir: " +
         postgresql_programs +
         "\n"
         "  pgpass: /tmp/patroni.pgpass\n"
         "  authentication:\n"
         "    superuser: {username: postgres, password: postgres}\n"
         "    replication: {username: replicator, password: replicator}\n"
         "    rewind: {username: rewinder, password: rewinder}\n"
         "  parameters:\n"
         "    unix_socket_directories: /run/postgresql\n"
         "    logging_collector: 'on'\n"
         "    log_directory: " +
         root +
         "/log\n"
         "  pg_hba:\n"
         "  - local all all trust\n"
         "  - host all all all trust\n"
         "  - host replication all all trust\n";
}

std::unique_ptr<System> make_patroni_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                            bool tuned) {
  return std::make_unique<PatroniSystem>(scenario, std::move(hosts), tuned);
}

}  // namespace heir::on_hosts
