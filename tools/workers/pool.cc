#include "tools/workers/pool.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tools/workers/socket.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int tick_ms = 100;
constexpr std::chrono::seconds patience_at_end(
    2);  ///< A run looks up every few milliseconds; one that is judged may not.

struct Worker {
  pid_t pid = 0;
  std::string name;
  int errors = -1;  ///< A file in memory of what it says on standard error; -1: it shares ours.
  std::optional<Task> task;
  bool leaves = false;
  bool was_stuck = false;
  unsigned tasks_done = 0;
  TaskProgress progress;
  Clock::time_point last_progress;
};

class Pool {
 public:
  Pool(const PoolOptions& options, const Work& work, PoolOwner& owner, SocketFolder folder, Socket socket)
      : options_(options), work_(work), owner_(owner), folder_(std::move(folder)), socket_(std::move(socket)) {}

  Result<PoolEnd> run() {
    while (noted_signal() == 0) {
      if (const Result<> filled = fill(); !filled) {
        end_all();
        return filled.error();
      }
      if (!any_busy()) break;
      socket_.wait(tick_ms);
      take_messages();
      tick();
    }
    if (noted_signal() != 0) interrupt();
    end_all();
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
    socket_.send(worker.name, message);
  }

  static void begin(Worker& worker, const Task& task) {
    worker.task = task;
    worker.progress = {};
    worker.last_progress = Clock::now();
  }

  /// A task for every worker without one, and as many workers as there may be, while there are tasks.
  Result<> fill() {
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
    return not_begun_ ? Result<>(*not_begun_) : Result<>();
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
    worker.name = "worker" + std::to_string(++last_name_);
    if (options_.keep_errors) worker.errors = ::memfd_create("errors", MFD_CLOEXEC);
    const pid_t self = ::getpid();
    worker.pid = ::fork();
    if (worker.pid < 0) {
      const int why = errno;
      if (worker.errors >= 0) ::close(worker.errors);
      return Error{ErrorCode::failed, std::string("cannot start a process: ") + std::strerror(why)};
    }
    if (worker.pid == 0) {
      if (worker.errors >= 0) ::dup2(worker.errors, STDERR_FILENO);
      be_worker(folder_.address(), worker.name, self, task, work_);
    }
    begin(worker, task);
    workers_.push_back(std::move(worker));
    return {};
  }

  Worker* named(const std::string& name) {
    for (Worker& worker : workers_)
      if (worker.name == name) return &worker;
    return nullptr;
  }

  void take_messages() {
    std::string name, message;
    while (socket_.receive_from(name, message)) {
      Worker* worker = named(name);
      if (!worker || message.empty()) continue;  // of one that was reported lost
      if (message[0] == message_progress) note_progress(*worker, message);
      if (message[0] == message_answer) note_answer(*worker, message);
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
    if (++worker.tasks_done >= options_.tasks_per_process || too_big) {
      worker.leaves = true;
      socket_.send(worker.name, std::string(1, message_leave));
    }
    const Task task = *std::exchange(worker.task, std::nullopt);
    owner_.done({task, message.substr(1 + sizeof memory), std::nullopt});
    if (!worker.leaves && noted_signal() == 0)
      if (const std::optional<Task> another = next()) give(worker, *another);
  }

  void tick() {
    reap();
    const Clock::time_point now = Clock::now();
    if (options_.patience)
      for (Worker& worker : workers_)
        if (worker.task && !worker.was_stuck &&
            now - worker.last_progress > std::chrono::nanoseconds(options_.patience->ns())) {
          worker.was_stuck = true;
          ::kill(worker.pid, SIGKILL);
        }
    if (now - last_tick_ < std::chrono::milliseconds(tick_ms)) return;
    last_tick_ = now;
    owner_.tick();
  }

  /// Those that have ended.
  void reap() {
    for (std::size_t i = workers_.size(); i-- > 0;) {
      int status = 0;
      if (::waitpid(workers_[i].pid, &status, WNOHANG) == 0) continue;
      workers_[i].leaves = true;
      take_messages();  // what it said before counts
      Worker worker = std::move(workers_[i]);
      workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
      const std::string words = first_line(worker);
      if (!worker.task) continue;
      if (WIFEXITED(status) && WEXITSTATUS(status) == status_not_begun) {
        not_begun_ = Error{ErrorCode::failed, "a worker process cannot begin" + (words.empty() ? "" : ": " + words)};
        continue;
      }
      owner_.done({*worker.task, {}, why_lost(worker, status, words)});
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

  /// The first line that it said on standard error, if that was kept.
  static std::string first_line(const Worker& worker) {
    if (worker.errors < 0) return {};
    char text[1024];
    const ssize_t size = ::pread(worker.errors, text, sizeof text, 0);
    ::close(worker.errors);
    const std::string_view words(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    return std::string(words.substr(0, words.find('\n')));
  }

  void interrupt() {
    end_.signal = noted_signal();
    for (const Worker& worker : workers_)
      if (worker.task) ::kill(worker.pid, SIGINT);
    const Clock::time_point last = Clock::now() + patience_at_end;
    while (any_busy() && Clock::now() < last) {
      socket_.wait(tick_ms);
      take_messages();
      reap();
    }
    for (const Worker& worker : workers_)
      if (worker.task) end_.given_up.push_back(*worker.task);
  }

  void end_all() {
    for (const Worker& worker : workers_) ::kill(worker.pid, SIGKILL);
    for (const Worker& worker : workers_) {
      while (::waitpid(worker.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
      if (worker.errors >= 0) ::close(worker.errors);
    }
    workers_.clear();
  }

  const PoolOptions& options_;
  const Work& work_;
  PoolOwner& owner_;
  SocketFolder folder_;
  Socket socket_;
  unsigned most_workers_ = options_.workers;
  std::vector<Worker> workers_;
  std::optional<Task> postponed_;
  std::optional<Error> not_begun_;  ///< Of a worker that could not reach us.
  std::uint64_t last_name_ = 0;
  Clock::time_point last_tick_;
  PoolEnd end_;
};

}  // namespace

Result<PoolEnd> run_pool(const PoolOptions& options, const Work& work, PoolOwner& owner) {
  prepare_signals();
  Result<SocketFolder> folder = SocketFolder::make();
  if (!folder) return folder.error();
  Result<Socket> socket = Socket::listen(folder->address());
  if (!socket) return socket.error();
  return Pool(options, work, owner, std::move(*folder), std::move(*socket)).run();
}

}  // namespace heir::tools
