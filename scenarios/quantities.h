// The quantities of a scenario file as values: ranges, ratios and rates, exact integers throughout.
#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "engine/base/time.h"

namespace heir::scenarios {

/// From `low` to `high`, both included; a single value is a range of width zero. Invariant: low <= high.
template <class T>
struct Range {
  T low{};
  T high{};
  constexpr bool fixed() const { return low == high; }
  bool operator==(const Range&) const = default;
};

/// Written "200us" or "200us..2ms".
using DurationRange = Range<Duration>;

/// A share of one: in a file "0.1%", "50ppm" or "3ppb". Never negative; used for chances and for clock rates.
class Ratio {
 public:
  static constexpr std::int64_t billion = 1'000'000'000;
  constexpr Ratio() = default;
  static constexpr Ratio per_billion(std::int64_t n) { return Ratio(n); }
  static constexpr Ratio per_million(std::int64_t n) { return Ratio(n * 1'000); }
  static constexpr Ratio percent(std::int64_t n) { return Ratio(n * 10'000'000); }
  /// Parts per billion: 1,000,000,000 is one.
  constexpr std::int64_t ppb() const { return ppb_; }
  constexpr auto operator<=>(const Ratio&) const = default;

 private:
  explicit constexpr Ratio(std::int64_t ppb) : ppb_(ppb) {}
  std::int64_t ppb_ = 0;
};

/// A duration or a ratio: what a margin is searched over.
struct Amount {
  enum class Unit { duration, ratio };
  Unit unit = Unit::duration;
  std::int64_t n = 0;  ///< Nanoseconds, or parts per billion.
  bool operator==(const Amount&) const = default;
};

/// Where a stream of random numbers was: 64 hexadecimal digits in a file.
struct Draws {
  std::array<std::uint64_t, 4> state{};
  bool operator==(const Draws&) const = default;
};

/// From `at` on, everything that is drawn is drawn otherwise, for each number in another way: "41.2s/9" in a file.
struct Variation {
  Duration at;
  std::uint64_t number = 1;
  bool operator==(const Variation&) const = default;
};

/// So many events in each period of time: in a file "200/s" or "30/min". Invariant: count >= 1.
struct Rate {
  std::int64_t count = 1;
  Duration per = Duration::seconds(1);
  /// The mean time between two events, rounded down to a nanosecond.
  constexpr Duration interval() const { return per / count; }
  bool operator==(const Rate&) const = default;
};

}  // namespace heir::scenarios
