#include "sim/databases/postgresql/server.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::sim {

const char* to_string(ServerPhase phase) {
  switch (phase) {
    case ServerPhase::starting: return "starting";
    case ServerPhase::standby: return "standby";
    case ServerPhase::promoting: return "promoting";
    case ServerPhase::primary: return "primary";
    case ServerPhase::shutting_down: return "shutting down";
  }
  return "?";
}

namespace {

/// The words of the operating system for an error of the disk.
std::string disk_words(const Error& error) {
  return error.code == ErrorCode::out_of_space ? "No space left on device" : error.message;
}

}  // namespace

PostgresServer::PostgresServer(PostgreSql& run, Process& process, std::string folder, std::shared_ptr<DataFolder> home,
                               std::vector<std::string> configuration_files)
    : run_(run),
      process_(process),
      folder_(std::move(folder)),
      home_(std::move(home)),
      configuration_files_(std::move(configuration_files)),
      backends_(*this),
      senders_(*this),
      receiver_(*this) {}

PostgresServer::~PostgresServer() {
  // The server has ended, however that came: nothing is in use any more.
  for (ReplicationSlot& slot : home_->data.slots) slot.active = false;
  if (home_->server == process_.pid()) {
    home_->server = Pid();
    home_->tell_removed = nullptr;
  }
  for (const auto& callback : ready_callbacks_) callback(false);
}

void PostgresServer::when_ready(std::function<void(bool)> done) {
  if (ready_) {
    done(true);
  } else {
    ready_callbacks_.push_back(std::move(done));
  }
}

// --- Connections
// --------------------------------------------------------------------------------------------------------

void PostgresServer::on_accepted(AddressId, StreamId stream) {
  process_.network().adopt(stream, *this);
}

void PostgresServer::on_data(StreamId stream, Chunk chunk) {
  const bool replication = chunk.attachment.get<ReplicationHello>() || chunk.attachment.get<CopyRequest>();
  if (!replication) {
    backends_.accept(stream, std::move(chunk));
  } else if (ready_ && phase_ != ServerPhase::shutting_down) {
    senders_.accept(stream, chunk.attachment);
  } else {
    process_.network().write(stream, {},
                             Attachment::make<ReplicationRefused>(
                                 80, ReplicationRefused{phase_ == ServerPhase::shutting_down
                                                            ? "FATAL:  the database system is shutting down"
                                                            : "FATAL:  the database system is starting up"}));
    process_.network().close(stream);
  }
}

// --- The log
// ------------------------------------------------------------------------------------------------------------

WalRecord PostgresServer::insert(WalKind kind, std::uint32_t key, std::int64_t value) {
  DataDirectory& d = home_->data;
  if (const Result<> written = home_->log.append(wal_record_size(kind)); !written) {
    exit(1, "PANIC:  could not write to file \"pg_wal\": " + disk_words(written.error()));
    return {};
  }
  if (!checkpoint_scheduled_) {
    checkpoint_scheduled_ = true;
    timer(settings_.checkpoint_timeout, periodic_checkpoint);
  }
  return d.wal.append(kind, key, value);
}

void PostgresServer::flush() {
  if (flushing_) {
    flush_again_ = true;
    return;
  }
  if (home_->data.wal.end() <= flushed_ || exiting_) return;
  flushing_ = true;
  flush_target_ = home_->data.wal.end();
  if (settings_.fsync) return home_->log.sync(&process_, *this, log_flush);
  timer(Duration::microseconds(50), unsynced);
}

void PostgresServer::flush_soon() {
  if (wal_writer_armed_) return;
  wal_writer_armed_ = true;
  timer(Duration::milliseconds(200), wal_writer);
}

void PostgresServer::on_disk_done(std::uint64_t, Result<> result) {
  flushing_ = false;
  if (exiting_) return;
  if (!result) {
    // What the page cache holds can no longer be told from what the disk holds: the real server goes down, and so does
    // this.
    exit(1, "PANIC:  could not fsync file \"pg_wal\": " + result.error().message);
    return;
  }
  flushed_to(flush_target_);
  if (std::exchange(flush_again_, false)) flush();
}

