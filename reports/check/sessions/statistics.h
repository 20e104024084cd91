// Statistics: of each function how often it was asked for, what became of it, and how long the answer took.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports {

/// Of acknowledged operations, from invocation to answer. Percentiles are exact, by nearest rank: the least latency
/// that no more than the given share of them exceeds.
struct Latency {
  Duration least, p50, p90, p99, p999, most;
  bool operator==(const Latency&) const = default;
};

struct FunctionStatistics {
  Function function = Function::read;
  std::size_t ok = 0, fail = 0, unknown = 0;
  std::optional<Latency> latency;  ///< Nothing if none was acknowledged, or the history has no times.
};

/// The functions that occur, in the order of their enumeration. O(n): by selection, not by sorting.
std::vector<FunctionStatistics> statistics(const History& history);

}  // namespace heir::reports
