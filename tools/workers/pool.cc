#include "tools/workers/pool.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "tools/workers/nursery.h"
#include "tools/workers/socket.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int tick_ms = 100;
constexpr std::chrono::seconds patience_at_end(
    2);  ///< A run looks up every few milliseconds; one that is judged may not.

struct Worker {
  std::uint64_t number = 0;
  std::optional<Task> task;
  bool leaves = false;
  bool was_stuck = false;
  unsigned tasks_done = 0;
  TaskProgress progress;
  Clock::time_point began;
  Clock::time_point last_progress;
};

class Pool {
 public:
  Pool(const PoolOptions& options, PoolOwner& owner, Nursery nursery, Socket socket)
      : options_(options), owner_(owner), nursery_(std::move(nursery)), socket_(std::move(socket)) {}

  Result<PoolEnd> run() {
    while (noted_signal() == 0) {
      if (nursery_.is_gone()) return Error{ErrorCode::failed, "the process that starts workers was killed"};
      if (const Result<> filled = fill(); !filled) return filled.error();
      if (!any_busy()) break;
      socket_.wait(tick_ms, nursery_.descriptor());
      take_messages();
      tick();
    }
    if (noted_signal() != 0) interrupt();
    return end_;
  }

 private:
  bool any_busy() const {
    return std::any_of(workers_.begin(), workers_.end(), [](const Worker& worker) { return worker.task.has_value(); });
  }

  void give(Worker& worker, const Task& task) {
    begin(worker, task);
    std::string message(1, message_task);
    message.append(reinterpret_cast<const char*>(&task), sizeof task);
    socket_.send(Nursery::name_of(worker.number), message);
  }

  static Duration since(Clock::time_point began) {
    return Duration::nanoseconds(std::chrono::nanoseconds(Clock::now() - began).count());
  }

  static void begin(Worker& worker, const Task& task) {
    worker.task = task;
    worker.progress = {};
    worker.began = worker.last_progress = Clock::now();
  }

  /// A task for every worker without one, and as many workers as there may be, while there are tasks.
  Result<> fill() {
    if (not_begun_) return *not_begun_;
    for (Worker& worker : workers_) {
      if (worker.task || worker.leaves) continue;
      const std::optional<Task> task = next();
      if (!task) return {};
      give(worker, *task);
    }
    while (count_staying() < most_workers_) {
      const std::optional<Task> task = next();
      if (!task) return {};
      if (const Result<> started = start(*task); !started) {
        if (count_staying() == 0) return started;
        // The machine has no room for more processes than there are.
        most_workers_ = static_cast<unsigned>(count_staying());
        postponed_ = task;
      }
    }
    return {};
  }

  std::optional<Task> next() {
    std::optional<Task> task = std::exchange(postponed_, std::nullopt);
    return task ? task : owner_.next();
  }

  std::size_t count_staying() const {
    return static_cast<std::size_t>(
        std::count_if(workers_.begin(), workers_.end(), [](const Worker& worker) { return !worker.leaves; }));
  }

  Result<> start(const Task& task) {
    Worker worker;
    worker.number = ++last_number_;
    if (const Result<> started = nursery_.start(worker.number, task); !started) return started;
    begin(worker, task);
    workers_.push_back(worker);
    return {};
  }

  Worker* named(const std::string& name) {
    for (Worker& worker : workers_)
      if (Nursery::name_of(worker.number) == name) return &worker;
    return nullptr;
  }

  void take_messages() {
    std::string name, message;
    while (socket_.receive_from(name, message)) {
      Worker* worker = named(name);
      if (!worker || message.empty()) continue;  // of one that was reported lost
      if (message[0] == message_progress) note_progress(*worker, message);
      if (message[0] == message_answer || message[0] == message_interrupted) note_answer(*worker, message);
    }
  }

  void note_progress(Worker& worker, const std::string& message) {
    TaskProgress progress;
    if (!worker.task || message.size() != 1 + sizeof progress) return;
    std::memcpy(&progress, message.data() + 1, sizeof progress);
    if (progress.at_ns > worker.progress.at_ns) worker.last_progress = Clock::now();
    worker.progress = progress;
    owner_.at(*worker.task, progress);
  }

