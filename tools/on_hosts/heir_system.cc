// heir: an agent on every peer's host, a member of the store on each of the store's.
#include <filesystem>

#include "engine/databases/postgresql/layout.h"
#include "scenarios/names.h"
#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

namespace {

namespace fs = std::filesystem;

class HeirSystem final : public System {
 public:
  HeirSystem(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts, std::string password)
      : scenario_(scenario), hosts_(std::move(hosts)), password_(std::move(password)) {}

  Result<> install() override {
    if (const Result<> installed = install_program(); !installed) return installed;
    return write_cluster(hosting_config(scenario_), hosts_, password_);
  }

  std::vector<testbed::Command> programs(const ClusterHost& host) const override {
    return {command_of({program_path, host.peer ? "agent" : "store", "--config", config_path, "--log", "json"})};
  }

  bool is_agent(const ClusterHost& host, const HostProcess& process) const override {
    return process.command.find(host.peer ? " agent --config" : " store --config") != std::string::npos;
  }

  Access gate(const ClusterHost& peer) const override { return {peer.address, tools::Ports().gate, {}, {}}; }
  Access standby(const ClusterHost& peer) const override { return {peer.address, tools::Ports().read_only, {}, {}}; }
  Access database(const ClusterHost& peer) const override {
    return {peer.address, tools::Ports().database, "heir", password_};
  }
  std::string database_logs() const override { return postgresql::Layout(database_root).log_folder(); }
  bool tells_roles() const override { return true; }

  testbed::Command request(const scenarios::Fault& operator_request, const std::string& host_name) const override {
    testbed::Command command = command_of({program_path, "scenario-request", "--config", config_path, "--kind",
                                           scenarios::to_string(operator_request.kind), "--mode",
                                           scenarios::to_string(operator_request.mode)});
    if (!host_name.empty()) command.arguments.insert(command.arguments.end(), {"--host", host_name});
    return command;
  }

  testbed::Command pg_ctl(std::string_view action) const override {
    const postgresql::Layout layout(database_root);
    testbed::Command command =
        command_of({std::string(postgresql_programs) + "/pg_ctl", std::string(action), "-w", "-D", layout.data()});
    command.user = postgres_user();
    if (action == "start")
      command.arguments.insert(command.arguments.end(),
                               {"-l", layout.start_log(), "-o",
                                "-c config_file='" + layout.settings() + "' -c hba_file='" + layout.access() + "'"});
    return command;
  }

 private:
  /// Puts this very program on every host: where it came from need not be seen there.
  Result<> install_program() const {
    std::error_code error;
    std::string first;
    for (const ClusterHost& host : hosts_) {
      const std::string path = host.folder + "/bin/heir";
      fs::create_directories(host.folder + "/bin", error);
      if (error) return Error{ErrorCode::io_error, host.folder + ": " + error.message()};
      if (first.empty())
        fs::copy_file("/proc/self/exe", path, error);
      else
        fs::create_hard_link(first, path, error);
      if (error) return Error{ErrorCode::io_error, path + ": " + error.message()};
      if (first.empty()) fs::permissions(path, fs::perms(0755), error);
      first = first.empty() ? path : first;
    }
    return {};
  }

  const scenarios::Scenario& scenario_;
  const std::vector<ClusterHost> hosts_;
  const std::string password_;
};

}  // namespace

std::unique_ptr<System> make_heir_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                         const std::string& password) {
  return std::make_unique<HeirSystem>(scenario, std::move(hosts), password);
}

}  // namespace heir::on_hosts
