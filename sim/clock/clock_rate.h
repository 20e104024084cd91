// How fast the clocks of a host run when several causes act on them at once, in simulated and real hosts: what they add
// is summed, and the sum bounded.
#pragma once

#include <algorithm>
#include <cstdint>

namespace heir::sim {

/// By which clocks run fast (or slow, negative), in parts per 10^9, if all causes together add `sum_ppb`: none goes
/// back, and none runs faster than ten-fold. The sum itself stays as it is, so that a cause takes away what it added.
constexpr std::int64_t bounded_clock_rate(std::int64_t sum_ppb) {
  constexpr std::int64_t stopped = -1'000'000'000;
  constexpr std::int64_t ten_fold = 9'000'000'000;
  return std::clamp(sum_ppb, stopped, ten_fold);
}

}  // namespace heir::sim
