// repmgr 5.3.3: repmgrd beside a database on every peer's host, which the host's service manager starts again as it
// does Debian's. Of two standbys one must have each commit, so that it promises what the others do; nothing of repmgr
// keeps a former primary from taking writes when it is back.
#include "tools/on_hosts/repmgr_system.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::on_hosts {

namespace {

constexpr const char* config_file = "/srv/etc/repmgr.conf";
constexpr const char* database_path = "/srv/etc/database";
constexpr const char* daemon_path = "/srv/etc/daemon";
constexpr const char* root = "/srv/repmgr";

std::string programs_folder() {
  return postgresql_programs;
}

std::string data() {
  return repmgr_data;
}

std::string connection(const ClusterHost& host) {
  return "host=" + host.address + " port=" + std::to_string(postgresql_port) +
         " user=repmgr dbname=repmgr connect_timeout=2";
}

class RepmgrSystem final : public SystemWithoutGate {
 public:
  RepmgrSystem(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts, bool tuned)
      : connections_(scenario.server.connections), hosts_(std::move(hosts)), tuned_(tuned) {}

  Result<> install() override {
    const auto found = std::find_if(hosts_.begin(), hosts_.end(), [](const ClusterHost& host) { return host.peer; });
    ASSERT(found != hosts_.end(), "a scenario has peers");
    int node = 0;
    for (const ClusterHost& host : hosts_) {
      if (const Result<> put = prepare_host(host, data()); !put) return put;
      if (!host.peer) continue;
      const std::vector<std::pair<std::string, std::string>> files{
          {std::string(root) + "/log/.keep", ""},
          {std::string(root) + "/.keep", ""},
          {config_file, repmgr_text(host, ++node, tuned_)},
          {database_path, repmgr_database_script(host, *found, connections_)},
          {daemon_path, repmgr_daemon_script(host, *found)}};
      for (const auto& [path, text] : files)
        if (const Result<> put = put_file(host, path, text); !put) return put;
    }
    return {};
  }

  std::vector<testbed::Command> programs(const ClusterHost& host) const override {
    if (!host.peer) return {};
    return {postgres_command({daemon_path}), postgres_command({database_path})};
  }

  bool is_agent(const ClusterHost&, const HostProcess& process) const override {
    return process.command.find("/repmgrd ") != std::string::npos ||
           process.command.find(daemon_path) != std::string::npos;
  }

  std::string database_logs() const override { return std::string(root) + "/log"; }

  testbed::Command request(const scenarios::Fault&, const std::string&) const override {
    ASSERT(false, "an operator's request to repmgr was to be refused before the start");
    return {};
  }

 private:
  const int connections_;
  const std::vector<ClusterHost> hosts_;
  const bool tuned_;
};

}  // namespace

std::string repmgr_text(const ClusterHost& host, int node, bool tuned) {
  const std::string on_this_host = " -f " + std::string(config_file) + " --log-level INFO";
  std::string text = "node_id=" + std::to_string(node) + "\nnode_name='" + host.name + "'\nconninfo='" +
                     connection(host) + "'\ndata_directory='" + data() + "'\npg_bindir='" + programs_folder() +
                     "'\nuse_replication_slots=yes\nfailover=automatic\npromote_command='" + programs_folder() +
                     "/repmgr standby promote" + on_this_host + "'\nfollow_command='" + programs_folder() +
                     "/repmgr standby follow" + on_this_host + " --upstream-node-id=%n'\n";
  for (const char* action : {"start", "stop", "restart"})
    text += "service_" + std::string(action) + "_command='" + programs_folder() + "/pg_ctl -D " + data() + " -w " +
            (action == std::string("stop") ? "-m fast " : "") + "-l " + root + "/log/start.log " + action + "'\n";
  if (tuned) text += "monitor_interval_secs=1\nreconnect_attempts=3\nreconnect_interval=1\n";
  return text;
}

std::string repmgr_database_script(const ClusterHost& host, const ClusterHost& first, int connections) {
  const std::string settings = data() + "/postgresql.conf";
  std::string make;
  if (host.name == first.name) {
    make = "  rm -rf " + data() + "\n  initdb -D " + data() + " -k -E UTF8 -A trust >/dev/null\n  {\n";
    for (const std::string& line :
         {std::string("listen_addresses = '*'"), "port = " + std::to_string(postgresql_port),
          std::string("unix_socket_directories = '/run/postgresql'"),
          "max_connections = " + std::to_string(connections), std::string("shared_buffers = '32MB'"),
          std::string("shared_preload_libraries = 'repmgr'"), std::string("wal_log_hints = on"),
          std::string("hot_standby = on"), std::string("synchronous_standby_names = 'ANY 1 (*)'"),
          std::string("logging_collector = on"), "log_directory = '" + std::string(root) + "/log'"})
      make += "    echo \"" + line + "\"\n";
    make += "  } >> " + settings + "\n  echo 'host all all all trust' >> " + data() +
            "/pg_hba.conf\n  echo 'host replication all all trust' >> " + data() + "/pg_hba.conf\n";
    // The role and its database, before a commit has to wait for a standby.
    make += "  pg_ctl -D " + data() + " -w -o \"-c synchronous_standby_names=''\" -l " + root +
            "/log/start.log start >/dev/null\n"
            "  createuser -h /run/postgresql -s repmgr\n  createdb -h /run/postgresql -O repmgr repmgr\n"
            "  repmgr -f " +
            config_file + " primary register\n  pg_ctl -D " + data() + " -w -m fast stop >/dev/null\n";
  } else {
    make = "  until psql -XAtc 'SELECT 1 FROM repmgr.nodes LIMIT 1' '" + connection(first) +
           "' >/dev/null 2>&1; do sleep 0.3; done\n  rm -rf " + data() + "\n  repmgr -f " + config_file + " -h " +
           first.address + " -U repmgr -d repmgr -p " + std::to_string(postgresql_port) +
           " standby clone --fast-checkpoint\n";
  }
  return "#!/bin/sh\nset -e\nif [ ! -e " + data() + ".made ]; then\n" + make + "  touch " + data() +
         ".made\nfi\n"
         // One that repmgr itself has started goes on.
         "while pg_ctl -D " +
         data() + " status >/dev/null; do sleep 0.5; done\nexec " + programs_folder() + "/postgres -D " + data() + "\n";
}

std::string repmgr_daemon_script(const ClusterHost& host, const ClusterHost& first) {
  const std::string made = std::string(root) + "/registered";
  std::string make =
      "  until pg_isready -q -h " + host.address + " -p " + std::to_string(postgresql_port) + "; do sleep 0.3; done\n";
  if (host.name != first.name)
    make += "  until repmgr -f " + std::string(config_file) + " standby register; do sleep 0.5; done\n";
  return "#!/bin/sh\nset -e\nif [ ! -e " + made + " ]; then\n" + make + "  touch " + made + "\nfi\nexec " +
         programs_folder() + "/repmgrd -f " + config_file + " --daemonize=false --no-pid-file\n";
}

std::unique_ptr<System> make_repmgr_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                           bool tuned) {
  return std::make_unique<RepmgrSystem>(scenario, std::move(hosts), tuned);
}

}  // namespace heir::on_hosts
