#include "tools/daemon/config_sections.h"

#include <arpa/inet.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "engine/databases/postgresql/settings.h"
#include "engine/hosts/addresses.h"
#include "engine/hosts/keys.h"
#include "scenarios/timing_section.h"
#include "tools/daemon/policy_table.h"

namespace heir::tools {

namespace {

using scenarios::Entry;
using scenarios::key;
using scenarios::Limits;
using scenarios::list_child;
using scenarios::Place;
using scenarios::Reading;
using scenarios::Section;
using scenarios::table_child;
using scenarios::Value;

constexpr int default_store_members = 3;

bool is_any_address(const std::string& text) {
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1) return (ntohl(four.s_addr) >> 24) == 0;
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  return IN6_IS_ADDR_UNSPECIFIED(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 0);
}

/// Multicast or broadcast.
bool is_address_of_many(const std::string& text) {
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, text.c_str(), &four) == 1)
    return IN_MULTICAST(ntohl(four.s_addr)) || four.s_addr == INADDR_BROADCAST;
  if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return false;
  return IN6_IS_ADDR_MULTICAST(&six) ||
         (IN6_IS_ADDR_V4MAPPED(&six) && ((six.s6_addr[12] & 0xf0) == 0xe0 || six.s6_addr[12] == 0xff));
}

/// Says what is wrong with the value of a key, if anything is.
void report_if(const std::optional<std::string>& wrong, const Value& table, const char* name, Reading& reading) {
  if (wrong) reading.report(table, place_of(table, name), "'" + std::string(name) + "': " + *wrong);
}

std::optional<std::string> wrong_with_public_key(const std::string& text) {
  if (hosts::check_public_key(text)) return std::nullopt;
  return "expected 40 characters, of Z85; `heir init` writes it";
}

Section<HostEntry> host_section() {
  Section<HostEntry> s;
  s.heading = "[[host]]";
  s.meaning =
      "Each host of the cluster, in the same order in every agent.toml. Where none says `store`, the first three run a "
      "member of it.";
  s.keys.push_back(key("name", &HostEntry::name, "Its name.").must());
  s.keys.push_back(
      key("address", &HostEntry::address, "The IP address by which all others reach it; names are not looked up.")
          .must());
  s.keys.push_back(key("public_key", &HostEntry::public_key, "Of the secret key in its file `key`.").must());
  s.keys.push_back(key("store", &HostEntry::store, "A member of the store runs there."));
  s.keys.push_back(key("peer", &HostEntry::peer,
                       "A database with its peer and gate runs there; where only `store` is true, `heir store` runs."));
  s.check = [](const Value& table, const HostEntry& host, Reading& reading) {
    report_if(wrong_with_name(host.name), table, "name", reading);
    report_if(wrong_with_address(host.address), table, "address", reading);
    report_if(wrong_with_public_key(host.public_key), table, "public_key", reading);
  };
  return s;
}

Section<OperatorEntry> operator_entry_section() {
  Section<OperatorEntry> s;
  s.heading = "[[operator]]";
  s.meaning = "Who may give orders (`heir status`, `heir switchover`, …) from anywhere; root on a host may, too.";
  s.keys.push_back(key("name", &OperatorEntry::name, "By which history tells who gave an order.").must());
  s.keys.push_back(key("public_key", &OperatorEntry::public_key, "Of their secret key.").must());
  s.check = [](const Value& table, const OperatorEntry& entry, Reading& reading) {
    report_if(wrong_with_name(entry.name), table, "name", reading);
    report_if(wrong_with_public_key(entry.public_key), table, "public_key", reading);
  };
  return s;
}

// ---- What tables must fulfil together

/// Names and addresses that are there twice: `get` gives one of them.
template <class Item, class Get>
void report_twice(const Value& root, const char* array, const std::vector<Item>& items, const char* name, Get get,
                  const std::string& message, Reading& reading) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string text = get(items[i]);
    if (text.empty() || seen.insert(text).second) continue;
    const Value& table = root.find(array)->value.items[i];
    reading.report(table, place_of(table, name), "'" + std::string(name) + "' " + message);
  }
}

void check_hosts(const Value& root, const std::vector<HostEntry>& hosts, Reading& reading) {
  const auto name = [](const HostEntry& host) { return host.name; };
  const auto address = [](const HostEntry& host) { return host.address; };
  report_twice(root, "host", hosts, "name", name, "is another host's, too; names tell hosts apart", reading);
  report_twice(root, "host", hosts, "address", address, "is another host's, too", reading);
}

