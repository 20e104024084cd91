#include "engine/databases/postgresql/settings.h"

#include <algorithm>
#include <iterator>

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

struct Setting {
  std::string_view name;
  std::string value;
};

/// What heir sets itself, in the order of the file.
std::vector<Setting> own_settings(const Config& config, const std::pair<std::string, std::string>& listen,
                                  const RoleSettings& role) {
  const auto ms = [](Duration duration) { return std::to_string(duration.ns() / 1'000'000) + "ms"; };
  return {
      {"listen_addresses", listen.first},
      {"port", listen.second},
      {"unix_socket_directories", config.socket_folder},
      {"superuser_reserved_connections", "8"},  // who use every connection must not lock out the adapter (P-23)
      {"wal_level", "replica"},
      {"wal_log_hints", "on"},
      {"fsync", config.fsync ? "on" : "off"},
      {"full_page_writes", "on"},
      {"max_wal_senders", "16"},
      {"max_replication_slots", "32"},
      {"hot_standby", "on"},
      {"recovery_target_timeline", "latest"},
      {"wal_retrieve_retry_interval", ms(config.retry_interval)},
      {"wal_receiver_timeout", "10s"},
      {"wal_sender_timeout", "10s"},
      {"wal_receiver_status_interval", "1s"},
      // The server's log is where cancelled commit waits are found: its words and its level are fixed.
      {"logging_collector", "on"},
      {"log_destination", "stderr"},
      {"log_directory", Layout(config.root).log_folder()},
      {"log_filename", "postgresql-%Y-%m-%d_%H%M%S.log"},
      {"log_rotation_age", "1d"},
      {"log_rotation_size", "64MB"},
      {"log_min_messages", "warning"},
      {"lc_messages", "C"},
      {"restart_after_crash", "on"},
      {"synchronous_commit", std::string(commit_level(config))},
      {"synchronous_standby_names", role.synchronous_standby_names},
      {"primary_conninfo", role.primary_conninfo},
      {"primary_slot_name", role.primary_slot_name},
  };
}

/// A setting of PostgreSQL 15 that heir leaves at its default, and that nobody else may set either.
struct NeverSet {
  std::string_view name;
  std::string_view why;  ///< And what to do instead.
};

constexpr std::string_view whose_file = "names a file that heir keeps itself; leave it out";
constexpr std::string_view another_file = "would read what is not checked here; write its lines here instead";
constexpr std::string_view stops_short =
    "would stop a standby before the end of its log, and a takeover would lose what comes after; leave it out, and "
    "recover to a point in time on a host of no cluster, whose data `adopt` then makes one's";
constexpr std::string_view hides_damage =
    "would have damaged pages read, and copied, as if they were whole; leave it out, and have the copy made anew by "
    "`heir rebuild`";
constexpr std::string_view slows_logins =
    "would delay heir's own sessions, too, until the database counts as dead; leave it out";

