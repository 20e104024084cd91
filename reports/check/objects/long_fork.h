// Long fork: two reads of a group of registers, each of which is written once, that see two writes in opposite orders.
// Parallel snapshot isolation permits it, snapshot isolation does not. As in Jepsen's workload
// (jepsen/tests/long_fork.clj).
#pragma once

#include <optional>

#include "reports/check/verdict/object.h"

namespace heir::reports {

struct LongForkOptions {
  /// How many registers every read must see; none: as many as the first read does.
  std::optional<std::size_t> group_size;
};

/// Transactions (or reads and writes of micro-operations) that only read, or that write one register. Failures:
/// long_fork, the first pair of reads of each group. Unknown if a register is written twice, if a read sees a group of
/// another size, or if two reads see different values of a register. O(n log n).
Judgement judge_long_fork(const Object& object, const LongForkOptions& options = {});

}  // namespace heir::reports
