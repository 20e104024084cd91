// Backends: the sessions of a server, of clients (bytes, wire.h) and of the agent (typed statements, sql_protocol.h).
//
// A session runs one statement at a time: idle, or waiting for a row lock, for the local flush, or for the synchronous
// standby. A connection that breaks does not break off a commit: its session lives on until the wait is over, and keeps
// its slot. Row locks are held until the commit is visible, so the order of writes of a row in the log is the order in
// which they show.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/databases/postgresql/settings.h"
#include "sim/databases/postgresql/wal.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/process/machine.h"
#include "sim/process/sql_protocol.h"

namespace heir::sim {

class PostgresServer;

class Backends final : private StreamHandler, private TimerHandler {
 public:
  explicit Backends(PostgresServer& server) : server_(server) {}

  /// Takes over a new connection with its first chunk.
  void accept(StreamId stream, Chunk first);
  /// The log is flushed up to here: commits go on to wait for the standby, or are done.
  void flushed(Lsn lsn);
  /// The commit of this session need not wait for the standby any more.
  void synced(std::uint32_t session);
  /// Asks every session of others to end (pg_terminate_backend). Answer: how many.
  std::size_t terminate(std::string_view except_application, std::uint32_t except_session);
  /// For a fast shutdown: as terminate, of all.
  void terminate_all();
  /// Clients get a warning.
  void warn_all(std::string_view state, std::string_view message);
  /// A process of the server has crashed: clients are told, all connections end, the sessions are gone.
  void cut_all();
  /// Sessions of others that run a statement.
  std::size_t busy(std::string_view except_application, std::uint32_t except_session) const;
  std::size_t count() const { return live_; }
  /// Commits that are in the log and not visible yet: waiting for their flush or for the standby.
  bool is_waiting_commit(Lsn lsn) const;
  /// Whether the session of this process number waits for a standby, or writes the log of a commit, which is before.
  bool waits_for_sync(std::uint32_t pid) const;
  /// pg_cancel_backend on all but the agent's.
  void cancel_clients();
  /// Cancels the running statement of a backend, as a cancel request does; false if the key fits nobody.
  bool cancel(wire::BackendKey key);
  /// A checkpoint that sessions wait for is done.
  void checkpoint_done();

 private:
  enum class Wait : std::uint8_t { none, lock, flush, sync, checkpoint };
  struct Session {
    bool used = false;
    bool connected = false;
    bool greeted = false;
    bool agent = false;      ///< Speaks in attachments; a superuser.
    bool cancelled = false;  ///< A cancel arrived during the running statement.
    bool terminated = false;
    bool reading_frames = false;  ///< client_frames is at work; it goes on by itself after a statement.
    Wait wait = Wait::none;
    StreamId stream;
    wire::BackendKey key;
    SynchronousCommit level = SynchronousCommit::on;
    bool level_is_set = false;  ///< By the session; else the server's setting counts.
    wire::Decoder decoder{true};
    std::string application_name;
    wire::Operation operation;
    WalRecord record;             ///< The commit that waits.
    Rows rows;                    ///< The answer that the agent gets after its wait.
    std::uint64_t statement = 0;  ///< Counts statements; for timeouts.
  };
  struct Lock {
    WalKind table;
    std::uint32_t key;
    std::int64_t value;  ///< Of sets, whose rows are single values.
    std::uint32_t holder;
    std::vector<std::uint32_t> waiting;
  };
  struct FlushWaiter {
    Lsn lsn;
    std::uint32_t session;
  };

  void on_connected(StreamId) override {}
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_timer(std::uint64_t cookie) override;

  std::uint32_t open(StreamId stream, bool agent);
  void close(std::uint32_t index);
  void disconnected(StreamId stream);
  /// Why a new session is refused; nothing if it is not.
  std::optional<std::pair<std::string_view, std::string>> refusal(bool superuser) const;

  // Clients.
  void client_opening(std::uint32_t index, std::string_view body);
  void client_frames(std::uint32_t index);
  void client_statement(std::uint32_t index, std::string_view text);
  void read(std::uint32_t index);
  void begin_write(std::uint32_t index);
  void locked(std::uint32_t index);
  void unlock(std::uint32_t index);
  void finish_client(std::uint32_t index, std::string_view tag);
  void client_error(std::uint32_t index, std::string_view state, std::string_view message);
  /// Ends the session, with a word to the client.
  void fatal(std::uint32_t index);

  // Both.
  void commit(std::uint32_t index, WalRecord record);
  void wait_for_standby(std::uint32_t index);
  void finish_commit(std::uint32_t index);
  void break_off(std::uint32_t index);
  void cancel_session(std::uint32_t index);
  void leave_lock_queue(std::uint32_t index);
  SynchronousCommit level_of(const Session& session) const;
  void terminate_session(std::uint32_t index);
  void after_statement(std::uint32_t index);

  // The agent (statements.cc).
  void agent_statement(std::uint32_t index, const Statement& statement);
  void answer(std::uint32_t index, Result<Rows> result);
  void agent_write(std::uint32_t index, WalKind kind, std::uint32_t key, std::int64_t value, Rows rows);
  Rows observe(const Statement& statement);
  Rows stream();
  Rows recovery_state();
  Result<Rows> timeline_history(const Statement& statement);
  Rows settings_rows();
  Rows slot_rows();
  Result<Rows> create_slot(const std::string& name);
  Result<Rows> drop_slot(const std::string& name);
  Rows replica_rows();

  PostgresServer& server_;
  std::vector<std::unique_ptr<Session>> sessions_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
  std::uint32_t clients_ = 0;
  std::vector<FlushWaiter> flush_waiters_;  // ordered by LSN
  std::vector<Lock> locks_;                 // short: one per session at most
};

}  // namespace heir::sim
