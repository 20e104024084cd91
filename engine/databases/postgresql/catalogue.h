// Everything that the adapter ever asks a PostgreSQL 15 server: each statement with its name, its text, its parameters
// and the columns of its answer. A simulated server answers by the name and promises the same columns.
//
// Conventions: log positions are decimal byte offsets (pg_wal_lsn_diff(lsn, '0/0')), booleans are "t" and "f", times
// are microseconds since the epoch, what does not exist is NULL. Timelines are decimal. Nothing else crosses this
// border: the programs that the adapter runs are listed in programs.h, the files that it writes in layout.h and
// settings.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/host.h"

namespace heir::postgresql::catalogue {

/// Names, as the simulated server sees them.
namespace name {
inline constexpr std::string_view prepare_session = "prepare_session";
inline constexpr std::string_view observe = "observe";
inline constexpr std::string_view recovery_state = "recovery_state";
inline constexpr std::string_view timeline = "timeline";
inline constexpr std::string_view timeline_history = "timeline_history";
inline constexpr std::string_view promotions_kept = "promotions_kept";
inline constexpr std::string_view promotions = "promotions";
inline constexpr std::string_view create_promotions_schema = "create_promotions_schema";
inline constexpr std::string_view create_promotions = "create_promotions";
inline constexpr std::string_view record_promotion = "record_promotion";
inline constexpr std::string_view promote = "promote";
inline constexpr std::string_view checkpoint = "checkpoint";
inline constexpr std::string_view reload = "reload";
inline constexpr std::string_view settings = "settings";
inline constexpr std::string_view slots = "slots";
inline constexpr std::string_view create_slot = "create_slot";
inline constexpr std::string_view drop_slot = "drop_slot";
inline constexpr std::string_view replicas = "replicas";
inline constexpr std::string_view terminate_clients = "terminate_clients";
inline constexpr std::string_view busy_clients = "busy_clients";
inline constexpr std::string_view waits_for_sync = "waits_for_sync";
inline constexpr std::string_view copied = "copied";
inline constexpr std::string_view stream = "stream";
}  // namespace name

/// First statement of every session of the adapter: no timeout ends it, and its own commits wait for no standby.
/// Answer: one row, ignored. (statement_timeout, lock_timeout, idle_in_transaction_session_timeout,
/// idle_session_timeout = 0, synchronous_commit = local.)
Statement prepare_session();

/// All that a peer watches, in one round trip; valid on a primary and on a standby.
/// $1 application name of the sync ("" if none), $2 server log file ("" at first), $3 offset in it from which to count.
/// Answer, one row:
///  0 in recovery (bool)
///  1 when the postmaster started: changes when the server restarted by itself as a whole
///  2 system identifier (decimal)
///  3 flushed end of log; NULL in recovery
///  4 received and flushed by the WAL receiver since this start; NULL if it never streamed, or not in recovery
///  5 replayed end; NULL if not in recovery
///  6 state of the WAL receiver ("streaming", "starting", …); NULL if none runs
///  7 what the standby named $1 has flushed; NULL if none is connected
///  8 its state: "startup", "catchup", "streaming", "backup"; NULL if none is connected
///  9 its sync state: "sync", "async", "potential", "quorum"; NULL if none is connected
/// 10 number of commits that wait for a sync now
/// 11 server log file now in use; NULL if none
/// 12 its size
/// 13 cancelled commit waits written to log file $2 from offset $3 on ("canceling wait for
///    synchronous replication", of a cancelled statement; "canceling the wait for …", of a terminated session)
/// 14 when the server last recovered from a crash of one of its processes without a new postmaster: start time of the
/// oldest
///    auxiliary process (checkpointer); changes when shared memory was reset
Statement observe(std::string_view sync, std::string_view log_file, std::uint64_t log_offset);

/// Where recovery stands. Answer, one row:
///  0 in recovery  1 process id of the WAL receiver, NULL if none  2 received and flushed, NULL if never streamed since
///  start 3 replayed     4 what the startup process waits for ("RecoveryRetrieveRetryInterval": all log on disk has
///  been read;
///    "RecoveryWalStream", "RecoveryConflict…", …), NULL if it is working  5 paused (bool)
///  6 the primary_conninfo in force ("" when severed)
Statement recovery_state();

/// Answer, one row: 0 the timeline of the end of the log. (On a primary the one it writes; on a standby the newest one
/// of which the segment with the last replayed byte is on disk.)
Statement timeline();

/// $1 timeline > 1. Answer: a row for each ancestor, oldest first: 0 its timeline, 1 offset at which it was left.
/// `failed` if the history file is missing.
Statement timeline_history(std::uint64_t timeline);

/// Answer, one row: 0 whether the table heir.promotion exists (bool).
Statement promotions_kept();
/// Answer: a row for each promotion under this system: 0 timeline, 1 generation; ordered by timeline. `failed` without
/// the table.
Statement promotions();
/// DDL, no rows; succeed if it exists already.
Statement create_promotions_schema();
Statement create_promotions();
/// $1 timeline, $2 generation. Answer, one row: 0 the generation now recorded for the timeline (an earlier record
/// wins). Refused on a standby.
Statement record_promotion(std::uint64_t timeline, std::uint64_t generation);

/// Asks a standby to become a primary and does not wait. Answer, one row: 0 request sent (bool). `failed` if not in
/// recovery.
Statement promote();
/// No rows. Waits until it is done.
Statement checkpoint();
/// Re-reads the settings file (settings.h); takes effect a little later. Answer, one row: 0 done (bool).
Statement reload();
/// Answer: a row for each of synchronous_standby_names, synchronous_commit, primary_conninfo, primary_slot_name
/// (ordered by name): 0 name, 1 value for new sessions.
Statement settings();

/// Physical replication slots whose name begins with "heir_". Answer: 0 name, 1 active (bool), 2 offset kept from (NULL
/// if none); ordered by name.
Statement slots();
/// $1 name. Reserves log at once; works on a standby. Answer: one row. `failed` if it exists.
Statement create_slot(std::string_view slot);
/// $1 name. Answer: one row. `failed` if it does not exist or is in use.
Statement drop_slot(std::string_view slot);

/// Connected standbys. Answer: 0 application name, 1 state, 2 sync state, 3 sent, 4 written, 5 flushed, 6 replayed
/// (NULL if not known); ordered by name.
Statement replicas();

/// Ends every session of others than the adapter itself (application name $1). Answer, one row: 0 how many.
Statement terminate_clients(std::string_view except);
/// Sessions of others that are inside a transaction. Answer, one row: 0 how many.
Statement busy_clients(std::string_view except);

/// $1 process id of a session. Answer, one row: 0 whether it waits for a standby's acknowledgement (bool).
Statement waits_for_sync(std::uint32_t process);

/// Answer, one row: 0 bytes that the base backups under way have sent so far.
Statement copied();

/// What there is to know of the stream of log, beside what observe() tells. Answer, one row:
///  0 the timeline: of the end of a primary's log; of what a standby's WAL receiver receives, NULL if none runs
///  1 the end of the upstream's log as the WAL receiver last heard of it; NULL if none runs, or it has heard nothing
///  yet
Statement stream();

}  // namespace heir::postgresql::catalogue
