#include "tools/hosting/config.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "engine/base/assert.h"
#include "engine/databases/postgresql/settings.h"
#include "engine/hosts/addresses.h"
#include "engine/hosts/keys.h"
#include "scenarios/codec.h"
#include "scenarios/document.h"
#include "scenarios/mistakes.h"

namespace heir::tools {

namespace {

using scenarios::Entry;
using scenarios::Mistakes;
using scenarios::Place;
using scenarios::Value;

constexpr std::size_t largest_file = std::size_t{256} << 10;
constexpr std::size_t most_messages = 20;
constexpr int default_store_members = 3;

/// One table: each key is asked for once; what was not asked for is not known.
class Table {
 public:
  Table(const Value& table, Mistakes& mistakes) : table_(table), mistakes_(mistakes) {}

  template <class T>
  void key(const std::string& name, T& into, bool is_required = false) {
    known_.push_back(name);
    const Entry* entry = table_.find(name);
    if (!entry) {
      if (is_required) mistakes_.add(table_.place, "'" + name + "' is missing");
      return;
    }
    Result<T> value = scenarios::Codec<T>::read(entry->value);
    if (value)
      into = std::move(*value);
    else
      mistakes_.add(entry->value.place, "'" + name + "': " + value.error().message);
  }
  const Value* table(const std::string& name) {
    known_.push_back(name);
    const Entry* entry = table_.find(name);
    if (!entry) return nullptr;
    if (entry->value.kind == Value::Kind::table) return &entry->value;
    mistakes_.add(entry->value.place, "'" + name + "' is a table: [" + name + "]");
    return nullptr;
  }
  const Value* array(const std::string& name) {
    known_.push_back(name);
    const Entry* entry = table_.find(name);
    if (!entry) return nullptr;
    if (entry->value.kind == Value::Kind::array) return &entry->value;
    mistakes_.add(entry->value.place, "'" + name + "' is written once for each: [[" + name + "]]");
    return nullptr;
  }
  Place place_of(const std::string& name) const {
    const Entry* entry = table_.find(name);
    return entry ? entry->value.place : table_.place;
  }
  void check(bool condition, const std::string& name, const std::string& message) {
    if (!condition) mistakes_.add(place_of(name), "'" + name + "' " + message);
  }
  void end() {
    for (const Entry& entry : table_.entries)
      if (std::find(known_.begin(), known_.end(), entry.key) == known_.end())
        mistakes_.add(entry.place, "'" + scenarios::shown(entry.key) + "' is not a key here" +
                                       scenarios::suggestion(entry.key, known_));
  }

 private:
  const Value& table_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
};

bool is_name(const std::string& text) {
  // It names folders, too.
  return !text.empty() && text.front() != '.' && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  });
}

Address address_of(const std::string& host, int port) {
  const bool is_six = host.find(':') != std::string::npos;
  return Address((is_six ? "[" + host + "]" : host) + ":" + std::to_string(port));
}

constexpr const char* name_rule = "has 1 to 40 letters, digits, '-', '_' and '.', which is not the first";

void read_hosts(const Value* array, HostingConfig& config, Mistakes& mistakes, bool& says_who_stores) {
  if (!array) return;
  std::set<std::string> names;
  std::set<std::string> addresses;
  for (const Value& item : array->items) {
    HostEntry host;
    Table table(item, mistakes);
    table.key("name", host.name, true);
    table.key("address", host.address, true);
    table.key("public_key", host.public_key, true);
    table.key("store", host.store);
    table.key("peer", host.peer);
    if (item.find("store")) says_who_stores = true;
    if (!host.name.empty()) {
      table.check(is_name(host.name), "name", name_rule);
      table.check(names.insert(host.name).second, "name", "is another host's, too; names tell hosts apart");
    }
    if (!host.address.empty()) {
      const bool is_good = hosts::socket_address(address_of(host, 1)).has_value();
      table.check(is_good, "address", "is an IP address, as \"10.0.0.1\"; names are not looked up during a failover");
      table.check(addresses.insert(host.address).second, "address", "is another host's, too");
    }
    if (!host.public_key.empty())
      table.check(hosts::check_public_key(host.public_key).has_value(), "public_key",
                  "has 40 characters, of Z85; `heir init` writes it");
    table.end();
    config.hosts.push_back(std::move(host));
  }
}

void read_operators(const Value* array, HostingConfig& config, Mistakes& mistakes) {
  if (!array) return;
  std::set<std::string> names;
  for (const Value& item : array->items) {
    OperatorEntry entry;
    Table table(item, mistakes);
    table.key("name", entry.name, true);
    table.key("public_key", entry.public_key, true);
    if (!entry.name.empty()) {
      table.check(is_name(entry.name), "name", name_rule);
      table.check(names.insert(entry.name).second, "name",
                  "is another operator's, too; history tells them apart by it");
    }
    if (!entry.public_key.empty())
      table.check(hosts::check_public_key(entry.public_key).has_value(), "public_key",
                  "has 40 characters, of Z85; `heir init` writes it");
    table.end();
    config.operators.push_back(std::move(entry));
  }
}

