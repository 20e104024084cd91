#include "sim/kernel/kernel.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace heir;
using namespace heir::sim;

namespace {

VirtualTime at(std::int64_t ns) {
  return VirtualTime::from_ns(ns);
}

/// Notes what happens to it.
class Recorder final : public EventTarget {
 public:
  explicit Recorder(Kernel& run, std::string_view name = "recorder") : EventTarget(run, name) {}
  void on_event(std::uint32_t kind, std::uint64_t argument) override {
    kinds.push_back(kind);
    arguments.push_back(argument);
    times.push_back(kernel().now().ns());
  }
  std::string describe(std::uint32_t /*kind*/, std::uint64_t argument) const override {
    return argument == 0 ? "" : "argument " + std::to_string(argument);
  }
  std::vector<std::uint32_t> kinds;
  std::vector<std::uint64_t> arguments;
  std::vector<std::int64_t> times;
};

/// A world that schedules, cancels and draws in every event.
class Walker final : public EventTarget {
 public:
  Walker(Kernel& run, std::string_view name, std::uint64_t index)
      : EventTarget(run, name), random_(run.stream("walk", index)) {}
  void on_event(std::uint32_t kind, std::uint64_t argument) override {
    kernel().cancel(timeout_);
    timeout_ = kernel().schedule_after(Duration::milliseconds(20), *this, 2, argument);
    if (kind == 2 || random_.chance(Ratio::percent(90))) {
      kernel().schedule_after(random_.between(Duration::zero(), Duration::milliseconds(1)), *this, 1, argument + 1);
    }
    if (random_.chance(Ratio::percent(10))) kernel().mix(random_.next());
  }

 private:
  RandomStream random_;
  EventId timeout_;
};

struct World {
  explicit World(std::uint64_t seed, TiePolicy ties = TiePolicy::fifo) : kernel(seed, ties) {
    for (std::uint64_t i = 0; i < 5; ++i) {
      walkers.push_back(std::make_unique<Walker>(kernel, "walker", i));
      kernel.schedule(at(0), *walkers.back(), 1);
    }
  }
  Kernel kernel;
  std::vector<std::unique_ptr<Walker>> walkers;
};

}  // namespace

