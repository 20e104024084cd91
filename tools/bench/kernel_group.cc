// The kernel: what an event costs with everything on, against the least that would do.
#include <memory>
#include <queue>

#include "engine/base/assert.h"
#include "groups.h"
#include "sim/kernel/kernel.h"

namespace heir::bench {

namespace {

constexpr std::size_t kProcesses = 64;

/// A cheap and poor stand-in for decisions of a process, the same in both worlds.
std::uint64_t decide(std::uint64_t argument) {
  return argument * 0x9e3779b97f4a7c15 + 1;
}
std::size_t next_process(std::uint64_t argument) {
  return static_cast<std::size_t>(argument >> 58);
}
std::int64_t delay_ns(std::uint64_t argument) {
  return 50'000 + static_cast<std::int64_t>((argument >> 30) & 0xfffff);
}

// --- Ours ---

class Player final : public sim::EventTarget {
 public:
  Player(sim::Kernel& kernel, std::vector<std::unique_ptr<Player>>& all) : EventTarget(kernel, "player"), all_(&all) {}
  void on_event(std::uint32_t kind, std::uint64_t argument) override {
    const std::uint64_t next = decide(argument);
    Player& other = *(*all_)[next_process(next)];
    kernel().schedule(kernel().now() + Duration::nanoseconds(delay_ns(next)), other, kind, next);
  }

 private:
  std::vector<std::unique_ptr<Player>>* all_;
};

struct PingPong {
  PingPong() : kernel(1) {
    for (std::size_t i = 0; i < kProcesses; ++i) players.push_back(std::make_unique<Player>(kernel, players));
    for (std::size_t i = 0; i < kProcesses; ++i) kernel.schedule(sim::VirtualTime(), *players[i], 1, decide(i));
  }
  std::uint64_t run(std::uint64_t operations) {
    kernel.run({.until = sim::VirtualTime::max(), .events = kernel.events() + operations});
    keep(kernel.trace_hash());
    return operations;
  }
  sim::Kernel kernel;
  std::vector<std::unique_ptr<Player>> players;
};

// --- The baseline ---

class PlainPlayer {
 public:
  virtual ~PlainPlayer() = default;
  virtual void on_event(std::uint32_t kind, std::uint64_t argument) = 0;
};

struct PlainKernel {
  struct Event {
    std::int64_t time;
    std::uint64_t sequence;
    PlainPlayer* target;
    std::uint64_t argument;
    std::uint32_t kind;
    bool operator>(const Event& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  void schedule(std::int64_t at, PlainPlayer& target, std::uint32_t kind, std::uint64_t argument) {
    queue.push({at, sequence++, &target, argument, kind});
  }
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue;
  std::int64_t now = 0;
  std::uint64_t sequence = 0;
};

class PlainPingPonger final : public PlainPlayer {
 public:
  PlainPingPonger(PlainKernel& kernel, std::vector<std::unique_ptr<PlainPlayer>>& all) : kernel_(&kernel), all_(&all) {}
  void on_event(std::uint32_t kind, std::uint64_t argument) override {
    const std::uint64_t next = decide(argument);
    kernel_->schedule(kernel_->now + delay_ns(next), *(*all_)[next_process(next)], kind, next);
  }

 private:
  PlainKernel* kernel_;
  std::vector<std::unique_ptr<PlainPlayer>>* all_;
};

struct PlainPingPong {
  PlainPingPong() {
    for (std::size_t i = 0; i < kProcesses; ++i) players.push_back(std::make_unique<PlainPingPonger>(kernel, players));
    for (std::size_t i = 0; i < kProcesses; ++i) kernel.schedule(0, *players[i], 1, decide(i));
  }
  std::uint64_t run(std::uint64_t operations) {
    for (std::uint64_t i = 0; i < operations; ++i) {
      const PlainKernel::Event event = kernel.queue.top();
      kernel.queue.pop();
      kernel.now = event.time;
      event.target->on_event(event.kind, event.argument);
    }
    keep(static_cast<std::uint64_t>(kernel.now));
    return operations;
  }
  PlainKernel kernel;
  std::vector<std::unique_ptr<PlainPlayer>> players;
};

}  // namespace

void add_kernel_group(std::vector<Benchmark>& benchmarks) {
  const auto ours = std::make_shared<PingPong>();
  const auto plain = std::make_shared<PlainPingPong>();
  benchmarks.push_back({"kernel/ping-pong/64",
                        "one event among 64 processes, trace hash on; against std::priority_queue and a virtual call",
                        [ours] { return ours->run(300'000); }, [plain] { return plain->run(300'000); }, 0.6});

  const auto random = std::make_shared<sim::RandomStream>(1, "bench.random");
  benchmarks.push_back({"kernel/random/exponential",
                        "one exponential draw in fixed point",
                        [random] {
                          std::uint64_t sum = 0;
                          for (int i = 0; i < 300'000; ++i) {
                            sum += static_cast<std::uint64_t>(random->exponential(Duration::milliseconds(1)).ns());
                          }
                          keep(sum);
                          return std::uint64_t{300'000};
                        },
                        {},
                        std::nullopt});
}

}  // namespace heir::bench
