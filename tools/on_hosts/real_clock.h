// RealClock: the time of a world of real hosts, by this machine's monotonic clock. 0 is when the scenario begins.
#pragma once

#include <chrono>

#include "sim/kernel/virtual_time.h"

namespace heir::on_hosts {

using sim::VirtualTime;
using Instant = std::chrono::steady_clock::time_point;  ///< CLOCK_MONOTONIC.

inline Instant now_of_machine() {
  return std::chrono::steady_clock::now();
}
inline Instant after(Instant at, Duration passed) {
  return at + std::chrono::nanoseconds(passed.ns());
}
inline Duration between(Instant from, Instant to) {
  return Duration::nanoseconds(std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count());
}

class RealClock {
 public:
  /// Until then it shows times before 0.
  RealClock() : zero_(now_of_machine() + std::chrono::hours(1)) {}
  /// The scenario begins now. Before anybody else uses the clock.
  void begin() { zero_ = now_of_machine(); }

  VirtualTime at(Instant instant) const { return VirtualTime::from_ns(between(zero_, instant).ns()); }
  VirtualTime now() const { return at(now_of_machine()); }
  Instant instant(VirtualTime at) const { return after(zero_, at - VirtualTime()); }

 private:
  Instant zero_;
};

}  // namespace heir::on_hosts
