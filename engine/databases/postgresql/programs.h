// The programs that the adapter runs, with their exact arguments. A simulated host answers these and no others.
//
// Program names are the plain ones ("pg_ctl"); the folder of the installation is put before them when it is configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/time.h"

namespace heir::postgresql::programs {

/// initdb -D FOLDER --username=USER --encoding=UTF8 --no-locale --data-checksums --auth=trust
/// Makes a new database cluster; 0 on success. FOLDER must be absent or empty.
/// `password_file`: has the user's password in its first line; "" for none.
Program initdb(const std::string& binaries, const std::string& folder, const std::string& user,
               const std::string& password_file = {});

/// pg_ctl start -D FOLDER -w -t SECONDS -l LOG -o "-c config_file=SETTINGS -c hba_file=HBA"
/// Waits until the server answers (as a standby too); 0 when it does.
Program start(const std::string& binaries, const std::string& folder, const std::string& settings_file,
              const std::string& hba_file, const std::string& log_file, Duration limit);

enum class StopMode {
  fast,       ///< Ends sessions, writes the shutdown record, waits until connected standbys have it.
  immediate,  ///< Like a crash of the server: recovery at the next start.
};
/// pg_ctl stop -D FOLDER -m fast|immediate -w -t SECONDS
/// 0 when it is down; 1 if it did not end in time or no server runs.
Program stop(const std::string& binaries, const std::string& folder, StopMode mode, Duration limit);

/// pg_ctl status -D FOLDER: 0 it runs, 3 it does not, 4 no database in FOLDER.
Program status(const std::string& binaries, const std::string& folder);

/// pg_ctl kill QUIT|KILL PID: signals a postmaster that does not stop.
Program signal(const std::string& binaries, std::string_view signal_name, std::string_view process_id);

/// pg_controldata -D FOLDER: "key:   value" lines; see ControlData.
Program control_data(const std::string& binaries, const std::string& folder);

/// pg_basebackup -d CONNINFO -D FOLDER -X stream -c fast -S SLOT
/// A copy of a running primary or standby in an absent or empty FOLDER; 0 when it is whole and durable.
Program base_backup(const std::string& binaries, const std::string& conninfo, const std::string& folder,
                    const std::string& slot);

/// pg_rewind -D FOLDER --source-server=CONNINFO --config-file=SETTINGS
/// Makes the cleanly stopped copy in FOLDER follow the source's history from the fork on. 0 when done (also when
/// nothing was to be done); anything else: the copy may be unusable.
Program rewind(const std::string& binaries, const std::string& folder, const std::string& conninfo,
               const std::string& settings_file);

/// pg_waldump -p FOLDER/pg_wal -t TIMELINE -s FROM -e TO: the log records between two places (X/X), readable.
Program wal_dump(const std::string& binaries, const std::string& folder, std::uint64_t timeline, std::uint64_t from,
                 std::uint64_t to);
/// The same with --quiet: 0 if every record is there and valid, else the output says where the log ends.
Program wal_check(const std::string& binaries, const std::string& folder, std::uint64_t timeline, std::uint64_t from,
                  std::uint64_t to);

/// What pg_controldata says, as far as the adapter cares.
struct ControlData {
  std::uint64_t system_identifier = 0;  ///< "Database system identifier"
  std::string state;           ///< "Database cluster state": "in production", "shut down", "shut down in recovery", …
  std::uint64_t timeline = 0;  ///< "Latest checkpoint's TimeLineID"
  std::uint64_t checkpoint = 0;           ///< "Latest checkpoint location", as an offset
  std::uint64_t redo = 0;                 ///< "Latest checkpoint's REDO location"; may be left out
  std::uint64_t consistent_from = 0;      ///< "Minimum recovery ending location"; 0 if there is none
  std::uint64_t consistent_timeline = 0;  ///< "Min recovery ending loc's timeline"
  bool can_rewind = false;                ///< "Data page checksum version" is not 0, or "wal_log_hints setting" is on
  std::uint64_t segment_size = 16777216;  ///< "Bytes per WAL segment"; may be left out

  /// A standby's. Without standby.signal (a promotion removes it before its end) a server would take this copy for its
  /// own, and write on the timeline of its former primary.
  bool in_standby_recovery() const { return state == "in archive recovery" || state == "shut down in recovery"; }
};
/// `invalid` if a line is missing.
Result<ControlData> parse_control_data(std::string_view output);

/// A timeline that a log has left.
struct Ancestor {
  std::uint64_t timeline = 0;
  std::uint64_t left = 0;  ///< The offset at which the next begins.
  bool operator==(const Ancestor&) const = default;
};
std::string history_file_name(std::uint64_t timeline);
/// What a timeline's history file tells: its ancestors, oldest first.
std::vector<Ancestor> parse_history(std::string_view file);

/// "0/3000060" <-> offset. Nothing if malformed.
std::string to_lsn(std::uint64_t offset);
std::optional<std::uint64_t> parse_lsn(std::string_view text);

}  // namespace heir::postgresql::programs
