#include "sim/databases/postgresql/backend.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "sim/databases/postgresql/server.h"

namespace heir::sim {

namespace {

void append_numbers(std::string& text, const std::vector<std::int64_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ',';
    wire::detail::put_number(text, values[i]);
  }
}

constexpr std::string_view bad_page = "invalid page in block 0 of relation base/5/16384";

WalKind table_of(wire::OperationKind kind) {
  switch (kind) {
    case wire::OperationKind::read_register:
    case wire::OperationKind::write_register:
    case wire::OperationKind::compare_and_set: return WalKind::register_write;
    case wire::OperationKind::read_list:
    case wire::OperationKind::append: return WalKind::list_append;
    case wire::OperationKind::read_set:
    case wire::OperationKind::add: return WalKind::set_add;
  }
  return WalKind::register_write;
}

}  // namespace

// --- Sessions
// -----------------------------------------------------------------------------------------------------------

std::optional<std::pair<std::string_view, std::string>> Backends::refusal(bool superuser) const {
  const Settings& settings = server_.settings();
  if (server_.phase() == ServerPhase::shutting_down)
    return std::pair(wire::sqlstate::starting_up, std::string("the database system is shutting down"));
  if (!server_.accepts_sessions())
    return std::pair(wire::sqlstate::starting_up, std::string("the database system is starting up"));
  if (live_ >= settings.max_connections)
    return std::pair(wire::sqlstate::too_many_connections, std::string("sorry, too many clients already"));
  const bool crowded = server_.run().is_crowded(server_.process().machine());
  if (!superuser && (crowded || live_ + settings.superuser_reserved_connections >= settings.max_connections))
    return std::pair(wire::sqlstate::too_many_connections,
                     std::string("remaining connection slots are reserved for non-replication superuser connections"));
  return std::nullopt;
}

std::uint32_t Backends::open(StreamId stream, bool agent) {
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(sessions_.size());
    sessions_.push_back(std::make_unique<Session>());
  } else {
    index = free_.back();
    free_.pop_back();
    *sessions_[index] = Session();
  }
  Session& session = *sessions_[index];
  session.used = session.connected = true;
  session.agent = agent;
  session.stream = stream;
  session.key = {server_.run().new_backend_pid(), server_.run().draw_secret()};
  server_.process().network().adopt(stream, *this, index);
  return index;
}

void Backends::close(std::uint32_t index) {
  Session& session = *sessions_[index];
  if (!session.used) return;
  if (session.connected) server_.process().network().close(session.stream);
  session.used = session.connected = false;
  if (session.greeted) --live_;
  session.greeted = false;
  if (!session.reading_frames) free_.push_back(index);
  server_.shutdown_progress();
}

void Backends::accept(StreamId stream, Chunk first) {
  if (const auto* startup = first.attachment.get<SqlStartup>()) {
    if (const auto refused = refusal(true)) {
      server_.process().network().write(
          stream, {},
          Attachment::make<SqlRefused>(80, SqlRefused{Error{ErrorCode::refused, "FATAL:  " + refused->second}}));
      server_.process().network().close(stream);
      return;
    }
    Session& session = *sessions_[open(stream, true)];
    session.application_name = startup->application_name;
    session.greeted = true;
    ++live_;
    server_.process().network().write(stream, {}, Attachment::make<SqlReady>(20));
    return;
  }
  const std::uint32_t index = open(stream, false);
  sessions_[index]->decoder.feed(std::move(first.bytes));
  client_frames(index);
}

void Backends::on_data(StreamId stream, Chunk chunk) {
  const auto index = static_cast<std::uint32_t>(server_.process().network().cookie(stream));
  Session& session = *sessions_[index];
  if (!session.used || session.stream != stream) return;
  if (session.agent) {
    if (const auto* request = chunk.attachment.get<SqlRequest>()) agent_statement(index, request->statement);
    return;
  }
  session.decoder.feed(std::move(chunk.bytes));
  client_frames(index);
}

