#include "tools/testbed/container.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "tools/testbed/init_protocol.h"

namespace heir::testbed {

namespace {

std::string bytes_of(const InitRequest& request) {
  return std::string(reinterpret_cast<const char*>(&request), sizeof request);
}

}  // namespace

Result<Container> Container::boot(const InitPlan& plan) {
  Result<Init> init = start_init(plan);
  if (!init) return init.error();
  const std::string path = "/proc/" + std::to_string(init->process) + "/ns/net";
  Descriptor network(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const bool opened = static_cast<bool>(network);
  const int number = errno;
  Container host(std::move(*init), std::move(network), plan.name);
  if (!opened) return system_error(path, number);
  return host;
}

Container& Container::operator=(Container&& other) noexcept {
  kill();
  init_ = std::move(other.init_);
  network_ = std::move(other.network_);
  name_ = std::move(other.name_);
  ended_ = std::move(other.ended_);
  return *this;
}

Container::~Container() {
  kill();
}

void Container::kill() {
  if (!init_.control) return;
  ::kill(init_.process, SIGKILL);
  // Ends when every process of the namespace has.
  while (::waitpid(init_.process, nullptr, 0) < 0 && errno == EINTR) {
  }
  init_.control.close();
  network_.close();
}

Result<bool> Container::read_reply(void* reply, Duration time) {
  pollfd waits{init_.control.get(), POLLIN, 0};
  const timespec limit{time.ns() / 1'000'000'000, time.ns() % 1'000'000'000};
  const int ready = ::ppoll(&waits, 1, time == Duration::max() ? nullptr : &limit, nullptr);
  if (ready == 0 || (ready < 0 && errno == EINTR)) return false;
  if (ready < 0) return system_error("poll");
  if (::recv(init_.control.get(), reply, sizeof(InitReply), 0) != sizeof(InitReply))
    return Error{ErrorCode::unreachable, "host " + name_ + " is gone"};
  const auto& told = *static_cast<const InitReply*>(reply);
  if (told.kind == InitReply::Kind::ended) ended_[ProgramId(told.process)] = told.number;
  return true;
}

Result<std::int32_t> Container::ask(const std::string& request, const int* descriptors) {
  if (!init_.control) return Error{ErrorCode::unreachable, "host " + name_ + " is off"};
  iovec bytes{const_cast<char*>(request.data()), request.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(3 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (descriptors) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(3 * sizeof(int));
    std::memcpy(CMSG_DATA(header), descriptors, 3 * sizeof(int));
  }
  if (::sendmsg(init_.control.get(), &message, MSG_NOSIGNAL) < 0)
    return Error{ErrorCode::unreachable, "host " + name_ + " is gone"};
  for (;;) {
    InitReply reply;
    const Result<bool> read = read_reply(&reply, Duration::max());
    if (!read) return read.error();
    if (!*read || reply.kind == InitReply::Kind::ended) continue;
    if (reply.kind == InitReply::Kind::failed) return system_error(name_ + ": " + reply.step, reply.number);
    return reply.process;
  }
}

Result<ProgramId> Container::start(const Command& command) {
  if (command.arguments.empty()) return Error{ErrorCode::invalid, "a command without a program"};
  InitRequest request;
  request.arguments = static_cast<std::uint32_t>(command.arguments.size());
  request.environment = static_cast<std::uint32_t>(command.environment.size());
  if (command.user) {
    request.user = command.user->user;
    request.group = command.user->group;
  }
  std::string message = bytes_of(request);
  const auto add = [&message](const std::string& text) { (message += text) += '\0'; };
  add(command.folder);
  for (const std::string& each : command.arguments) add(each);
  for (const std::string& each : command.environment) add(each);
  if (message.size() > most_request_bytes || command.arguments.size() + command.environment.size() > most_texts - 3)
    return Error{ErrorCode::invalid, "the command or its environment is too long: " + command.arguments[0]};
  Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return system_error("/dev/null");
  std::array<int, 3> given{command.input, command.output, command.errors};
  for (int& each : given) {
    if (each < 0) each = nothing.get();
  }
  const Result<std::int32_t> process = ask(message, given.data());
  if (!process) return Error{process.error().code, process.error().message + " (" + command.arguments[0] + ")"};
  ended_.erase(ProgramId(*process));
  return ProgramId(*process);
}

Result<std::optional<int>> Container::wait(ProgramId program, Duration time) {
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    if (const auto found = ended_.find(program); found != ended_.end()) {
      const int status = found->second;
      ended_.erase(found);
      return std::optional(status);
    }
    if (!init_.control) return Error{ErrorCode::unreachable, "host " + name_ + " is off"};
    const auto passed = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begun).count();
    const Duration left =
        time == Duration::max() ? time : std::max(Duration::zero(), time - Duration::nanoseconds(passed));
    InitReply reply;
    const Result<bool> read = read_reply(&reply, left);
    if (!read) return read.error();
    if (!*read && left == Duration::zero()) return std::optional<int>();
  }
}

Result<int> Container::run(const Command& command, Duration time) {
  const Result<ProgramId> program = start(command);
  if (!program) return program.error();
  const Result<std::optional<int>> ended = wait(*program, time);
  if (!ended) return ended.error();
  if (*ended) return **ended;
  const Result<> killed = signal(*program, SIGKILL);
  if (!killed && killed.error().code != ErrorCode::not_found) return killed.error();
  const Result<std::optional<int>> gone = wait(*program, Duration::seconds(5));
  if (!gone) return gone.error();
  return Error{ErrorCode::timed_out, command.arguments[0] + " on " + name_ + " took longer than " + to_string(time)};
}

Result<> Container::signal(ProgramId program, int number) {
  InitRequest request;
  request.kind = InitRequest::Kind::signal;
  request.process = program.value();
  request.signal = number;
  const Result<std::int32_t> done = ask(bytes_of(request), nullptr);
  return done ? Result<>() : Result<>(done.error());
}

Result<> Container::signal_all(int number) {
  InitRequest request;
  request.kind = InitRequest::Kind::signal_all;
  request.signal = number;
  const Result<std::int32_t> done = ask(bytes_of(request), nullptr);
  return done ? Result<>() : Result<>(done.error());
}

Result<> Container::in_network(const std::function<Result<>()>& work) const {
  if (!network_) return Error{ErrorCode::unreachable, "host " + name_ + " is off"};
  Result<> outcome;
  // A thread of its own, since a thread stays in the network that it has entered.
  std::thread([&] {
    outcome = ::setns(network_.get(), CLONE_NEWNET) == 0 ? work() : Result<>(system_error("setns, " + name_));
  }).join();
  return outcome;
}

Result<Descriptor> Container::socket(int domain, int type) const {
  Descriptor made;
  const Result<> done = in_network([&]() -> Result<> {
    made = Descriptor(::socket(domain, type | SOCK_CLOEXEC, 0));
    return made ? Result<>() : Result<>(system_error("socket"));
  });
  if (!done) return done.error();
  return made;
}

}  // namespace heir::testbed
