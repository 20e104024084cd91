// Random numbers of a run: one stream per purpose, all derived from one seed.
//
// Invariants: a stream depends on (seed, name) alone, so adding a stream, or drawing more from one, changes no other.
// Every draw is integer arithmetic written here: the same on every compiler, optimisation level, sanitizer and machine.
// The draws are part of the meaning of a seed: tests/unit/kernel checks a golden table of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/time.h"

namespace heir::sim {

/// A probability or a share, exact in parts per million: Ratio::percent(5), Ratio::parts_per_million(20).
class Ratio {
 public:
  static constexpr std::uint32_t kWhole = 1'000'000;
  constexpr Ratio() = default;  ///< Never.
  /// More than the whole counts as the whole.
  static constexpr Ratio parts_per_million(std::uint64_t parts) {
    return Ratio(parts < kWhole ? static_cast<std::uint32_t>(parts) : kWhole);
  }
  static constexpr Ratio percent(std::uint64_t parts) {
    return parts < 100 ? parts_per_million(parts * 10'000) : always();
  }
  /// `parts` of `whole` (not 0), rounded down to a millionth.
  static constexpr Ratio of(std::uint32_t parts, std::uint32_t whole) {
    return parts_per_million(std::uint64_t{parts} * kWhole / whole);
  }
  static constexpr Ratio never() { return Ratio(0); }
  static constexpr Ratio always() { return Ratio(kWhole); }
  constexpr std::uint32_t ppm() const { return ppm_; }
  constexpr auto operator<=>(const Ratio&) const = default;

 private:
  explicit constexpr Ratio(std::uint32_t ppm) : ppm_(ppm) {}
  std::uint32_t ppm_ = 0;
};

/// A stream of random numbers (xoshiro256**, public domain algorithm by Blackman and Vigna). Copyable: a copy repeats
/// the draws.
class RandomStream {
 public:
  /// The stream of this purpose under this seed. `index` tells apart many of one purpose (a stream per client).
  RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index = 0);

  /// A stream that goes on where another one was.
  using State = std::array<std::uint64_t, 4>;
  explicit RandomStream(const State& state) : state_(state) {}
  const State& state() const { return state_; }

  /// 64 uniform bits.
  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return salt_ == 0 ? result : salted(result);
  }

  /// From here on every stream of this process draws other numbers, for each salt others; 0: those of its seed again.
  /// For asking what else could have become of a run; a process that did so replays no other.
  static void salt_all(std::uint64_t salt) { salt_ = salt; }
  /// Likewise, but otherwise than they were drawn before: it depends on the salts that there were too.
  static void vary_all(std::uint64_t number);

  /// Uniform in [0, bound), without modulo bias. `bound` is not 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [low, high], both included; low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high);
  /// Uniform in [low, high] by nanoseconds, both included; low <= high.
  Duration between(Duration low, Duration high) { return Duration::nanoseconds(between(low.ns(), high.ns())); }
  /// True with this probability. Takes one draw, even for never and always.
  bool chance(Ratio ratio) { return below(Ratio::kWhole) < ratio.ppm(); }
  /// Exponential with this mean (not negative), rounded down; at most 45 means, and never more than Duration::max().
  Duration exponential(Duration mean);
  /// A heavy tail (Pareto): at least `least` (> 0), P(x > t) = (least / t)^alpha, cut off at `most`. `alpha_permille`
  /// is alpha * 1000, at least 100: 1000..1500 is a wild tail, 2500 a mild one. Median = least * 2^(1/alpha).
  Duration heavy_tail(Duration least, Duration most, std::uint32_t alpha_permille = 1500);

  /// One of the items of a span, vector or array, uniformly; there is at least one.
  template <std::ranges::borrowed_range Items>
  auto& pick(Items&& items) {
    ASSERT(!items.empty(), "pick from nothing");
    return items[static_cast<std::size_t>(below(items.size()))];
  }
  /// A uniform permutation in place, of a span, vector or array.
  template <std::ranges::borrowed_range Items>
  void shuffle(Items&& items) {
    for (std::size_t left = items.size(); left > 1; --left) {
      std::swap(items[left - 1], items[static_cast<std::size_t>(below(left))]);
    }
  }
  /// Fills with uniform bytes; the same bytes on every byte order.
  void fill(std::span<std::byte> out);

 private:
  static constexpr std::uint64_t rotate(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static std::uint64_t salted(std::uint64_t draw);
  static inline std::uint64_t salt_ = 0;
  State state_;
};

}  // namespace heir::sim
