#include "sim/databases/postgresql/settings.h"

#include <algorithm>

namespace heir::sim {

namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

Error invalid_value(std::string_view name, std::string_view value) {
  return {ErrorCode::invalid,
          "invalid value for parameter \"" + std::string(name) + "\": \"" + std::string(value) + "\""};
}

/// A decimal number and the unit behind it.
struct Quantity {
  std::int64_t number = 0;
  std::string_view unit;
};

Result<Quantity> parse_quantity(std::string_view name, std::string_view value) {
  std::string_view rest = trimmed(value);
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9' && digits < 15)
    number = number * 10 + (rest[digits++] - '0');
  if (digits == 0) return invalid_value(name, value);
  return Quantity{negative ? -number : number, trimmed(rest.substr(digits))};
}

Result<Duration> parse_duration(std::string_view name, std::string_view value, Duration bare_unit) {
  const auto quantity = parse_quantity(name, value);
  if (!quantity) return quantity.error();
  if (quantity->number < 0) return invalid_value(name, value);
  Duration unit = bare_unit;
  if (quantity->unit == "us")
    unit = Duration::microseconds(1);
  else if (quantity->unit == "ms")
    unit = Duration::milliseconds(1);
  else if (quantity->unit == "s")
    unit = Duration::seconds(1);
  else if (quantity->unit == "min")
    unit = Duration::seconds(60);
  else if (quantity->unit == "h")
    unit = Duration::seconds(3600);
  else if (!quantity->unit.empty())
    return invalid_value(name, value);
  return unit * quantity->number;
}

/// Bytes; a bare number counts megabytes, as in wal_keep_size. Negative numbers stay as they are.
Result<std::int64_t> parse_size(std::string_view name, std::string_view value) {
  const auto quantity = parse_quantity(name, value);
  if (!quantity) return quantity.error();
  if (quantity->number < 0) return quantity->number;
  std::int64_t unit = 1 << 20;
  if (quantity->unit == "B")
    unit = 1;
  else if (quantity->unit == "kB")
    unit = 1 << 10;
  else if (quantity->unit == "GB")
    unit = std::int64_t{1} << 30;
  else if (!quantity->unit.empty() && quantity->unit != "MB")
    return invalid_value(name, value);
  return unit * quantity->number;
}

Result<std::uint32_t> parse_count(std::string_view name, std::string_view value) {
  const auto quantity = parse_quantity(name, value);
  if (!quantity) return quantity.error();
  if (quantity->number < 0 || quantity->number > 262143 || !quantity->unit.empty()) return invalid_value(name, value);
  return static_cast<std::uint32_t>(quantity->number);
}

Result<bool> parse_bool(std::string_view name, std::string_view value) {
  const std::string word = lower(value);
  if (word == "on" || word == "true" || word == "yes" || word == "1") return true;
  if (word == "off" || word == "false" || word == "no" || word == "0") return false;
  return invalid_value(name, value);
}

template <class T>
Result<> assign(T& target, Result<T> parsed) {
  if (!parsed) return parsed.error();
  target = std::move(*parsed);
  return {};
}

/// Settings that a configuration may have and that change nothing in a simulation.
constexpr std::string_view without_effect[] = {"archive_command",
                                               "archive_mode",
                                               "autovacuum",
                                               "cluster_name",
                                               "data_checksums",
                                               "datestyle",
                                               "full_page_writes",
                                               "hba_file",
                                               "hot_standby_feedback",
                                               "ident_file",
                                               "idle_in_transaction_session_timeout",
                                               "idle_session_timeout",
                                               "include_if_exists",
                                               "lc_messages",
                                               "lc_monetary",
                                               "lc_numeric",
                                               "lc_time",
                                               "listen_backlog",
                                               "lock_timeout",
                                               "log_checkpoints",
                                               "log_connections",
                                               "log_destination",
                                               "log_directory",
                                               "log_disconnections",
                                               "log_filename",
                                               "log_file_mode",
                                               "log_line_prefix",
                                               "log_min_messages",
                                               "log_min_error_statement",
                                               "log_replication_commands",
                                               "log_rotation_age",
                                               "log_rotation_size",
                                               "log_timezone",
                                               "log_truncate_on_rotation",
                                               "logging_collector",
                                               "max_standby_streaming_delay",
                                               "max_standby_archive_delay",
                                               "max_wal_size",
                                               "min_wal_size",
                                               "password_encryption",
                                               "promote_trigger_file",
                                               "recovery_init_sync_method",
                                               "recovery_min_apply_delay",
                                               "restart_after_crash",
                                               "shared_buffers",
                                               "shared_preload_libraries",
                                               "ssl",
                                               "tcp_keepalives_count",
                                               "tcp_keepalives_idle",
                                               "tcp_keepalives_interval",
                                               "tcp_user_timeout",
                                               "timezone",
                                               "track_commit_timestamp",
                                               "unix_socket_directories",
                                               "unix_socket_permissions",
                                               "update_process_title",
                                               "wal_compression",
                                               "wal_level",
                                               "wal_receiver_create_temp_slot",
                                               "wal_recycle",
                                               "wal_init_zero",
                                               "wal_sync_method",
                                               "dynamic_shared_memory_type",
                                               "default_text_search_config",
                                               "client_connection_check_interval",
                                               "data_directory",
                                               "authentication_timeout",
                                               "log_statement",
                                               "log_lock_waits",
                                               "log_startup_progress_interval",
                                               "max_worker_processes",
                                               "max_prepared_transactions",
                                               "max_locks_per_transaction",
                                               "huge_pages",
                                               "jit",
                                               "synchronize_seqscans",
                                               "event_source",
                                               "restore_command",
                                               "recovery_target_action",
                                               "commit_delay",
                                               "commit_siblings",
                                               "wal_writer_delay",
                                               "deadlock_timeout"};

}  // namespace

