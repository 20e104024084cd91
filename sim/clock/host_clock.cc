#include "sim/clock/host_clock.h"

#include <algorithm>

#include "sim/clock/clock_rate.h"

namespace heir::sim {

namespace {

__extension__ using Wide = __int128;
constexpr std::int64_t kBillion = 1'000'000'000;

/// Rounded down, also for negative numbers.
struct Split {
  std::int64_t whole;
  std::int64_t rest;
};
Split divide(std::int64_t factor, std::int64_t by, std::int64_t plus) {
  // Hours of virtual time at ordinary rates fit in 64 bits.
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(factor, by, &product) && !__builtin_add_overflow(product, plus, &product)) {
    std::int64_t whole = product / kBillion;
    std::int64_t rest = product % kBillion;
    if (rest < 0) {
      --whole;
      rest += kBillion;
    }
    return {whole, rest};
  }
  const Wide wide = Wide{factor} * by + plus;
  Wide whole = wide / kBillion;
  Wide rest = wide % kBillion;
  if (rest < 0) {
    whole -= 1;
    rest += kBillion;
  }
  return {static_cast<std::int64_t>(whole), static_cast<std::int64_t>(rest)};
}

}  // namespace

HostClock::HostClock(Kernel& kernel, std::string_view name, WallTime wall)
    : EventTarget(kernel, name), base_(kernel.now()), wall_offset_(wall.ns()) {}

MonotonicTime HostClock::monotonic_at(VirtualTime at) const {
  const std::int64_t elapsed = (at - base_).ns();
  ASSERT(elapsed >= 0, "a reading from before the clock last changed");
  return base_reading_ + Duration::nanoseconds(elapsed + divide(elapsed, running_rate_error(), base_fraction_).whole);
}

VirtualTime HostClock::instant_of(MonotonicTime reading) const {
  const VirtualTime now = kernel().now();
  if (reading <= monotonic_at(now)) return now;
  const std::int64_t error = running_rate_error();
  if (error == 0) return base_ + (reading - base_reading_);  // the fraction is less than 1 ns
  const Wide rate = Wide{kBillion} + error;
  if (rate == 0) return VirtualTime::max();
  // Least e with floor((e * rate + fraction) / 10^9) >= distance.
  const Wide distance = Wide{reading.ns()} - base_reading_.ns();
  const Wide elapsed = (distance * kBillion - base_fraction_ + rate - 1) / rate;
  const Wide at = Wide{base_.ns()} + elapsed;
  if (at >= VirtualTime::max().ns()) return VirtualTime::max();
  return VirtualTime::from_ns(static_cast<std::int64_t>(at));
}

std::int64_t HostClock::running_rate_error() const {
  return freezes_ > 0 ? -kBillion : bounded_clock_rate(rate_error_);
}

/// Makes now the base of all later readings.
void HostClock::settle() {
  const VirtualTime now = kernel().now();
  const std::int64_t elapsed = (now - base_).ns();
  const Split gained = divide(elapsed, running_rate_error(), base_fraction_);
  base_reading_ = base_reading_ + Duration::nanoseconds(elapsed + gained.whole);
  base_fraction_ = gained.rest;
  base_ = now;
}

void HostClock::set_rate_error(std::int64_t ppb) {
  settle();
  rate_error_ = ppb;
  rearm_all();
}

void HostClock::freeze() {
  settle();
  if (freezes_++ == 0) frozen_since_ = kernel().now();
  rearm_all();
}

void HostClock::thaw(AfterFreeze after) {
  ASSERT(freezes_ > 0, "thaw without freeze");
  settle();
  if (--freezes_ == 0) {
    const std::int64_t frozen = (kernel().now() - frozen_since_).ns();
    const Duration missed = Duration::nanoseconds(frozen + divide(frozen, running_rate_error(), 0).whole);
    if (after == AfterFreeze::wall_catches_up) wall_offset_ += missed.ns();
    if (after == AfterFreeze::both_catch_up) base_reading_ = base_reading_ + missed;
  }
  rearm_all();
}