  void note_answer(Worker& worker, const std::string& message) {
    std::uint64_t memory = 0;
    if (!worker.task || message.size() < 1 + sizeof memory) return;
    std::memcpy(&memory, message.data() + 1, sizeof memory);
    end_.peak_memory_bytes = std::max(end_.peak_memory_bytes, memory);
    const bool too_big = options_.most_memory > 0 && memory > options_.most_memory;
    // Somebody interrupted this worker alone.
    const bool poisoned = message[0] == message_interrupted && noted_signal() == 0;
    if (++worker.tasks_done >= options_.tasks_per_process || too_big || poisoned) {
      worker.leaves = true;
      socket_.send(Nursery::name_of(worker.number), std::string(1, message_leave));
    }
    const Task task = *std::exchange(worker.task, std::nullopt);
    if (poisoned)
      owner_.done({task, {}, Lost{Lost::Cause::killed, "somebody interrupted the process"}, since(worker.began)});
    else
      owner_.done({task, message.substr(1 + sizeof memory), std::nullopt, since(worker.began)});
    if (!worker.leaves && noted_signal() == 0)
      if (const std::optional<Task> another = next()) give(worker, *another);
  }

  void tick() {
    reap();
    const Clock::time_point now = Clock::now();
    // This process was stopped for a while, and with it, most likely, its workers: their silence says nothing.
    if (last_tick_ != Clock::time_point() && now - last_tick_ > std::chrono::seconds(1))
      for (Worker& worker : workers_) worker.last_progress = now;
    if (options_.patience)
      for (Worker& worker : workers_)
        if (worker.task && !worker.was_stuck &&
            now - worker.last_progress > std::chrono::nanoseconds(options_.patience->ns())) {
          worker.was_stuck = true;
          nursery_.signal(worker.number, SIGKILL);
        }
    if (now - last_tick_ < std::chrono::milliseconds(tick_ms)) return;
    last_tick_ = now;
    owner_.tick();
  }

  /// Those that have ended.
  void reap() {
    for (const Nursery::Ended& ended : nursery_.ended()) {
      Worker* const known = named(Nursery::name_of(ended.worker));
      if (!known) continue;
      known->leaves = true;
      take_messages();  // what it said before counts
      const Worker worker = *known;
      std::erase_if(workers_, [&](const Worker& each) { return each.number == ended.worker; });
      if (!worker.task) continue;
      if (WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == status_not_begun) {
        not_begun_ =
            Error{ErrorCode::failed, "a worker process cannot begin" + (ended.words.empty() ? "" : ": " + ended.words)};
        continue;
      }
      owner_.done({*worker.task, {}, why_lost(worker, ended.status, ended.words), since(worker.began)});
    }
  }

  static std::string how_ended(int status) {
    if (WIFSIGNALED(status))
      return "the run died of signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
    return "the run ended with status " + std::to_string(WEXITSTATUS(status)) + " and said nothing";
  }

  Lost why_lost(const Worker& worker, int status, const std::string& words) const {
    if (worker.was_stuck)
      return {Lost::Cause::stuck, "no progress for " + to_string(*options_.patience) + " of real time, at " +
                                      to_string(Duration::nanoseconds(worker.progress.at_ns)) + ", event " +
                                      std::to_string(worker.progress.events)};
    if (WIFEXITED(status) && WEXITSTATUS(status) == status_out_of_memory)
      return {Lost::Cause::out_of_memory, "out of memory"};
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      return {Lost::Cause::killed, "the run was killed; out of memory?"};
    return {Lost::Cause::crashed, how_ended(status) + (words.empty() ? "" : ": " + words)};
  }

  void interrupt() {
    end_.signal = noted_signal();
    for (const Worker& worker : workers_)
      if (worker.task) nursery_.signal(worker.number, SIGINT);
    const Clock::time_point last = Clock::now() + patience_at_end;
    while (any_busy() && Clock::now() < last && !nursery_.is_gone()) {
      socket_.wait(tick_ms, nursery_.descriptor());
      take_messages();
      reap();
    }
    for (const Worker& worker : workers_)
      if (worker.task) end_.given_up.push_back(*worker.task);
  }

  const PoolOptions& options_;
  PoolOwner& owner_;
  Nursery nursery_;
  Socket socket_;
  unsigned most_workers_ = options_.workers;
  std::vector<Worker> workers_;
  std::optional<Task> postponed_;
  std::optional<Error> not_begun_;  ///< Of a worker that could not reach us.
  std::uint64_t last_number_ = 0;
  Clock::time_point last_tick_;
  PoolEnd end_;
};

}  // namespace

Result<PoolEnd> run_pool(const PoolOptions& options, const Work& work, PoolOwner& owner) {
  prepare_signals();
  Result<SocketFolder> folder = SocketFolder::make();
  if (!folder) return folder.error();
  // Before the socket, which has threads.
  Result<Nursery> nursery = Nursery::begin(folder->address(), options.keep_errors, work);
  if (!nursery) return nursery.error();
  Result<Socket> socket = Socket::listen(folder->address());
  if (!socket) return socket.error();
  return Pool(options, owner, std::move(*nursery), std::move(*socket)).run();
}

}  // namespace heir::tools
