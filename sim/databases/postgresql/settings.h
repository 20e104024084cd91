// The server's settings, as postgresql.conf and postgresql.auto.conf give them. Unknown names are kept out: a real
// server would refuse many of them, and so does this one, unless it is one that means nothing to a simulation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::sim {

/// How long a commit waits, and for what. Ordered as PostgreSQL orders them: off < local < remote_write < on <
/// remote_apply.
enum class SynchronousCommit : std::uint8_t { off, local, remote_write, on, remote_apply };

/// Reads the value of synchronous_commit; an error for a word that it does not know.
Result<SynchronousCommit> parse_synchronous_commit(std::string_view word);

/// synchronous_standby_names, parsed.
struct StandbyNames {
  enum class Method : std::uint8_t { priority, quorum };
  Method method = Method::priority;
  std::uint32_t count = 0;         ///< How many must acknowledge; 0 if no names are given: commits do not wait.
  std::vector<std::string> names;  ///< "*" stands for any.
  bool operator==(const StandbyNames&) const = default;
  /// 1 for the first name, 0 for a name that is not listed.
  std::uint32_t priority_of(std::string_view application_name) const;
};

/// Reads "a", "a, b", "FIRST 2 (a, b)", "ANY 1 (a, b)", "2 (a, b)"; names may be quoted.
Result<StandbyNames> parse_standby_names(std::string_view text);

/// primary_conninfo, as far as it matters.
struct ConnectionInfo {
  std::string host;
  std::string port = "5432";
  std::string user;
  std::string application_name;
  bool operator==(const ConnectionInfo&) const = default;
};

/// Reads "host=10.0.0.1 port=5432 application_name='x'".
Result<ConnectionInfo> parse_connection_info(std::string_view text);

struct Settings {
  // Read at start only.
  std::string listen_addresses = "localhost";
  std::string port = "5432";
  std::uint32_t max_connections = 100;
  std::uint32_t superuser_reserved_connections = 3;
  std::uint32_t max_wal_senders = 10;
  std::uint32_t max_replication_slots = 10;
  bool hot_standby = true;
  bool fsync = true;
  bool wal_log_hints = false;
  // Read again at reload.
  SynchronousCommit synchronous_commit = SynchronousCommit::on;
  std::string synchronous_standby_names_text;
  StandbyNames synchronous_standby_names;
  std::string primary_conninfo;
  std::string primary_slot_name;
  bool recovery_target_latest = true;        ///< recovery_target_timeline = 'latest', else 'current'.
  std::uint64_t wal_keep_size = 0;           ///< Bytes.
  std::int64_t max_slot_wal_keep_size = -1;  ///< Bytes; -1 for no limit.
  Duration wal_sender_timeout = Duration::seconds(60);
  Duration wal_receiver_timeout = Duration::seconds(60);
  Duration wal_receiver_status_interval = Duration::seconds(10);
  Duration wal_retrieve_retry_interval = Duration::seconds(5);
  Duration checkpoint_timeout = Duration::seconds(300);
  Duration statement_timeout = Duration::zero();  ///< Zero for none.

  bool operator==(const Settings&) const = default;
};

/// Applies the lines of a configuration file on top of `settings`: name = value, quotes, comments, last line wins.
/// `invalid` with the server's words, and the line.
Result<> apply_configuration(Settings& settings, std::string_view content, std::string_view file_name);

/// Applies one setting. `invalid` for an unknown name or a bad value.
Result<> apply_setting(Settings& settings, std::string_view name, std::string_view value);

/// What SHOW prints; `invalid` for a name that is not known here.
Result<std::string> show_setting(const Settings& settings, std::string_view name);

}  // namespace heir::sim
