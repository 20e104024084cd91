// Waiting that has an end: a deadline, and the harness's own end.
#pragma once

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tools/on_hosts/real_clock.h"
#include "tools/testbed/descriptor.h"

namespace heir::on_hosts {

/// Set once, from any thread; whoever waits with it stops to wait.
class Stop {
 public:
  Stop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  void set() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(event_.get(), &one, sizeof one);
  }
  bool is_set() const {
    pollfd wait{event_.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }
  int descriptor() const { return event_.get(); }

 private:
  testbed::Descriptor event_;
};

/// Until one of `what` is ready (true), or the time has come or `stop` is set (false).
inline bool wait_for(std::vector<pollfd> what, Instant until, const Stop& stop) {
  what.push_back({stop.descriptor(), POLLIN, 0});
  const Duration left = std::max(between(now_of_machine(), until), Duration::zero());
  const timespec limit{left.ns() / 1'000'000'000, left.ns() % 1'000'000'000};
  const int ready = ::ppoll(what.data(), what.size(), &limit, nullptr);
  return ready > 0 && what.back().revents == 0;
}

/// False: `stop` was set.
inline bool sleep_until(Instant at, const Stop& stop) {
  while (now_of_machine() < at && !stop.is_set()) wait_for({}, at, stop);
  return !stop.is_set();
}

}  // namespace heir::on_hosts