constexpr NeverSet never_set[] = {
    {"data_directory", whose_file},
    {"config_file", whose_file},
    {"hba_file", whose_file},
    {"ident_file", whose_file},
    {"include", another_file},
    {"include_if_exists", another_file},
    {"include_dir", another_file},
    {"recovery_target", stops_short},
    {"recovery_target_action", stops_short},
    {"recovery_target_inclusive", stops_short},
    {"recovery_target_lsn", stops_short},
    {"recovery_target_name", stops_short},
    {"recovery_target_time", stops_short},
    {"recovery_target_xid", stops_short},
    {"recovery_min_apply_delay",
     "would hold back what a takeover and readers of standbys wait for; leave it out, and keep a copy that lags on a "
     "host of no cluster"},
    {"restore_command",
     "would have standbys take log from an archive, where log may be that no primary acknowledged; leave it out: a "
     "standby has all of it from its upstream"},
    {"archive_cleanup_command",
     "would have every standby remove what other hosts may still need; leave it out, and clean the archive where it "
     "is kept"},
    {"recovery_end_command", "would have a takeover wait for a program; leave it out"},
    {"promote_trigger_file",
     "would let a database become primary that heir did not choose; leave it out, and use `heir switchover`"},
    {"data_sync_retry",
     "would take for safe what a disk failed to keep, and acknowledged writes would be lost; leave it out"},
    {"zero_damaged_pages", hides_damage},
    {"ignore_checksum_failure", hides_damage},
    {"ignore_invalid_pages", hides_damage},
    {"track_counts",
     "counts the pages that fail their checksums, too, by which heir knows a damaged copy; leave it out"},
    {"allow_system_table_mods",
     "would let one statement break the catalog of every copy; leave it out, and set it in the session that needs it"},
    {"allow_in_place_tablespaces", "is for PostgreSQL's own tests, and not for data; leave it out"},
    {"default_transaction_isolation",
     "would be that of heir's own sessions, too, and 'serializable' is refused by every standby; leave it out, and use "
     "ALTER ROLE … SET"},
    {"standard_conforming_strings",
     "would change what heir's own statements mean; leave it out, and use ALTER ROLE … SET"},
    {"track_activities", "tells who is in the middle of a transaction, whom a switchover waits for; leave it out"},
    {"default_transaction_read_only",
     "would keep heir's own sessions from writing, too; leave it out, and use ALTER ROLE or ALTER DATABASE … SET"},
    {"db_user_namespace", "would change the name by which heir's own sessions log in; leave it out"},
    {"pre_auth_delay", slows_logins},
    {"post_auth_delay", slows_logins},
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

bool begins_name(char c) {
  return (is_letter_or_digit(c) && !(c >= '0' && c <= '9')) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Takes a value from the front, quoted or bare; false if there is none.
bool take_value(std::string_view& text) {
  if (!text.starts_with('\'')) {
    const auto is_bare = [](char c) {
      return begins_name(c) || is_letter_or_digit(c) || std::string_view("+-.:/").find(c) != std::string_view::npos;
    };
    const auto end = std::find_if_not(text.begin(), text.end(), is_bare);
    const bool has_any = end != text.begin();
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    return has_any;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' || (text[i] == '\'' && text.substr(i + 1).starts_with('\''))) {
      ++i;
    } else if (text[i] == '\'') {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// Of one line.
bool is_blank_or_comment(std::string_view line) {
  const std::string_view said = without_blanks(line);
  return said.empty() || said.front() == '#';
}

/// The name, in lower case, that one line of a settings file sets; nothing: it is no such line.
std::optional<std::string> name_in(std::string_view line) {
  line = without_blanks(line);
  std::string name;
  while (!line.empty() &&
         (begins_name(line.front()) || (!name.empty() && (is_letter_or_digit(line.front()) || line.front() == '.')))) {
    const char c = line.front();
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    line.remove_prefix(1);
  }
  line = without_blanks(line);
  // A part of its own before a dot, as "pg_stat_statements.max".
  const bool has_parts = std::count(name.begin(), name.end(), '.') <= 1 && !name.ends_with('.');
  if (name.empty() || !has_parts || !line.starts_with('=')) return std::nullopt;
  line = without_blanks(line.substr(1));
  if (!take_value(line)) return std::nullopt;
  line = without_blanks(line);
  if (!line.empty() && line.front() != '#') return std::nullopt;
  return name;
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
  std::string text =
      "# Written by heir before every start and change of role; edits are lost. Where two lines set the same name,\n"
      "# the later one counts.\n"
      "wal_keep_size = '256MB'\n"
      "max_slot_wal_keep_size = '16GB'\n";  // a peer that never returns must not fill the disk
  for (const std::string& line : config.settings) text += line + "\n";
  for (const Setting& own : own_settings(config, *listen, role))
    text += std::string(own.name) + " = " + quoted(own.value) + "\n";
  return text;
}

Result<> check_extra_line(std::string_view line) {
  const bool is_one_line = std::none_of(line.begin(), line.end(), is_control);
  if (is_one_line && is_blank_or_comment(line)) return {};
  const std::optional<std::string> name = is_one_line ? name_in(line) : std::nullopt;
  if (!name)
    return {ErrorCode::invalid,
            "expected a line of postgresql.conf, as \"work_mem = '64MB'\": a name, '=', and a value, in quotes if it "
            "is more than a word or a number"};
  const std::vector<Setting> own = own_settings(Config(), {}, RoleSettings());
  if (std::any_of(own.begin(), own.end(), [&](const Setting& each) { return each.name == *name; }))
    return {ErrorCode::refused,
            "'" + *name + "' is set by heir itself, so that this would have no effect; leave it out"};
  const auto refused = std::find_if(std::begin(never_set), std::end(never_set),
                                    [&](const NeverSet& each) { return each.name == *name; });
  if (refused != std::end(never_set)) return {ErrorCode::refused, "'" + *name + "' " + std::string(refused->why)};
  return {};
}

std::string access_text(const Config& config) {
  std::string text = "# Written by heir before every start; edits are lost.\n";
  if (config.access.empty()) return text + "host all all all scram-sha-256\nhost replication all all scram-sha-256\n";
  for (const std::string& line : config.access) text += line + "\n";
  return text;
}

}  // namespace heir::postgresql