void read_log(Table& table, HostingConfig& config) {
  table.key("log", config.log);
  table.key("log_level", config.log_level);
  table.check(config.log == "text" || config.log == "json", "log", "is \"text\" or \"json\"");
  const std::vector<std::string> levels{"debug", "info", "warning", "error"};
  const bool is_level = std::find(levels.begin(), levels.end(), config.log_level) != levels.end();
  table.check(is_level, "log_level", "is one of them" + scenarios::suggestion(config.log_level, levels));
}

void read_ports(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  std::set<int> taken;
  const auto port = [&](const std::string& name, int& into) {
    table.key(name, into);
    table.check(into >= 1 && into <= 65535, name, "is a port, 1 to 65535");
    table.check(taken.insert(into).second, name, "is taken by another of these");
  };
  port("agent", config.ports.agent);
  port("store", config.ports.store);
  port("control", config.ports.control);
  port("requests", config.ports.requests);
  port("gate", config.ports.gate);
  port("database", config.ports.database);
  port("read_only", config.ports.read_only);
  port("http", config.ports.http);
  table.end();
}

void read_http(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  std::string& listen = config.http.listen;
  table.key("listen", listen);
  const bool is_good = listen.empty() || listen == "off" || hosts::socket_address(address_of(listen, 1)).has_value();
  table.check(is_good, "listen", "is an IP address of this host, as \"0.0.0.0\" for all that it has, or \"off\"");
  table.end();
}

void read_gate(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  const auto duration = [&](const std::string& name, Duration& into) {
    table.key(name, into);
    table.check(into >= Duration::seconds(1) && into <= Duration::seconds(3600), name, "is from 1s to 3600s");
  };
  duration("max_lag", config.gate.max_lag);
  duration("silence_limit", config.gate.silence_limit);
  table.end();
}

void read_postgresql(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  PostgresqlSection& section = config.postgresql;
  table.key("binaries", section.binaries);
  table.key("client_authentication", section.client_authentication);
  table.key("settings", section.settings);
  table.key("adopt", section.adopt);
  const std::vector<std::string> methods{"scram-sha-256", "md5", "password", "trust"};
  const bool is_known = std::find(methods.begin(), methods.end(), section.client_authentication) != methods.end();
  table.check(is_known, "client_authentication",
              "is a method of pg_hba.conf" + scenarios::suggestion(section.client_authentication, methods));
  for (std::size_t i = 0; i < section.settings.size(); ++i)
    if (const Result<> good = postgresql::check_extra_line(section.settings[i]); !good)
      mistakes.add(value->find("settings")->value.items[i].place, "'settings': " + good.error().message);
  table.end();
}

void read_timing(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  TimingSection& timing = config.timing;
  const auto duration = [&](const std::string& name, Duration& into) {
    table.key(name, into);
    table.check(into >= Duration::milliseconds(1) && into <= Duration::seconds(3600), name, "is from 1ms to 3600s");
  };
  duration("session_ttl", timing.session_ttl);
  duration("renewal", timing.renewal);
  duration("request_timeout", timing.request_timeout);
  duration("sync_stall", timing.sync_stall);
  duration("resign_hold", timing.resign_hold);
  duration("switchover_drain", timing.switchover_drain);
  duration("heartbeat", timing.heartbeat);
  duration("election", timing.election);
  duration("retry_first", timing.retry_first);
  duration("retry_most", timing.retry_most);
  table.key("restart_attempts", timing.restart_attempts);
  table.key("clock_bound", timing.clock_bound);
  table.key("snapshot_every", timing.snapshot_every);
  table.check(timing.retry_first <= timing.retry_most, "retry_most", "must not be below retry_first");
  table.check(timing.restart_attempts >= 1 && timing.restart_attempts <= 1000, "restart_attempts", "is from 1 to 1000");
  table.check(timing.clock_bound <= scenarios::Ratio::percent(50), "clock_bound", "is at most 50%");
  table.check(timing.snapshot_every >= 10 && timing.snapshot_every <= 1'000'000, "snapshot_every",
              "is from 10 to 1000000");
  table.check(timing.renewal * 2 <= timing.session_ttl, "renewal",
              "must be at most half of session_ttl (" + to_string(timing.session_ttl) +
                  "): one lost renewal must not end a session");
  table.check(timing.heartbeat * 2 <= timing.election, "election", "must be at least twice heartbeat");
  table.end();
}