void Backends::on_closed(StreamId stream) {
  disconnected(stream);
}
void Backends::on_reset(StreamId stream, StreamEnd) {
  disconnected(stream);
}

void Backends::disconnected(StreamId stream) {
  for (std::uint32_t index = 0; index < sessions_.size(); ++index) {
    Session& session = *sessions_[index];
    if (!session.used || session.stream != stream || !session.connected) continue;
    // A backend that waits does not look at its client: it goes on, and notices when it has something to say.
    session.connected = false;
    if (session.wait == Wait::none) close(index);
    return;
  }
}

// --- Clients
// ------------------------------------------------------------------------------------------------------------

void Backends::client_frames(std::uint32_t index) {
  Session& session = *sessions_[index];
  if (session.reading_frames) return;
  session.reading_frames = true;
  while (session.used && session.connected && session.wait == Wait::none) {
    const auto frame = session.decoder.next();
    if (!frame) {
      if (session.decoder.broken()) {
        Bytes out;
        wire::put_report(out, 'E', "FATAL", wire::sqlstate::protocol_violation, "invalid length of message");
        server_.process().network().write(session.stream, std::move(out));
        close(index);
      }
      break;
    }
    if (frame->type == 0) {
      client_opening(index, frame->body);
    } else if (frame->type == 'Q' && session.greeted && !frame->body.empty()) {
      client_statement(index, frame->body.substr(0, frame->body.size() - 1));
    } else if (frame->type == 'X') {
      close(index);
    } else {
      client_error(index, wire::sqlstate::protocol_violation, "unexpected message type");
    }
  }
  session.reading_frames = false;
  if (!session.used) free_.push_back(index);
}

void Backends::client_opening(std::uint32_t index, std::string_view body) {
  Session& session = *sessions_[index];
  const auto opening = wire::parse_opening(body);
  Network& network = server_.process().network();
  if (opening && opening->is_cancel) {
    cancel(opening->key);
    close(index);
    return;
  }
  Bytes out;
  if (!opening) {
    wire::put_report(out, 'E', "FATAL", wire::sqlstate::protocol_violation, "invalid startup packet");
    network.write(session.stream, std::move(out));
    close(index);
    return;
  }
  if (const auto refused = refusal(false)) {
    wire::put_report(out, 'E', "FATAL", refused->first, refused->second);
    network.write(session.stream, std::move(out));
    close(index);
    return;
  }
  session.application_name = opening->application_name;
  session.greeted = true;
  ++live_;
  wire::put_greeting(out, session.key);
  network.write(session.stream, std::move(out));
}

void Backends::client_statement(std::uint32_t index, std::string_view text) {
  Session& session = *sessions_[index];
  ++session.statement;
  session.cancelled = false;
  if (!text.empty() && text.front() == 'S') {
    const auto level = parse_synchronous_commit(text.substr(1));
    if (!level) return client_error(index, wire::sqlstate::syntax_error, level.error().message);
    session.level = *level;
    session.level_is_set = true;
    return finish_client(index, "OK");
  }
  const auto operation = wire::parse_statement(text);
  if (!operation) return client_error(index, wire::sqlstate::syntax_error, "syntax error");
  if (operation->key >= key_limit) return client_error(index, wire::sqlstate::out_of_range, "integer out of range");
  session.operation = *operation;
  if (is_write(operation->kind))
    begin_write(index);
  else
    read(index);
}

