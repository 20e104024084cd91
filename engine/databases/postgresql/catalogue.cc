#include "engine/databases/postgresql/catalogue.h"

namespace heir::postgresql::catalogue {

Statement prepare_session() {
  return {
      name::prepare_session,
      "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false),"
      " set_config('idle_in_transaction_session_timeout', '0', false), set_config('idle_session_timeout', '0', false),"
      " set_config('synchronous_commit', 'local', false), set_config('client_min_messages', 'error', false)",
      {}};
}

// The size of the log is taken before its text is read, and no more than that is read: a message that comes between is
// counted the next time, never missed. LATIN1 accepts every byte that clients may have put into the log.
Statement observe(std::string_view sync, std::string_view log_file, std::uint64_t log_offset) {
  Statement statement{name::observe,
                      R"(WITH log AS MATERIALIZED (SELECT pg_current_logfile() AS file),
     sized AS MATERIALIZED (SELECT file, (pg_stat_file(file, true)).size AS size FROM log),
     seen AS MATERIALIZED (
       SELECT CASE WHEN $2::text = '' THEN '' ELSE
         convert_from(pg_read_binary_file($2::text, $3::bigint,
           CASE WHEN $2::text = file THEN greatest(size - $3::bigint, 0) ELSE 1073741823 END, true), 'LATIN1') END AS text
       FROM sized),
     standby AS MATERIALIZED (
       SELECT flush_lsn, state, sync_state FROM pg_stat_replication WHERE application_name = $1::text
       ORDER BY (state = 'streaming') DESC, flush_lsn DESC NULLS LAST LIMIT 1),
     server AS MATERIALIZED (SELECT pg_is_in_recovery() AS recovering)
SELECT server.recovering,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
       (SELECT system_identifier FROM pg_control_system()),
       CASE WHEN server.recovering THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') END,
       CASE WHEN server.recovering THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0') END,
       CASE WHEN server.recovering THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END,
       (SELECT status FROM pg_stat_get_wal_receiver() WHERE pid IS NOT NULL),
       (SELECT pg_wal_lsn_diff(coalesce(flush_lsn, '0/0'), '0/0') FROM standby),
       (SELECT state FROM standby),
       (SELECT sync_state FROM standby),
       (SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'),
       sized.file,
       sized.size,
       (length(coalesce(seen.text, '')) - length(replace(coalesce(seen.text, ''), cancelled.words, ''))) / length(cancelled.words),
       (SELECT (extract(epoch FROM min(backend_start)) * 1000000)::bigint FROM pg_stat_activity
         WHERE backend_type = 'checkpointer'),
       (SELECT coalesce(sum(checksum_failures), 0) FROM pg_stat_database)
FROM server, sized, seen, (SELECT 'wait for synchronous replication'::text AS words) AS cancelled)",
                      {}};
  // One by one: an initializer list would copy them.
  statement.parameters.reserve(3);
  statement.parameters.emplace_back(sync);
  statement.parameters.emplace_back(log_file);
  statement.parameters.push_back(std::to_string(log_offset));
  return statement;
}

Statement recovery_state() {
  return {name::recovery_state,
          R"(SELECT pg_is_in_recovery(),
       (SELECT pid FROM pg_stat_get_wal_receiver() WHERE pid IS NOT NULL),
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0'),
       pg_wal_lsn_diff(coalesce(pg_last_wal_replay_lsn(), '0/0'), '0/0'),
       (SELECT wait_event FROM pg_stat_activity WHERE backend_type = 'startup'),
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END,
       current_setting('primary_conninfo'))",
          {}};
}

// pg_walfile_name is refused during recovery, so a standby computes the name of the segment with the last replayed
// byte.
Statement timeline() {
  return {name::timeline,
          R"(SELECT CASE WHEN NOT pg_is_in_recovery()
    THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
    ELSE (SELECT max(('x' || substr(file.name, 1, 8))::bit(32)::bigint)
          FROM pg_ls_waldir() AS file,
               (SELECT pg_size_bytes(current_setting('wal_segment_size')) AS size) AS segment,
               (SELECT greatest(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') - 1, 0)::bigint AS offset_) AS last
          WHERE file.name ~ '^[0-9A-F]{24}$'
            AND substr(file.name, 9) =
                lpad(upper(to_hex(last.offset_ / 4294967296)), 8, '0') ||
                lpad(upper(to_hex((last.offset_ % 4294967296) / segment.size)), 8, '0'))
  END)",
          {}};
}

Statement timeline_history(std::uint64_t timeline) {
  return {name::timeline_history,
          R"(SELECT part[1]::bigint, pg_wal_lsn_diff(part[2]::pg_lsn, '0/0')
FROM regexp_matches(pg_read_file('pg_wal/' || lpad(upper(to_hex($1::bigint)), 8, '0') || '.history'),
                    '^\s*(\d+)\s+([0-9A-Fa-f]+/[0-9A-Fa-f]+)', 'gn') AS part
ORDER BY 2)",
          {std::to_string(timeline)}};
}

