// SimHost: the engine's Host, for one simulated process.
//
// Everything waits through the process as gate: paused, no coroutine of it runs. The ready queue is run after each
// event that the process handles, in the same kernel event. Frames destroyed while an operation is pending abandon it;
// what was asked of the world still happens. File operations other than syncs take no virtual time. SQL sessions speak
// sql_protocol.h.
//
// random_bytes comes from a stream of (machine, process name, pid). Log lines go to the machine's sink and into the
// trace hash. connect() and open_session() that do not come about answer `unreachable` and how: "refused", "timed out",
// "reset".
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/host.h"
#include "sim/process/machine.h"

namespace heir::sim {

class SimStream;
class SimListener;
class SimSession;

/// The main of a program written against Host. The process exits with status 0 when it returns. Called once. It must be
/// a function that is a coroutine, or an object that calls one: never a coroutine itself with captures.
using HostMain = std::function<Task<void>(Host&)>;

/// Starts `main` in `process` (which has no body yet), with `inbox` as where its datagrams come in. The first part of
/// main runs in an event of its own, at the present instant. Bound already: the process logs it and exits with
/// status 1.
void run_main(Process& process, AddressId inbox, HostMain main);

/// The Host of a process that was started by run_main; null for others. For tests and the world.
Host* host_of(Process& process);

class SimHost final : public Host,
                      private EventTarget,
                      private DatagramHandler,
                      private DiskHandler,
                      private TimerHandler,
                      private OperationBase::Owner {
 public:
  SimHost(Process& process, AddressId inbox);
  ~SimHost() override;

  /// Binds the inbox.
  Result<> open_inbox();

  Executor& executor() override { return executor_; }
  MonotonicTime monotonic_now() override { return process_.clock().monotonic(); }
  WallTime wall_now() override { return process_.clock().wall(); }
  void random_bytes(std::span<std::byte> out) override;
  void send(const Address& to, Bytes payload) override;
  Result<std::unique_ptr<Listener>> listen(const Address& at) override;
  using Host::log;
  void log(LogLevel level, std::string_view event, std::span<const Field> fields) override;

 private:
  friend class SimStream;
  friend class SimListener;
  friend class SimSession;
  class ProcessExecutor final : public Executor {
   public:
    explicit ProcessExecutor(Process& process) : process_(process) {}

   private:
    void woken() override;
    Process& process_;
    std::uint64_t woken_at_ =
        UINT64_MAX;  ///< The event in which the process was asked to wake, so as not to ask twice.
  };
  /// An operation that waits for the clock, the disk or a program.
  struct Waiting {
    enum class Kind : std::uint8_t { none, sleep, io, sync, program } kind = Kind::none;
    OperationBase* operation = nullptr;
    TimerId timer;
    RunId run;
    std::uint32_t generation = 0;
    std::uint32_t next_free = UINT32_MAX;
    std::unique_ptr<ProgramExit> exit;
    std::function<void()> io;  ///< Carries it out, and completes the operation.
  };

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

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  void on_timer(std::uint64_t cookie) override;
  void on_disk_done(std::uint64_t cookie, Result<> result) override;
  void on_datagram(AddressId from, AddressId to, Bytes payload) override;
  void abandoned(OperationBase& operation) override;
  void program_ended(std::uint64_t token, const ProgramExit& exit);

  std::uint64_t wait(Waiting::Kind kind, OperationBase& operation);
  void wait_until(MonotonicTime at, std::uint64_t token);
  /// Carries out a read or a change of files, once it has taken its time.
  template <class T, class Act>
  void after(Duration time, Operation<T>& op, Act act);
  /// The operation behind a token, taken out; null if it was abandoned.
  OperationBase* take(std::uint64_t token, std::unique_ptr<ProgramExit>* exit = nullptr);
  Result<AddressId> resolve(const Address& address);
  const Address& address_text(AddressId id);

  Process& process_;
  AddressId inbox_;
  ProcessExecutor executor_;
  std::optional<RandomStream> random_;
  std::deque<Message> messages_;
  std::vector<Operation<Message>*> receivers_;  ///< Those who wait, in their order.
  std::vector<Waiting> waiting_;
  std::uint32_t free_waiting_ = UINT32_MAX;
  std::vector<std::pair<AddressId, Address>> addresses_;  ///< Few: looked through from the front.
  std::shared_ptr<SimHost*> self_;                        ///< What outlives this host holds it weakly.
};

}  // namespace heir::sim
