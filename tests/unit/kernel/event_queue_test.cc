#include "sim/kernel/event_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "sim/kernel/random.h"

using namespace heir;
using namespace heir::sim;

namespace {

VirtualTime at(std::int64_t ns) {
  return VirtualTime::from_ns(ns);
}

/// How far ahead of now events are scheduled.
enum class Times { spread, equal, bursts, far, mixed_scales, short_hops };

std::int64_t draw_delay(RandomStream& random, Times times) {
  switch (times) {
    case Times::spread: return random.exponential(Duration::milliseconds(1)).ns();
    case Times::equal: return 0;
    case Times::bursts: return random.between(0, 3) * 1'000'000;
    case Times::far:
      return random.chance(Ratio::percent(50)) ? random.between(0, 10) : random.between(0, INT64_MAX / 2);
    case Times::mixed_scales: return static_cast<std::int64_t>(random.next() >> random.between(16, 63));
    case Times::short_hops: return random.chance(Ratio::percent(5)) ? 1'000'000'000 : random.between(0, 50);
  }
  return 0;
}

/// Drives the queue and a sorted set side by side.
struct Pair {
  EventQueue queue;
  std::set<std::tuple<std::int64_t, std::uint64_t>> reference;  ///< (time, sequence)
  std::vector<EventId> ids;                                     ///< By sequence.
  std::vector<std::int64_t> times;
  std::int64_t now = 0;

  void push(std::int64_t time) {
    const std::uint64_t sequence = ids.size();
    ids.push_back(queue.push(at(time), nullptr, static_cast<std::uint32_t>(sequence), sequence));
    times.push_back(time);
    reference.emplace(time, sequence);
  }
  void cancel(std::uint64_t sequence) {
    const bool pending = reference.erase({times[sequence], sequence}) == 1;
    REQUIRE(queue.contains(ids[sequence]) == pending);
    REQUIRE(queue.cancel(ids[sequence]) == pending);
    REQUIRE_FALSE(queue.contains(ids[sequence]));
  }
  void pop() {
    DueEvent event;
    REQUIRE(queue.pop(VirtualTime::max(), event));
    const auto [time, sequence] = *reference.begin();
    REQUIRE(event.at.ns() == time);
    REQUIRE(event.argument == sequence);
    REQUIRE(event.kind == static_cast<std::uint32_t>(sequence));
    REQUIRE(event.id == ids[sequence]);
    reference.erase(reference.begin());
    now = time;
  }
};

}  // namespace

