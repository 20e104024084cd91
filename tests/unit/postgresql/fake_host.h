// A scripted Host for unit tests of the PostgreSQL adapter: files in memory, the programs and statements of the
// catalogue answered by a few rules, virtual time. Every operation is a step; a test may kill the process at any step.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/position.h"

namespace heir::fake {

/// A server, or what one would be that is started on a copy.
struct Server {
  bool up = false;
  bool recovery = false;
  std::uint64_t system = 7;
  Position log;  ///< Its whole history; a standby has replayed it all.
  std::int64_t started = 1;
  std::int64_t processes = 1;
  std::set<std::string> slots;
  std::map<std::string, std::string> settings;
  bool receiver = false;
  std::uint64_t unreplayed = 0;  ///< Received beyond its log;
  bool replaying = false;        ///< and that is more than a part of a record.
  bool paused = false;
  bool deaf = false;                              ///< Takes no new settings.
  bool silent = false;                            ///< Answers nothing, ever.
  std::map<std::string, std::uint64_t> standbys;  ///< Connected: name and flushed offset.
  std::string log_file = "log-1";
  std::map<std::string, std::vector<std::uint64_t>> cancelled;  ///< Log file: offsets of cancellations.
  std::uint64_t log_size = 100;
  std::uint64_t checksum_failures = 0;
  bool crashed = false;  ///< Its copy was not shut down in order: a recovery ends at its log's end.
  std::uint64_t checkpoint = 16;
  bool unfinished = false;            ///< Its copy is a standby's, though nothing but its control data says so.
  std::uint64_t consistent_from = 0;  ///< With less log it answers nobody, and waits.
  std::uint64_t consistent_timeline = 1;
  bool late = false;  ///< pg_ctl gives up waiting for its first answer.
};

class Host final : public heir::Host {
 public:
  // The world, for tests to set and look at.
  std::map<std::string, Bytes> files;
  std::set<std::string> folders{"/root"};
  std::map<std::string, Server> images;   ///< By the content of `copy` in a data folder.
  std::map<std::string, Server> servers;  ///< By address. The local one is "here:1".
  std::string local = "here:1";
  std::vector<std::string> trace;  ///< Programs, statements and renames, in order.
  std::map<std::string, ProgramExit>
      program_fails;  ///< By program (and first argument for pg_ctl): instead of running it.
  std::map<std::string, std::function<bool()>>
      program_hangs;                             ///< The same keys: whether the one that begins never ends.
  std::map<std::string, Error> statement_fails;  ///< By name.
  std::map<std::string, Error> file_fails;       ///< By path: reading or writing it.
  std::function<void()> before_step;

  /// Runs the task to its end; false if it was killed before step `kill_at`, or never ends.
  bool run(Task<void> task, int kill_at = -1);
  int steps = 0;

  bool exists(const std::string& path) const { return files.contains(path) || folders.contains(path); }
  void make_copy(const std::string& folder, const std::string& image, bool standby);
  int count(const std::string& traced) const;
  /// Place of the first such entry; -1 if there is none.
  int place(const std::string& traced) const;
  void kill_process();
  Result<Rows> answer(Server& server, const Statement& statement);

  // heir::Host
  Executor& executor() override { return executor_; }
  MonotonicTime monotonic_now() override { return now_; }
  WallTime wall_now() override { return WallTime(); }
  void random_bytes(std::span<std::byte> out) override { std::fill(out.begin(), out.end(), std::byte{0}); }
  void send(const Address&, Bytes) override {}
  Result<std::unique_ptr<Listener>> listen(const Address&) override { return {ErrorCode::refused, "none here"}; }
  void log(LogLevel, std::string_view event, std::span<const Field>) override {
    trace.push_back("log " + std::string(event));
  }
  using heir::Host::log;

 protected:
  void start_sleep(MonotonicTime at, Operation<Unit>& op) override;
  void start_receive(Operation<Message>&) override {}
  void start_connect(const Address&, Operation<Result<std::unique_ptr<Stream>>>&) override {}
  void start_read_file(const std::string& path, Operation<Result<Bytes>>& op) override;
  void start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) override;
  void start_sync_file(const std::string& path, Operation<Result<>>& op) override;
  void start_sync_directory(const std::string& path, Operation<Result<>>& op) override;
  void start_make_directory(const std::string& path, Operation<Result<>>& op) override;
  void start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) override;
  void start_remove(const std::string& path, Operation<Result<>>& op) override;
  void start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) override;
  void start_run(Program program, Operation<Result<ProgramExit>>& op) override;
  void start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) override;

 private:
  friend class Session;
  struct Pending final : OperationBase::Owner {
    explicit Pending(Host& h) : host(&h) {}
    void abandoned(OperationBase& operation) override { host->pending_.erase(operation.token()); }
    Host* host;
  };
  /// Completes `op` with `value` at the process's next step.
  template <class T>
  void later(Operation<T>& op, T value) {
    at(op, now_, std::move(value));
  }
  template <class T>
  void at(Operation<T>& op, MonotonicTime when, T value);
  ProgramExit run_program(const std::string& name, const std::vector<std::string>& arguments);
  /// The first half of what a program does, left there if the process is killed while it runs.
  void begin_program(const std::string& name, const std::vector<std::string>& arguments);
  void read_settings(Server& server);
  void remove_tree(const std::string& path);
  bool move_tree(const std::string& from, const std::string& to);

  struct Due {
    MonotonicTime when;
    std::function<void()> complete;
  };
  Executor executor_;
  MonotonicTime now_ = MonotonicTime::from_ns(1'000'000'000);
  Pending owner_{*this};
  std::map<std::uint64_t, Due> pending_;
  std::uint64_t next_ = 1;
  std::int64_t starts_ = 10;
};

}  // namespace heir::fake
