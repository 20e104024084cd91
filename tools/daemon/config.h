// The configuration of an agent on a real host: a TOML file, read as strictly as a scenario is.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/agent/agent.h"
#include "engine/store/member.h"
#include "scenarios/scenario.h"

namespace heir::tools {

struct HostEntry {
  std::string name;
  std::string address;  ///< An IP address: no name service is asked in a failover.
  std::string public_key;
  bool store = false;  ///< A member of the store runs there,
  bool peer = true;    ///< and a peer; where only the store is, `heir store` runs it. With neither: it may only ask.
  bool operator==(const HostEntry&) const = default;
};

/// Who may give orders from anywhere.
struct OperatorEntry {
  std::string name;
  std::string public_key;
  bool operator==(const OperatorEntry&) const = default;
};

struct Ports {
  int agent = 7400;
  int store = 7401;
  int control = 7402;
  int requests = 7403;
  int gate = 6432;
  int database = 6433;
  int read_only = 6434;
  int http = 8008;
  bool operator==(const Ports&) const = default;
};

/// Health and metrics.
struct HttpSection {
  std::string listen;  ///< An IP address of this host; "off": nowhere; "": the host's own.
  bool operator==(const HttpSection&) const = default;
};

struct GateSection {
  Duration max_lag = Duration::seconds(10);
  Duration silence_limit = Duration::seconds(25);
  bool operator==(const GateSection&) const = default;
};

struct PostgresqlSection {
  std::string binaries = "/usr/lib/postgresql/15/bin";
  std::string client_authentication = "scram-sha-256";  ///< As in pg_hba.conf, of clients, who come through the gate.
  std::vector<std::string> settings;
  bool adopt = false;
  bool operator==(const PostgresqlSection&) const = default;
};

struct TimingSection : scenarios::Timing {
  Duration heartbeat = Duration::milliseconds(100);
  Duration election = Duration::milliseconds(500);
  int snapshot_every = 1'000;  ///< Entries of the store's log.
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
  std::string log = "text";  ///< Or "json".
  std::string log_level = "info";
  bool singleton = false;
  failover::Policy policy;  ///< [policy]: other rules than heir's, for experiments that shall go wrong.
  std::vector<HostEntry> hosts;
  std::vector<OperatorEntry> operators;
  Ports ports;
  HttpSection http;
  GateSection gate;
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

/// What a command of an operator needs to know.
struct OperatorConfig {
  std::string cluster;
  std::string name;                       ///< Of the operator, or of the host whose agent's configuration this is.
  std::string key = HostingConfig().key;  ///< The file of the secret key.
  std::vector<HostEntry> hosts;
  Ports ports;
};

/// "10.0.0.1:7400", or "[fd00::1]:7400".
Address address_of(const HostEntry& host, int port);

/// What is wrong with a name of a cluster, host or operator, or with the address of a host, and the cure; nothing: it
/// is good.
std::optional<std::string> wrong_with_name(const std::string& text);
std::optional<std::string> wrong_with_address(const std::string& text);
/// The same of how often a session is renewed, where a scenario may try what an agent must not.
std::optional<std::string> wrong_with_renewal(const scenarios::Timing& timing);

/// The rules that [policy] sets otherwise than heir's, as "fsync = false"; none: they are heir's.
std::vector<std::string> weakened_rules(const HostingConfig& config);
/// What nobody should overlook about a configuration that is valid.
std::vector<std::string> warnings_about(const HostingConfig& config);

/// A valid configuration, or the mistakes, each with its place and cure.
struct LoadedConfig {
  std::optional<HostingConfig> config;
  std::vector<std::string> messages;
};
LoadedConfig load_config(const std::string& path);
/// `folder` is what relative paths begin at.
LoadedConfig load_config_text(const std::string& name, const std::string& folder, const std::string& text);

struct LoadedOperatorConfig {
  std::optional<OperatorConfig> config;
  std::vector<std::string> messages;
};
/// Of an operator's file, or of an agent's, with whose host's key orders are given then.
LoadedOperatorConfig load_operator_config(const std::string& path);
LoadedOperatorConfig load_operator_config_text(const std::string& name, const std::string& folder,
                                               const std::string& text);

/// As an agent.toml, defaults left out.
std::string write_config(const HostingConfig& config);
/// Every table and key of agent.toml and operator.toml, as Markdown.
std::string config_reference();

/// What the engine is given. REQUIRES a valid configuration.
agent::Config agent_config(const HostingConfig& config);
store::MemberOptions member_options(const HostingConfig& config, bool is_new);

}  // namespace heir::tools