Statement promotions_kept() {
  return {name::promotions_kept, "SELECT to_regclass('heir.promotion') IS NOT NULL", {}};
}

Statement promotions() {
  return {name::promotions, "SELECT timeline, generation FROM heir.promotion ORDER BY timeline", {}};
}

Statement create_promotions_schema() {
  return {name::create_promotions_schema, "CREATE SCHEMA IF NOT EXISTS heir", {}};
}

Statement create_promotions() {
  return {name::create_promotions,
          "CREATE TABLE IF NOT EXISTS heir.promotion (timeline bigint PRIMARY KEY, generation bigint NOT NULL,"
          " at timestamptz NOT NULL DEFAULT now())",
          {}};
}

Statement record_promotion(std::uint64_t timeline, std::uint64_t generation) {
  return {name::record_promotion,
          R"(WITH recorded AS (
  INSERT INTO heir.promotion (timeline, generation) VALUES ($1::bigint, $2::bigint)
  ON CONFLICT (timeline) DO NOTHING RETURNING generation)
SELECT generation FROM recorded
UNION ALL SELECT generation FROM heir.promotion WHERE timeline = $1::bigint
LIMIT 1)",
          {std::to_string(timeline), std::to_string(generation)}};
}

Statement promote() {
  return {name::promote, "SELECT pg_promote(false)", {}};
}

Statement checkpoint() {
  return {name::checkpoint, "CHECKPOINT", {}};
}

Statement reload() {
  return {name::reload, "SELECT pg_reload_conf()", {}};
}

Statement settings() {
  return {name::settings,
          "SELECT name, reset_val FROM pg_settings WHERE name IN ('synchronous_standby_names', 'synchronous_commit',"
          " 'primary_conninfo', 'primary_slot_name') ORDER BY name",
          {}};
}

Statement slots() {
  return {name::slots,
          "SELECT slot_name, active, pg_wal_lsn_diff(restart_lsn, '0/0') FROM pg_replication_slots"
          " WHERE slot_type = 'physical' AND slot_name LIKE 'heir\\_%' ORDER BY slot_name",
          {}};
}

Statement create_slot(std::string_view slot) {
  return {name::create_slot,
          "SELECT slot_name FROM pg_create_physical_replication_slot($1::name, true)",
          {std::string(slot)}};
}

Statement drop_slot(std::string_view slot) {
  return {name::drop_slot, "SELECT pg_drop_replication_slot($1::name)", {std::string(slot)}};
}

Statement replicas() {
  return {
      name::replicas,
      "SELECT application_name, state, sync_state, pg_wal_lsn_diff(sent_lsn, '0/0'), pg_wal_lsn_diff(write_lsn, '0/0'),"
      " pg_wal_lsn_diff(flush_lsn, '0/0'), pg_wal_lsn_diff(replay_lsn, '0/0')"
      " FROM pg_stat_replication ORDER BY application_name, pid",
      {}};
}

Statement terminate_clients(std::string_view except) {
  return {name::terminate_clients,
          "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend'"
          " AND pid <> pg_backend_pid() AND application_name <> $1::text",
          {std::string(except)}};
}

Statement busy_clients(std::string_view except) {
  return {name::busy_clients,
          "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
          " AND application_name <> $1::text AND xact_start IS NOT NULL",
          {std::string(except)}};
}

// A cancel that comes while the commit's log is written and synced breaks off the wait that follows.
Statement waits_for_sync(std::uint32_t process) {
  return {name::waits_for_sync,
          "SELECT count(*) > 0 FROM pg_stat_activity WHERE pid = $1::int"
          " AND wait_event IN ('SyncRep', 'WALSync', 'WALWrite')",
          {std::to_string(process)}};
}

Statement copied() {
  return {name::copied, "SELECT coalesce(sum(backup_streamed), 0)::bigint FROM pg_stat_progress_basebackup", {}};
}

Statement stream() {
  return {name::stream,
          R"(SELECT CASE WHEN NOT pg_is_in_recovery()
         THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint ELSE receiver.timeline END,
       pg_wal_lsn_diff(receiver.upstream_end, '0/0')
FROM (SELECT 1) AS always LEFT JOIN
     (SELECT received_tli::bigint AS timeline, latest_end_lsn AS upstream_end FROM pg_stat_get_wal_receiver()
      WHERE pid IS NOT NULL) AS receiver ON true)",
          {}};
}

}  // namespace heir::postgresql::catalogue
