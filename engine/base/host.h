// Host: the whole outside world of a process of the system. Anything that cannot be reached through it cannot be used
// in engine/ outside engine/hosts/. Two implementations: the simulator's (sim/world) and the real one (engine/hosts).
//
// Every operation that can wait is awaited: `co_await host.sleep(…)`. Destroying the awaiting frame abandons the
// operation; what it asked of the world may still happen.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/identity.h"
#include "engine/base/result.h"
#include "engine/base/task.h"
#include "engine/base/time.h"

namespace heir {

using Bytes = std::string;

/// A datagram between processes of the system. May be lost, duplicated, delayed, reordered; never altered.
struct Message {
  Address from;
  Bytes payload;
};

/// One side of a byte-stream connection. Destroying it closes it.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next bytes, at least one; an empty string at the orderly end; `unreachable` after a reset.
  auto read() {
    return await_operation<Result<Bytes>>(executor(), [this](Operation<Result<Bytes>>& op) { start_read(op); });
  }
  /// Hands bytes to the connection; they arrive in order or not at all. False if it is known to be broken.
  virtual bool write(Bytes bytes) = 0;
  /// Waits until what was written has left the send buffer up to its bound; `unreachable` if the connection broke.
  auto drained() {
    return await_operation<Result<>>(executor(), [this](Operation<Result<>>& op) { start_drained(op); });
  }
  /// Cuts the connection: the other side sees a reset, and bytes under way are lost.
  virtual void reset() = 0;

 protected:
  virtual Executor& executor() = 0;
  virtual void start_read(Operation<Result<Bytes>>& op) = 0;
  virtual void start_drained(Operation<Result<>>& op) = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;
  auto accept() {
    return await_operation<std::unique_ptr<Stream>>(
        executor(), [this](Operation<std::unique_ptr<Stream>>& op) { start_accept(op); });
  }
  /// While not, a host that can do so has its kernel refuse whoever connects.
  virtual void admit(bool) {}

 protected:
  virtual Executor& executor() = 0;
  virtual void start_accept(Operation<std::unique_ptr<Stream>>& op) = 0;
};

/// A statement from a database's catalogue: its name there, its text, and the parameters of the text ($1, $2, …).
/// A simulated server answers by the name, a real one by the text; both are of a catalogue and live for ever.
struct Statement {
  std::string_view name;
  std::string_view text;
  std::vector<std::string> parameters;
};

using Row = std::vector<std::optional<std::string>>;
using Rows = std::vector<Row>;

/// A session with a database server, as a database user of ours. Destroying it disconnects.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  /// Rows of the answer; `failed` with the server's words; `unreachable` if the connection broke (the outcome is
  /// unknown). One statement at a time.
  auto execute(Statement statement) {
    return await_operation<Result<Rows>>(
        executor(),
        [this, s = std::move(statement)](Operation<Result<Rows>>& op) mutable { start_execute(std::move(s), op); });
  }

 protected:
  virtual Executor& executor() = 0;
  virtual void start_execute(Statement statement, Operation<Result<Rows>>& op) = 0;
};

struct SqlEndpoint {
  Address server;  ///< Where the database itself listens, not its gate.
  std::string database;
  std::string user;
  std::string application_name;
};

/// A program of the host, run to its end: pg_ctl, pg_basebackup, ….
struct Program {
  std::string name;
  std::vector<std::string> arguments;
};

struct ProgramExit {
  int status = 0;
  std::string output;  ///< Standard output and error, together.
};

enum class LogLevel { debug, info, warning, error };

/// A key and a value of a structured log line.
struct Field {
  std::string_view key;
  std::string value;
};

class Host {
 public:
  virtual ~Host() = default;
  virtual Executor& executor() = 0;

  // Time and chance.
  virtual MonotonicTime monotonic_now() = 0;
  virtual WallTime wall_now() = 0;
  virtual void random_bytes(std::span<std::byte> out) = 0;
  auto sleep_until(MonotonicTime at) {
    return await_operation<Unit>(executor(), [this, at](Operation<Unit>& op) { start_sleep(at, op); });
  }
  auto sleep(Duration duration) { return sleep_until(monotonic_now() + duration); }

  // Messages between processes of the system; each process has one inbox.
  virtual void send(const Address& to, Bytes payload) = 0;
  auto receive() {
    return await_operation<Message>(executor(), [this](Operation<Message>& op) { start_receive(op); });
  }

