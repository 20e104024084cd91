// Set-full: what became of each element of a set that only grows and is read whole. By the rules of Jepsen's set-full
// checker (jepsen/checker.clj), which judge each element alone:
//
//   known    when its addition was acknowledged, or the first read that shows it was answered, whichever is earlier
//   stable   of the reads, the one that began last and does not show it began before the last that does
//   lost     known, and a read that began later, and later than all that show it, does not show it
//   stale    stable, but a read that began after it was known did not show it yet
//   never read  neither stable nor lost
//
// More than this is wrong for a linearizable set: judge_set (sets.h).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/verdict/object.h"

namespace heir::reports {

struct SetFullOptions {
  bool linearizable = false;  ///< A stale element makes the history invalid.
};

struct SetFull {
  /// Invalid if an element was lost (or stale, see SetFullOptions); unknown if none is stable.
  Judgement judgement;
  std::size_t attempted = 0, stable = 0;
  std::vector<Value> lost, never_read, stale;  ///< In order of their additions.
  /// Acknowledged or not, additions of unknown outcome that some read shows.
  std::size_t recovered = 0;
  /// Of the stable elements, and of the lost ones: the least, the median, the 95th and 99th percentile and the greatest
  /// time, in milliseconds, from when they were known until they were stable, or lost. Empty in a history without
  /// times.
  using Latencies = std::array<std::int64_t, 5>;
  std::optional<Latencies> stable_latencies, lost_latencies;
  /// What Jepsen does not judge: elements that nobody added, or that are shown twice.
  std::vector<std::string> notes;
};

/// Functions add, read. If an element is added again, only what is answered after the last addition's invocation
/// counts.
SetFull judge_set_full(const Object& object, const SetFullOptions& options = {});

/// Jepsen's `set`: only the last read counts. It must show all elements whose addition was acknowledged (lost) and none
/// that nobody tried to add (garbage_read). Unknown without any read.
Judgement judge_final_set(const Object& object);

}  // namespace heir::reports
