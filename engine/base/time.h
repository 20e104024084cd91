// Durations and instants in integer nanoseconds.
//
// An instant belongs to one clock: a monotonic reading, a wall-clock reading and the simulator's virtual time are
// different types and cannot be mixed. Instant - Instant = Duration; nothing converts implicitly to or from a number.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace heir {

class Duration {
 public:
  constexpr Duration() = default;
  static constexpr Duration nanoseconds(std::int64_t n) { return Duration(n); }
  static constexpr Duration microseconds(std::int64_t n) { return Duration(n * 1'000); }
  static constexpr Duration milliseconds(std::int64_t n) { return Duration(n * 1'000'000); }
  static constexpr Duration seconds(std::int64_t n) { return Duration(n * 1'000'000'000); }
  static constexpr Duration zero() { return Duration(0); }
  static constexpr Duration max() { return Duration(INT64_MAX); }

  constexpr std::int64_t ns() const { return ns_; }

  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator-() const { return Duration(-ns_); }
  constexpr Duration operator+(Duration other) const { return Duration(ns_ + other.ns_); }
  constexpr Duration operator-(Duration other) const { return Duration(ns_ - other.ns_); }
  constexpr Duration operator*(std::int64_t factor) const { return Duration(ns_ * factor); }
  constexpr Duration operator/(std::int64_t divisor) const { return Duration(ns_ / divisor); }
  constexpr Duration& operator+=(Duration other) { return *this = *this + other; }
  constexpr Duration& operator-=(Duration other) { return *this = *this - other; }

 private:
  explicit constexpr Duration(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

template <class Clock>
class Instant {
 public:
  constexpr Instant() = default;
  /// `ns` nanoseconds after the origin of the clock.
  static constexpr Instant from_ns(std::int64_t ns) { return Instant(ns); }
  static constexpr Instant max() { return Instant(INT64_MAX); }

  constexpr std::int64_t ns() const { return ns_; }

  constexpr auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return Instant(ns_ + d.ns()); }
  constexpr Instant operator-(Duration d) const { return Instant(ns_ - d.ns()); }
  constexpr Duration operator-(Instant other) const { return Duration::nanoseconds(ns_ - other.ns_); }

 private:
  explicit constexpr Instant(std::int64_t ns) : ns_(ns) {}
  std::int64_t ns_ = 0;
};

/// CLOCK_MONOTONIC of one host: never steps, may run fast or slow, means nothing on another host.
using MonotonicTime = Instant<struct MonotonicClock>;
/// CLOCK_REALTIME of one host, since the Unix epoch. May step. For people to read, never for a decision.
using WallTime = Instant<struct WallClock>;

/// The shortest exact text with one unit: "250ms", "1.5s", "2us", "0s".
std::string to_string(Duration duration);

}  // namespace heir
