#include "engine/hosts/clocks.h"

#include <sys/random.h>
#include <time.h>

#include <cerrno>

#include "engine/base/assert.h"

namespace heir::hosts {

namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec now{};
  ASSERT(clock_gettime(clock, &now) == 0, "the kernel has this clock");
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

}  // namespace

MonotonicTime boot_time() {
  return MonotonicTime::from_ns(read_clock(CLOCK_BOOTTIME));
}

WallTime real_time() {
  return WallTime::from_ns(read_clock(CLOCK_REALTIME));
}

void fill_random(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    ASSERT(got > 0, "the kernel has random numbers");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace heir::hosts
