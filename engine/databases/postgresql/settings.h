// The settings file: one line `name = 'value'` each, quotes doubled, the last of two equal names wins; and the
// pg_hba.conf.
//
// A simulated server reads: port, listen_addresses, synchronous_standby_names (either '' or 'FIRST 1 ("<peer>")'),
// synchronous_commit, primary_conninfo ('' or see conninfo()), primary_slot_name, wal_retrieve_retry_interval. Whether
// it is a standby is said by the file standby.signal in the copy, as PostgreSQL does.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"
#include "engine/databases/postgresql/adapter.h"

namespace heir::postgresql {

/// "host:port" taken apart. `invalid` if it is not that; "[::1]:5432" is host ::1.
Result<std::pair<std::string, std::string>> split_address(const Address& address);

/// Peers' names become application names and parts of slot names: letters, digits, '-', '_' and '.', at most 40, and
/// none that PostgreSQL takes for a wildcard. `invalid` otherwise.
Result<> check_name(const PeerId& peer);

/// "heir_…": '-' becomes "__", anything but lower-case letters and digits '_' and two hexadecimal digits, so that two
/// peers never share one.
std::string slot_name(const PeerId& peer);

/// "FIRST 1 (\"peer\")", or "" for none.
std::string standby_names(const std::optional<PeerId>& sync);

/// The value of synchronous_commit.
std::string_view commit_level(const Config& config);

/// host='h' port='5432' user='u' application_name='a' connect_timeout='5': quotes and backslashes escaped by a
/// backslash.
Result<std::string> conninfo(const Address& server, const std::string& user, const std::string& application);

/// The settings that a role sets; everything else is the same in all roles.
struct RoleSettings {
  std::string synchronous_standby_names;
  std::string primary_conninfo;
  std::string primary_slot_name;
  bool operator==(const RoleSettings&) const = default;
};
Result<RoleSettings> settings_of(const Config& config, const Role& role);

/// Whether a line may be among Config::settings: it is one of a settings file (`invalid` otherwise), and sets nothing
/// that heir sets itself, or whose default it relies on (`refused`; the message has the reason and the cure).
Result<> check_extra_line(std::string_view line);

/// The whole files.
Result<std::string> settings_text(const Config& config, const RoleSettings& role);
std::string access_text(const Config& config);

}  // namespace heir::postgresql
