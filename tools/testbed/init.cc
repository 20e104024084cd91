#include "tools/testbed/init.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>

#include "tools/testbed/init_protocol.h"

namespace heir::testbed {

namespace {

// The init is cloned from a process that may have threads, whose locks it can never take: below, nothing allocates
// memory, throws or asserts.

constexpr int kControl = 3;

pid_t clone_process(unsigned long flags) {
  return static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

bool tell(InitReply::Kind kind, pid_t process, int number, const char* step = "") {
  InitReply reply;
  reply.kind = kind;
  reply.process = process;
  reply.number = number;
  std::strncpy(reply.step, step, sizeof reply.step - 1);
  return ::send(kControl, &reply, sizeof reply, MSG_NOSIGNAL) == sizeof reply;
}

[[noreturn]] void give_up(const char* step) {
  tell(InitReply::Kind::failed, 0, errno, step);
  ::_exit(1);
}

void set_up(const InitPlan& plan) {
  ::setsid();  // A terminal's ^C is for the harness.
  ::prctl(PR_SET_NAME, "heir-host");
  const int nothing = ::open("/dev/null", O_RDWR);
  if (nothing < 0) give_up("/dev/null");
  for (const int each : {0, 1, 2}) ::dup2(nothing, each);
  if (::chdir("/") != 0) give_up("chdir /");
  if (::sethostname(plan.name.data(), plan.name.size()) != 0) give_up("sethostname");
  // Private: no mount of the host shows on the machine.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("making mounts private");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) give_up("mounting /proc");
  if (::mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") != 0) give_up("mounting /dev/shm");
  if (plan.mount && ::mount("heir-disk", plan.mount->to.c_str(), "fuse.heir-disk", MS_NOSUID | MS_NODEV,
                            plan.mount->options.c_str()) != 0)
    give_up(plan.mount->to.c_str());
  // Whatever else the harness has open: a host that held another one's control socket, or its own disk's device, would
  // keep that one alive.
  if (::close_range(kControl + 1, ~0U, 0) != 0) give_up("close_range");
  for (const Bind& bind : plan.binds) {
    if (::mount(bind.from.c_str(), bind.to.c_str(), nullptr, MS_BIND, nullptr) != 0) give_up(bind.to.c_str());
  }
}

alignas(InitRequest) std::array<char, most_request_bytes> request_bytes;
std::array<char*, most_texts + 2> texts;

/// Programs that were run and have not ended. Orphans of theirs end unseen.
std::array<pid_t, 4096> programs;

struct Descriptors {
  std::array<int, 3> number{-1, -1, -1};
};

[[noreturn]] void become(const InitRequest& request, const Descriptors& given, int failure) {
  const auto fail = [failure] {
    const int number = errno;
    // Nobody could do anything about it.
    [[maybe_unused]] const auto written = ::write(failure, &number, sizeof number);
    ::_exit(127);
  };
  ::setsid();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  for (int each = 0; each < 3; ++each) {
    if (::dup2(given.number[static_cast<std::size_t>(each)], each) < 0) fail();
  }
  // Not by the C library, which would wait until all threads of the harness had done it too: here there are none.
  if (request.group >= 0) {
    const auto group = static_cast<gid_t>(request.group);
    if (::syscall(SYS_setgroups, 1, &group) != 0 || ::syscall(SYS_setresgid, group, group, group) != 0) fail();
  }
  if (request.user >= 0) {
    const auto user = static_cast<uid_t>(request.user);
    if (::syscall(SYS_setresuid, user, user, user) != 0) fail();
  }
  if (::chdir(texts[0]) != 0) fail();
  char** arguments = texts.data() + 1;
  char** environment = arguments + request.arguments + 1;
  ::execvpe(arguments[0], arguments, environment);
  fail();
  ::_exit(127);
}

void run(const InitRequest& request, const Descriptors& given) {
  const auto place = std::find(programs.begin(), programs.end(), 0);
  std::array<int, 2> failure{};
  if (place == programs.end()) return void(tell(InitReply::Kind::failed, 0, EAGAIN, "too many programs"));
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) return void(tell(InitReply::Kind::failed, 0, errno, "pipe"));
  const pid_t process = clone_process(0);
  if (process == 0) become(request, given, failure[1]);
  const int cloned = errno;
  ::close(failure[1]);
  if (process < 0) {
    ::close(failure[0]);
    return void(tell(InitReply::Kind::failed, 0, cloned, "clone"));
  }
  // An exec takes as long as a disk may; the harness may be gone before.
  std::array<pollfd, 2> waits{pollfd{failure[0], POLLIN, 0}, pollfd{kControl, 0, 0}};
  do ::poll(waits.data(), waits.size(), -1);
  while (waits[0].revents == 0 && waits[1].revents == 0);
  if (waits[0].revents == 0) ::_exit(0);
  int number = 0;
  const ssize_t length = ::read(failure[0], &number, sizeof number);
  ::close(failure[0]);
  if (length == sizeof number) return void(tell(InitReply::Kind::failed, 0, number, "exec"));
  *place = process;
  tell(InitReply::Kind::done, process, 0);
}

/// Puts the texts of a request where execve wants them: folder, arguments, null, environment, null. False: malformed.
bool read_texts(const InitRequest& request, std::size_t length) {
  if (request.arguments == 0 || std::uint64_t{request.arguments} + request.environment + 3 > texts.size()) return false;
  char* at = request_bytes.data() + sizeof request;
  char* const end = request_bytes.data() + length;
  std::size_t count = 0;
  const auto take = [&](std::uint32_t number) {
    for (std::uint32_t i = 0; i < number; ++i) {
      char* const stop = std::find(at, end, '\0');
      if (stop == end) return false;
      texts[count++] = at;
      at = stop + 1;
    }
    return true;
  };
  if (!take(1 + request.arguments)) return false;
  texts[count++] = nullptr;
  if (!take(request.environment)) return false;
  texts[count] = nullptr;
  return true;
}

void serve(std::size_t length, const Descriptors& given) {
  InitRequest request;
  if (length < sizeof request) return void(tell(InitReply::Kind::failed, 0, EINVAL, "request"));
  std::memcpy(&request, request_bytes.data(), sizeof request);
  switch (request.kind) {
    case InitRequest::Kind::run:
      if (!read_texts(request, length) || given.number[2] < 0)
        return void(tell(InitReply::Kind::failed, 0, EINVAL, "request"));
      return run(request, given);
    case InitRequest::Kind::signal:
      // 0 and below name groups, and 1 is this one.
      if (request.process <= 1 || ::kill(request.process, request.signal) != 0)
        return void(tell(InitReply::Kind::failed, 0, request.process <= 1 ? ESRCH : errno, "kill"));
      return void(tell(InitReply::Kind::done, 0, 0));
    case InitRequest::Kind::signal_all:
      if (::kill(-1, request.signal) != 0 && errno != ESRCH)
        return void(tell(InitReply::Kind::failed, 0, errno, "kill"));
      return void(tell(InitReply::Kind::done, 0, 0));
  }
  tell(InitReply::Kind::failed, 0, EINVAL, "request");
}

void receive() {
  iovec bytes{request_bytes.data(), request_bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(3 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(kControl, &message, MSG_CMSG_CLOEXEC);
  if (length < 0 && errno == EINTR) return;
  if (length <= 0) ::_exit(0);  // The harness is gone.
  Descriptors given;
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
    if (each->cmsg_type == SCM_RIGHTS && each->cmsg_len == CMSG_LEN(3 * sizeof(int)))
      std::memcpy(given.number.data(), CMSG_DATA(each), 3 * sizeof(int));
  }
  serve(static_cast<std::size_t>(length), given);
  for (const int each : given.number) {
    if (each >= 0) ::close(each);
  }
}

void reap() {
  int status = 0;
  for (;;) {
    const pid_t process = ::waitpid(-1, &status, WNOHANG);
    if (process <= 0) return;
    const auto place = std::find(programs.begin(), programs.end(), process);
    if (place == programs.end()) continue;
    *place = 0;
    tell(InitReply::Kind::ended, process, status);
  }
}

[[noreturn]] void be_init(const InitPlan& plan, int control) {
  if (::dup2(control, kControl) < 0) ::_exit(1);
  ::fcntl(kControl, F_SETFD, FD_CLOEXEC);
  set_up(plan);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
  const int signals = ::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) give_up("signalfd");
  tell(InitReply::Kind::ready, 0, 0);
  for (;;) {
    std::array<pollfd, 2> waits{pollfd{kControl, POLLIN, 0}, pollfd{signals, POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0) continue;
    if (waits[1].revents != 0) {
      signalfd_siginfo ignored;
      while (::read(signals, &ignored, sizeof ignored) > 0) {
      }
      reap();
    }
    if (waits[0].revents != 0) receive();
  }
}

}  // namespace

Result<Init> start_init(const InitPlan& plan) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) != 0) return system_error("socketpair");
  Descriptor ours(pair[0]);
  Descriptor theirs(pair[1]);
  const pid_t process = clone_process(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC);
  if (process < 0) return system_error("cannot make the namespaces of host " + plan.name);
  if (process == 0) be_init(plan, theirs.get());
  theirs.close();
  InitReply reply;
  const ssize_t length = ::recv(ours.get(), &reply, sizeof reply, 0);
  if (length == sizeof reply && reply.kind == InitReply::Kind::ready) return Init{process, std::move(ours)};
  ::kill(process, SIGKILL);
  ::waitpid(process, nullptr, 0);
  if (length != sizeof reply) return Error{ErrorCode::failed, "host " + plan.name + " died while it was set up"};
  return system_error("cannot set up host " + plan.name + ": " + reply.step, reply.number);
}

}  // namespace heir::testbed
