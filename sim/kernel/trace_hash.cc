#include "sim/kernel/trace_hash.h"

#include <algorithm>

namespace heir::sim {

void TraceHash::take_checkpoint() {
  if (checkpoints_.hashes.size() == kMostCheckpoints) {
    // Number i stands for (i + 1) * interval events: the odd ones are those of the doubled interval.
    for (std::size_t i = 0; i < kMostCheckpoints / 2; ++i) checkpoints_.hashes[i] = checkpoints_.hashes[2 * i + 1];
    checkpoints_.hashes.resize(kMostCheckpoints / 2);
    ++checkpoints_.interval_log2;
  }
  // With the interval doubled, this moment may no longer be one of them.
  if (events_ % checkpoints_.interval() == 0) checkpoints_.hashes.push_back(value_);
  next_checkpoint_ = (events_ / checkpoints_.interval() + 1) * checkpoints_.interval();
}

std::optional<EventRange> first_difference(const Checkpoints& a, const Checkpoints& b) {
  const std::uint32_t interval_log2 = std::max(a.interval_log2, b.interval_log2);
  // Every (2^shift)-th checkpoint of the finer one matches one of the coarser.
  const auto at = [&](const Checkpoints& run, std::size_t i) {
    return run.hashes[((i + 1) << (interval_log2 - run.interval_log2)) - 1];
  };
  const std::size_t both = std::min(a.hashes.size() >> (interval_log2 - a.interval_log2),
                                    b.hashes.size() >> (interval_log2 - b.interval_log2));
  // Once runs part, their hashes stay apart: the first difference can be found by halving.
  std::size_t low = 0;
  std::size_t high = both;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (at(a, middle) == at(b, middle)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == both) return std::nullopt;
  return EventRange{static_cast<std::uint64_t>(low) << interval_log2, static_cast<std::uint64_t>(low + 1)
                                                                          << interval_log2};
}

}  // namespace heir::sim
