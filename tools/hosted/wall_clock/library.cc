// What programs of a host are preloaded with, so that their wall clock can be stepped and this machine's is not: it
// adds what stands in a file, nanoseconds in 8 bytes, of which the harness writes a new value at each step. All other
// clocks, and waits until a time of the wall clock, are the machine's. Needs the C library alone.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace {

constexpr std::int64_t second = 1'000'000'000;

using GetTime = int (*)(clockid_t, timespec*);

GetTime next = nullptr;
const volatile std::int64_t* ahead = nullptr;

/// Before main(); what asks for the time before that is told the machine's.
__attribute__((constructor)) void set_up() {
  next = reinterpret_cast<GetTime>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const char* const path = ::getenv("HEIR_WALL_CLOCK");
  const int file = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* const mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped != MAP_FAILED) ahead = static_cast<const volatile std::int64_t*>(mapped);
}

int machine_time(clockid_t clock, timespec* to) {
  return next ? next(clock, to) : static_cast<int>(::syscall(SYS_clock_gettime, clock, to));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* to) noexcept {
  const int failed = machine_time(clock, to);
  if (failed != 0 || !ahead || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
  const std::int64_t time = to->tv_sec * second + to->tv_nsec + *ahead;
  to->tv_sec = time / second;
  to->tv_nsec = time % second;
  return 0;
}

int gettimeofday(timeval* __restrict to, void* __restrict) noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  to->tv_sec = time.tv_sec;
  to->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* to) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(timespec* to, int base) noexcept {
  return base == TIME_UTC && ::clock_gettime(CLOCK_REALTIME, to) == 0 ? base : 0;
}

}  // extern "C"