void Backends::read(std::uint32_t index) {
  Session& session = *sessions_[index];
  if (!server_.row_is_good(table_of(session.operation.kind), session.operation.key))
    return client_error(index, wire::sqlstate::data_corrupted, bad_page);
  const Tables& tables = server_.tables();
  const std::uint32_t key = session.operation.key;
  std::string value;
  bool null = false;
  if (session.operation.kind == wire::OperationKind::read_register) {
    const auto number = tables.read_register(key);
    null = !number.has_value();
    if (number) wire::detail::put_number(value, *number);
  } else {
    append_numbers(
        value, session.operation.kind == wire::OperationKind::read_list ? tables.read_list(key) : tables.read_set(key));
  }
  Bytes out;
  out.reserve(value.size() + 32);
  wire::put_row(out, null ? std::nullopt : std::optional<std::string_view>(value));
  wire::put_complete(out, "OK");
  wire::put_ready(out);
  server_.process().network().write(session.stream, std::move(out));
}

void Backends::begin_write(std::uint32_t index) {
  Session& session = *sessions_[index];
  if (server_.in_recovery())
    return client_error(index, wire::sqlstate::read_only, "cannot execute UPDATE in a read-only transaction");
  const Duration timeout = server_.settings().statement_timeout;
  if (timeout > Duration::zero())
    server_.process().clock().set_timer_after(timeout, &server_.process(), *this, (session.statement << 20) | index);
  const WalKind table = table_of(session.operation.kind);
  const std::int64_t value = table == WalKind::set_add ? session.operation.value : 0;
  for (Lock& lock : locks_) {
    if (lock.table != table || lock.key != session.operation.key || lock.value != value) continue;
    lock.waiting.push_back(index);
    session.wait = Wait::lock;
    return;
  }
  locks_.push_back({table, session.operation.key, value, index, {}});
  locked(index);
}

void Backends::locked(std::uint32_t index) {
  Session& session = *sessions_[index];
  session.wait = Wait::none;
  const wire::Operation& operation = session.operation;
  if (!server_.row_is_good(table_of(operation.kind), operation.key)) {
    unlock(index);
    return client_error(index, wire::sqlstate::data_corrupted, bad_page);
  }
  if (operation.kind == wire::OperationKind::compare_and_set &&
      server_.tables().read_register(operation.key) != std::optional(operation.expected)) {
    unlock(index);
    return finish_client(index, "NO");
  }
  if (operation.kind == wire::OperationKind::add) {
    // ON CONFLICT DO NOTHING: what is visible already is not written again, and such a transaction waits for nothing
    // (P-01).
    const std::vector<std::int64_t>& set = server_.tables().read_set(operation.key);
    if (std::binary_search(set.begin(), set.end(), operation.value)) {
      unlock(index);
      return finish_client(index, "OK");
    }
  }
  commit(index, server_.insert(table_of(operation.kind), operation.key, operation.value));
}

void Backends::unlock(std::uint32_t index) {
  const auto lock = std::find_if(locks_.begin(), locks_.end(), [&](const Lock& l) { return l.holder == index; });
  if (lock == locks_.end()) return;
  if (lock->waiting.empty()) {
    *lock = std::move(locks_.back());
    locks_.pop_back();
    return;
  }
  lock->holder = lock->waiting.front();
  lock->waiting.erase(lock->waiting.begin());
  locked(lock->holder);
}

void Backends::leave_lock_queue(std::uint32_t index) {
  for (Lock& lock : locks_) std::erase(lock.waiting, index);
}

void Backends::finish_client(std::uint32_t index, std::string_view tag) {
  Session& session = *sessions_[index];
  if (session.connected) {
    Bytes out;
    wire::put_complete(out, tag);
    wire::put_ready(out);
    server_.process().network().write(session.stream, std::move(out));
  }
  after_statement(index);
}

void Backends::client_error(std::uint32_t index, std::string_view state, std::string_view message) {
  Session& session = *sessions_[index];
  if (session.connected) {
    Bytes out;
    wire::put_report(out, 'E', "ERROR", state, message);
    wire::put_ready(out);
    server_.process().network().write(session.stream, std::move(out));
  }
  after_statement(index);
}

