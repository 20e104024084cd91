#include "engine/hosts/service.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "engine/base/assert.h"

namespace heir::hosts {

Signals::Signals(Loop& loop, std::vector<int> signals, std::function<void(int)> call) : call_(std::move(call)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  ASSERT(descriptor_ >= 0, "the kernel has signal descriptors");
  watch_ = std::make_unique<Watch>(loop, descriptor_);
  await();
}

Signals::~Signals() {
  watch_.reset();
  close(descriptor_);
}

void Signals::await() {
  watch_->when_readable([this] {
    signalfd_siginfo info{};
    while (read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      call_(static_cast<int>(info.ssi_signo));
    await();
  });
}

bool notify_service_manager(std::string_view state) {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (!name || (name[0] != '/' && name[0] != '@')) return false;
  sockaddr_un address{};
  const std::size_t length = std::strlen(name);
  if (length >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const ssize_t sent =
      ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  close(socket);
  return sent == static_cast<ssize_t>(state.size());
}

std::optional<Duration> watchdog_limit() {
  const char* const text = std::getenv("WATCHDOG_USEC");
  const char* const process = std::getenv("WATCHDOG_PID");
  if (!text || (process && std::strtol(process, nullptr, 10) != getpid())) return std::nullopt;
  const long long us = std::strtoll(text, nullptr, 10);
  if (us <= 0) return std::nullopt;
  return Duration::microseconds(us);
}

}  // namespace heir::hosts