Result<SynchronousCommit> parse_synchronous_commit(std::string_view text) {
  const std::string word = lower(text);
  if (word == "remote_apply") return SynchronousCommit::remote_apply;
  if (word == "on" || word == "true" || word == "yes" || word == "1") return SynchronousCommit::on;
  if (word == "remote_write") return SynchronousCommit::remote_write;
  if (word == "local") return SynchronousCommit::local;
  if (word == "off" || word == "false" || word == "no" || word == "0") return SynchronousCommit::off;
  return invalid_value("synchronous_commit", text);
}

std::uint32_t StandbyNames::priority_of(std::string_view application_name) const {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "*") return static_cast<std::uint32_t>(i + 1);
    // Compared without regard to case, as the server does.
    if (names[i].size() == application_name.size() && lower(names[i]) == lower(application_name))
      return static_cast<std::uint32_t>(i + 1);
  }
  return 0;
}

Result<StandbyNames> parse_standby_names(std::string_view text) {
  const auto refuse = [&] { return invalid_value("synchronous_standby_names", text); };
  StandbyNames result;
  std::string_view rest = trimmed(text);
  if (rest.empty()) return result;
  // What precedes a parenthesis is the method and the count; without one, the list means FIRST 1.
  std::size_t open = std::string_view::npos;
  for (std::size_t i = 0, quoted = 0; i < rest.size(); ++i) {
    if (rest[i] == '"') quoted ^= 1;
    if (rest[i] == '(' && !quoted) {
      open = i;
      break;
    }
  }
  result.count = 1;
  if (open != std::string_view::npos) {
    if (rest.back() != ')') return refuse();
    std::string head = lower(trimmed(rest.substr(0, open)));
    rest = rest.substr(open + 1, rest.size() - open - 2);
    if (head.starts_with("first "))
      head.erase(0, 6);
    else if (head.starts_with("any ")) {
      head.erase(0, 4);
      result.method = StandbyNames::Method::quorum;
    }
    const auto count = parse_count("synchronous_standby_names", head);
    if (!count || *count == 0) return refuse();
    result.count = *count;
  }
  while (true) {
    rest = trimmed(rest);
    std::string name;
    if (!rest.empty() && rest.front() == '"') {
      std::size_t at = 1;
      for (; at < rest.size(); ++at) {
        if (rest[at] == '"') {
          if (at + 1 < rest.size() && rest[at + 1] == '"')
            ++at;
          else
            break;
        }
        name += rest[at];
      }
      if (at >= rest.size()) return refuse();
      rest.remove_prefix(at + 1);
    } else {
      std::size_t at = 0;
      while (at < rest.size() && rest[at] != ',' && !is_space(rest[at])) {
        const char c = rest[at];
        const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                          c == '$' || c == '*';
        if (!word) return refuse();
        ++at;
      }
      name = std::string(rest.substr(0, at));
      rest.remove_prefix(at);
    }
    if (name.empty()) return refuse();
    result.names.push_back(std::move(name));
    rest = trimmed(rest);
    if (rest.empty()) break;
    if (rest.front() != ',') return refuse();
    rest.remove_prefix(1);
  }
  return result;
}