void Backends::fatal(std::uint32_t index) {
  Session& session = *sessions_[index];
  if (session.connected && !session.agent) {
    Bytes out;
    wire::put_report(out, 'E', "FATAL", wire::sqlstate::admin_shutdown,
                     "terminating connection due to administrator command");
    server_.process().network().write(session.stream, std::move(out));
  }
  close(index);
}

void Backends::after_statement(std::uint32_t index) {
  Session& session = *sessions_[index];
  session.wait = Wait::none;
  session.cancelled = false;
  if (session.terminated) return fatal(index);
  if (!session.connected) return close(index);
  if (!session.agent) client_frames(index);
}

// --- Commits
// ------------------------------------------------------------------------------------------------------------

SynchronousCommit Backends::level_of(const Session& session) const {
  return session.level_is_set ? session.level : server_.settings().synchronous_commit;
}

void Backends::commit(std::uint32_t index, WalRecord record) {
  Session& session = *sessions_[index];
  session.record = record;
  const SynchronousCommit level = level_of(session);
  server_.note_level(level);
  if (level == SynchronousCommit::off) {
    server_.flush_soon();
    finish_commit(index);
    return;
  }
  session.wait = Wait::flush;
  flush_waiters_.push_back({record.end_lsn(), index});
  server_.flush();
}

void Backends::flushed(Lsn lsn) {
  std::size_t done = 0;
  while (done < flush_waiters_.size() && flush_waiters_[done].lsn <= lsn) ++done;
  if (done == 0) return;
  // Those who go on may append to the list.
  std::vector<FlushWaiter> ready(flush_waiters_.begin(), flush_waiters_.begin() + static_cast<std::ptrdiff_t>(done));
  flush_waiters_.erase(flush_waiters_.begin(), flush_waiters_.begin() + static_cast<std::ptrdiff_t>(done));
  for (const FlushWaiter& waiter : ready) wait_for_standby(waiter.session);
}

void Backends::wait_for_standby(std::uint32_t index) {
  Session& session = *sessions_[index];
  const auto mode = sync_wait_mode(level_of(session));
  if (!mode || !server_.sync_waits().wait(*mode, session.record.end_lsn(), index)) return finish_commit(index);
  session.wait = Wait::sync;
  if (session.cancelled || session.terminated) {
    server_.sync_waits().remove(index);
    break_off(index);
  }
}

void Backends::synced(std::uint32_t index) {
  finish_commit(index);
}

void Backends::finish_commit(std::uint32_t index) {
  Session& session = *sessions_[index];
  session.wait = Wait::none;
  server_.show(session.record);
  unlock(index);
  if (session.agent)
    answer(index, std::move(session.rows));
  else
    finish_client(index, "OK");
}

void Backends::break_off(std::uint32_t index) {
  Session& session = *sessions_[index];
  server_.log_cancelled_wait();
  if (session.connected && !session.agent) {
    Bytes out;
    wire::put_report(
        out, 'N', "WARNING", wire::sqlstate::warning,
        session.terminated
            ? "canceling the wait for synchronous replication and terminating connection due to administrator command"
            : wire::sync_wait_cancelled_warning);
    server_.process().network().write(session.stream, std::move(out));
  }
  if (!session.terminated) return finish_commit(index);
  // The backend ends without the word that the commit is done; the commit shows all the same.
  session.wait = Wait::none;
  server_.show(session.record);
  unlock(index);
  fatal(index);
}

// --- Cancelling and ending
// ----------------------------------------------------------------------------------------------

bool Backends::cancel(wire::BackendKey key) {
  for (std::uint32_t index = 0; index < sessions_.size(); ++index) {
    const Session& session = *sessions_[index];
    if (!session.used || !session.greeted || session.key != key) continue;
    cancel_session(index);
    return true;
  }
  return false;
}

void Backends::cancel_clients() {
  for (std::uint32_t index = 0; index < sessions_.size(); ++index)
    if (sessions_[index]->used && sessions_[index]->greeted && !sessions_[index]->agent) cancel_session(index);
}

