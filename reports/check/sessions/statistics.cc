#include "reports/check/sessions/statistics.h"

#include <algorithm>
#include <array>

namespace heir::reports {

namespace {

/// Percentiles in ascending order leave the smaller ones' places alone, so each selection works on what is left.
Latency latency_of(std::vector<std::int64_t>& ns) {
  auto begin = ns.begin();
  const auto at_rank = [&](std::size_t per_mille) {
    const std::size_t rank = (ns.size() * per_mille + 999) / 1000;  // from 1
    const auto nth = ns.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(begin, nth, ns.end());
    begin = nth;
    return Duration::nanoseconds(*nth);
  };
  Latency latency;
  latency.least = at_rank(0);
  latency.p50 = at_rank(500);
  latency.p90 = at_rank(900);
  latency.p99 = at_rank(990);
  latency.p999 = at_rank(999);
  latency.most = at_rank(1000);
  return latency;
}

}  // namespace

std::vector<FunctionStatistics> statistics(const History& history) {
  constexpr std::size_t functions = static_cast<std::size_t>(Function::transaction) + 1;
  std::array<FunctionStatistics, functions> by_function;
  std::array<std::vector<std::int64_t>, functions> latencies;
  for (const Operation& op : history.operations()) {
    const auto f = static_cast<std::size_t>(op.function);
    (op.ok() ? by_function[f].ok : op.failed() ? by_function[f].fail : by_function[f].unknown)++;
    if (op.ok() && history.timed()) latencies[f].push_back((op.completed - op.invoked).ns());
  }
  std::vector<FunctionStatistics> found;
  for (std::size_t f = 0; f < functions; ++f) {
    FunctionStatistics& of = by_function[f];
    if (of.ok + of.fail + of.unknown == 0) continue;
    of.function = static_cast<Function>(f);
    if (!latencies[f].empty()) of.latency = latency_of(latencies[f]);
    found.push_back(of);
  }
  return found;
}

}  // namespace heir::reports
