// A small Host for conformance tests: POSIX files, fork and exec, libpq; one thread. All but sleeps and programs
// blocks. Not a program's Host: it has no messages and no streams.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/host.h"

namespace heir::conformance {

class RealHost final : public Host {
 public:
  /// Programs that run longer than `program_limit` are killed and reported.
  explicit RealHost(Duration program_limit);
  ~RealHost() override;

  /// Runs the task to its end, sleeping in between. False if `limit` passed first; the task is then destroyed.
  bool run_to_end(Task<void> task, Duration limit);

  Executor& executor() override { return executor_; }
  MonotonicTime monotonic_now() override;
  WallTime wall_now() override;
  void random_bytes(std::span<std::byte> out) override;
  void send(const Address& to, Bytes payload) override;
  Result<std::unique_ptr<Listener>> listen(const Address& at) override;
  void log(LogLevel level, std::string_view event, std::span<const Field> fields) override;
  using Host::log;

 protected:
  void start_sleep(MonotonicTime at, Operation<Unit>& op) override;
  void start_receive(Operation<Message>& op) override;
  void start_connect(const Address& to, Operation<Result<std::unique_ptr<Stream>>>& op) override;
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
  class Timers final : public OperationBase::Owner {
   public:
    void abandoned(OperationBase& operation) override;
    std::map<std::pair<MonotonicTime, std::uint64_t>, Operation<Unit>*> pending;
    std::map<std::uint64_t, MonotonicTime> due;
    std::uint64_t next = 1;
  };
  /// Programs that run, with what they have said so far.
  class Programs final : public OperationBase::Owner {
   public:
    struct Running {
      int process;
      int output;
      MonotonicTime give_up;
      ProgramExit exit;
      Operation<Result<ProgramExit>>* operation;  ///< Null once abandoned; the program goes on.
    };
    void abandoned(OperationBase& operation) override;
    std::vector<Running> running;
  };
  /// Waits for programs to say something or to end, and for `until` at the longest.
  void wait_for_programs(MonotonicTime until);

  Executor executor_;
  Timers timers_;
  Programs programs_;
  Duration program_limit_;
};

}  // namespace heir::conformance
