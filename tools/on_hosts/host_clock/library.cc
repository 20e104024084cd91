// What programs of a host are preloaded with, so that their clocks run as its page says (page.h) and this machine's are
// left alone: what reads a clock reads the host's, and what waits for a time wakes when the host's clock has come to
// it. A wait is cut into slices, after each of which the clock is looked at, for its rate may have changed meanwhile.
// Needs the C library alone.
//
// Not covered: waits that the kernel or the C library does by itself (of TCP, of names that are looked up),
// timer_create, alarm, timed mutexes, and clocks that are read without the C library.
#include "tools/on_hosts/host_clock/page.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace {

using heir::on_hosts::ClockPage;
using heir::on_hosts::ClockState;
using heir::on_hosts::ns_per_second;

/// No program sleeps longer than that without a look at the clock.
constexpr std::int64_t slice = 20'000'000;
/// An interval timer that stands still is looked at so often.
constexpr std::int64_t longest_interval = ns_per_second;
constexpr std::int64_t for_ever = INT64_MAX;
constexpr std::int64_t longest_wait = for_ever / 2;

const ClockPage* page = nullptr;

/// The C library's function of that name, which this one stands before.
template <typename Function>
class Next {
 public:
  constexpr explicit Next(const char* name, const char* version = nullptr) : name_(name), version_(version) {}
  Function* get() {
    Function* found = found_.load(std::memory_order_relaxed);
    if (found) return found;
    found = reinterpret_cast<Function*>(version_ ? ::dlvsym(RTLD_NEXT, name_, version_) : ::dlsym(RTLD_NEXT, name_));
    found_.store(found, std::memory_order_relaxed);
    return found;
  }
  template <typename... Arguments>
  auto operator()(Arguments... arguments) {
    return get()(arguments...);
  }

 private:
  const char* const name_;
  const char* const version_;
  std::atomic<Function*> found_ = nullptr;
};

Next<int(clockid_t, timespec*)> next_clock_gettime("clock_gettime");
Next<int(clockid_t, int, const timespec*, timespec*)> next_clock_nanosleep("clock_nanosleep");
Next<int(pollfd*, nfds_t, const timespec*, const sigset_t*)> next_ppoll("ppoll");
Next<int(int, fd_set*, fd_set*, fd_set*, const timespec*, const sigset_t*)> next_pselect("pselect");
Next<int(int, epoll_event*, int, int, const sigset_t*)> next_epoll_pwait("epoll_pwait");
Next<int(int, int)> next_timerfd_create("timerfd_create");
Next<int(int, int, const itimerspec*, itimerspec*)> next_timerfd_settime("timerfd_settime");
Next<int(int, const itimerval*, itimerval*)> next_setitimer("setitimer");
Next<int(sem_t*, const timespec*)> next_sem_timedwait("sem_timedwait");
// Of the two that there are, the one that is not for programs of long ago.
Next<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)> next_cond_timedwait("pthread_cond_timedwait",
                                                                                  "GLIBC_2.3.2");
Next<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)> next_cond_clockwait("pthread_cond_clockwait");

/// The clocks of timerfds, by descriptor; of others, CLOCK_MONOTONIC is as good.
constexpr int most_descriptors = 4096;
std::atomic<clockid_t> timerfd_clocks[most_descriptors];

/// Before main(); before that a program has the machine's clocks.
__attribute__((constructor)) void set_up() {
  // Here, and not in a handler of signals.
  next_clock_gettime.get(), next_clock_nanosleep.get(), next_ppoll.get(), next_pselect.get(), next_epoll_pwait.get();
  next_timerfd_create.get(), next_timerfd_settime.get(), next_setitimer.get(), next_sem_timedwait.get();
  next_cond_timedwait.get(), next_cond_clockwait.get();
  const char* const path = ::getenv("HEIR_HOST_CLOCK");
  const int file = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void* const mapped = ::mmap(nullptr, sizeof(ClockPage), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  if (mapped != MAP_FAILED) page = static_cast<const ClockPage*>(mapped);
}

std::int64_t ns_of(const timespec& time) {
  if (time.tv_sec >= for_ever / ns_per_second) return for_ever;
  return time.tv_sec * ns_per_second + time.tv_nsec;
}
timespec timespec_of(std::int64_t ns) {
  return {ns / ns_per_second, ns % ns_per_second};
}

std::int64_t machine_time(clockid_t clock = CLOCK_MONOTONIC) {
  timespec now{};
  next_clock_gettime(clock, &now);
  return ns_of(now);
}

bool is_of_host(clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM: return page != nullptr;
    default: return false;  // Of processors, threads and devices.
  }
}

/// How far that clock is ahead of CLOCK_MONOTONIC.
std::int64_t ahead(const ClockState& state, clockid_t clock) {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM: return state.wall_ahead;
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM: return state.boot_ahead;
    default: return 0;
  }
}