Result<ConnectionInfo> parse_connection_info(std::string_view text) {
  ConnectionInfo info;
  std::string_view rest = trimmed(text);
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos)
      return Error{ErrorCode::invalid, "missing \"=\" after \"" + std::string(rest) + "\" in connection info string"};
    const std::string_view name = trimmed(rest.substr(0, equals));
    rest = trimmed(rest.substr(equals + 1));
    std::string value;
    std::size_t at = 0;
    if (!rest.empty() && rest.front() == '\'') {
      for (at = 1; at < rest.size() && rest[at] != '\''; ++at) {
        if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
        value += rest[at];
      }
      if (at >= rest.size()) return Error{ErrorCode::invalid, "unterminated quoted string in connection info string"};
      ++at;
    } else {
      while (at < rest.size() && !is_space(rest[at])) value += rest[at++];
    }
    rest = trimmed(rest.substr(at));
    if (name == "host" || name == "hostaddr")
      info.host = value;
    else if (name == "port")
      info.port = value;
    else if (name == "user")
      info.user = value;
    else if (name == "application_name")
      info.application_name = value;
    else if (name == "fallback_application_name" && info.application_name.empty())
      info.application_name = value;
  }
  return info;
}

Result<> apply_setting(Settings& s, std::string_view name, std::string_view value) {
  const Duration ms = Duration::milliseconds(1);
  const Duration second = Duration::seconds(1);
  if (name == "synchronous_standby_names") {
    auto names = parse_standby_names(value);
    if (!names) return names.error();
    s.synchronous_standby_names = std::move(*names);
    s.synchronous_standby_names_text = std::string(value);
    return {};
  }
  if (name == "wal_keep_size") {
    const auto size = parse_size(name, value);
    if (!size) return size.error();
    if (*size < 0) return invalid_value(name, value);
    s.wal_keep_size = static_cast<std::uint64_t>(*size);
    return {};
  }
  if (name == "primary_conninfo") {
    const auto info = parse_connection_info(value);
    if (!info) return info.error();
    s.primary_conninfo = std::string(value);
    return {};
  }
  if (name == "recovery_target_timeline") {
    if (value != "latest" && value != "current") return invalid_value(name, value);
    s.recovery_target_latest = value == "latest";
    return {};
  }
  if (name == "listen_addresses") return assign(s.listen_addresses, Result<std::string>(std::string(value)));
  if (name == "port") return assign(s.port, Result<std::string>(std::string(value)));
  if (name == "primary_slot_name") return assign(s.primary_slot_name, Result<std::string>(std::string(value)));
  if (name == "max_connections") return assign(s.max_connections, parse_count(name, value));
  if (name == "superuser_reserved_connections")
    return assign(s.superuser_reserved_connections, parse_count(name, value));
  if (name == "max_wal_senders") return assign(s.max_wal_senders, parse_count(name, value));
  if (name == "max_replication_slots") return assign(s.max_replication_slots, parse_count(name, value));
  if (name == "fsync") return assign(s.fsync, parse_bool(name, value));
  if (name == "hot_standby") return assign(s.hot_standby, parse_bool(name, value));
  if (name == "wal_log_hints") return assign(s.wal_log_hints, parse_bool(name, value));
  if (name == "synchronous_commit") return assign(s.synchronous_commit, parse_synchronous_commit(value));
  if (name == "max_slot_wal_keep_size") return assign(s.max_slot_wal_keep_size, parse_size(name, value));
  if (name == "wal_sender_timeout") return assign(s.wal_sender_timeout, parse_duration(name, value, ms));
  if (name == "wal_receiver_timeout") return assign(s.wal_receiver_timeout, parse_duration(name, value, ms));
  if (name == "wal_receiver_status_interval")
    return assign(s.wal_receiver_status_interval, parse_duration(name, value, second));
  if (name == "wal_retrieve_retry_interval")
    return assign(s.wal_retrieve_retry_interval, parse_duration(name, value, ms));
  if (name == "checkpoint_timeout") return assign(s.checkpoint_timeout, parse_duration(name, value, second));
  if (name == "statement_timeout") return assign(s.statement_timeout, parse_duration(name, value, ms));
  if (std::find(std::begin(without_effect), std::end(without_effect), name) != std::end(without_effect)) return {};
  return Error{ErrorCode::invalid, "unrecognized configuration parameter \"" + std::string(name) + "\""};
}