  // Byte streams.
  auto connect(Address to) {
    return await_operation<Result<std::unique_ptr<Stream>>>(
        executor(),
        [this, to = std::move(to)](Operation<Result<std::unique_ptr<Stream>>>& op) { start_connect(to, op); });
  }
  /// `already_exists` if the address is taken.
  virtual Result<std::unique_ptr<Listener>> listen(const Address& at) = 0;

  // Files. Paths are absolute. What was written is durable only after sync_file of the file; a created, renamed or
  // removed name only after sync_directory of its folder. `not_found`, `already_exists`, `io_error`, `out_of_space`.
  auto read_file(std::string path) {
    return await_operation<Result<Bytes>>(
        executor(), [this, p = std::move(path)](Operation<Result<Bytes>>& op) { start_read_file(p, op); });
  }
  /// Creates or replaces the content.
  auto write_file(std::string path, Bytes content) {
    return await_operation<Result<>>(
        executor(), [this, p = std::move(path), c = std::move(content)](Operation<Result<>>& op) mutable {
          start_write_file(p, std::move(c), op);
        });
  }
  auto sync_file(std::string path) {
    return await_operation<Result<>>(executor(),
                                     [this, p = std::move(path)](Operation<Result<>>& op) { start_sync_file(p, op); });
  }
  auto sync_directory(std::string path) {
    return await_operation<Result<>>(
        executor(), [this, p = std::move(path)](Operation<Result<>>& op) { start_sync_directory(p, op); });
  }
  auto make_directory(std::string path) {
    return await_operation<Result<>>(
        executor(), [this, p = std::move(path)](Operation<Result<>>& op) { start_make_directory(p, op); });
  }
  /// Replaces `to` if it is a file or an empty folder.
  auto rename(std::string from, std::string to) {
    return await_operation<Result<>>(executor(), [this, f = std::move(from), t = std::move(to)](
                                                     Operation<Result<>>& op) { start_rename(f, t, op); });
  }
  /// A file, or a folder with all that is in it. Removing what is not there succeeds.
  auto remove(std::string path) {
    return await_operation<Result<>>(executor(),
                                     [this, p = std::move(path)](Operation<Result<>>& op) { start_remove(p, op); });
  }
  /// Names in a folder, sorted.
  auto list_directory(std::string path) {
    return await_operation<Result<std::vector<std::string>>>(
        executor(),
        [this, p = std::move(path)](Operation<Result<std::vector<std::string>>>& op) { start_list_directory(p, op); });
  }

  // Programs and databases.
  /// Abandoned by a process that lives on, the program is killed. One whose starter died goes on by itself.
  auto run(Program program) {
    return await_operation<Result<ProgramExit>>(
        executor(),
        [this, p = std::move(program)](Operation<Result<ProgramExit>>& op) mutable { start_run(std::move(p), op); });
  }
  auto open_session(SqlEndpoint endpoint) {
    return await_operation<Result<std::unique_ptr<SqlSession>>>(
        executor(), [this, e = std::move(endpoint)](Operation<Result<std::unique_ptr<SqlSession>>>& op) {
          start_open_session(e, op);
        });
  }

  /// A structured log line: what happened, as a stable lower-case name ("gate-opened"), and its values.
  virtual void log(LogLevel level, std::string_view event, std::span<const Field> fields) = 0;
  void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
    log(level, event, std::span<const Field>(fields.begin(), fields.size()));
  }

 protected:
  virtual void start_sleep(MonotonicTime at, Operation<Unit>& op) = 0;
  virtual void start_receive(Operation<Message>& op) = 0;
  virtual void start_connect(const Address& to, Operation<Result<std::unique_ptr<Stream>>>& op) = 0;
  virtual void start_read_file(const std::string& path, Operation<Result<Bytes>>& op) = 0;
  virtual void start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) = 0;
  virtual void start_sync_file(const std::string& path, Operation<Result<>>& op) = 0;
  virtual void start_sync_directory(const std::string& path, Operation<Result<>>& op) = 0;
  virtual void start_make_directory(const std::string& path, Operation<Result<>>& op) = 0;
  virtual void start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) = 0;
  virtual void start_remove(const std::string& path, Operation<Result<>>& op) = 0;
  virtual void start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) = 0;
  virtual void start_run(Program program, Operation<Result<ProgramExit>>& op) = 0;
  virtual void start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) = 0;
};

}  // namespace heir
