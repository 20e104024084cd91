#include "tools/on_hosts/host_clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <thread>

namespace heir::on_hosts {
namespace {

using scenarios::AfterFreeze;

constexpr std::int64_t ms = 1'000'000;

std::int64_t ns_of(const timespec& time) {
  return time.tv_sec * ns_per_second + time.tv_nsec;
}
timespec timespec_of(std::int64_t ns) {
  return {ns / ns_per_second, ns % ns_per_second};
}

std::int64_t machine_time() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return ns_of(now);
}

/// A host's clock, and what a program of the host calls: the library itself, loaded into the test.
struct Host {
  Host() {
    char pattern[] = "/tmp/heir-clock-XXXXXX";
    REQUIRE(::mkdtemp(pattern));
    folder = pattern;
    Result<HostClock> made = HostClock::make(folder, folder);
    REQUIRE(made);
    clock.emplace(std::move(*made));
    for (const std::string& line : clock->environment()) {
      const std::size_t at = line.find('=');
      if (line.starts_with("LD_PRELOAD"))
        path = line.substr(at + 1);
      else
        ::setenv(line.substr(0, at).c_str(), line.substr(at + 1).c_str(), 1);
    }
    library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(library);
  }
  ~Host() {
    ::dlclose(library);
    std::filesystem::remove_all(folder);
  }

  template <typename Function>
  Function* call(const char* name) const {
    return reinterpret_cast<Function*>(::dlsym(library, name));
  }
  std::int64_t time(clockid_t which = CLOCK_MONOTONIC) const {
    timespec now{};
    call<int(clockid_t, timespec*)>("clock_gettime")(which, &now);
    return ns_of(now);
  }

  std::string folder, path;
  std::optional<HostClock> clock;
  void* library = nullptr;
};

/// Of a moment between the machine's two, which are near to each other.
struct Reading {
  Reading(const Host& host, clockid_t which) {
    while (after - before > ms) {
      before = machine_time();
      read = host.time(which);
      after = machine_time();
    }
  }
  std::int64_t before = 0, read = 0, after = INT64_MAX;
};

/// Sleeps by the machine's clock.
void let_pass(std::int64_t ns) {
  const timespec time = timespec_of(ns);
  ::nanosleep(&time, nullptr);
}

/// Whether the clock has gained `rate` of 10^9 more than the machine's, as exactly as both can be read.
bool has_run(const Reading& from, const Reading& to, std::int64_t rate) {
  const auto gain = [rate](std::int64_t passed) { return passed + passed / 1000 * (rate / 1000) / 1000; };
  constexpr std::int64_t rounding = 20'000;
  return to.read - from.read >= gain(to.before - from.after) - rounding &&
         to.read - from.read <= gain(to.after - from.before) + rounding;
}

constexpr clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};

}  // namespace