/// `rules`, whose they are, and every switch of the rules by its name.
void read_policy(const Value* value, HostingConfig& config, Mistakes& mistakes) {
  if (!value) return;
  Table table(*value, mistakes);
  std::string rules = "heir";
  table.key("rules", rules);
  if (const Result<failover::Policy> named = failover::policy_named(rules))
    config.policy = *named;
  else
    table.check(false, "rules", named.error().message);
  for (const failover::PolicySwitch& each : failover::policy_switches()) {
    const std::string name(each.name);
    const Entry* const entry = value->find(name);
    std::string text;
    if (entry && entry->value.kind == Value::Kind::boolean) {
      bool is_on = false;
      table.key(name, is_on);
      text = is_on ? "true" : "false";
    } else {
      table.key(name, text);
    }
    if (text.empty()) continue;
    if (const Result<> set = failover::set_switch(config.policy, name, text); !set)
      table.check(false, name, set.error().message);
  }
  table.end();
}

void read_config(const Value& root, HostingConfig& config, Mistakes& mistakes) {
  Table table(root, mistakes);
  table.key("cluster", config.cluster, true);
  table.key("name", config.name, true);
  table.key("user", config.user);
  table.key("data", config.data);
  table.key("key", config.key);
  table.key("password", config.password);
  table.key("new_store", config.new_store);
  table.key("hand_over", config.hand_over);
  table.key("fenced_reads", config.fenced_reads);
  read_log(table, config);
  table.key("singleton", config.singleton);
  const Value* const host_array = table.array("host");
  const Value* const operators = table.array("operator");
  const Value* const ports = table.table("ports");
  const Value* const http = table.table("http");
  const Value* const gate = table.table("gate");
  const Value* const postgresql = table.table("postgresql");
  const Value* const timing = table.table("timing");
  const Value* const policy = table.table("policy");
  if (!config.cluster.empty()) table.check(is_name(config.cluster), "cluster", name_rule);
  table.check(config.data.starts_with('/') && config.data.size() > 1, "data", "is an absolute path");
  table.check(config.user != "root", "user", "must not be root: a database that anybody reaches has no such powers");
  bool says_who_stores = false;
  read_hosts(host_array, config, mistakes, says_who_stores);
  read_operators(operators, config, mistakes);
  read_ports(ports, config, mistakes);
  read_http(http, config, mistakes);
  read_gate(gate, config, mistakes);
  read_postgresql(postgresql, config, mistakes);
  read_timing(timing, config, mistakes);
  read_policy(policy, config, mistakes);
  table.end();

  const auto is_self = [&](const HostEntry& host) { return host.name == config.name; };
  if (!config.name.empty() && std::none_of(config.hosts.begin(), config.hosts.end(), is_self)) {
    std::vector<std::string> names;
    for (const HostEntry& host : config.hosts) names.push_back(host.name);
    table.check(false, "name", "is none of the [[host]]s" + scenarios::suggestion(config.name, names));
  }
  if (config.hosts.size() < 2)
    mistakes.add(host_array ? host_array->place : root.place, "a cluster has at least two [[host]]s");
  if (!says_who_stores)
    for (std::size_t i = 0; i < config.hosts.size() && i < default_store_members; ++i) config.hosts[i].store = true;
  const std::size_t members = config.store_hosts().size();
  if (config.hosts.size() >= 2 && members != 1 && members != 3 && members != 5)
    mistakes.add(host_array ? host_array->place : root.place,
                 "the store has 3 or 5 members (1 does not survive its host), found " + std::to_string(members) +
                     "; `store = true` at a [[host]] makes one");
}

void read_operator_config(const Value& root, OperatorConfig& config, Mistakes& mistakes) {
  Table table(root, mistakes);
  config.key = HostingConfig().key;
  table.key("cluster", config.cluster, true);
  table.key("operator", config.name, true);
  table.key("key", config.key);
  const Value* const host_array = table.array("host");
  const Value* const ports = table.table("ports");
  if (!config.cluster.empty()) table.check(is_name(config.cluster), "cluster", name_rule);
  HostingConfig all;
  bool says_who_stores = false;
  read_hosts(host_array, all, mistakes, says_who_stores);
  read_ports(ports, all, mistakes);
  table.end();
  config.hosts = std::move(all.hosts);
  config.control = all.ports.control;
  if (config.hosts.empty())
    mistakes.add(host_array ? host_array->place : root.place, "no [[host]] is named; copy them from an agent.toml");
}

/// FNV-1a: members of different clusters know each other as strangers.
std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0xcbf29ce484222325;
  for (const char c : name) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return number;
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
  return address_of(host.address, port);
}

std::optional<Address> HostingConfig::http_address() const {
  if (http.listen == "off") return std::nullopt;
  return address_of(http.listen.empty() ? self().address : http.listen, ports.http);
}

LoadedConfig load_config_text(const std::string& name, const std::string& folder, const std::string& text) {
  LoadedConfig loaded;
  const std::vector<std::string> no_overrides;
  Mistakes mistakes(name, text, no_overrides);
  Value root;
  if (scenarios::parse_document(text, mistakes, root)) {
    root.place = {-1, 1, 1, 1};
    HostingConfig config;
    read_config(root, config, mistakes);
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
      read_operator_config(root, config, mistakes);
    } else {
      HostingConfig host;
      read_config(root, host, mistakes);
      config = {host.cluster, host.name, host.key, host.hosts, host.ports.control};
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