TEST_CASE("events happen in order, at their time") {
  Kernel kernel(1);
  Recorder target(kernel);
  kernel.schedule(at(20), target, 2);
  kernel.schedule(at(10), target, 1, 77);
  kernel.schedule(at(20), target, 3);
  CHECK(kernel.pending() == 3);
  CHECK(kernel.next_time() == at(10));
  CHECK(kernel.run() == StopReason::idle);
  CHECK(target.kinds == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(target.times == std::vector<std::int64_t>{10, 20, 20});
  CHECK(target.arguments == std::vector<std::uint64_t>{77, 0, 0});
  CHECK(kernel.events() == 3);
  CHECK(kernel.now() == at(20));
  CHECK_FALSE(kernel.step());
}

TEST_CASE("a run stops at each kind of limit") {
  Kernel kernel(1);
  Recorder target(kernel);
  for (int i = 1; i <= 10; ++i) kernel.schedule(at(i * 10), target, 1);
  CHECK(kernel.run({.until = at(25)}) == StopReason::time_limit);
  CHECK(kernel.now() == at(25));
  CHECK(kernel.events() == 2);
  // An event at the limit still happens.
  CHECK(kernel.run({.until = at(40)}) == StopReason::time_limit);
  CHECK(kernel.events() == 4);
  CHECK(kernel.run({.events = 7}) == StopReason::event_limit);
  CHECK(kernel.events() == 7);
  CHECK(kernel.run({.events = 7}) == StopReason::event_limit);
  CHECK(kernel.now() == at(70));
  kernel.stop();
  CHECK(kernel.run() == StopReason::requested);
  CHECK(kernel.events() == 7);
  // A limit in the past does not turn time back.
  CHECK(kernel.run({.until = at(1)}) == StopReason::time_limit);
  CHECK(kernel.now() == at(70));
  CHECK(kernel.run({.until = at(1000)}) == StopReason::idle);
  CHECK(kernel.now() == at(1000));
  CHECK(kernel.events() == 10);
}

TEST_CASE("an event can stop the run") {
  struct Stopper final : EventTarget {
    explicit Stopper(Kernel& run) : EventTarget(run, "stopper") {}
    void on_event(std::uint32_t kind, std::uint64_t /*argument*/) override {
      if (kind == 2) kernel().stop();
    }
  };
  Kernel kernel(1);
  Stopper target(kernel);
  for (std::uint32_t kind = 1; kind <= 3; ++kind) kernel.schedule(at(kind), target, kind);
  CHECK(kernel.run() == StopReason::requested);
  CHECK(kernel.events() == 2);
  CHECK(kernel.run() == StopReason::idle);
  CHECK(kernel.events() == 3);
}

TEST_CASE("a cancelled event does not happen") {
  Kernel kernel(1);
  Recorder target(kernel);
  const EventId first = kernel.schedule(at(1), target, 1);
  const EventId second = kernel.schedule(at(1), target, 2);
  CHECK(kernel.is_pending(first));
  CHECK(kernel.cancel(first));
  CHECK_FALSE(kernel.is_pending(first));
  CHECK_FALSE(kernel.cancel(first));
  CHECK_FALSE(kernel.cancel(EventId()));
  kernel.run();
  CHECK_FALSE(kernel.cancel(second));
  CHECK(target.kinds == std::vector<std::uint32_t>{2});
}

TEST_CASE("a destroyed target takes its pending events with it, and no others") {
  Kernel kernel(1);
  Recorder other(kernel, "other");
  auto target = std::make_unique<Recorder>(kernel);
  for (int i = 0; i < 100; ++i) {
    kernel.schedule(at(i), *target, 1);
    kernel.schedule(at(i), other, 2);
    if (i % 3 == 0) kernel.cancel(kernel.schedule(at(i), *target, 1));
  }
  kernel.run({.until = at(49)});
  CHECK(target->kinds.size() == 50);
  target.reset();
  CHECK(kernel.pending() == 50);
  CHECK(kernel.run() == StopReason::idle);
  CHECK(other.kinds.size() == 100);

  kernel.schedule(at(200), other, 1);
  CHECK(other.has_events());
  other.cancel_events();
  CHECK_FALSE(other.has_events());
  CHECK(kernel.pending() == 0);
}

TEST_CASE("a target may destroy itself or another in an event") {
  struct Killer final : EventTarget {
    Killer(Kernel& run, std::vector<std::unique_ptr<EventTarget>>& everybody)
        : EventTarget(run, "killer"), all(&everybody) {}
    void on_event(std::uint32_t kind, std::uint64_t argument) override {
      if (kind == 1) (*all)[argument].reset();
    }
    std::vector<std::unique_ptr<EventTarget>>* all;
  };
  Kernel kernel(1);
  std::vector<std::unique_ptr<EventTarget>> all;
  for (int i = 0; i < 3; ++i) all.push_back(std::make_unique<Killer>(kernel, all));
  for (auto& target : all) {
    for (int i = 0; i < 10; ++i) kernel.schedule(at(100 + i), *target, 2);
  }
  kernel.schedule(at(1), *all[0], 1, 1);
  kernel.schedule(at(1), *all[1], 1, 2);  // Dies first.
  kernel.schedule(at(2), *all[0], 1, 0);
  CHECK(kernel.run() == StopReason::idle);
  CHECK(kernel.events() == 2 + 10);
  CHECK(all[2] != nullptr);
}

TEST_CASE("targets may outlive their kernel") {
  auto kernel = std::make_unique<Kernel>(1);
  Recorder target(*kernel);
  kernel->schedule(at(1), target, 1);
  kernel.reset();
  target.cancel_events();
  CHECK_FALSE(target.has_events());
}

TEST_CASE("trace ids count the targets") {
  Kernel kernel(1);
  Recorder first(kernel);
  CHECK(first.trace_id() == 1);
  { CHECK(Recorder(kernel).trace_id() == 2); }
  CHECK(Recorder(kernel).trace_id() == 3);
}

TEST_CASE("equal seeds give equal runs, different ones do not") {
  World a(7);
  World b(7);
  World c(8);
  for (World* world : {&a, &b, &c}) world->kernel.run({.events = 20'000});
  CHECK(a.kernel.trace_hash() == b.kernel.trace_hash());
  CHECK(a.kernel.checkpoints() == b.kernel.checkpoints());
  CHECK(a.kernel.trace_hash() != c.kernel.trace_hash());
  CHECK(first_difference(a.kernel.checkpoints(), c.kernel.checkpoints()));
}

TEST_CASE("the hash of a fixed run is the same on every build") {
  World fifo(42);
  fifo.kernel.run({.events = 50'000});
  CHECK(fifo.kernel.trace_hash() == 0xaf7818ef4f333cbf);
  World shuffled(42, TiePolicy::shuffle);
  shuffled.kernel.run({.events = 50'000});
  CHECK(shuffled.kernel.trace_hash() == 0x1be771ff9747fc60);
}

TEST_CASE("a run that is cut and resumed is the uncut run") {
  const TiePolicy ties = GENERATE(TiePolicy::fifo, TiePolicy::shuffle);
  World uncut(7, ties);
  uncut.kernel.run({.events = 10'000});
  World cut(7, ties);
  RandomStream random(1, "cuts");
  while (cut.kernel.events() < 10'000) {
    switch (random.below(4)) {
      case 0: cut.kernel.step(); break;
      case 1:
        cut.kernel.run({.until = cut.kernel.now() + random.between(Duration::zero(), Duration::milliseconds(3)),
                        .events = 10'000});
        break;
      case 2:
        cut.kernel.run({.events = std::min<std::uint64_t>(cut.kernel.events() + random.below(50), 10'000)});
        break;
      case 3: REQUIRE(cut.kernel.next_time()); break;
    }
  }
  CHECK(cut.kernel.trace_hash() == uncut.kernel.trace_hash());
  CHECK(cut.kernel.checkpoints() == uncut.kernel.checkpoints());
  CHECK(cut.kernel.now() == uncut.kernel.now());
}

TEST_CASE("ties are shuffled by the seed when the run asks for it") {
  const auto order = [](std::uint64_t seed, TiePolicy ties) {
    Kernel kernel(seed, ties);
    Recorder target(kernel);
    for (std::uint64_t i = 0; i < 50; ++i) kernel.schedule(at(1), target, 1, i);
    kernel.run();
    return target.arguments;
  };
  CHECK(order(1, TiePolicy::fifo) == order(2, TiePolicy::fifo));
  CHECK(order(1, TiePolicy::shuffle) == order(1, TiePolicy::shuffle));
  CHECK(order(1, TiePolicy::shuffle) != order(2, TiePolicy::shuffle));
  CHECK(order(1, TiePolicy::shuffle) != order(1, TiePolicy::fifo));
}

TEST_CASE("the text trace is one line per event in fixed columns") {
  Kernel kernel(1);
  Recorder target(kernel, "peer-1");
  std::vector<std::string> lines;
  kernel.schedule(at(1'500'000'001), target, 12, 0xbeef);
  kernel.schedule(at(1'500'000'002), target, 3);
  kernel.schedule(at(1'500'000'003), target, 4);
  kernel.trace_to([&](std::string_view line) { lines.emplace_back(line); });
  CHECK(kernel.tracing());
  kernel.step();
  kernel.step();
  kernel.trace_to(nullptr);
  CHECK_FALSE(kernel.tracing());
  kernel.step();
  CHECK(lines == std::vector<std::string>{
                     "         1      1.500000001     1   12             beef peer-1 argument 48879",
                     "         2      1.500000002     1    3                0 peer-1",
                 });
}

TEST_CASE("tracing does not change the run") {
  World quiet(3);
  World loud(3);
  std::uint64_t lines = 0;
  loud.kernel.trace_to([&](std::string_view) { ++lines; });
  quiet.kernel.run({.events = 1'000});
  loud.kernel.run({.events = 1'000});
  CHECK(lines == 1'000);
  CHECK(quiet.kernel.trace_hash() == loud.kernel.trace_hash());
}

TEST_CASE("a delay beyond the end of time ends there") {
  Kernel kernel(1);
  Recorder target(kernel);
  kernel.run({.until = at(5)});
  kernel.schedule_after(Duration::max(), target, 1);
  CHECK(kernel.next_time() == VirtualTime::max());
  CHECK(kernel.run({.until = at(INT64_MAX - 1)}) == StopReason::time_limit);
  CHECK(kernel.run() == StopReason::idle);
  CHECK(target.times == std::vector<std::int64_t>{INT64_MAX});
}

TEST_CASE("stop reasons have names") {
  CHECK(to_string(StopReason::idle) == "idle");
  CHECK(to_string(StopReason::time_limit) == "time-limit");
  CHECK(to_string(StopReason::event_limit) == "event-limit");
  CHECK(to_string(StopReason::requested) == "requested");
}