TEST_CASE("A host's time is exact, continuous where its rate changes, and never goes back") {
  ClockState state{1000, 500, 0, 0, 0};
  CHECK(host_time(state, 1000) == 1500);
  CHECK(host_time(state, 3'000'001'000) == 3'000'001'500);
  state.rate = 450'000'000;
  CHECK(host_time(state, 1000) == 1500);
  CHECK(host_time(state, 1000 + 10 * ns_per_second) == 1500 + 14'500'000'000);
  state.rate = -ns_per_second;
  CHECK(host_time(state, 1000 + 123'456'789'012) == 1500);
  for (const std::int64_t rate : {-ns_per_second, -999'999'999L, -333'333'333L, -1L, 1L, 9 * ns_per_second}) {
    state.rate = rate;
    for (std::int64_t at = 1000; at < 1100; ++at) CHECK(host_time(state, at) <= host_time(state, at + 1));
  }
}

TEST_CASE("A host's clocks run fast and slow, are stepped, stand still and go on") {
  Host host;
  for (const clockid_t which : clocks) {
    const Reading first(host, which);
    let_pass(20 * ms);
    CHECK(has_run(first, Reading(host, which), 0));
  }
  for (const std::int64_t rate : {500'000'000L, -450'000'000L, 9 * ns_per_second}) {
    host.clock->change_rate(rate);
    for (const clockid_t which : clocks) {
      const Reading first(host, which);
      let_pass(20 * ms);
      CHECK(has_run(first, Reading(host, which), rate));
    }
    host.clock->change_rate(-rate);
  }

  const std::int64_t wall_ahead = host.time(CLOCK_REALTIME) - host.time();
  host.clock->step_wall(Duration::seconds(-3600));
  CHECK(std::abs(host.time(CLOCK_REALTIME) - host.time() - wall_ahead + 3600 * ns_per_second) < 60 * ns_per_second);
  host.clock->step_wall(Duration::seconds(3600));

  const auto runs_at = [&](std::int64_t rate) {
    const Reading first(host, CLOCK_MONOTONIC);
    let_pass(20 * ms);
    return has_run(first, Reading(host, CLOCK_MONOTONIC), rate);
  };
  for (int i = 0; i < 3; ++i) host.clock->change_rate(-ns_per_second / 2);
  CHECK(runs_at(-ns_per_second));  // Not back.
  for (int i = 0; i < 3; ++i) host.clock->change_rate(ns_per_second / 2);
  CHECK(runs_at(0));
  for (int i = 0; i < 30; ++i) host.clock->change_rate(ns_per_second / 2);
  CHECK(runs_at(9 * ns_per_second));
  for (int i = 0; i < 30; ++i) host.clock->change_rate(-ns_per_second / 2);
  CHECK(runs_at(0));

  for (const AfterFreeze after : {AfterFreeze::behind, AfterFreeze::wall_catches_up, AfterFreeze::both_catch_up}) {
    const Reading monotonic(host, CLOCK_MONOTONIC);
    const Reading wall(host, CLOCK_REALTIME);
    host.clock->freeze();
    host.clock->freeze();
    const std::int64_t since = host.time();
    const std::int64_t wall_since = host.time(CLOCK_REALTIME);
    const std::int64_t machine_since = machine_time();
    let_pass(20 * ms);
    CHECK(host.time() == since);
    CHECK(host.time(CLOCK_REALTIME) == wall_since);
    CHECK(host.time(CLOCK_BOOTTIME) >= since);
    host.clock->thaw(after);
    CHECK(host.time() == since);  // Once more than it was thawed.
    const std::int64_t missed = machine_time() - machine_since;
    host.clock->thaw(after);
    const bool has_caught_up = after == AfterFreeze::both_catch_up;
    CHECK(has_run(monotonic, Reading(host, CLOCK_MONOTONIC), 0) == has_caught_up);
    CHECK(has_run(wall, Reading(host, CLOCK_REALTIME), 0) == (after != AfterFreeze::behind));
    CHECK(host.time() >= since + (has_caught_up ? missed : 0));
  }
}

TEST_CASE("What waits by a host's clock waits as long as that needs: slow, fast, and not while it stands still") {
  Host host;
  const auto left_of = [&](clockid_t clock, std::int64_t time) { return timespec_of(host.time(clock) + time); };
  struct Kind {
    const char* name;
    std::function<void(std::int64_t)> wait;
  };
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  sem_t semaphore{};
  ::sem_init(&semaphore, 0, 0);
  const int epoll = ::epoll_create1(0);
  const int timer = host.call<int(clockid_t, int)>("timerfd_create")(CLOCK_BOOTTIME, 0);
  // Each returns when the host's clock has gone on by that, or is told that it has.
  const std::vector<Kind> kinds{
      {"nanosleep",
       [&](std::int64_t time) {
         const timespec wanted = timespec_of(time);
         host.call<int(const timespec*, timespec*)>("nanosleep")(&wanted, nullptr);
       }},
      {"clock_nanosleep until a time",
       [&](std::int64_t time) {
         const timespec wanted = left_of(CLOCK_MONOTONIC, time);
         host.call<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep")(CLOCK_MONOTONIC, TIMER_ABSTIME,
                                                                                       &wanted, nullptr);
       }},
      {"poll",
       [&](std::int64_t time) {
         host.call<int(pollfd*, nfds_t, int)>("poll")(nullptr, 0, static_cast<int>(time / ms));
       }},
      {"epoll_wait",
       [&](std::int64_t time) {
         epoll_event event{};
         host.call<int(int, epoll_event*, int, int)>("epoll_wait")(epoll, &event, 1, static_cast<int>(time / ms));
       }},
      {"select",
       [&](std::int64_t time) {
         timeval wanted{time / ns_per_second, time % ns_per_second / 1000};
         host.call<int(int, fd_set*, fd_set*, fd_set*, timeval*)>("select")(0, nullptr, nullptr, nullptr, &wanted);
       }},
      {"sem_timedwait",
       [&](std::int64_t time) {
         const timespec wanted = left_of(CLOCK_REALTIME, time);
         host.call<int(sem_t*, const timespec*)>("sem_timedwait")(&semaphore, &wanted);
       }},
      {"pthread_cond_timedwait",
       [&](std::int64_t time) {
         const timespec wanted = left_of(CLOCK_REALTIME, time);
         const auto wait = host.call<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
         ::pthread_mutex_lock(&mutex);
         while (wait(&condition, &mutex, &wanted) != ETIMEDOUT) continue;
         ::pthread_mutex_unlock(&mutex);
       }},
      // As heir's loop does: it looks at the clock when it is woken.
      {"timerfd_settime", [&](std::int64_t time) {
         const std::int64_t until = host.time(CLOCK_BOOTTIME) + time;
         while (host.time(CLOCK_BOOTTIME) < until) {
           const itimerspec wanted{{}, timespec_of(until)};
           host.call<int(int, int, const itimerspec*, itimerspec*)>("timerfd_settime")(timer, TFD_TIMER_ABSTIME,
                                                                                       &wanted, nullptr);
           std::uint64_t times = 0;
           [[maybe_unused]] const ssize_t got = ::read(timer, &times, sizeof times);
         }
       }}};
  struct Waited {
    std::int64_t machine = 0;
    std::int64_t host = 0;
    std::int64_t woken = 0;
  };
  // All of them at once.
  const auto wait = [&](std::int64_t time, const std::function<void()>& meanwhile) {
    std::vector<Waited> waited(kinds.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kinds.size(); ++i)
      threads.emplace_back([&, i] {
        const std::int64_t machine = machine_time();
        const std::int64_t read = host.time();
        kinds[i].wait(time);
        waited[i] = {machine_time() - machine, host.time() - read, machine_time()};
      });
    meanwhile();
    for (std::thread& thread : threads) thread.join();
    return waited;
  };
  const auto each = [&](const std::vector<Waited>& all, const std::function<void(const Waited&)>& check) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      INFO(kinds[i].name);
      check(all[i]);
    }
  };
  const auto nothing = [] {};

  host.clock->change_rate(-ns_per_second / 2);
  each(wait(50 * ms, nothing), [](const Waited& waited) {
    CHECK(waited.machine >= 100 * ms);
    CHECK(waited.host >= 50 * ms);
  });
  host.clock->change_rate(ns_per_second / 2 + 9 * ns_per_second);
  each(wait(20'000 * ms, nothing), [](const Waited& waited) {  // Two seconds,
    CHECK(waited.host >= 20'000 * ms);
    CHECK(waited.machine < 20'000 * ms);  // and far less than by the machine's clock.
  });
  host.clock->freeze();
  std::int64_t thawed = 0;
  each(wait(30 * ms,
            [&] {
              let_pass(100 * ms);
              thawed = machine_time();
              host.clock->thaw(AfterFreeze::behind);
            }),
       [&](const Waited& waited) { CHECK(waited.woken >= thawed); });
  ::close(timer);
  ::close(epoll);
  ::sem_destroy(&semaphore);
}

TEST_CASE("Programs that run with a host's clock have it, those that they start too, and nobody else has") {
  Host host;
  const auto output_of = [&](const std::string& program) {
    std::string line = "env";
    for (const std::string& each : host.clock->environment()) line += " " + each;
    FILE* const pipe = ::popen((line + " " + program).c_str(), "r");
    REQUIRE(pipe);
    char buffer[256];
    std::string output;
    while (::fgets(buffer, sizeof buffer, pipe)) output += buffer;
    CHECK(::pclose(pipe) == 0);
    return output;
  };
  constexpr long tolerance = 120;  // To start a program takes no longer, on any machine.
  const auto ahead = [&](const std::string& program) { return std::stol(output_of(program)) - ::time(nullptr); };
  CHECK(std::abs(ahead("date +%s")) < tolerance);
  host.clock->step_wall(Duration::seconds(86'400));
  CHECK(std::abs(ahead("date +%s") - 86'400) < tolerance);
  host.clock->step_wall(Duration::seconds(-2 * 86'400));
  CHECK(std::abs(ahead("sh -c 'date +%s'") + 86'400) < tolerance);
  CHECK_FALSE(HostClock::make(host.folder + "/none", "/none"));
}

}  // namespace heir::on_hosts
