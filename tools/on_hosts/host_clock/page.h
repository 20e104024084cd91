// What the harness tells programs of a host about the host's clocks, in a file that both map: the clocks as functions
// of this machine's monotonic one. Needs the C library alone, for it is a part of what the programs are preloaded with.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

namespace heir::on_hosts {

/// Times in ns. From `since` on, a time of the machine's CLOCK_MONOTONIC, the host's is ahead of it by `gained`, and
/// gains `rate` more in each second: -10^9 stops it.
struct ClockState {
  std::int64_t since = 0;
  std::int64_t gained = 0;
  std::int64_t rate = 0;
  std::int64_t boot_ahead = 0;  ///< Of the host's CLOCK_MONOTONIC, its CLOCK_BOOTTIME
  std::int64_t wall_ahead = 0;  ///< and its CLOCK_REALTIME.
};

inline constexpr std::int64_t ns_per_second = 1'000'000'000;

/// Of the host's monotonic clock, when the machine's reads `at`, not before `state.since`: exact, rounded down, so that
/// it is continuous where the rate changes, and never goes back. For rates of up to 9 times the second.
inline std::int64_t host_time(const ClockState& state, std::int64_t at) {
  const std::int64_t passed = at - state.since;
  const std::int64_t rest = passed % ns_per_second * state.rate;
  const std::int64_t floor = rest / ns_per_second - (rest % ns_per_second < 0 ? 1 : 0);
  return at + state.gained + passed / ns_per_second * state.rate + floor;
}

/// One writes, any number of programs read. Whoever reads its own clock within read() reads it before the writer did
/// within write(), or sees what was written; so that no clock goes back.
class ClockPage {
 public:
  /// `change(state)`, with whatever clock it reads, is seen as a whole.
  template <typename Change>
  void write(Change change) {
    version_.fetch_add(1);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    ClockState state = fields();
    change(state);
    since_.store(state.since, std::memory_order_relaxed);
    gained_.store(state.gained, std::memory_order_relaxed);
    rate_.store(state.rate, std::memory_order_relaxed);
    boot_ahead_.store(state.boot_ahead, std::memory_order_relaxed);
    wall_ahead_.store(state.wall_ahead, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    version_.fetch_add(1);
  }

  /// What `look()` reads, the machine's clock, and the state that it belongs to. May be called by a signal handler.
  template <typename Look>
  std::int64_t read(ClockState& state, Look look) const {
    while (true) {
      const std::uint32_t version = version_.load();
      const std::int64_t at = look();
      state = fields();
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (version % 2 == 0 && version_.load() == version) return at;
      ::sched_yield();
    }
  }

 private:
  ClockState fields() const {
    return {since_.load(std::memory_order_relaxed), gained_.load(std::memory_order_relaxed),
            rate_.load(std::memory_order_relaxed), boot_ahead_.load(std::memory_order_relaxed),
            wall_ahead_.load(std::memory_order_relaxed)};
  }

  std::atomic<std::uint32_t> version_ = 0;  ///< Odd while it is written.
  std::atomic<std::int64_t> since_ = 0;
  std::atomic<std::int64_t> gained_ = 0;
  std::atomic<std::int64_t> rate_ = 0;
  std::atomic<std::int64_t> boot_ahead_ = 0;
  std::atomic<std::int64_t> wall_ahead_ = 0;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace heir::on_hosts