/// What it reads. REQUIRES is_of_host(clock).
std::int64_t now(clockid_t clock) {
  ClockState state;
  const std::int64_t at = page->read(state, [] { return machine_time(); });
  return heir::on_hosts::host_time(state, at) + ahead(state, clock);
}

/// In which the host's clocks gain `time`, at the rate of now, but no longer than `most`.
std::int64_t machine_wait(std::int64_t time, std::int64_t most) {
  ClockState state;
  page->read(state, [] { return std::int64_t{0}; });
  const double rate = 1 + static_cast<double>(state.rate) / static_cast<double>(ns_per_second);
  const double wait = rate > 0 ? static_cast<double>(time) / rate : static_cast<double>(most);
  return wait < static_cast<double>(most) ? static_cast<std::int64_t>(wait) + 1 : most;
}

/// A wait for as long as the host's clock needs for it, slice by slice.
class Wait {
 public:
  explicit Wait(std::int64_t time) {
    const std::int64_t begin = now(CLOCK_MONOTONIC);
    until_ = time < for_ever - begin ? begin + time : for_ever;
    look();
  }
  std::int64_t left() const { return left_; }
  /// `step(timespec)` waits for so long and returns what to tell the caller, 0 if it waited to the end.
  template <typename Step>
  int each_slice(Step step) {
    while (true) {
      const timespec time = timespec_of(left_ > 0 ? machine_wait(left_, slice) : 0);
      const bool is_last = left_ == 0;
      const int got = step(time);
      look();
      if (got != 0 || is_last) return got;
    }
  }

 private:
  void look() {
    const std::int64_t left = until_ - now(CLOCK_MONOTONIC);
    left_ = left > 0 ? left : 0;
  }
  std::int64_t until_ = 0;
  std::int64_t left_ = 0;
};

/// As the functions that sleep tell it: 0, or the error.
int sleep_for(std::int64_t time, timespec* left) {
  Wait wait(time);
  const int failed =
      wait.each_slice([](timespec part) { return next_clock_nanosleep(CLOCK_MONOTONIC, 0, &part, nullptr); });
  if (failed && left) *left = timespec_of(wait.left());
  return failed;
}