void PostgresServer::flushed_to(Lsn lsn) {
  flushed_ = std::max(flushed_, lsn);
  if (phase_ == ServerPhase::starting) return;
  if (received_mode_) {
    const VirtualTime now = process_.kernel().now();
    VirtualTime at = now + run_.draw(run_.timings().replay_lag);
    if (!replay_points_.empty()) at = std::max(at, replay_points_.back().at);
    replay_points_.push_back({at, flushed_});
    advance_replay(now);
    receiver_.report();
    if (std::exchange(apply_report_wanted_, false)) timer(at - now, apply_report);
    senders_.wake();
    if (phase_ == ServerPhase::shutting_down) continue_shutdown();
    return;
  }
  if (pending_checkpoint_.end.valid() && flushed_ >= pending_checkpoint_.end) checkpoint_flushed();
  if (promotion_flush_) {
    promotion_flush_ = false;
    enter_production();
  }
  senders_.wake();
  backends_.flushed(flushed_);
  if (phase_ == ServerPhase::shutting_down) continue_shutdown();
}

Result<> PostgresServer::receive(const WalSpan& span, bool wants_apply) {
  DataDirectory& d = home_->data;
  const Lsn before = d.wal.end();
  d.wal.append(span);
  if (const Result<> written = home_->log.append(d.wal.end().since(before)); !written) {
    d.wal.truncate(before);
    // No room for another segment: an error, which ends the receiver. What fails within a segment is a panic.
    if (written.error().code == ErrorCode::out_of_space)
      return Error{ErrorCode::out_of_space, "could not write to file \"pg_wal\": " + disk_words(written.error())};
    exit(1, "PANIC:  could not write to log segment: " + disk_words(written.error()));
    return {};
  }
  apply_report_wanted_ |= wants_apply;
  flush();
  return {};
}

Lsn PostgresServer::record_start_before(Lsn end) const {
  const Wal& wal = home_->data.wal;
  if (end <= wal.begin()) return Lsn();
  const WalPlace place = wal.first_after(Lsn(end.offset() - 1));
  return wal.at_end(place) ? Lsn() : wal.at(place).start();
}

// --- Visibility
// ---------------------------------------------------------------------------------------------------------

Lsn PostgresServer::replayed() {
  if (!received_mode_) return phase_ == ServerPhase::starting ? replayed_ : flushed_;
  advance_replay(process_.kernel().now());
  return replayed_;
}

const Tables& PostgresServer::tables() {
  if (received_mode_) advance_replay(process_.kernel().now());
  return tables_;
}

void PostgresServer::advance_replay(VirtualTime now) {
  Lsn reached = replayed_;
  while (!replay_points_.empty() && replay_points_.front().at <= now) {
    reached = replay_points_.front().lsn;
    replay_points_.pop_front();
  }
  if (reached > replayed_) replay_to(reached);
  if (!ready_ && phase_ == ServerPhase::standby && replayed_ >= home_->data.control.min_recovery_point &&
      settings_.hot_standby)
    become_ready();
}

void PostgresServer::replay_to(Lsn lsn) {
  bool checkpoint_seen = false;
  const Wal& wal = home_->data.wal;
  WalPlace place = wal.settled(replay_place_);
  for (; !wal.at_end(place) && wal.at(place).end_lsn() <= lsn; place = wal.next(place)) {
    const WalRecord& record = wal.at(place);
    tables_.apply(record);
    if (record.kind == WalKind::checkpoint_online || record.kind == WalKind::checkpoint_shutdown) {
      replayed_checkpoint_ = {record.start(), record.end_lsn(), wal.store_at(place).origin.timeline};
      checkpoint_seen = true;
    }
  }
  replay_place_ = place;
  replayed_ = lsn;
  if (checkpoint_seen && received_mode_ && !checkpoint_scheduled_) {
    checkpoint_scheduled_ = true;
    timer(settings_.checkpoint_timeout, periodic_checkpoint);
  }
}