Result<> apply_configuration(Settings& settings, std::string_view content, std::string_view file_name) {
  std::size_t number = 0;
  while (!content.empty()) {
    ++number;
    const std::size_t newline = std::min(content.find('\n'), content.size());
    std::string_view line = trimmed(content.substr(0, newline));
    content.remove_prefix(std::min(newline + 1, content.size()));
    if (line.empty() || line.front() == '#') continue;
    const auto refuse = [&](const std::string& what) {
      return Error{ErrorCode::invalid,
                   what + " in file \"" + std::string(file_name) + "\" line " + std::to_string(number)};
    };
    std::size_t at = 0;
    while (at < line.size() && !is_space(line[at]) && line[at] != '=') ++at;
    const std::string name = lower(line.substr(0, at));
    line = trimmed(line.substr(at));
    if (!line.empty() && line.front() == '=') line = trimmed(line.substr(1));
    std::string value;
    if (!line.empty() && line.front() == '\'') {
      bool closed = false;
      for (at = 1; at < line.size(); ++at) {
        if (line[at] == '\'') {
          if (at + 1 < line.size() && line[at + 1] == '\'')
            ++at;
          else {
            closed = true;
            break;
          }
        } else if (line[at] == '\\' && at + 1 < line.size()) {
          ++at;
        }
        value += line[at];
      }
      if (!closed) return refuse("syntax error");
    } else {
      for (at = 0; at < line.size() && line[at] != '#' && !is_space(line[at]); ++at) value += line[at];
    }
    const Result<> applied = apply_setting(settings, name, value);
    if (!applied) return refuse(applied.error().message);
  }
  return {};
}

Result<std::string> show_setting(const Settings& s, std::string_view name) {
  if (name == "synchronous_standby_names") return s.synchronous_standby_names_text;
  if (name == "primary_conninfo") return s.primary_conninfo;
  if (name == "primary_slot_name") return s.primary_slot_name;
  if (name == "synchronous_commit") {
    switch (s.synchronous_commit) {
      case SynchronousCommit::off: return std::string("off");
      case SynchronousCommit::local: return std::string("local");
      case SynchronousCommit::remote_write: return std::string("remote_write");
      case SynchronousCommit::on: return std::string("on");
      case SynchronousCommit::remote_apply: return std::string("remote_apply");
    }
  }
  return Error{ErrorCode::invalid, "unrecognized configuration parameter \"" + std::string(name) + "\""};
}

}  // namespace heir::sim
