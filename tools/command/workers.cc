#include "tools/command/workers.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <new>

namespace heir::tools {

namespace {

using Clock = std::chrono::steady_clock;

volatile sig_atomic_t signal_ = 0;
void note_signal(int number) {
  signal_ = number;
}

void handle_signals() {
  struct sigaction action {};
  action.sa_handler = note_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

// ---- From worker to us: frames of a letter, a length and a text ----

constexpr char kProgress = 'P';  ///< Two numbers.
constexpr char kText = 'T';      ///< For standard output.
constexpr char kError = 'E';     ///< For standard error.
constexpr char kEnd = 'R';       ///< Status and whether it was interrupted; the last one.
constexpr char kNoMemory = 'M';

bool write_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

void send_frame(int fd, char kind, std::string_view content) {
  char head[9];
  head[0] = kind;
  const std::uint64_t size = content.size();
  std::memcpy(head + 1, &size, sizeof size);
  if (!write_all(fd, head, sizeof head) || !write_all(fd, content.data(), content.size()))
    _exit(0);  // nobody listens any more
}

int report_to_ = -1;  ///< Of this worker, for when memory is out.

[[noreturn]] void out_of_memory() {
  send_frame(report_to_, kNoMemory, {});
  _exit(0);
}

[[noreturn]] void work(const Plan& plan, const Job& job, const JobOptions& options, bool tell_progress, int fd) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  report_to_ = fd;
  std::set_new_handler(out_of_memory);
  Clock::time_point told = Clock::now();
  const ProgressSink progress = [&](sim::VirtualTime at, std::uint64_t events) {
    if (tell_progress && Clock::now() - told > std::chrono::milliseconds(100)) {
      told = Clock::now();
      const std::int64_t numbers[2] = {at.ns(), static_cast<std::int64_t>(events)};
      send_frame(fd, kProgress, std::string_view(reinterpret_cast<const char*>(numbers), sizeof numbers));
    }
    return signal_ == 0;
  };
  const Report report = execute(plan, job, options, progress);
  send_frame(fd, kText, report.text);
  send_frame(fd, kError, report.error);
  const char end[2] = {static_cast<char>(report.status), static_cast<char>(report.interrupted ? 1 : 0)};
  send_frame(fd, kEnd, std::string_view(end, sizeof end));
  _exit(0);
}

struct Worker {
  pid_t pid = 0;
  int fd = -1;
  Job job;
  std::string buffer;
  Report report;
  bool ended = false;
  bool no_memory = false;
  sim::VirtualTime at;
  std::uint64_t events = 0;
};

class Pool {
 public:
  Pool(const Plan& plan, const JobOptions& options, const WorkerOptions& worker_options, const ReportSink& sink)
      : plan_(plan), options_(options), worker_options_(worker_options), sink_(sink) {}