int with_errno(int error) {
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace

extern "C" {

// ---- What reads a clock

int clock_gettime(clockid_t clock, timespec* to) noexcept {
  if (!is_of_host(clock))
    return next_clock_gettime.get() ? next_clock_gettime(clock, to)
                                    : static_cast<int>(::syscall(SYS_clock_gettime, clock, to));
  *to = timespec_of(now(clock));
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

// ---- What sleeps

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  if (!is_of_host(clock)) return next_clock_nanosleep(clock, flags, time, left);
  if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= ns_per_second) return EINVAL;
  if ((flags & TIMER_ABSTIME) == 0) return sleep_for(ns_of(*time), left);
  // The wall clock may be stepped meanwhile.
  for (std::int64_t to_come = 0; (to_come = ns_of(*time) - now(clock)) > 0;) {
    const timespec part = timespec_of(machine_wait(to_come, slice));
    if (const int failed = next_clock_nanosleep(CLOCK_MONOTONIC, 0, &part, nullptr)) return failed;
  }
  return 0;
}

int nanosleep(const timespec* time, timespec* left) {
  return with_errno(::clock_nanosleep(CLOCK_MONOTONIC, 0, time, left));
}

int usleep(useconds_t time) {
  const timespec wanted = timespec_of(std::int64_t{time} * 1000);
  return ::nanosleep(&wanted, nullptr);
}

unsigned sleep(unsigned seconds) {
  const timespec wanted{seconds, 0};
  timespec left{};
  return ::nanosleep(&wanted, &left) == 0 ? 0 : static_cast<unsigned>(left.tv_sec + (left.tv_nsec > 0 ? 1 : 0));
}

// ---- What waits for something else, but only for so long

int ppoll(pollfd* what, nfds_t count, const timespec* time, const sigset_t* mask) {
  if (!page || !time) return next_ppoll(what, count, time, mask);
  return Wait(ns_of(*time)).each_slice([&](timespec part) { return next_ppoll(what, count, &part, mask); });
}

int poll(pollfd* what, nfds_t count, int time) {
  const timespec wanted = timespec_of(std::int64_t{time} * 1'000'000);
  return ::ppoll(what, count, time < 0 ? nullptr : &wanted, nullptr);
}

int epoll_pwait(int epoll, epoll_event* events, int most, int time, const sigset_t* mask) {
  if (!page || time <= 0) return next_epoll_pwait(epoll, events, most, time, mask);
  // Whole milliseconds, rounded up as the kernel does.
  return Wait(std::int64_t{time} * 1'000'000).each_slice([&](timespec part) {
    return next_epoll_pwait(epoll, events, most, static_cast<int>((part.tv_nsec + 999'999) / 1'000'000), mask);
  });
}

int epoll_wait(int epoll, epoll_event* events, int most, int time) {
  return ::epoll_pwait(epoll, events, most, time, nullptr);
}

int pselect(int count, fd_set* read, fd_set* write, fd_set* except, const timespec* time, const sigset_t* mask) {
  if (!page || !time) return next_pselect(count, read, write, except, time, mask);
  // Each slice that ends without anything empties the sets.
  fd_set* const sets[] = {read, write, except};
  fd_set wanted[3];
  for (int i = 0; i < 3; ++i)
    if (sets[i]) wanted[i] = *sets[i];
  return Wait(ns_of(*time)).each_slice([&](timespec part) {
    for (int i = 0; i < 3; ++i)
      if (sets[i]) *sets[i] = wanted[i];
    return next_pselect(count, read, write, except, &part, mask);
  });
}

int select(int count, fd_set* read, fd_set* write, fd_set* except, timeval* time) {
  if (!time) return ::pselect(count, read, write, except, nullptr, nullptr);
  const timespec wanted{time->tv_sec, time->tv_usec * 1000};
  return ::pselect(count, read, write, except, &wanted, nullptr);
}

int sem_timedwait(sem_t* __restrict semaphore, const timespec* __restrict until) {
  if (!page) return next_sem_timedwait(semaphore, until);
  while (true) {
    const std::int64_t left = ns_of(*until) - now(CLOCK_REALTIME);
    const timespec part = timespec_of(machine_time(CLOCK_REALTIME) + (left > 0 ? machine_wait(left, slice) : 0));
    const int failed = next_sem_timedwait(semaphore, &part);
    if (failed == 0 || errno != ETIMEDOUT || left <= 0) return failed;
  }
}

/// After a slice it has been woken for nothing, as is allowed: whoever waits holds the lock again, and must look.
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  if (!is_of_host(clock)) return next_cond_clockwait(condition, mutex, clock, until);
  const std::int64_t left = ns_of(*until) - now(clock);
  const timespec part = timespec_of(machine_time(clock) + (left > 0 ? machine_wait(left, slice) : 0));
  const int failed = next_cond_clockwait(condition, mutex, clock, &part);
  return failed == ETIMEDOUT && ns_of(*until) > now(clock) ? 0 : failed;
}

/// Nobody says by which clock: a machine is not up for 30 years, which the wall clock has passed.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  if (!page) return next_cond_timedwait(condition, mutex, until);
  const clockid_t clock = until->tv_sec < 30LL * 365 * 86'400 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return ::pthread_cond_clockwait(condition, mutex, clock, until);
}

// ---- What wakes somebody later

int timerfd_create(clockid_t clock, int flags) noexcept {
  const int made = next_timerfd_create(clock, flags);
  if (made >= 0 && made < most_descriptors) timerfd_clocks[made] = clock;
  return made;
}

/// One that does not repeat is ready after a slice: whoever waits for it looks at the clock, and sets it again.
int timerfd_settime(int timer, int flags, const itimerspec* to, itimerspec* before) noexcept {
  const clockid_t clock = timer >= 0 && timer < most_descriptors ? timerfd_clocks[timer].load() : CLOCK_MONOTONIC;
  const std::int64_t value = ns_of(to->it_value);
  if (!is_of_host(clock) || value == 0) return next_timerfd_settime(timer, flags, to, before);
  const std::int64_t interval = ns_of(to->it_interval);
  const std::int64_t left = (flags & TFD_TIMER_ABSTIME) != 0 ? value - now(clock) : value;
  const std::int64_t wait = left > 0 ? machine_wait(left, interval == 0 ? slice : longest_wait) : 1;
  const itimerspec set{timespec_of(interval > 0 ? machine_wait(interval, longest_wait) : 0), timespec_of(wait)};
  return next_timerfd_settime(timer, 0, &set, before);
}

/// It keeps the rate of the moment at which it is set.
int setitimer(__itimer_which_t which, const itimerval* __restrict to, itimerval* __restrict before) noexcept {
  if (!page || which != ITIMER_REAL || !to) return next_setitimer(which, to, before);
  const auto machine = [](const timeval& time) {
    const std::int64_t wanted = ns_of({time.tv_sec, time.tv_usec * 1000});
    ClockState state;
    page->read(state, [] { return std::int64_t{0}; });
    const bool stands_still = state.rate <= -ns_per_second;
    const std::int64_t wait = wanted == 0 ? 0 : machine_wait(wanted, stands_still ? longest_interval : longest_wait);
    const std::int64_t us = (wait + 999) / 1000;
    return timeval{us / 1'000'000, us % 1'000'000};
  };
  const itimerval set{machine(to->it_interval), machine(to->it_value)};
  return next_setitimer(which, &set, before);
}

}  // extern "C"