void HostClock::restart() {
  for (std::uint32_t slot = 0; slot < timers_.size(); ++slot) {
    if (timers_[slot].handler) free(slot);
  }
  wall_offset_ = wall().ns();
  base_ = kernel().now();
  base_reading_ = MonotonicTime();
  base_fraction_ = 0;
}

TimerId HostClock::set_timer(MonotonicTime at, Gate* gate, TimerHandler& handler, std::uint64_t cookie) {
  if (free_head_ == kNone) {
    free_head_ = static_cast<std::uint32_t>(timers_.size());
    timers_.emplace_back();
  }
  const std::uint32_t slot = free_head_;
  Timer& timer = timers_[slot];
  free_head_ = timer.next_free;
  timer.at = at;
  timer.handler = &handler;
  timer.gate = gate;
  timer.cookie = cookie;
  timer.sequence = next_sequence_++;
  timer.expired = false;
  ++live_;
  arm(slot);
  return TimerId(id_of(slot, timer.generation));
}

bool HostClock::cancel_timer(TimerId id) {
  const std::uint32_t slot = slot_of(id.value_);
  if (slot == kNone) return false;
  free(slot);
  return true;
}

void HostClock::release(Gate& gate) {
  for (std::uint32_t slot = 0; slot < timers_.size(); ++slot) {
    if (timers_[slot].handler && timers_[slot].gate == &gate) free(slot);
  }
}

void HostClock::on_event(std::uint32_t kind, std::uint64_t argument) {
  const std::uint32_t slot = slot_of(argument);
  if (slot == kNone) return;  // cancelled while its program was paused
  Timer& timer = timers_[slot];
  if (kind == kDue) timer.event = EventId();
  Gate* gate = timer.gate;
  if (gate && !gate->admit(*this, kHandOver, argument)) {
    timer.expired = true;
    return;
  }
  TimerHandler* handler = timer.handler;
  const std::uint64_t cookie = timer.cookie;
  free(slot);
  const Gate::Entry entry(gate);
  handler->on_timer(cookie);
}

std::string HostClock::describe(std::uint32_t kind, std::uint64_t argument) const {
  const std::uint32_t slot = slot_of(argument);
  if (slot == kNone) return "timer gone";
  return std::string(kind == kDue ? "timer due at " : "timer handed over, of ") + std::to_string(timers_[slot].at.ns());
}

std::uint32_t HostClock::slot_of(std::uint64_t id) const {
  const auto slot = static_cast<std::uint32_t>(id);
  if (slot >= timers_.size() || timers_[slot].generation != id >> 32 || !timers_[slot].handler) return kNone;
  return slot;
}

void HostClock::arm(std::uint32_t slot) {
  Timer& timer = timers_[slot];
  const VirtualTime at = instant_of(timer.at);
  if (at != VirtualTime::max()) timer.event = kernel().schedule(at, *this, kDue, id_of(slot, timer.generation));
}

void HostClock::rearm_all() {
  std::vector<std::uint32_t> pending;
  for (std::uint32_t slot = 0; slot < timers_.size(); ++slot) {
    if (timers_[slot].handler && !timers_[slot].expired) pending.push_back(slot);
  }
  std::sort(pending.begin(), pending.end(),
            [this](std::uint32_t a, std::uint32_t b) { return timers_[a].sequence < timers_[b].sequence; });
  for (const std::uint32_t slot : pending) {
    kernel().cancel(timers_[slot].event);
    timers_[slot].event = EventId();
    arm(slot);
  }
}

void HostClock::free(std::uint32_t slot) {
  Timer& timer = timers_[slot];
  kernel().cancel(timer.event);
  timer.event = EventId();
  timer.handler = nullptr;
  timer.gate = nullptr;
  ++timer.generation;
  timer.next_free = free_head_;
  free_head_ = slot;
  --live_;
}

}  // namespace heir::sim
