// PostgresServer: one postmaster and its children, as one simulated process on a data directory.
//
//   starting --(recovered)--> primary                      no standby.signal
//   starting --(consistent)--> standby --> promoting --> primary
//   any --> shutting_down --> the process exits
//
// Invariants:
//  - Log is inserted by a primary only (and by the end of a crash recovery), received by a standby only.
//  - Only flushed log leaves the server, to standbys and to copies.
//  - On a primary a commit is visible to others and acknowledged after its wait, or after the wait was broken off; what
//    recovery finds in the log is visible whether it was ever acknowledged or not. On a standby it is visible once
//    replayed.
//
// Errors of the log's disk stop the server as they stop the real one (PANIC).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/databases/postgresql/backend.h"
#include "sim/databases/postgresql/data_directory.h"
#include "sim/databases/postgresql/postgresql.h"
#include "sim/databases/postgresql/settings.h"
#include "sim/databases/postgresql/sync_wait.h"
#include "sim/databases/postgresql/tables.h"
#include "sim/databases/postgresql/walreceiver.h"
#include "sim/databases/postgresql/walsender.h"
#include "sim/process/process.h"

namespace heir::sim {

enum class ServerPhase : std::uint8_t { starting, standby, promoting, primary, shutting_down };
const char* to_string(ServerPhase phase);

/// What can be sent to a postmaster: SIGINT (fast stop), SIGQUIT (immediate), SIGHUP (reload), SIGUSR1 with a promote
/// file, SIGCHLD of a server process that has crashed.
enum class ServerSignal : std::uint8_t { interrupt, quit, hangup, promote, child_crashed };

class PostgresServer final : public Body,
                             private ListenHandler,
                             private StreamHandler,
                             private TimerHandler,
                             private DiskHandler {
 public:
  PostgresServer(PostgreSql& run, Process& process, std::string folder, std::shared_ptr<DataFolder> home,
                 std::vector<std::string> configuration_files);
  ~PostgresServer() override;

  /// Reads the configuration, begins recovery, listens. An error means that the server cannot start; the process must
  /// exit.
  Result<> start();
  /// pg_ctl -w: calls back once when the server answers (true), or from its destructor (false).
  void when_ready(std::function<void(bool)> done);

  /// Reaches the server through its gate: one that is paused acts on it when it goes on.
  void signal(ServerSignal signal) {
    timer(Duration::microseconds(50), (static_cast<std::uint64_t>(signal) << 8) | signalled);
  }

  // Commands, as signals and statements give them; from within the server's events only.
  void stop_fast();
  void stop_immediate();
  void reload();
  /// False if it is not in recovery.
  bool promote();
  /// A checkpoint (a restartpoint on a standby) now.
  void checkpoint();
  /// A server process has crashed: all sessions are cut, shared memory is made anew, recovery runs. The postmaster
  /// stays.
  void reinitialize();

  // What it is.
  ServerPhase phase() const { return phase_; }
  /// pg_is_in_recovery().
  bool in_recovery() const {
    return phase_ == ServerPhase::standby || phase_ == ServerPhase::promoting || received_mode_;
  }
  /// Answers statements.
  bool accepts_sessions() const { return ready_; }
  const Settings& settings() const { return settings_; }
  DataDirectory& data() { return home_->data; }
  const DataDirectory& data() const { return home_->data; }
  DataFolder& home() { return *home_; }
  Process& process() const { return process_; }
  PostgreSql& run() const { return run_; }
  const std::string& folder() const { return folder_; }
  SyncWaitQueue& sync_waits() { return sync_waits_; }
  Backends& backends() { return backends_; }
  WalSenders& senders() { return senders_; }
  WalReceiver& receiver() { return receiver_; }
  const WalReceiver& receiver() const { return receiver_; }
  std::int64_t postmaster_started_us() const { return postmaster_started_us_; }
  std::int64_t processes_started_us() const { return processes_started_us_; }

  // The log.
  /// The end of the flushed log: a primary's own, a standby's received.
  Lsn flushed() const { return flushed_; }
  /// The end of the replayed log, as of now; a primary has replayed all.
  Lsn replayed();
  /// Appends a record; flush() makes it durable. Primary only. The record may be copied, not kept.
  WalRecord insert(WalKind kind, std::uint32_t key, std::int64_t value);
  /// Begins a flush of all that was written, unless one is under way; that is followed by another then.
  void flush();
  /// Begins a flush within the walwriter's delay, for commits that nobody waits for.
  void flush_soon();
  /// Received log: written, to be flushed. `out_of_space`: nothing was.
  Result<> receive(const WalSpan& span, bool wants_apply);
  /// The tables as this server's readers see them, now.
  const Tables& tables();
  /// All that has been flushed has been replayed too.
  bool replayed_all() { return replayed() >= home_->data.wal.end(); }
  /// Makes a commit visible on a primary.
  void show(const WalRecord& record) { tables_.apply(record); }

  /// The page of this row passes its checksum; one that does not is counted.
  bool row_is_good(WalKind table, std::uint32_t key) {
    const bool good = home_->row_is_good(table, key);
    if (!good) ++checksum_failures_;
    return good;
  }
  /// The same of all pages.
  bool pages_are_good() {
    const bool good = home_->pages_are_good();
    if (!good) ++checksum_failures_;
    return good;
  }
  std::uint64_t checksum_failures() const { return checksum_failures_; }

  // Ground truth for checkers.
  /// True if readers of this server see the commit that ends at `lsn` of its log.
  bool is_visible(Lsn lsn);
  /// A position like `contains` in wal.h takes: the end of what readers can see, if no commit waits before it.
  Lsn log_end() const { return home_->data.wal.end(); }
  const Wal& log() const { return home_->data.wal; }

  // For the parts of the server.
  void timer(Duration after, std::uint64_t cookie) {
    process_.clock().set_timer_after(after, &process_, *this, cookie);
  }
  /// After the standbys' reports, or the settings, changed: releases the commits that may go on.
  void release_sync_waiters();
  /// The server log gets a warning about a cancelled wait.
  void log_cancelled_wait();
  /// Somebody commits at this level: standbys report what it needs as soon as it is there.
  void note_level(SynchronousCommit level) {
    report_write_ |= level == SynchronousCommit::remote_write;
    report_apply_ |= level == SynchronousCommit::remote_apply;
  }
  bool reports_write() const { return report_write_; }
  bool reports_apply() const { return report_apply_; }
  /// The last session, or the last walsender, has ended: a shutdown may go on.
  void shutdown_progress();
  void exit(int status, std::string_view why);
  /// Where the record that ends at `end` begins; 0/0 for the first.
  Lsn record_start_before(Lsn end) const;

 private:
  enum Timer : std::uint64_t {
    started,
    reloaded,
    promoted,
    promotion_checkpoint,
    periodic_checkpoint,
    apply_report,
    wal_writer,
    signalled,
    unsynced,         ///< A flush with fsync off.
    lock_file_check,  ///< Armed only once the directory is gone, for the others find nothing.
  };
  enum DiskWork : std::uint64_t { log_flush };

  void on_accepted(AddressId at, StreamId stream) override;
  void on_connected(StreamId) override {}
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId) override {}
  void on_reset(StreamId, StreamEnd) override {}
  void on_timer(std::uint64_t cookie) override;
  void on_disk_done(std::uint64_t cookie, Result<> result) override;