TEST_CASE("events come out as from a sorted set, whatever is scheduled and cancelled") {
  const auto size = GENERATE(3U, 40U, 300U, 5'000U);
  const auto times =
      GENERATE(Times::spread, Times::equal, Times::bursts, Times::far, Times::mixed_scales, Times::short_hops);
  CAPTURE(size, static_cast<int>(times));
  RandomStream random(size, "order", static_cast<std::uint64_t>(times));
  Pair pair;
  const auto push = [&] {
    const std::int64_t delay = draw_delay(random, times);
    pair.push(delay <= INT64_MAX - pair.now ? pair.now + delay : INT64_MAX);
  };
  // Phases of growing, holding and shrinking, so that every way from few to many and back is taken.
  for (int phase = 0; phase < 6; ++phase) {
    const std::uint64_t pushes = phase % 3 == 0 ? 60 : phase % 3 == 1 ? 40 : 15;
    for (std::uint32_t step = 0; step < 2 * size + 50; ++step) {
      const std::uint64_t choice = random.below(100);
      if (choice < pushes || pair.reference.empty()) {
        push();
      } else if (choice < pushes + (100 - pushes) / 3) {
        pair.cancel(random.below(pair.ids.size()));
      } else if (choice < 97) {
        pair.pop();
      } else {
        REQUIRE(pair.queue.next_time() == at(std::get<0>(*pair.reference.begin())));
      }
      REQUIRE(pair.queue.size() == pair.reference.size());
    }
  }
  while (!pair.reference.empty()) pair.pop();
  CHECK(pair.queue.empty());
  CHECK(pair.queue.next_time() == std::nullopt);
}

TEST_CASE("many events scheduled before the next known one keep their order") {
  // The queue has already looked ahead to the far event when the near ones come.
  Pair pair;
  RandomStream random(1, "before");
  for (int far = 0; far < 100; ++far) pair.push(1'000'000'000 + far % 7);
  REQUIRE(pair.queue.next_time() == at(1'000'000'000));
  for (int i = 0; i < 20'000; ++i) pair.push(random.between(0, 1'000'000'010));
  REQUIRE(pair.queue.next_time() == at(std::get<0>(*pair.reference.begin())));
  while (!pair.reference.empty()) pair.pop();
}

TEST_CASE("a burst at the present moment is first in, first out") {
  Pair pair;
  for (int i = 0; i < 10; ++i) pair.push(5);
  pair.pop();
  for (int i = 0; i < 50'000; ++i) pair.push(5 + i % 2);
  while (!pair.reference.empty()) pair.pop();
}

TEST_CASE("pop leaves later events alone") {
  EventQueue queue;
  const EventId id = queue.push(at(10), nullptr, 1, 2);
  DueEvent event;
  CHECK_FALSE(queue.pop(at(9), event));
  CHECK_FALSE(queue.pop(at(-1), event));
  CHECK(queue.size() == 1);
  // Looking ahead does not forbid scheduling before it.
  queue.push(at(3), nullptr, 7, 0);
  REQUIRE(queue.pop(at(9), event));
  CHECK(event.kind == 7);
  REQUIRE(queue.pop(at(10), event));
  CHECK(event.id == id);
  CHECK_FALSE(queue.pop(VirtualTime::max(), event));
}

TEST_CASE("an id means its event for ever") {
  EventQueue queue;
  CHECK_FALSE(queue.cancel(EventId()));
  CHECK_FALSE(queue.contains(EventId()));
  const EventId first = queue.push(at(1), nullptr, 0, 0);
  CHECK(first);
  CHECK(queue.cancel(first));
  CHECK_FALSE(queue.cancel(first));
  // The slot is used again, the id is not.
  const EventId second = queue.push(at(1), nullptr, 0, 0);
  CHECK(EventQueue::slot_of(second) == EventQueue::slot_of(first));
  CHECK_FALSE(second == first);
  CHECK_FALSE(queue.cancel(first));
  CHECK(queue.contains(second));
  DueEvent event;
  CHECK(queue.pop(at(1), event));
  CHECK_FALSE(queue.cancel(second));
  // An id of another, bigger queue.
  EventQueue other;
  EventId foreign;
  for (int i = 0; i < 10; ++i) foreign = other.push(at(1), nullptr, 0, 0);
  CHECK_FALSE(queue.cancel(foreign));
}

TEST_CASE("cancelled events do not make the queue grow") {
  const bool near = GENERATE(false, true);
  EventQueue queue;
  for (int i = 0; i < 100; ++i) queue.push(at(i * 1'000'000), nullptr, 0, 0);
  std::uint32_t highest_slot = 0;
  for (int i = 0; i < 100'000; ++i) {
    const EventId id = queue.push(near ? at(i % 100) : at(60'000'000'000 + i), nullptr, 0, 0);
    highest_slot = std::max(highest_slot, EventQueue::slot_of(id));
    REQUIRE(queue.cancel(id));
    REQUIRE(queue.size() == 100);
    REQUIRE(queue.entries_held() <= 2 * queue.size() + 32);
  }
  CHECK(highest_slot == 101);
  DueEvent event;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(queue.pop(VirtualTime::max(), event));
    REQUIRE(event.at == at(i * 1'000'000));
  }
  CHECK_FALSE(queue.pop(VirtualTime::max(), event));
  CHECK(queue.entries_held() == 0);
}

TEST_CASE("shuffled ties are a permutation made of the key") {
  const auto order = [](std::optional<std::uint64_t> key) {
    EventQueue queue(key);
    std::vector<std::uint64_t> result;
    for (std::uint64_t i = 0; i < 100; ++i) queue.push(at(i < 50 ? 7 : 3), nullptr, 0, i);
    DueEvent event;
    while (queue.pop(VirtualTime::max(), event)) result.push_back(event.argument);
    return result;
  };
  const auto plain = order(std::nullopt);
  const auto one = order(1);
  CHECK(one == order(1));
  CHECK(one != order(2));
  CHECK(one != plain);
  // Time still comes first.
  CHECK(std::all_of(one.begin(), one.begin() + 50, [](std::uint64_t i) { return i >= 50; }));
  auto sorted = one;
  std::sort(sorted.begin(), sorted.end());
  auto all = plain;
  std::sort(all.begin(), all.end());
  CHECK(sorted == all);
  // Either of two may come first.
  int swapped = 0;
  for (std::uint64_t key = 0; key < 200; ++key) {
    EventQueue queue(RandomStream(key, "keys").next());
    queue.push(at(1), nullptr, 0, 0);
    queue.push(at(1), nullptr, 0, 1);
    DueEvent event;
    REQUIRE(queue.pop(at(1), event));
    swapped += event.argument == 1;
  }
  CHECK(swapped > 60);
  CHECK(swapped < 140);
}
