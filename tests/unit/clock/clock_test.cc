#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "sim/clock/host_clock.h"

using namespace heir;
using namespace heir::sim;

namespace {

VirtualTime at(std::int64_t ns) {
  return VirtualTime::from_ns(ns);
}
MonotonicTime reading(std::int64_t ns) {
  return MonotonicTime::from_ns(ns);
}
constexpr std::int64_t kSecond = 1'000'000'000;

struct Recorder final : TimerHandler {
  explicit Recorder(Kernel& k) : kernel(k) {}
  void on_timer(std::uint64_t cookie) override { fired.emplace_back(kernel.now().ns(), cookie); }
  Kernel& kernel;
  std::vector<std::pair<std::int64_t, std::uint64_t>> fired;
};

struct TestGate : Gate {
  void shut() { close(); }
  void lift() { reopen(); }
  void kill() { discard(); }
};

}  // namespace

TEST_CASE("a clock runs at its rate, exactly") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime::from_ns(5));
  clock.set_rate_error(50'000);  // 50 ppm fast
  CHECK(clock.monotonic_at(at(kSecond)) == reading(kSecond + 50'000));
  CHECK(clock.monotonic_at(at(19'999)) == reading(19'999));
  CHECK(clock.monotonic_at(at(20'000)) == reading(20'001));
  clock.set_rate_error(-50'000);
  CHECK(clock.monotonic_at(at(kSecond)) == reading(kSecond - 50'000));
  // A century: more than 64 bits in between.
  const std::int64_t century = 3'155'760'000 * kSecond;
  CHECK(clock.monotonic_at(at(century)) == reading(century - century / 20'000));
}

TEST_CASE("the inverse is the earliest instant at which the clock reads that much") {
  for (const std::int64_t ppb : {0L, 1L, -1L, 50'000L, -50'000L, 999'999'999L, -999'999'999L, 333'333'333L}) {
    Kernel kernel(1);
    HostClock clock(kernel, "a", WallTime());
    kernel.run({at(12'345)});
    clock.set_rate_error(ppb);
    for (const std::int64_t t : {12'346L, 12'400L, 99'999L, 1'000'003L, 7'777'777'777L}) {
      const VirtualTime when = clock.instant_of(reading(t));
      INFO(ppb << " " << t);
      CHECK(clock.monotonic_at(when) >= reading(t));
      CHECK(clock.monotonic_at(when - Duration::nanoseconds(1)) < reading(t));
    }
    CHECK(clock.instant_of(reading(3)) == kernel.now());
  }
}

TEST_CASE("changes of rate leave the reading continuous and lose no fraction") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  for (std::int64_t step = 1; step <= 1'000; ++step) {
    clock.set_rate_error(step % 2 == 0 ? 300'000'000 : 300'000'001);
    kernel.run({at(step)});
  }
  // 500 ns at each rate: 1000 * 1.3 + 500 * 10^-9 ns.
  CHECK(clock.monotonic() == reading(1'300));
}

TEST_CASE("a stopped clock reads the same, and its timers wait") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  Recorder recorder(kernel);
  clock.set_timer(reading(100), nullptr, recorder, 7);
  kernel.run({at(50)});
  clock.set_rate_error(-kSecond);
  kernel.run({at(10'000)});
  CHECK(clock.monotonic() == reading(50));
  CHECK(recorder.fired.empty());
  clock.set_rate_error(0);
  kernel.run();
  CHECK(recorder.fired == std::vector<std::pair<std::int64_t, std::uint64_t>>{{10'050, 7}});
}

TEST_CASE("a rate beyond the bounds runs at the bound, and what is added and taken away leaves the rate as it was") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  const auto add = [&](std::int64_t ppb) { clock.set_rate_error(clock.rate_error() + ppb); };
  const auto gained_in = [&](std::int64_t ns) {
    const MonotonicTime before = clock.monotonic();
    kernel.run({kernel.now() + Duration::nanoseconds(ns)});
    return (clock.monotonic() - before).ns();
  };
  for (int i = 0; i < 3; ++i) add(-kSecond / 2);
  CHECK(gained_in(1'000) == 0);  // Not back.
  add(kSecond / 2);
  CHECK(gained_in(1'000) == 0);
  add(kSecond / 2);
  CHECK(gained_in(1'000) == 500);
  add(kSecond / 2);
  CHECK(gained_in(1'000) == 1'000);
  for (int i = 0; i < 30; ++i) add(kSecond / 2);
  CHECK(gained_in(1'000) == 10'000);
  for (int i = 0; i < 30; ++i) add(-kSecond / 2);
  CHECK(gained_in(1'000) == 1'000);
  for (int i = 0; i < 3; ++i) add(-kSecond / 2);
  clock.freeze();
  kernel.run({kernel.now() + Duration::nanoseconds(1'000)});
  const MonotonicTime frozen = clock.monotonic();
  clock.thaw(HostClock::AfterFreeze::both_catch_up);
  CHECK(clock.monotonic() == frozen);  // It would have stood still anyway.
}

TEST_CASE("a frozen clock goes on behind, or catches up, as it is told") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime::from_ns(1000));
  Recorder recorder(kernel);
  clock.set_timer(reading(100), nullptr, recorder, 7);
  kernel.run({at(50)});
  clock.freeze();
  clock.freeze();
  kernel.run({at(150)});
  clock.thaw(HostClock::AfterFreeze::both_catch_up);
  CHECK(clock.monotonic() == reading(50));  // one freeze is left
  clock.set_rate_error(kSecond);            // counts from the thaw on
  kernel.run({at(250)});
  CHECK(clock.monotonic() == reading(50));
  CHECK(recorder.fired.empty());
  SECTION("behind") {
    clock.thaw(HostClock::AfterFreeze::behind);
    CHECK(clock.monotonic() == reading(50));
    CHECK(clock.wall() == WallTime::from_ns(1050));
    kernel.run();
    CHECK(recorder.fired == std::vector<std::pair<std::int64_t, std::uint64_t>>{{275, 7}});
  }
  SECTION("the wall clock catches up") {
    clock.thaw(HostClock::AfterFreeze::wall_catches_up);
    CHECK(clock.monotonic() == reading(50));
    CHECK(clock.wall() == WallTime::from_ns(1450));  // 200 ns at twice the rate
  }
  SECTION("both catch up, and the timer is due at once") {
    clock.thaw(HostClock::AfterFreeze::both_catch_up);
    CHECK(clock.monotonic() == reading(450));
    kernel.run();
    CHECK(recorder.fired == std::vector<std::pair<std::int64_t, std::uint64_t>>{{250, 7}});
  }
}

TEST_CASE("the wall clock steps, apart from the monotonic one") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime::from_ns(1'000'000));
  kernel.run({at(500)});
  clock.step_wall(-Duration::nanoseconds(2'000));
  CHECK(clock.monotonic() == reading(500));
  CHECK(clock.wall() == WallTime::from_ns(998'500));
  clock.restart();
  CHECK(clock.monotonic() == reading(0));
  CHECK(clock.wall() == WallTime::from_ns(998'500));
}

TEST_CASE("pending timers are right after the rate changes, in their order") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  Recorder recorder(kernel);
  clock.set_timer(reading(2'000), nullptr, recorder, 1);
  clock.set_timer(reading(2'000), nullptr, recorder, 2);
  clock.set_timer(reading(1'000), nullptr, recorder, 3);
  kernel.run({at(500)});
  clock.set_rate_error(kSecond);  // twice as fast
  kernel.run();
  CHECK(recorder.fired == std::vector<std::pair<std::int64_t, std::uint64_t>>{{750, 3}, {1'250, 1}, {1'250, 2}});
  CHECK(clock.timers() == 0);
}

TEST_CASE("a cancelled timer does not go off, and its id means nothing later") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  Recorder recorder(kernel);
  const TimerId id = clock.set_timer(reading(10), nullptr, recorder, 1);
  CHECK(clock.cancel_timer(id));
  CHECK_FALSE(clock.cancel_timer(id));
  clock.set_timer(reading(20), nullptr, recorder, 2);
  CHECK_FALSE(clock.cancel_timer(id));
  CHECK_FALSE(clock.cancel_timer(TimerId()));
  kernel.run();
  CHECK(recorder.fired.size() == 1);
}

TEST_CASE("timers of a paused program expire, and are handed over in order when it resumes") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  Recorder recorder(kernel);
  TestGate gate;
  clock.set_timer(reading(10), &gate, recorder, 1);
  const TimerId cancelled = clock.set_timer(reading(15), &gate, recorder, 9);
  clock.set_timer(reading(20), &gate, recorder, 2);
  clock.set_timer(reading(500), &gate, recorder, 3);
  gate.shut();
  kernel.run({at(100)});
  CHECK(recorder.fired.empty());
  CHECK(gate.deferred() == 3);
  CHECK(clock.cancel_timer(cancelled));
  clock.set_rate_error(1'000);  // what has expired stays so
  gate.lift();
  CHECK(recorder.fired == std::vector<std::pair<std::int64_t, std::uint64_t>>{{100, 1}, {100, 2}});
  kernel.run();
  CHECK(recorder.fired.size() == 3);
}

TEST_CASE("timers of a dead program are dropped, expired ones too") {
  Kernel kernel(1);
  HostClock clock(kernel, "a", WallTime());
  Recorder recorder(kernel);
  TestGate gate;
  clock.set_timer(reading(10), &gate, recorder, 1);
  clock.set_timer(reading(200), &gate, recorder, 2);
  gate.shut();
  kernel.run({at(100)});
  gate.kill();
  clock.release(gate);
  kernel.run();
  CHECK(recorder.fired.empty());
  CHECK(clock.timers() == 0);
}