  Result<Settings> read_configuration() const;
  bool end_log_where_it_is_valid();
  void begin_recovery();
  void recovered();
  void become_ready();
  void apply_reload();
  void finish_promotion();
  void enter_production();
  void flushed_to(Lsn lsn);
  void advance_replay(VirtualTime now);
  void replay_to(Lsn lsn);
  void continue_shutdown();
  void write_checkpoint(WalKind kind);
  void checkpoint_flushed();
  void remove_old_log();
  void await_lock_file_check();

  PostgreSql& run_;
  Process& process_;
  std::string folder_;
  std::shared_ptr<DataFolder> home_;
  std::vector<std::string> configuration_files_;
  Settings settings_;
  ServerPhase phase_ = ServerPhase::starting;
  bool standby_signal_ = false;
  bool ready_ = false;
  bool received_mode_ = false;  ///< The log comes from an upstream and is replayed; else it is written here.
  bool exiting_ = false;
  std::uint32_t recovery_number_ = 0;
  std::int64_t postmaster_started_us_ = 0;
  MonotonicTime lock_file_checked_;  ///< First; once a minute from then on.
  std::int64_t processes_started_us_ = 0;
  std::vector<std::function<void(bool)>> ready_callbacks_;

  Tables tables_;
  Lsn flushed_;
  bool flushing_ = false;
  bool flush_again_ = false;
  bool wal_writer_armed_ = false;
  Lsn flush_target_;
  Lsn replayed_;
  WalPlace replay_place_;  ///< Of the next record to replay.
  struct ReplayPoint {
    VirtualTime at;
    Lsn lsn;
  };
  std::deque<ReplayPoint> replay_points_;
  bool apply_report_wanted_ = false;
  bool report_write_ = false;
  bool report_apply_ = false;
  bool reload_pending_ = false;
  bool promotion_flush_ = false;  ///< Waits for the end-of-recovery record to be durable.
  bool checkpoint_scheduled_ = false;
  bool shutdown_record_written_ = false;
  bool ready_after_checkpoint_ = false;
  std::uint64_t checksum_failures_ = 0;
  bool was_primary_ = false;
  struct Checkpoint {
    Lsn start;
    Lsn end;
    TimelineId timeline = 0;
  };
  Checkpoint pending_checkpoint_;   ///< Written, not yet durable.
  Checkpoint replayed_checkpoint_;  ///< The last one of the upstream that was replayed.

  SyncWaitQueue sync_waits_;
  Backends backends_;
  WalSenders senders_;
  WalReceiver receiver_;
};

}  // namespace heir::sim