  std::optional<Interruption> run() {
    while (next_ < plan_.size() || !workers_.empty()) {
      if (signal_ != 0) return interrupt();
      // Reports that wait for a slow run in front of them must not pile up without bound.
      while (workers_.size() < worker_options_.workers && next_ < plan_.size() && waiting_.size() < most_waiting &&
             signal_ == 0)
        start();
      listen(-1);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t most_waiting = 4096;

  void start() {
    int ends[2];
    if (::pipe(ends) != 0) return fail_to_start("cannot make a pipe");
    const pid_t pid = ::fork();
    if (pid < 0) {
      ::close(ends[0]);
      ::close(ends[1]);
      return fail_to_start("cannot start a process");
    }
    const Job job = plan_.job(next_);
    if (pid == 0) {
      for (const Worker& other : workers_) ::close(other.fd);
      ::close(ends[0]);
      work(plan_, job, options_, worker_options_.progress != nullptr, ends[1]);
    }
    ::close(ends[1]);
    Worker worker;
    worker.pid = pid;
    worker.fd = ends[0];
    worker.job = job;
    workers_.push_back(std::move(worker));
    ++next_;
  }

  void fail_to_start(const char* what) {
    const std::string cause = std::string(what) + ": " + std::strerror(errno);
    if (!workers_.empty()) {
      worker_options_limit();
      return;
    }
    const Job job = plan_.job(next_++);
    hand_over(job, lost_run(plan_, job, options_, Exit::no_verdict, cause));
  }
  /// The machine has no room for more processes than there are.
  void worker_options_limit() { worker_options_.workers = static_cast<unsigned>(workers_.size()); }

  /// Waits for news of any worker.
  void listen(int timeout_ms) {
    std::vector<pollfd> polled;
    for (const Worker& worker : workers_) polled.push_back({worker.fd, POLLIN, 0});
    if (polled.empty() || ::poll(polled.data(), polled.size(), timeout_ms) <= 0) return;
    for (std::size_t i = polled.size(); i-- > 0;)
      if (polled[i].revents != 0 && !read(workers_[i])) {
        finish(workers_[i]);
        workers_.erase(workers_.begin() + static_cast<std::ptrdiff_t>(i));
      }
  }

  /// False at the end of what it has to say.
  bool read(Worker& worker) {
    char bytes[65536];
    const ssize_t n = ::read(worker.fd, bytes, sizeof bytes);
    if (n < 0) return errno == EINTR;
    if (n == 0) return false;
    worker.buffer.append(bytes, static_cast<std::size_t>(n));
    std::size_t at = 0;
    while (worker.buffer.size() - at >= 9) {
      std::uint64_t size = 0;
      std::memcpy(&size, worker.buffer.data() + at + 1, sizeof size);
      if (worker.buffer.size() - at - 9 < size) break;
      take(worker, worker.buffer[at], std::string_view(worker.buffer).substr(at + 9, size));
      at += 9 + size;
    }
    worker.buffer.erase(0, at);
    return true;
  }

  void take(Worker& worker, char kind, std::string_view content) {
    if (kind == kText) worker.report.text = content;
    if (kind == kError) worker.report.error = content;
    if (kind == kNoMemory) worker.no_memory = true;
    if (kind == kEnd) {
      worker.ended = true;
      worker.report.status = static_cast<Exit>(content[0]);
      worker.report.interrupted = content[1] != 0;
    }
    if (kind == kProgress) {
      std::int64_t numbers[2];
      std::memcpy(numbers, content.data(), sizeof numbers);
      worker.at = sim::VirtualTime::from_ns(numbers[0]);
      worker.events = static_cast<std::uint64_t>(numbers[1]);
      if (worker_options_.progress)
        worker_options_.progress(handed_over_ + waiting_.size(), worker.job, worker.at, worker.events);
    }
  }

  void finish(Worker& worker) {
    ::close(worker.fd);
    int status = 0;
    while (::waitpid(worker.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (worker.report.interrupted) {
      interrupted_.push_back(worker.report.error);
      return;
    }
    if (!worker.ended) {
      if (worker.no_memory || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)) {
        worker.report = lost_run(plan_, worker.job, options_, Exit::no_verdict,
                                 worker.no_memory ? "out of memory" : "the run was killed; out of memory?");
      } else {
        const std::string how =
            WIFSIGNALED(status)
                ? std::string("the run died of signal ") + std::to_string(WTERMSIG(status)) + " (" +
                      strsignal(WTERMSIG(status)) + ")"
                : "the run ended with status " + std::to_string(WEXITSTATUS(status)) + " and said nothing";
        worker.report = lost_run(plan_, worker.job, options_, Exit::internal, how);
      }
    }
    hand_over(worker.job, std::move(worker.report));
  }

  void hand_over(const Job& job, Report report) {
    waiting_.emplace(job.index, std::move(report));
    for (auto first = waiting_.begin(); first != waiting_.end() && first->first == handed_over_;
         first = waiting_.begin()) {
      Report next = std::move(first->second);
      waiting_.erase(first);
      sink_(plan_.job(handed_over_), std::move(next));
      ++handed_over_;
    }
  }

  Interruption interrupt() {
    for (const Worker& worker : workers_) ::kill(worker.pid, SIGINT);
    // A run looks up every few milliseconds; one that is being judged may not.
    const auto patience = Clock::now() + std::chrono::seconds(2);
    while (!workers_.empty() && Clock::now() < patience) listen(100);
    for (Worker& worker : workers_) {
      ::kill(worker.pid, SIGKILL);
      ::close(worker.fd);
      ::waitpid(worker.pid, nullptr, 0);
      interrupted_.push_back("interrupted while it was judged: " + worker.job.file->path + ", seed " +
                             std::to_string(worker.job.seed));
    }
    workers_.clear();
    return {signal_, interrupted_};
  }

  const Plan& plan_;
  const JobOptions& options_;
  WorkerOptions worker_options_;
  const ReportSink& sink_;
  std::vector<Worker> workers_;
  std::size_t next_ = 0;
  std::map<std::size_t, Report> waiting_;  ///< For those before them.
  std::size_t handed_over_ = 0;
  std::vector<std::string> interrupted_;
};

}  // namespace

std::optional<Interruption> run_all(const Plan& plan, const JobOptions& options, const WorkerOptions& worker_options,
                                    const ReportSink& sink) {
  handle_signals();
  return Pool(plan, options, worker_options, sink).run();
}

}  // namespace heir::tools
