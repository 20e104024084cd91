#include "tools/workers/nursery.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

/// To the nursery; each one packet.
struct Request {
  enum class Kind { start, signal } kind = Kind::start;
  std::uint64_t worker = 0;
  Task task;
  int signal = 0;
};

constexpr std::size_t most_words = 1024;

Error failure(const char* what) {
  return Error{ErrorCode::failed, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

/// From the nursery; each one packet.
struct Nursery::Reply {
  enum class Kind { started, not_started, ended } kind = Kind::started;
  std::uint64_t worker = 0;
  int status = 0;  ///< Of waitpid; of one that was not started, errno.
  char words[most_words] = {};
};

namespace {

/// What the process of the nursery does.
class Keeper {
 public:
  Keeper(int socket, std::string address, bool keep_errors, const Work& work)
      : socket_(socket), address_(std::move(address)), keep_errors_(keep_errors), work_(work) {}

  template <class Reply>
  [[noreturn]] void run() {
    // What the pool decides is not for us to decide.
    ::signal(SIGINT, SIG_IGN);
    ::signal(SIGTERM, SIG_IGN);
    ::signal(SIGHUP, SIG_IGN);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, &mask_);
    const int ends = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    for (;;) {
      pollfd waits[] = {{socket_, POLLIN, 0}, {ends, POLLIN, 0}};
      ::poll(waits, 2, -1);
      signalfd_siginfo ignored;
      while (::read(ends, &ignored, sizeof ignored) > 0) {
      }
      tell_of_ended<Reply>();
      if (waits[0].revents == 0) continue;
      Request request;
      const ssize_t size = ::recv(socket_, &request, sizeof request, 0);
      if (size < 0 && errno == EINTR) continue;
      if (size != sizeof request) end_all();  // the pool is gone
      if (request.kind == Request::Kind::start) start<Reply>(request);
      if (request.kind == Request::Kind::signal)
        for (const Child& each : children_)
          if (each.worker == request.worker) ::kill(each.pid, request.signal);
    }
  }

 private:
  struct Child {
    std::uint64_t worker = 0;
    pid_t pid = 0;
    int errors = -1;  ///< A file in memory of what it says on standard error; -1: it shares ours.
  };

  template <class Reply>
  void start(const Request& request) {
    Child made{request.worker, 0, keep_errors_ ? ::memfd_create("errors", MFD_CLOEXEC) : -1};
    const pid_t self = ::getpid();
    made.pid = ::fork();
    Reply reply;
    reply.worker = request.worker;
    if (made.pid == 0) {
      if (made.errors >= 0) ::dup2(made.errors, STDERR_FILENO);
      ::close(socket_);
      prepare_signals();
      ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
      be_worker(address_, Nursery::name_of(request.worker), self, request.task, work_);
    }
    if (made.pid < 0) {
      reply.kind = Reply::Kind::not_started;
      reply.status = errno;
      if (made.errors >= 0) ::close(made.errors);
    } else {
      children_.push_back(made);
    }
    send(reply);
  }

  template <class Reply>
  void tell_of_ended() {
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto child =
          std::find_if(children_.begin(), children_.end(), [pid](const Child& each) { return each.pid == pid; });
      if (child == children_.end()) continue;
      Reply reply;
      reply.kind = Reply::Kind::ended;
      reply.worker = child->worker;
      reply.status = status;
      if (child->errors >= 0) {
        const ssize_t size = ::pread(child->errors, reply.words, sizeof reply.words - 1, 0);
        reply.words[std::max<ssize_t>(size, 0)] = '\0';
        if (char* const line_end = std::strchr(reply.words, '\n')) *line_end = '\0';
        ::close(child->errors);
      }
      children_.erase(child);
      send(reply);
    }
  }

  template <class Reply>
  void send(const Reply& reply) {
    while (::send(socket_, &reply, sizeof reply, MSG_NOSIGNAL) < 0)
      if (errno != EINTR) end_all();
  }

  [[noreturn]] void end_all() {
    for (const Child& each : children_) ::kill(each.pid, SIGKILL);
    for (const Child& each : children_)
      while (::waitpid(each.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    ::_exit(0);
  }

  int socket_;
  std::string address_;
  bool keep_errors_;
  const Work& work_;
  sigset_t mask_{};
  std::vector<Child> children_;
};

}  // namespace

Result<Nursery> Nursery::begin(const std::string& address, bool keep_errors, const Work& work) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return failure("cannot make a socket");
  const pid_t self = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) {
    const Error error = failure("cannot start a process");
    for (const int end : ends) ::close(end);
    return error;
  }
  if (process == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != self) ::_exit(0);  // it was too late for that
    ::close(ends[0]);
    Keeper(ends[1], address, keep_errors, work).run<Reply>();
  }
  ::close(ends[1]);
  return Nursery(ends[0], process);
}

Nursery::Nursery(Nursery&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      process_(std::exchange(other.process_, 0)),
      is_gone_(other.is_gone_),
      ended_(std::move(other.ended_)) {}

Nursery::~Nursery() {
  if (process_ == 0) return;
  ::close(socket_);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<> Nursery::start(std::uint64_t worker, const Task& task) {
  Request request;
  request.worker = worker;
  request.task = task;
  while (::send(socket_, &request, sizeof request, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return failure("the process that starts workers is gone");
  for (;;) {
    const std::optional<Reply> reply = next_reply(true);
    if (!reply) return Error{ErrorCode::failed, "the process that starts workers is gone"};
    if (reply->kind == Reply::Kind::started) return {};
    if (reply->kind == Reply::Kind::not_started)
      return Error{ErrorCode::failed, std::string("cannot start a process: ") + std::strerror(reply->status)};
    ended_.push_back({reply->worker, reply->status, reply->words});
  }
}

void Nursery::signal(std::uint64_t worker, int number) {
  Request request;
  request.kind = Request::Kind::signal;
  request.worker = worker;
  request.signal = number;
  while (::send(socket_, &request, sizeof request, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

std::vector<Nursery::Ended> Nursery::ended() {
  while (const std::optional<Reply> reply = next_reply(false))
    ended_.push_back({reply->worker, reply->status, reply->words});
  return std::exchange(ended_, {});
}

std::optional<Nursery::Reply> Nursery::next_reply(bool waits) {
  Reply reply;
  ssize_t size = -1;
  do size = ::recv(socket_, &reply, sizeof reply, waits ? 0 : MSG_DONTWAIT);
  while (size < 0 && errno == EINTR);
  is_gone_ = is_gone_ || size == 0 || (size < 0 && errno != EAGAIN);
  if (size != sizeof reply) return std::nullopt;
  return reply;
}

}  // namespace heir::tools
