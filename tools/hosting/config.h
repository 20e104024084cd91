// The configuration of an agent on a real host: a TOML file, read as strictly as a scenario is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/agent/agent.h"
#include "engine/store/member.h"

namespace heir::tools {

struct HostEntry {
  std::string name;
  std::string address;  ///< An IP address: no name service is asked in a failover.
  std::string public_key;
  bool store = false;  ///< A member of the store runs there.
  bool operator==(const HostEntry&) const = default;
};

struct Ports {
  int agent = 7400;
  int store = 7401;
  int control = 7402;
  int gate = 6432;
  int database = 6433;
  int read_only = 6434;
  int http = 8008;
  bool operator==(const Ports&) const = default;
};

struct GateSection {
  Duration max_lag = Duration::seconds(10);
  Duration silence_limit = Duration::seconds(25);
  bool operator==(const GateSection&) const = default;
};

/// Health and metrics.
struct HttpSection {
  std::string listen;  ///< An IP address of this host; "off": nowhere; "": the host's own.
  bool operator==(const HttpSection&) const = default;
};

struct PostgresqlSection {
  std::string binaries = "/usr/lib/postgresql/15/bin";
  std::string client_authentication = "scram-sha-256";  ///< As in pg_hba.conf, of clients, who come through the gate.
  std::vector<std::string> settings;
  bool adopt = false;
  bool operator==(const PostgresqlSection&) const = default;
};

struct TimingSection {
  Duration session_ttl = Duration::seconds(2);
  Duration renewal = Duration::milliseconds(400);
  Duration request_timeout = Duration::seconds(1);
  Duration sync_stall = Duration::seconds(5);
  Duration resign_hold = Duration::seconds(10);
  Duration switchover_drain = Duration::seconds(2);
  Duration heartbeat = Duration::milliseconds(100);
  Duration election = Duration::milliseconds(500);
  bool operator==(const TimingSection&) const = default;
};

struct HostingConfig {
  std::string cluster;
  std::string name;  ///< Of the host that this is.
  std::string user = "postgres";
  std::string data = "/var/lib/heir";
  std::string key = "key";                     ///< Files beside this one, or absolute.
  std::string password = "database.password";  ///< Of the databases' superuser, the same on all hosts.
  std::string new_store = "new-store";         ///< Its presence says that the store is being set up.
  bool hand_over = true;                       ///< Before it ends on SIGTERM.
  bool fenced_reads = false;
  std::vector<HostEntry> hosts;
  Ports ports;
  GateSection gate;
  HttpSection http;
  PostgresqlSection postgresql;
  TimingSection timing;

  const HostEntry& self() const;
  /// Where health and metrics are told, if they are.
  std::optional<Address> http_address() const;
  std::vector<const HostEntry*> store_hosts() const;
  std::string database_root() const { return data + "/database"; }
  std::string store_folder() const { return data + "/store"; }
  std::string password_line_file() const { return data + "/password"; }
  std::string password_file() const { return data + "/pgpass"; }
};

/// "10.0.0.1:7400", or "[fd00::1]:7400".
Address address_of(const HostEntry& host, int port);

/// A valid configuration, or the mistakes, each with its place and cure.
struct LoadedConfig {
  std::optional<HostingConfig> config;
  std::vector<std::string> messages;
};
LoadedConfig load_config(const std::string& path);
/// `folder` is what relative paths begin at.
LoadedConfig load_config_text(const std::string& name, const std::string& folder, const std::string& text);

/// What the engine is given. REQUIRES a valid configuration.
agent::Config agent_config(const HostingConfig& config);
store::MemberOptions member_options(const HostingConfig& config, bool is_new);

}  // namespace heir::tools
