// System: what is deployed on a scenario's hosts: heir, or another system that fails PostgreSQL over, as its users
// install it. It says which files and programs a host has and where its databases are; starting and striking them is
// the world's.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"
#include "tools/on_hosts/cluster_files.h"
#include "tools/on_hosts/processes.h"
#include "tools/on_hosts/session.h"

namespace heir::on_hosts {

using scenarios::SystemKind;
inline constexpr std::array system_kinds{SystemKind::heir, SystemKind::patroni, SystemKind::auto_failover,
                                         SystemKind::repmgr};

struct SystemChoice {
  SystemKind kind = SystemKind::heir;
  bool tuned =
      false;  ///< As fast as its documentation allows, instead of its defaults; heir has none but its defaults.
  bool simulated = false;  ///< Not on hosts; of heir, and for comparisons only.
  bool operator==(const SystemChoice&) const = default;
};

/// "patroni, tuned", "heir, simulated"
std::string to_string(const SystemChoice& choice);

/// Where the copies of its databases are, whole or being made: all names on a host's disk that begin so.
std::string copies_of(SystemKind kind);

/// Whether this machine has its programs; the error names Debian's packages.
Result<> can_deploy(SystemKind kind);
/// What runs deploys, and with which settings, in a sentence; empty for heir.
std::string about(const SystemChoice& choice);

class System {
 public:
  virtual ~System() = default;

  /// Writes its files to the disks of all hosts.
  virtual Result<> install() = 0;
  /// What runs on the host, the agent first (or the member of the store); none: nothing does.
  virtual std::vector<testbed::Command> programs(const ClusterHost& host) const = 0;
  /// A process of what `programs` has first.
  virtual bool is_agent(const ClusterHost& host, const HostProcess& process) const = 0;
  /// Where applications look for the one that takes writes:
  virtual Access gate(const ClusterHost& peer) const = 0;
  /// without a user, which is the caller's; where they read what need not be fresh, likewise;
  virtual Access standby(const ClusterHost& peer) const = 0;
  /// and the database itself, for its superuser.
  virtual Access database(const ClusterHost& peer) const = 0;
  /// A database's own logs: a folder on its host.
  virtual std::string database_logs() const = 0;
  /// For the operator's host. `host_name`: who is meant; empty: the cluster.
  virtual testbed::Command request(const scenarios::Fault& operator_request, const std::string& host_name) const = 0;
  /// Its log lines tell who is who (Observer::on_line); else the databases are asked (database_watch.h).
  virtual bool tells_roles() const { return false; }
  /// pg_ctl, past the agent; of heir only (refusals.h).
  virtual testbed::Command pg_ctl(std::string_view) const { return {}; }
};

/// `hosts`: of the store, peers, and the operator's, in the world's order; the files' superuser has that password.
std::unique_ptr<System> make_system(const SystemChoice& choice, const scenarios::Scenario& scenario,
                                    std::vector<ClusterHost> hosts, const std::string& password);

// ---- For those who write one

/// With nothing in its environment but what every program needs.
testbed::Command command_of(std::vector<std::string> arguments);
testbed::User postgres_user();
/// Runs as the user of PostgreSQL, whose home is on the host's disk, on a host with prepare_host().
testbed::Command postgres_command(std::vector<std::string> arguments);
/// What postgres_command() needs; `data` is where its database will be.
Result<> prepare_host(const ClusterHost& host, const std::string& data);
/// A file on a host's disk, `path` as the host sees it; it and its folders are of the user of PostgreSQL.
Result<> put_file(const ClusterHost& host, const std::string& path, const std::string& text);

/// One whose clients go straight to the databases, all of which listen on PostgreSQL's port and trust who comes.
class SystemWithoutGate : public System {
 public:
  Access gate(const ClusterHost& peer) const override;
  Access standby(const ClusterHost& peer) const override;
  Access database(const ClusterHost& peer) const override;
};

inline constexpr const char* postgresql_programs = "/usr/lib/postgresql/15/bin";
inline constexpr int postgresql_port = 5432;

std::unique_ptr<System> make_heir_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                         const std::string& password);
std::unique_ptr<System> make_patroni_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                            bool tuned);
std::unique_ptr<System> make_auto_failover_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                                  bool tuned);
std::unique_ptr<System> make_repmgr_system(const scenarios::Scenario& scenario, std::vector<ClusterHost> hosts,
                                           bool tuned);

}  // namespace heir::on_hosts
