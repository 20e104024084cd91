#include "engine/databases/postgresql/settings.h"

#include "engine/base/match.h"
#include "engine/databases/postgresql/layout.h"

namespace heir::postgresql {

namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// A value of the settings file.
std::string quoted(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += c;  // a backslash escapes there, so both are doubled
    text += c;
  }
  return text + "'";
}

/// A value of a connection string.
std::string conninfo_value(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

Result<std::pair<std::string, std::string>> split_address(const Address& address) {
  const std::string& text = address.value();
  const std::size_t colon = text.rfind(':');
  const Error malformed{ErrorCode::invalid, "address \"" + text + "\" is not host:port"};
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) return malformed;
  std::string host = text.substr(0, colon);
  std::string port = text.substr(colon + 1);
  for (const char c : port)
    if (c < '0' || c > '9') return malformed;
  if (host.front() == '[') {
    if (host.back() != ']' || host.size() < 3) return malformed;
    host = host.substr(1, host.size() - 2);
  }
  return std::pair(std::move(host), std::move(port));
}

Result<> check_name(const PeerId& peer) {
  const std::string& name = peer.value();
  if (name.empty() || name.size() > 40)
    return {ErrorCode::invalid,
            "peer name \"" + name.substr(0, 60) + "\" must have 1 to 40 characters to be a name in PostgreSQL"};
  for (const char c : name)
    if (!is_letter_or_digit(c) && c != '-' && c != '_' && c != '.')
      return {ErrorCode::invalid,
              "peer name \"" + name + "\": only letters, digits, '-', '_' and '.' can be a name in PostgreSQL"};
  return {};
}

std::string slot_name(const PeerId& peer) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string name = "heir_";
  for (const char c : peer.value()) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += c;
    } else if (c == '-') {
      name += "__";
    } else {
      const auto code = static_cast<unsigned char>(c);
      name += {'_', digits[code >> 4], digits[code & 15]};
    }
  }
  return name;
}

std::string standby_names(const std::optional<PeerId>& sync) {
  return sync ? "FIRST 1 (\"" + sync->value() + "\")" : "";
}

Result<std::string> conninfo(const Address& server, const std::string& user, const std::string& application) {
  const auto parts = split_address(server);
  if (!parts) return parts.error();
  return "host=" + conninfo_value(parts->first) + " port=" + conninfo_value(parts->second) +
         " user=" + conninfo_value(user) + " application_name=" + conninfo_value(application) + " connect_timeout='5'";
}

std::string_view commit_level(const Config& config) {
  switch (config.commit_level) {
    case CommitLevel::flushed: return "on";
    case CommitLevel::written: return "remote_write";
    case CommitLevel::local: return "local";
  }
  return "on";
}

Result<RoleSettings> settings_of(const Config& config, const Role& role) {
  const auto primary = [&config](const Primary& wanted) -> Result<RoleSettings> {
    if (wanted.sync)
      if (const Result<> good = check_name(*wanted.sync); !good) return good.error();
    RoleSettings settings;
    settings.synchronous_standby_names = config.any_standby_counts ? "ANY 1 (*)" : standby_names(wanted.sync);
    return settings;
  };
  const auto standby = [&config](const Standby& wanted) -> Result<RoleSettings> {
    if (const Result<> good = check_name(config.self); !good) return good.error();
    if (wanted.upstream.peer == config.self) return {ErrorCode::invalid, "a peer cannot follow itself"};
    const Result<std::string> info = conninfo(wanted.upstream.server, config.superuser, config.self.value());
    if (!info) return info.error();
    RoleSettings settings;
    settings.primary_conninfo = *info;
    settings.primary_slot_name = slot_name(config.self);
    return settings;
  };
  const auto severed = [](const Severed&) -> Result<RoleSettings> { return RoleSettings{}; };
  return std::visit(Match{primary, standby, severed}, role);
}

Result<std::string> settings_text(const Config& config, const RoleSettings& role) {
  const auto listen = split_address(config.listen);
  if (!listen) return listen.error();
  const Layout layout(config.root);
  std::string text =
      "# Written by heir before every start and change of role; edits are lost. Where two lines set the same name,\n"
      "# the later one counts.\n"
      "wal_keep_size = '256MB'\n"
      "max_slot_wal_keep_size = '16GB'\n";  // a peer that never returns must not fill the disk
  for (const std::string& line : config.settings) text += line + "\n";
  const auto set = [&text](std::string_view name, std::string_view value) {
    text += std::string(name) + " = " + quoted(value) + "\n";
  };
  set("listen_addresses", listen->first);
  set("port", listen->second);
  set("unix_socket_directories", config.socket_folder);
  set("superuser_reserved_connections", "8");  // clients that use every connection must not lock out the adapter (P-23)
  set("wal_level", "replica");
  set("wal_log_hints", "on");
  set("fsync", config.fsync ? "on" : "off");
  set("full_page_writes", "on");
  set("max_wal_senders", "16");
  set("max_replication_slots", "32");
  set("hot_standby", "on");
  set("recovery_target_timeline", "latest");
  set("wal_retrieve_retry_interval", std::to_string(config.retry_interval.ns() / 1'000'000) + "ms");
  set("wal_receiver_timeout", "10s");
  set("wal_sender_timeout", "10s");
  set("wal_receiver_status_interval", "1s");
  // The server's log is where cancelled commit waits are found: its words and its level are fixed.
  set("logging_collector", "on");
  set("log_destination", "stderr");
  set("log_directory", layout.log_folder());
  set("log_filename", "postgresql-%Y-%m-%d_%H%M%S.log");
  set("log_rotation_age", "1d");
  set("log_rotation_size", "64MB");
  set("log_min_messages", "warning");
  set("lc_messages", "C");
  set("restart_after_crash", "on");
  set("synchronous_commit", commit_level(config));
  set("synchronous_standby_names", role.synchronous_standby_names);
  set("primary_conninfo", role.primary_conninfo);
  set("primary_slot_name", role.primary_slot_name);
  return text;
}

std::string access_text(const Config& config) {
  std::string text = "# Written by heir before every start; edits are lost.\n";
  if (config.access.empty()) return text + "host all all all scram-sha-256\nhost replication all all scram-sha-256\n";
  for (const std::string& line : config.access) text += line + "\n";
  return text;
}

}  // namespace heir::postgresql
