// PostgresServer: from the start to a role, from role to role, and to the end.
#include <algorithm>
#include <utility>

#include "engine/base/assert.h"
#include "sim/databases/postgresql/server.h"

namespace heir::sim {

namespace {

std::int64_t microseconds(WallTime time) {
  return time.ns() / 1000;
}

}  // namespace

// --- Start
// --------------------------------------------------------------------------------------------------------------

Result<> PostgresServer::start() {
  Disk& disk = process_.disk();
  DataDirectory& d = home_->data;
  Result<Settings> read = read_configuration();
  if (!read) return Error{ErrorCode::failed, "FATAL:  configuration file contains errors: " + read.error().message};
  settings_ = std::move(*read);
  if (process_.machine().find(home_->server) != nullptr)
    return Error{ErrorCode::failed, "FATAL:  lock file \"postmaster.pid\" already exists"};
  if (!d.damage.empty()) return Error{ErrorCode::failed, "PANIC:  " + d.damage};
  const bool checkpoint_is_gone = d.control.redo < d.oldest_kept || !end_log_where_it_is_valid();
  if (checkpoint_is_gone) return Error{ErrorCode::failed, "PANIC:  could not locate a valid checkpoint record"};
  standby_signal_ = disk.exists(folder_ + "/standby.signal");
  const auto address = process_.network().resolve(Address(process_.machine().name() + ":" + settings_.port));
  if (!address) return Error{ErrorCode::failed, "FATAL:  invalid port \"" + settings_.port + "\""};
  if (!settings_.listen_addresses.empty()) {
    const Result<> listening = process_.network().listen(*address, *this, &process_);
    if (!listening)
      return Error{ErrorCode::failed, "FATAL:  could not bind " + settings_.listen_addresses + ":" + settings_.port +
                                          ": Address already in use"};
  }
  if (const Result<> locked =
          disk.write(folder_ + "/postmaster.pid", std::to_string(process_.pid().value()) + "\n" + folder_ + "\n");
      !locked)
    return Error{ErrorCode::failed, "FATAL:  could not create lock file \"postmaster.pid\": " + locked.error().message};
  home_->server = process_.pid();
  home_->tell_removed = [this] { await_lock_file_check(); };
  lock_file_checked_ = process_.clock().monotonic();
  for (ReplicationSlot& slot : d.slots) slot.active = false;
  ++d.log_number;
  d.log_size = 0;
  d.control.wal_log_hints = settings_.wal_log_hints;
  sync_waits_.set_defined(settings_.synchronous_standby_names.count > 0);
  postmaster_started_us_ = microseconds(process_.clock().wall());
  begin_recovery();
  return {};
}

/// Recovery takes the first invalid record for the end of the log, and whatever is written later goes over it. False:
/// the record that it begins with is invalid.
bool PostgresServer::end_log_where_it_is_valid() {
  const DataDirectory& d = home_->data;
  Lsn end = home_->valid_end(d.control.redo);
  // What a failed fsync threw away was never acknowledged; anything else may have been.
  if (end < home_->durable() && !run_.may_lose(process_.machine())) end = home_->readable_end();
  if (end >= d.wal.end()) return true;
  if (end <= d.control.redo) return false;
  home_->cut(end);
  return true;
}

void PostgresServer::begin_recovery() {
  const DataDirectory& d = home_->data;
  phase_ = ServerPhase::starting;
  received_mode_ = false;
  ready_ = false;
  processes_started_us_ = microseconds(process_.clock().wall());
  // The real server syncs its whole directory after a crash, before it reads the log.
  flushed_ = home_->durable();
  if (!flushing_)
    flush();
  else
    flush_again_ = true;
  std::int64_t records = 0;
  d.wal.for_each(d.control.redo, d.wal.end(), [&records](const WalRecord&, const WalStore&) { ++records; });
  const Duration took = run_.draw(run_.timings().start) + run_.timings().replay_per_record * records;
  timer(took, (std::uint64_t{++recovery_number_} << 8) | started);
}

void PostgresServer::recovered() {
  DataDirectory& d = home_->data;
  if (flushed_ < d.wal.end()) {
    flush();
    timer(Duration::milliseconds(1), (std::uint64_t{recovery_number_} << 8) | started);
    return;
  }
  tables_ = Tables();
  replayed_ = d.wal.begin();
  replay_place_ = d.wal.first_after(d.wal.begin());
  replay_points_.clear();
  replay_to(d.wal.end());
  if (standby_signal_) {
    phase_ = ServerPhase::standby;
    received_mode_ = true;
    d.control.state = ClusterState::in_archive_recovery;
    receiver_.enable();
    if (settings_.hot_standby && replayed_ >= d.control.min_recovery_point) become_ready();
    return;
  }
  if (d.wal.end() < d.control.min_recovery_point) {
    exit(1, "FATAL:  WAL ends before consistent recovery point");
    return;
  }
  const bool clean = d.control.state == ClusterState::shut_down;
  WalOrigin origin{run_.new_writer(), d.timeline(), 0};
  if (!d.wal.spans().empty()) origin.promotion = d.wal.spans().back().store->origin.promotion;
  d.wal.begin_store(origin);
  d.control.state = ClusterState::in_production;
  d.control.min_recovery_point = Lsn();
  d.control.min_recovery_timeline = 0;
  phase_ = ServerPhase::primary;
  if (clean) return become_ready();
  // Recovery ends with a checkpoint, before which nobody is answered.
  ready_after_checkpoint_ = true;
  write_checkpoint(WalKind::checkpoint_shutdown);
}

/// The postmaster looks for its lock file once a minute, and ends at once if it is gone (postmaster.c, ServerLoop).
void PostgresServer::await_lock_file_check() {
  const Duration minute = Duration::seconds(60);
  const std::int64_t since = (process_.clock().monotonic() - lock_file_checked_).ns();
  timer(minute - Duration::nanoseconds(since % minute.ns()), lock_file_check);
}

void PostgresServer::become_ready() {
  ready_ = true;
  std::vector<std::function<void(bool)>> callbacks;
  callbacks.swap(ready_callbacks_);
  for (const auto& callback : callbacks) callback(true);
}

// --- Promotion
// ----------------------------------------------------------------------------------------------------------

bool PostgresServer::promote() {
  if (phase_ != ServerPhase::standby) return phase_ == ServerPhase::promoting;
  phase_ = ServerPhase::promoting;
  receiver_.disable();
  flush();
  // Everything that was received is replayed before the end of recovery.
  Duration left = run_.draw(run_.timings().promotion);
  if (!replay_points_.empty()) left += std::max(Duration::zero(), replay_points_.back().at - process_.kernel().now());
  timer(left, promoted);
  return true;
}

void PostgresServer::finish_promotion() {
  if (phase_ != ServerPhase::promoting) return;
  DataDirectory& d = home_->data;
  if (flushed_ < d.wal.end()) {
    flush();
    timer(Duration::milliseconds(1), promoted);
    return;
  }
  replay_points_.clear();
  replay_to(d.wal.end());
  if (replayed_ < d.control.min_recovery_point) {
    exit(1, "FATAL:  WAL ends before consistent recovery point");
    return;
  }
  const TimelineId old_timeline = d.timeline();
  const TimelineId timeline = d.newest_timeline(old_timeline) + 1;
  TimelineHistory history =
      d.history_of(old_timeline).value_or(TimelineHistory{old_timeline, {}}).promoted(timeline, d.wal.end());
  Disk& disk = process_.disk();
  Result<> done = disk.write(folder_ + "/pg_wal/" + history_file_name(timeline), to_string(history));
  if (done) done = disk.remove(folder_ + "/standby.signal");
  if (done) done = disk.remove(folder_ + "/recovery.signal");
  if (done) done = disk.sync_tree_now(folder_);
  if (!done) {
    exit(1, "PANIC:  could not write file \"pg_wal/" + history_file_name(timeline) + "\": " + done.error().message);
    return;
  }
  d.keep_history(history);
  standby_signal_ = false;
  d.wal.begin_store({run_.new_writer(), timeline, run_.new_promotion()});
  received_mode_ = false;
  insert(WalKind::end_of_recovery, timeline, 0);
  promotion_flush_ = true;
  flush();
}

void PostgresServer::enter_production() {
  // The end-of-recovery record is durable before the control data lean on it.
  DataDirectory& d = home_->data;
  d.control.min_recovery_point = flushed_;
  d.control.min_recovery_timeline = d.timeline();
  d.control.state = ClusterState::in_production;
  phase_ = ServerPhase::primary;
  replayed_ = d.wal.end();
  if (!ready_) become_ready();
  senders_.reconsider_priorities();
  timer(run_.draw(run_.timings().promotion_checkpoint), promotion_checkpoint);
}

// --- Checkpoints
// --------------------------------------------------------------------------------------------------------

void PostgresServer::checkpoint() {
  if (phase_ == ServerPhase::primary) {
    write_checkpoint(WalKind::checkpoint_online);
    return;
  }
  if (!received_mode_) return;
  // A restartpoint: recovery can begin at the last checkpoint of the primary that was replayed.
  DataDirectory& d = home_->data;
  advance_replay(process_.kernel().now());
  if (replayed_checkpoint_.start > d.control.checkpoint) {
    d.control.checkpoint = d.control.redo = replayed_checkpoint_.start;
    d.control.checkpoint_timeline = replayed_checkpoint_.timeline;
  }
  d.control.min_recovery_point = std::max(d.control.min_recovery_point, replayed_);
  d.control.min_recovery_timeline = d.timeline();
  remove_old_log();
  backends_.checkpoint_done();
}

void PostgresServer::write_checkpoint(WalKind kind) {
  const WalRecord record = insert(kind, 0, 0);
  pending_checkpoint_ = {record.start(), record.end_lsn(), home_->data.timeline()};
  flush();
}

void PostgresServer::checkpoint_flushed() {
  DataDirectory& d = home_->data;
  d.control.checkpoint = d.control.redo = pending_checkpoint_.start;
  d.control.checkpoint_timeline = pending_checkpoint_.timeline;
  if (phase_ == ServerPhase::primary) {
    d.control.min_recovery_point = Lsn();
    d.control.min_recovery_timeline = 0;
  }
  pending_checkpoint_ = {};
  remove_old_log();
  backends_.checkpoint_done();
  if (std::exchange(ready_after_checkpoint_, false)) become_ready();
}

void PostgresServer::remove_old_log() {
  DataDirectory& d = home_->data;
  if (d.remove_old_log(d.control.redo, settings_.wal_keep_size, settings_.max_slot_wal_keep_size) &&
      d.oldest_kept.offset() > home_->log.start())
    home_->log.drop_before(std::min(d.oldest_kept.offset(), home_->log.durable()));
}

// --- The end
// ------------------------------------------------------------------------------------------------------------

void PostgresServer::stop_fast() {
  if (phase_ == ServerPhase::shutting_down) return;
  if (phase_ == ServerPhase::starting) {
    exit(0, "LOG:  database system is shut down");
    return;
  }
  was_primary_ = phase_ == ServerPhase::primary;
  phase_ = ServerPhase::shutting_down;
  receiver_.disable();
  backends_.terminate_all();
  continue_shutdown();
}

void PostgresServer::stop_immediate() {
  backends_.warn_all(wire::sqlstate::admin_shutdown, "terminating connection due to immediate shutdown command");
  exit(2, "LOG:  received immediate shutdown request");
}

void PostgresServer::shutdown_progress() {
  if (phase_ == ServerPhase::shutting_down) continue_shutdown();
}

void PostgresServer::continue_shutdown() {
  DataDirectory& d = home_->data;
  if (exiting_ || backends_.count() > 0) return;
  if (!was_primary_) {
    if (received_mode_ && !shutdown_record_written_) {
      shutdown_record_written_ = true;
      checkpoint();
      d.control.state = ClusterState::shut_down_in_recovery;
    }
  } else {
    if (!shutdown_record_written_) {
      shutdown_record_written_ = true;
      d.control.state = ClusterState::shutting_down;
      write_checkpoint(WalKind::checkpoint_shutdown);
      return;
    }
    if (flushed_ < d.wal.end()) return;
    d.control.state = ClusterState::shut_down;
  }
  if (senders_.drained()) exit(0, "LOG:  database system is shut down");
}

void PostgresServer::exit(int status, std::string_view why) {
  if (exiting_) return;
  exiting_ = true;
  ready_ = false;
  // If the directory was moved or removed, the path names another's.
  if (process_.disk().attached(folder_) == home_)
    static_cast<void>(process_.disk().remove(folder_ + "/postmaster.pid"));
  process_.exit({status, std::string(why)});
}

void PostgresServer::reinitialize() {
  if (phase_ == ServerPhase::starting || phase_ == ServerPhase::shutting_down || exiting_) return;
  backends_.cut_all();
  senders_.cut_all();
  receiver_.disable();
  for (ReplicationSlot& slot : home_->data.slots) slot.active = false;
  sync_waits_ = SyncWaitQueue();
  sync_waits_.set_defined(settings_.synchronous_standby_names.count > 0);
  pending_checkpoint_ = {};
  promotion_flush_ = false;
  ready_after_checkpoint_ = false;
  begin_recovery();
}

}  // namespace heir::sim