void check_cluster_name(const Value& root, const std::string& cluster, Reading& reading) {
  if (root.find("cluster") && (!cluster.empty() || root.find("cluster")->value.kind == Value::Kind::text))
    report_if(wrong_with_name(cluster), root, "cluster", reading);
}

void check_data(const Value& root, const std::string& data, Reading& reading) {
  const std::filesystem::path path = std::filesystem::path(data).lexically_normal();
  if (!path.is_absolute())
    reading.report(
        root, place_of(root, "data"),
        "'data' is an absolute path, as \"" + HostingConfig().data + "\"; found " + scenarios::in_quotes(data, 60));
  else if (!path.has_relative_path())
    reading.report(root, place_of(root, "data"),
                   "'data' is a folder that holds nothing but heir's, as \"" + HostingConfig().data +
                       "\"; \"/\" holds the whole file system");
}

void check_log(const Value& root, const HostingConfig& config, Reading& reading) {
  if (config.log != "text" && config.log != "json")
    reading.report(root, place_of(root, "log"), "'log' is \"text\" or \"json\"");
  const std::vector<std::string> levels{"debug", "info", "warning", "error"};
  if (!scenarios::contains(levels, config.log_level))
    reading.report(root, place_of(root, "log_level"),
                   "'log_level' is one of them" + scenarios::suggestion(config.log_level, levels));
}

void check_own_name(const Value& root, const HostingConfig& config, Reading& reading) {
  std::vector<std::string> names;
  for (const HostEntry& host : config.hosts) names.push_back(host.name);
  if (!config.name.empty() && !scenarios::contains(names, config.name))
    reading.report(root, place_of(root, "name"),
                   "'name' is none of the [[host]]s" + scenarios::suggestion(config.name, names));
}

}  // namespace

std::optional<std::string> wrong_with_name(const std::string& text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  // It names folders, too.
  const bool is_good =
      !text.empty() && text.front() != '.' && text.size() <= 40 && std::all_of(text.begin(), text.end(), is_allowed);
  if (is_good) return std::nullopt;
  return "expected 1 to 40 letters, digits, '-', '_' and '.', which is not the first; found " +
         scenarios::in_quotes(text, 60);
}

std::optional<std::string> wrong_with_address(const std::string& text) {
  const std::string shown = scenarios::in_quotes(text, 60);
  if (!hosts::socket_address(address_of(HostEntry{"", text, ""}, 1)))
    return "expected an IP address, as \"10.0.0.1\"; found " + shown +
           ", and names are not looked up during a failover";
  if (is_any_address(text))
    return shown + " is no address by which others reach a host; give the one that it has in the cluster's network";
  if (is_address_of_many(text))
    return shown + " is an address of many hosts at once (multicast or broadcast); give the one that this host has";
  return std::nullopt;
}

std::optional<std::string> wrong_with_renewal(const scenarios::Timing& timing) {
  if (timing.renewal * 2 <= timing.session_ttl) return std::nullopt;
  return "'renewal' (" + to_string(timing.renewal) + ") must be at most half of session_ttl (" +
         to_string(timing.session_ttl) + "): one lost renewal must not end a session";
}

Section<Ports> ports_section() {
  Section<Ports> s;
  s.heading = "[ports]";
  s.meaning = "Of every host, hence the same everywhere.";
  const auto port = [&s](const char* name, int Ports::*member, const char* meaning) {
    s.keys.push_back(key(name, member, meaning, Limits<int>{1, 65535}));
  };
  port("agent", &Ports::agent, "Messages between agents, and from the store; encrypted.");
  port("store", &Ports::store, "Messages between members of the store, and to them; encrypted.");
  port("control", &Ports::control, "Orders of operators; encrypted.");
  port("requests", &Ports::requests, "Answers to what an agent asks of the store for operators; encrypted.");
  port("gate", &Ports::gate, "Where clients connect: host=… target_session_attrs=read-write.");
  port("database", &Ports::database, "The database itself; for the hosts of the cluster only.");
  port("read_only", &Ports::read_only, "Where clients read from whichever host; see `max_lag`.");
  port("http", &Ports::http, "Health and metrics, for who only looks; by Patroni's paths.");
  s.check = [](const Value& table, const Ports& ports, Reading& reading) {
    std::set<int> taken;
    for (const auto& [name, number] :
         {std::pair{"agent", ports.agent}, std::pair{"store", ports.store}, std::pair{"control", ports.control},
          std::pair{"requests", ports.requests}, std::pair{"gate", ports.gate}, std::pair{"database", ports.database},
          std::pair{"read_only", ports.read_only}, std::pair{"http", ports.http}})
      if (!taken.insert(number).second)
        reading.report(table, place_of(table, name), "'" + std::string(name) + "' is taken by another of these");
  };
  return s;
}