void Backends::cancel_session(std::uint32_t index) {
  Session& session = *sessions_[index];
  switch (session.wait) {
    case Wait::none:
    case Wait::checkpoint: break;
    case Wait::lock:
      leave_lock_queue(index);
      client_error(index, wire::sqlstate::cancelled, "canceling statement due to user request");
      break;
    case Wait::flush: session.cancelled = true; break;  // noticed when the wait for the standby begins
    case Wait::sync:
      server_.sync_waits().remove(index);
      break_off(index);
      break;
  }
}

void Backends::terminate_session(std::uint32_t index) {
  Session& session = *sessions_[index];
  session.terminated = true;
  switch (session.wait) {
    case Wait::none:
    case Wait::checkpoint: fatal(index); break;
    case Wait::lock:
      leave_lock_queue(index);
      fatal(index);
      break;
    case Wait::flush: break;
    case Wait::sync:
      server_.sync_waits().remove(index);
      break_off(index);
      break;
  }
}

std::size_t Backends::terminate(std::string_view except_application, std::uint32_t except_session) {
  std::size_t count = 0;
  for (std::uint32_t index = 0; index < sessions_.size(); ++index) {
    const Session& session = *sessions_[index];
    if (!session.used || !session.greeted || index == except_session || session.application_name == except_application)
      continue;
    ++count;
    terminate_session(index);
  }
  return count;
}

void Backends::terminate_all() {
  for (std::uint32_t index = 0; index < sessions_.size(); ++index)
    if (sessions_[index]->used) terminate_session(index);
}

void Backends::warn_all(std::string_view state, std::string_view message) {
  for (const auto& session : sessions_) {
    if (!session->used || !session->connected || !session->greeted || session->agent) continue;
    Bytes out;
    wire::put_report(out, 'N', "WARNING", state, message);
    server_.process().network().write(session->stream, std::move(out));
  }
}

void Backends::cut_all() {
  warn_all(wire::sqlstate::crash_shutdown, "terminating connection because of crash of another server process");
  flush_waiters_.clear();
  locks_.clear();
  for (std::uint32_t index = 0; index < sessions_.size(); ++index) {
    Session& session = *sessions_[index];
    if (!session.used) continue;
    // In order for clients: a reset would overtake the warning.
    if (session.connected && session.agent) {
      server_.process().network().reset(session.stream);
      session.connected = false;
    }
    close(index);
  }
}

std::size_t Backends::busy(std::string_view except_application, std::uint32_t except_session) const {
  std::size_t count = 0;
  for (std::uint32_t index = 0; index < sessions_.size(); ++index) {
    const Session& session = *sessions_[index];
    if (session.used && session.greeted && session.wait != Wait::none && index != except_session &&
        session.application_name != except_application)
      ++count;
  }
  return count;
}

bool Backends::waits_for_sync(std::uint32_t pid) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
    return session->used && (session->wait == Wait::flush || session->wait == Wait::sync) && session->key.pid == pid;
  });
}

bool Backends::is_waiting_commit(Lsn lsn) const {
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& session) {
    return session->used && (session->wait == Wait::flush || session->wait == Wait::sync) &&
           session->record.end_lsn() == lsn;
  });
}

void Backends::checkpoint_done() {
  for (std::uint32_t index = 0; index < sessions_.size(); ++index)
    if (sessions_[index]->used && sessions_[index]->wait == Wait::checkpoint) answer(index, Rows{});
}

void Backends::on_timer(std::uint64_t cookie) {
  const auto index = static_cast<std::uint32_t>(cookie & 0xfffff);
  const Session& session = *sessions_[index];
  if (session.used && (session.statement << 20) == (cookie & ~std::uint64_t{0xfffff}) && session.wait != Wait::none)
    cancel_session(index);
}

}  // namespace heir::sim
