#include "tools/daemon/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/base/assert.h"
#include "scenarios/document.h"
#include "scenarios/mistakes.h"
#include "tools/daemon/config_sections.h"

namespace heir::tools {

namespace {

using scenarios::Mistakes;
using scenarios::Reading;
using scenarios::Section;
using scenarios::Value;

constexpr std::size_t largest_file = std::size_t{256} << 10;
constexpr std::size_t most_messages = 20;

/// FNV-1a: members of different clusters know each other as strangers.
std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0xcbf29ce484222325;
  for (const char c : name) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return number;
}

HostingConfig read_config(const Value& root, Mistakes& mistakes) {
  HostingConfig config;
  Reading reading{mistakes, {}};
  read_section(hosting_section(), root, root.place, config, reading);
  finish_hosting(root, config, reading);
  return config;
}

std::string beside(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

}  // namespace

const HostEntry& HostingConfig::self() const {
  const auto found = std::find_if(hosts.begin(), hosts.end(), [&](const HostEntry& host) { return host.name == name; });
  ASSERT(found != hosts.end(), "a valid configuration names its own host");
  return *found;
}

std::vector<const HostEntry*> HostingConfig::store_hosts() const {
  std::vector<const HostEntry*> members;
  for (const HostEntry& host : hosts)
    if (host.store) members.push_back(&host);
  return members;
}

Address address_of(const HostEntry& host, int port) {
  const bool is_six = host.address.find(':') != std::string::npos;
  return Address((is_six ? "[" + host.address + "]" : host.address) + ":" + std::to_string(port));
}

std::optional<Address> HostingConfig::http_address() const {
  if (http.listen == "off") return std::nullopt;
  HostEntry at = self();
  if (!http.listen.empty()) at.address = http.listen;
  return address_of(at, ports.http);
}

std::vector<std::string> weakened_rules(const HostingConfig& config) {
  const failover::Policy heir = failover::heir_policy();
  std::vector<std::string> rules;
  for (const failover::PolicySwitch& each : failover::policy_switches()) {
    const std::string_view value = failover::switch_value(config.policy, each.name);
    if (value != failover::switch_value(heir, each.name))
      rules.push_back(std::string(each.name) + " = " + std::string(value));
  }
  return rules;
}

std::vector<std::string> warnings_about(const HostingConfig& config) {
  const std::vector<std::string> rules = weakened_rules(config);
  if (rules.empty()) return {};
  std::string all;
  for (const std::string& rule : rules) all += (all.empty() ? "" : ", ") + rule;
  return {"[policy] weakens the rules, and a cluster whose rules are weakened loses data: " + all};
}

LoadedConfig load_config_text(const std::string& name, const std::string& folder, const std::string& text) {
  LoadedConfig loaded;
  const std::vector<std::string> no_overrides;
  Mistakes mistakes(name, text, no_overrides);
  Value root;
  if (scenarios::parse_document(text, mistakes, root)) {
    root.place = {-1, 1, 1, 1};
    HostingConfig config = read_config(root, mistakes);
    config.key = beside(folder, config.key);
    config.password = beside(folder, config.password);
    config.new_store = beside(folder, config.new_store);
    if (mistakes.empty()) loaded.config = std::move(config);
  }
  loaded.messages = mistakes.render(most_messages);
  return loaded;
}

LoadedOperatorConfig load_operator_config_text(const std::string& name, const std::string& folder,
                                               const std::string& text) {
  LoadedOperatorConfig loaded;
  const std::vector<std::string> no_overrides;
  Mistakes mistakes(name, text, no_overrides);
  Value root;
  if (scenarios::parse_document(text, mistakes, root)) {
    root.place = {-1, 1, 1, 1};
    OperatorConfig config;
    if (root.find("operator") && root.find("operator")->value.kind == Value::Kind::text) {
      Reading reading{mistakes, {}};
      read_section(operator_section(), root, root.place, config, reading);
      check_operator(root, config, reading);
    } else {
      const HostingConfig host = read_config(root, mistakes);
      config = {host.cluster, host.name, host.key, host.hosts, host.ports};
    }
    config.key = beside(folder, config.key);
    if (mistakes.empty()) loaded.config = std::move(config);
  }
  loaded.messages = mistakes.render(most_messages);
  return loaded;
}

namespace {

Result<std::string> read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return {ErrorCode::io_error, path + ": cannot be opened: " + std::strerror(errno) + "; `heir init` writes one"};
  std::string text(largest_file + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return {ErrorCode::io_error, path + ": cannot be read: " + std::strerror(errno)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > largest_file)
    return {ErrorCode::invalid, path + ": longer than 256 KiB, which no configuration is"};
  return text;
}

std::string folder_of(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? "." : absolute.parent_path().string();
}

}  // namespace

LoadedConfig load_config(const std::string& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return {std::nullopt, {text.error().message}};
  return load_config_text(path, folder_of(path), *text);
}

LoadedOperatorConfig load_operator_config(const std::string& path) {
  const Result<std::string> text = read_text(path);
  if (!text) return {std::nullopt, {text.error().message}};
  return load_operator_config_text(path, folder_of(path), *text);
}

namespace {

template <class Owner>
std::string reference_of(const Section<Owner>& section) {
  std::string out = "## " + section.heading + "\n\n";
  append_reference(section, out);
  for (const scenarios::Child<Owner>& child : section.children) child.reference(out);
  return out;
}

}  // namespace

std::string write_config(const HostingConfig& config) {
  const Section<HostingConfig> section = hosting_section();
  std::string out = written_keys(section, config);
  for (const scenarios::Child<HostingConfig>& child : section.children) child.write(config, out);
  return out;
}

std::string config_reference() {
  return reference_of(hosting_section()) + reference_of(operator_section());
}

agent::Config agent_config(const HostingConfig& from) {
  const HostEntry& self = from.self();
  agent::Config config;
  config.name = from.name;
  config.cluster = from.cluster;
  for (const HostEntry* host : from.store_hosts()) config.store.push_back(address_of(*host, from.ports.store));
  config.gate = address_of(self, from.ports.gate);
  config.read_only = agent::ReadOnlyPort{address_of(self, from.ports.read_only), from.gate.max_lag};
  for (const HostEntry& host : from.hosts)
    if (host.peer && host.name != from.name) config.others.push_back(address_of(host, from.ports.agent));
  config.adopt = from.postgresql.adopt;
  config.fenced_reads = from.fenced_reads;
  config.singleton = from.singleton;
  config.policy = from.policy;
  config.ttl = from.timing.session_ttl;
  config.renewal_interval = from.timing.renewal;
  config.request_timeout = from.timing.request_timeout;
  config.timing.sync_stall = from.timing.sync_stall;
  config.timing.resign_hold = from.timing.resign_hold;
  config.timing.switchover_drain = from.timing.switchover_drain;
  config.timing.retry_first = from.timing.retry_first;
  config.timing.retry_most = from.timing.retry_most;
  config.timing.restart_attempts = static_cast<std::uint32_t>(from.timing.restart_attempts);
  config.clock_error = store::RateError{from.timing.clock_bound.ppb() / 1000};
  postgresql::Config& database = config.database;
  database.root = from.database_root();
  database.listen = address_of(self, from.ports.database);
  database.binaries = from.postgresql.binaries;
  database.password_file = from.password_line_file();
  // After a crash the server syncs every file of its data before it recovers: by one call instead of thousands.
  database.settings = {"recovery_init_sync_method = 'syncfs'"};
  const std::vector<std::string>& settings = from.postgresql.settings;
  database.settings.insert(database.settings.end(), settings.begin(), settings.end());
  // A takeover waits until a standby has looked for more log twice: the pauses between its looks are most of it.
  database.retry_interval = Duration::milliseconds(20);
  database.poll_interval = Duration::milliseconds(20);
  const auto from_host = [](const HostEntry& host) {
    return host.address + (host.address.find(':') == std::string::npos ? "/32" : "/128");
  };
  // A Unix socket costs the gate less than TCP. An abstract one leaves no file behind that could be in the way later.
  database.socket_folder = "@heir-" + from.cluster + "-" + from.name;
  config.plain_database = Address(database.socket_folder + "/.s.PGSQL." + std::to_string(from.ports.database));
  for (const char* const what : {"all ", "replication "})
    database.access.push_back("local " + (what + database.superuser) + " scram-sha-256");
  for (const HostEntry& host : from.hosts) {
    if (!host.peer) continue;
    database.access.push_back("host all " + database.superuser + " " + from_host(host) + " scram-sha-256");
    database.access.push_back("host replication " + database.superuser + " " + from_host(host) + " scram-sha-256");
  }
  // Clients come through the gate, hence from this host, and from nowhere else.
  database.access.push_back("local all all " + from.postgresql.client_authentication);
  database.access.push_back("host all all " + from_host(self) + " " + from.postgresql.client_authentication);
  return config;
}

store::MemberOptions member_options(const HostingConfig& from, bool is_new) {
  store::MemberOptions options;
  options.cluster = store::ClusterId(number_of(from.cluster));
  std::uint64_t number = 0;
  for (const HostEntry* host : from.store_hosts()) {
    options.founders.push_back({raft::MemberId(++number), address_of(*host, from.ports.store), true});
    if (host->name == from.name) options.protocol.self = raft::MemberId(number);
  }
  options.folder = from.store_folder() + "/member";
  options.is_new = is_new;
  options.tick = from.timing.heartbeat;
  options.protocol.election_ticks = static_cast<std::uint32_t>(from.timing.election.ns() / from.timing.heartbeat.ns());
  options.snapshot_every = static_cast<std::uint64_t>(from.timing.snapshot_every);
  options.protocol.entries_kept = options.snapshot_every / 4;
  return options;
}

}  // namespace heir::tools