Section<HttpSection> http_section() {
  Section<HttpSection> s;
  s.heading = "[http]";
  s.meaning = "Health and metrics.";
  s.keys.push_back(key("listen", &HttpSection::listen,
                       "An IP address of this host; \"\": that of its [[host]]; \"0.0.0.0\": all; \"off\": nowhere."));
  s.check = [](const Value& table, const HttpSection& http, Reading& reading) {
    const std::string& listen = http.listen;
    if (listen.empty() || listen == "off") return;
    if (!hosts::socket_address(address_of(HostEntry{"", listen, ""}, 1)) || is_address_of_many(listen))
      reading.report(table, place_of(table, "listen"),
                     "'listen' is an IP address of this host, as \"0.0.0.0\" for all that it has, or \"off\"");
  };
  return s;
}

Section<GateSection> gate_section() {
  Section<GateSection> s;
  s.heading = "[gate]";
  s.meaning = "What stands between clients and the database.";
  const Limits<Duration> limits{Duration::seconds(1), Duration::seconds(3600)};
  s.keys.push_back(key("max_lag", &GateSection::max_lag,
                       "A read-only port shows what was acknowledged so long before, or cuts.", limits));
  s.keys.push_back(key("silence_limit", &GateSection::silence_limit,
                       "A client or server that the network hides for so long is cut.", limits));
  return s;
}

Section<PostgresqlSection> postgresql_section() {
  Section<PostgresqlSection> s;
  s.heading = "[postgresql]";
  s.meaning = "The database of this host.";
  s.keys.push_back(
      key("binaries", &PostgresqlSection::binaries, "The folder of PostgreSQL 15's pg_ctl and the others."));
  s.keys.push_back(key("client_authentication", &PostgresqlSection::client_authentication,
                       "As in pg_hba.conf: scram-sha-256, md5, password or trust."));
  s.keys.push_back(key("settings", &PostgresqlSection::settings,
                       "More lines of postgresql.conf, as \"work_mem = '64MB'\"; the same on all hosts.",
                       Limits<std::vector<std::string>>{}));
  s.keys.push_back(
      key("adopt", &PostgresqlSection::adopt,
          "The data found on this host becomes the new cluster's: say so on one host, once, and start that host "
          "and one other first, for two that are empty found a cluster, too."));
  s.check = [](const Value& table, const PostgresqlSection& section, Reading& reading) {
    const std::vector<std::string> methods{"scram-sha-256", "md5", "password", "trust"};
    if (!scenarios::contains(methods, section.client_authentication))
      reading.report(table, place_of(table, "client_authentication"),
                     "'client_authentication' is a method of pg_hba.conf" +
                         scenarios::suggestion(section.client_authentication, methods));
    for (std::size_t i = 0; i < section.settings.size(); ++i)
      if (const Result<> good = postgresql::check_extra_line(section.settings[i]); !good)
        reading.report(table, table.find("settings")->value.items[i].place, "'settings': " + good.error().message);
  };
  return s;
}

Section<TimingSection> timing_section() {
  Section<TimingSection> s;
  s.heading = "[timing]";
  s.meaning = "The same on all hosts.";
  scenarios::add_timing_keys(s);
  scenarios::add_member_keys(s);
  s.check = [](const Value& table, const TimingSection& timing, Reading& reading) {
    scenarios::check_timing(table, timing, reading);
    scenarios::check_member_timing(table, timing.heartbeat, timing.election, reading);
    const std::optional<std::string> wrong = wrong_with_renewal(timing);
    if (wrong && reading.good(&table))
      reading.report(table, scenarios::place_of_either(table, "renewal", "session_ttl"), *wrong);
  };
  return s;
}