bool PostgresServer::is_visible(Lsn lsn) {
  if (received_mode_ || phase_ == ServerPhase::starting) return lsn <= replayed();
  return lsn <= home_->data.wal.end() && !backends_.is_waiting_commit(lsn);
}

// --- Waiting for standbys
// -----------------------------------------------------------------------------------------------

void PostgresServer::release_sync_waiters() {
  if (received_mode_) return;
  if (const auto reached = senders_.synced()) sync_waits_.reach(*reached);
  while (const auto session = sync_waits_.release_due()) backends_.synced(*session);
}

void PostgresServer::log_cancelled_wait() {
  DataDirectory& d = home_->data;
  d.cancelled_waits.push_back({d.log_number, d.log_size});
  d.log_line(220);
}

// --- Timers
// -------------------------------------------------------------------------------------------------------------

void PostgresServer::on_timer(std::uint64_t cookie) {
  if (exiting_) return;
  switch (static_cast<Timer>(cookie & 0xff)) {
    case started:
      if (cookie >> 8 == recovery_number_) recovered();
      break;
    case reloaded: apply_reload(); break;
    case promoted: finish_promotion(); break;
    case promotion_checkpoint:
    case periodic_checkpoint:
      checkpoint_scheduled_ = false;
      checkpoint();
      break;
    case apply_report:
      if (received_mode_) {
        advance_replay(process_.kernel().now());
        receiver_.report();
      }
      break;
    case signalled:
      switch (static_cast<ServerSignal>(cookie >> 8)) {
        case ServerSignal::interrupt: stop_fast(); break;
        case ServerSignal::quit: stop_immediate(); break;
        case ServerSignal::hangup: reload(); break;
        case ServerSignal::promote: promote(); break;
        case ServerSignal::child_crashed: reinitialize(); break;
      }
      break;
    case unsynced: on_disk_done(log_flush, {}); break;
    case lock_file_check: stop_immediate(); break;
    case wal_writer:
      wal_writer_armed_ = false;
      flush();
      break;
  }
}

// --- Reload
// -------------------------------------------------------------------------------------------------------------

Result<Settings> PostgresServer::read_configuration() const {
  Settings settings;
  for (const std::string& file : configuration_files_) {
    const Result<Bytes> content = process_.disk().read(file);
    if (!content) continue;
    const Result<> applied = apply_configuration(settings, *content, file);
    if (!applied) return applied.error();
  }
  return settings;
}

void PostgresServer::reload() {
  if (reload_pending_) return;
  reload_pending_ = true;
  timer(run_.draw(run_.timings().reload), reloaded);
}

void PostgresServer::apply_reload() {
  reload_pending_ = false;
  Result<Settings> read = read_configuration();
  if (!read) {
    home_->data.log_line(read.error().message.size() +
                         60);  // "configuration file … contains errors; no changes were applied"
    return;
  }
  Settings settings = std::move(*read);
  // These need a restart.
  settings.listen_addresses = settings_.listen_addresses;
  settings.port = settings_.port;
  settings.max_connections = settings_.max_connections;
  settings.superuser_reserved_connections = settings_.superuser_reserved_connections;
  settings.max_wal_senders = settings_.max_wal_senders;
  settings.max_replication_slots = settings_.max_replication_slots;
  settings.hot_standby = settings_.hot_standby;
  settings.wal_log_hints = settings_.wal_log_hints;
  const bool other_upstream = settings.primary_conninfo != settings_.primary_conninfo ||
                              settings.primary_slot_name != settings_.primary_slot_name;
  settings_ = std::move(settings);
  sync_waits_.set_defined(settings_.synchronous_standby_names.count > 0);
  senders_.reconsider_priorities();
  release_sync_waiters();
  if (other_upstream) receiver_.reconnect();
}

}  // namespace heir::sim
