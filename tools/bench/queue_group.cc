// The event queue alone. Hold model: the earliest event is taken out, and one is put in at a random time after it; the
// number of pending events stays the same.
#include <fmt/format.h>

#include <memory>
#include <queue>
#include <set>

#include "engine/base/assert.h"
#include "groups.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/random.h"

namespace heir::bench {

namespace {

using sim::DueEvent;
using sim::EventId;
using sim::EventQueue;
using sim::VirtualTime;

/// An event of the baseline: 24 bytes, in order of (time, sequence).
struct PlainEvent {
  std::int64_t time;
  std::uint64_t sequence;
  std::uint64_t payload;
  bool operator>(const PlainEvent& other) const {
    return time != other.time ? time > other.time : sequence > other.sequence;
  }
  bool operator<(const PlainEvent& other) const { return other > *this; }
};
static_assert(sizeof(PlainEvent) == 24);
using PlainQueue = std::priority_queue<PlainEvent, std::vector<PlainEvent>, std::greater<>>;

/// Delays drawn beforehand, so that the draws are not measured.
class Delays {
 public:
  Delays() {
    sim::RandomStream random(1, "bench.delays");
    for (std::int64_t& delay : delays_) delay = random.exponential(Duration::milliseconds(10)).ns();
  }
  std::int64_t operator[](std::uint64_t i) const { return delays_[i % kCount]; }

 private:
  static constexpr std::size_t kCount = 1024;
  std::int64_t delays_[kCount];
};

struct Hold {
  explicit Hold(std::size_t pending) {
    sim::RandomStream random(2, "bench.hold");
    for (std::size_t i = 0; i < pending; ++i) {
      const std::int64_t at = random.exponential(Duration::milliseconds(10)).ns();
      ours.push(VirtualTime::from_ns(at), nullptr, 0, i);
      plain.push({at, i, i});
    }
    sequence = pending;
    steps = sequence;
  }
  std::uint64_t run_ours(std::uint64_t operations) {
    DueEvent event;
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
      ours.pop(VirtualTime::max(), event);
      sum += event.argument;
      ours.push(event.at + Duration::nanoseconds(delays[steps++]), nullptr, 0, event.argument);
    }
    keep(sum);
    return operations;
  }
  std::uint64_t run_plain(std::uint64_t operations) {
    std::uint64_t sum = 0;
    for (std::uint64_t i = 0; i < operations; ++i) {
      const PlainEvent event = plain.top();
      plain.pop();
      sum += event.payload;
      plain.push({event.time + delays[sequence], sequence, event.payload});
      ++sequence;
    }
    keep(sum);
    return operations;
  }
  Delays delays;
  EventQueue ours;
  PlainQueue plain;
  std::uint64_t steps = 0;
  std::uint64_t sequence = 0;
};

void add_hold(std::vector<Benchmark>& benchmarks, std::size_t pending, std::uint64_t operations,
              std::optional<double> promise) {
  // Made at first use and kept over the rounds: they go on from where the last one ended.
  const auto state = std::make_shared<std::unique_ptr<Hold>>();
  const auto made = [state, pending]() -> Hold& {
    if (!*state) {
      *state = std::make_unique<Hold>(pending);
      (*state)->run_ours(2 * pending);
      (*state)->run_plain(2 * pending);
    }
    return **state;
  };
  benchmarks.push_back({fmt::format("queue/hold/{}", pending),
                        "take the earliest, put one in; against std::priority_queue of 24 bytes",
                        [made, operations] { return made().run_ours(operations); },
                        [made, operations] { return made().run_plain(operations); }, promise});
}

/// A client's timeouts: each operation schedules one far ahead and cancels the one of 64 operations ago, with 1000
/// others pending. The baseline erases from a std::set.
struct Timeouts {
  static constexpr std::size_t kOpen = 64;
  Timeouts() {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      ours.push(VirtualTime::from_ns(static_cast<std::int64_t>(i) * 50'000), nullptr, 0, i);
      plain.insert({static_cast<std::int64_t>(i) * 50'000, i, i});
    }
  }
  std::uint64_t run_ours(std::uint64_t operations) {
    for (std::uint64_t i = 0; i < operations; ++i) {
      now_ours += 1000;
      ours.cancel(open[i % kOpen]);
      open[i % kOpen] = ours.push(VirtualTime::from_ns(now_ours + 5'000'000'000), nullptr, 1, i);
    }
    return operations;
  }
  std::uint64_t run_plain(std::uint64_t operations) {
    for (std::uint64_t i = 0; i < operations; ++i) {
      now_plain += 1000;
      plain.erase(open_plain[i % kOpen]);
      open_plain[i % kOpen] = {now_plain + 5'000'000'000, sequence++, i};
      plain.insert(open_plain[i % kOpen]);
    }
    return operations;
  }
  EventQueue ours;
  std::set<PlainEvent> plain;
  EventId open[kOpen];
  PlainEvent open_plain[kOpen] = {};
  std::int64_t now_ours = 0;
  std::int64_t now_plain = 0;
  std::uint64_t sequence = 1000;
};

}  // namespace

void add_queue_group(std::vector<Benchmark>& benchmarks) {
  add_hold(benchmarks, 64, 300'000, std::nullopt);
  add_hold(benchmarks, 1'000, 300'000, 1.3);
  add_hold(benchmarks, 30'000, 300'000, std::nullopt);
  add_hold(benchmarks, 1'000'000, 500'000, 4.0);
  const auto timeouts = std::make_shared<Timeouts>();
  benchmarks.push_back({"queue/timeouts", "schedule one and cancel one, 1000 others pending; against std::set",
                        [timeouts] { return timeouts->run_ours(300'000); },
                        [timeouts] { return timeouts->run_plain(300'000); }, std::nullopt});
}

}  // namespace heir::bench