Section<HostingConfig> hosting_section() {
  Section<HostingConfig> s;
  s.heading = "agent.toml";
  s.meaning = "What stands before the first table. Paths that are not absolute begin at the file's own folder.";
  s.keys.push_back(key("cluster", &HostingConfig::cluster, "The same on all its hosts.").must());
  s.keys.push_back(key("name", &HostingConfig::name, "Which of the [[host]]s this is.").must());
  s.keys.push_back(
      key("user", &HostingConfig::user, "Whom agent and database run as; the agent begins as root or as this one."));
  s.keys.push_back(
      key("data", &HostingConfig::data, "The folder of the database, the store, and what is kept beside them."));
  s.keys.push_back(key("key", &HostingConfig::key, "The file of this host's secret key; mode 0600."));
  s.keys.push_back(
      key("password", &HostingConfig::password,
          "The file of the password of the databases' superuser 'heir'; the same on all hosts; mode 0600."));
  s.keys.push_back(key("new_store", &HostingConfig::new_store,
                       "A file whose presence says that the store is being set up; taken away."));
  s.keys.push_back(
      key("hand_over", &HostingConfig::hand_over, "On SIGTERM a primary hands over to its sync before it ends."));
  s.keys.push_back(key("fenced_reads", &HostingConfig::fenced_reads,
                       "Every answer waits until the sync has what the primary showed."));
  s.keys.push_back(key("log", &HostingConfig::log, "\"text\" or \"json\"; on standard error."));
  s.keys.push_back(key("log_level", &HostingConfig::log_level, "debug, info, warning or error."));
  s.keys.push_back(key("singleton", &HostingConfig::singleton,
                       "This host begins a new cluster alone, without a sync, and frozen: what its disk loses is lost. "
                       "Once it is configured without this key, another host becomes its sync."));
  s.children.push_back(list_child("host", &HostingConfig::hosts, host_section()));
  s.children.push_back(list_child("operator", &HostingConfig::operators, operator_entry_section()));
  s.children.push_back(table_child("ports", &HostingConfig::ports, ports_section()));
  s.children.push_back(table_child("http", &HostingConfig::http, http_section()));
  s.children.push_back(table_child("gate", &HostingConfig::gate, gate_section()));
  s.children.push_back(table_child("postgresql", &HostingConfig::postgresql, postgresql_section()));
  s.children.push_back(table_child("timing", &HostingConfig::timing, timing_section()));
  s.children.push_back(policy_child());
  return s;
}

Section<OperatorConfig> operator_section() {
  Section<OperatorConfig> s;
  s.heading = "operator.toml";
  s.meaning = "For the commands of an operator; an agent.toml serves as well, with its host's key.";
  s.keys.push_back(key("cluster", &OperatorConfig::cluster, "The cluster's name.").must());
  s.keys.push_back(key("operator", &OperatorConfig::name, "As under [[operator]] in every agent.toml.").must());
  s.keys.push_back(key("key", &OperatorConfig::key, "The file of the secret key; mode 0600."));
  s.children.push_back(list_child("host", &OperatorConfig::hosts, host_section()));
  s.children.push_back(table_child("ports", &OperatorConfig::ports, ports_section()));
  return s;
}

void finish_hosting(const Value& root, HostingConfig& config, Reading& reading) {
  check_cluster_name(root, config.cluster, reading);
  check_data(root, config.data, reading);
  if (config.user == "root")
    reading.report(root, place_of(root, "user"),
                   "'user' must not be root: a database that anybody reaches has no such powers");
  check_log(root, config, reading);
  check_own_name(root, config, reading);
  check_hosts(root, config.hosts, reading);
  const auto name = [](const OperatorEntry& entry) { return entry.name; };
  report_twice(root, "operator", config.operators, "name", name,
               "is another operator's, too; history tells them apart by it", reading);

  const Entry* const hosts = root.find("host");
  const Place place = hosts ? hosts->value.place : root.place;
  if (config.hosts.size() < 2) return reading.report(root, place, "a cluster has at least two [[host]]s");
  const auto says_it = [](const Value& host) { return host.find("store") != nullptr; };
  if (std::none_of(hosts->value.items.begin(), hosts->value.items.end(), says_it))
    for (std::size_t i = 0; i < config.hosts.size() && i < default_store_members; ++i) config.hosts[i].store = true;
  const std::size_t members = config.store_hosts().size();
  if (members != 1 && members != 3 && members != 5)
    reading.report(root, place,
                   "the store has 3 or 5 members (1 does not survive its host), found " + std::to_string(members) +
                       "; `store = true` at a [[host]] makes one");
}

void check_operator(const Value& root, const OperatorConfig& config, Reading& reading) {
  check_cluster_name(root, config.cluster, reading);
  check_hosts(root, config.hosts, reading);
  const Entry* const hosts = root.find("host");
  if (config.hosts.empty())
    reading.report(root, hosts ? hosts->value.place : root.place, "no [[host]] is named; copy them from an agent.toml");
}

}  // namespace heir::tools
