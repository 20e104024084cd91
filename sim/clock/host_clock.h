// HostClock: the clocks of one host, as functions of virtual time, in exact integer arithmetic.
//
// Modelled: a monotonic clock with a rate error in parts per 10^9 that may change at any moment (the reading is
// continuous and never goes back), a wall clock that runs with it and can be stepped apart from it, timers on the
// monotonic clock that stay right when the rate changes, restart at boot, freezes (timers wait) after which both clocks
// are behind, only the wall clock has caught up (Linux after suspend: CLOCK_MONOTONIC does not count it), or both have
// (a migrated virtual machine). A slew is a rate error for a while. Not modelled: reading granularity, CLOCK_BOOTTIME.
//
// Invariants: monotonic_at is non-decreasing; instant_of(t) is the earliest virtual instant at which the clock reads t
// or more.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "sim/clock/gate.h"
#include "sim/kernel/kernel.h"

namespace heir::sim {

/// Told when a timer is due.
class TimerHandler {
 public:
  virtual void on_timer(std::uint64_t cookie) = 0;

 protected:
  ~TimerHandler() = default;
};

/// Names one timer; the default is none. Never used again within a run.
class TimerId {
 public:
  constexpr TimerId() = default;
  explicit constexpr operator bool() const { return value_ != 0; }
  constexpr bool operator==(const TimerId&) const = default;

 private:
  friend class HostClock;
  explicit constexpr TimerId(std::uint64_t value) : value_(value) {}
  std::uint64_t value_ = 0;
};

class HostClock final : private EventTarget {
 public:
  /// The monotonic clock reads 0 and the wall clock `wall` at the present instant.
  HostClock(Kernel& kernel, std::string_view name, WallTime wall);

  MonotonicTime monotonic() const { return monotonic_at(kernel().now()); }
  /// The reading at an instant not before the last change of the clock, if nothing changes it until then.
  MonotonicTime monotonic_at(VirtualTime at) const;
  WallTime wall() const { return WallTime::from_ns(monotonic().ns() + wall_offset_); }
  /// The earliest instant, not before now, at which the clock will read `reading` or more; VirtualTime::max() if never.
  VirtualTime instant_of(MonotonicTime reading) const;

  /// Parts per 10^9 by which the clock runs fast (or slow, negative), from now on, within the bounds of clock_rate.h.
  std::int64_t rate_error() const { return rate_error_; }
  void set_rate_error(std::int64_t ppb);
  /// Moves the wall clock, and only it.
  void step_wall(Duration by) { wall_offset_ += by.ns(); }
  /// Both clocks stand still until as many thaws; the rate error counts again then.
  void freeze();
  enum class AfterFreeze : std::uint8_t { behind, wall_catches_up, both_catch_up };
  void thaw(AfterFreeze after);
  /// The host boots: the monotonic clock reads 0, the wall clock goes on. Every timer is dropped.
  void restart();

  /// Calls handler.on_timer(cookie) once, through the gate, when the clock reads `at` (at once, but not from inside
  /// this call, if it does already). A timer expires while its program is paused, and is then handed over at resume.
  TimerId set_timer(MonotonicTime at, Gate* gate, TimerHandler& handler, std::uint64_t cookie = 0);
  TimerId set_timer_after(Duration after, Gate* gate, TimerHandler& handler, std::uint64_t cookie = 0) {
    return set_timer(monotonic() + after, gate, handler, cookie);
  }
  /// False if it has gone off (and been handed over) or was cancelled.
  bool cancel_timer(TimerId id);
  /// Drops every timer of this gate: its program is gone.
  void release(Gate& gate);
  std::size_t timers() const { return live_; }

 private:
  struct Timer {
    MonotonicTime at;
    TimerHandler* handler = nullptr;  ///< Null while the slot is free.
    Gate* gate = nullptr;
    std::uint64_t cookie = 0;
    std::uint64_t sequence = 0;  ///< Order in which timers were set; keeps ties in order when they are armed anew.
    EventId event;
    std::uint32_t generation = 1;
    std::uint32_t next_free = kNone;
    bool expired = false;  ///< Waits behind a closed gate.
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;
  enum Kind : std::uint32_t { kDue, kHandOver };

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;
  static std::uint64_t id_of(std::uint32_t slot, std::uint32_t generation) {
    return (std::uint64_t{generation} << 32) | slot;
  }
  std::uint32_t slot_of(std::uint64_t id) const;
  std::int64_t running_rate_error() const;
  void settle();
  void arm(std::uint32_t slot);
  void rearm_all();
  void free(std::uint32_t slot);

  VirtualTime base_;                ///< When the present rate began.
  MonotonicTime base_reading_;      ///< The reading then, rounded down …
  std::int64_t base_fraction_ = 0;  ///< … and what was cut off, in 10^-9 ns.
  std::int64_t rate_error_ = 0;
  std::uint32_t freezes_ = 0;
  VirtualTime frozen_since_;
  std::int64_t wall_offset_ = 0;
  std::uint64_t next_sequence_ = 0;
  std::size_t live_ = 0;
  std::uint32_t free_head_ = kNone;
  std::vector<Timer> timers_;
};

}  // namespace heir::sim
