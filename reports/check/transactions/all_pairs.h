// All pairs of two sets of transactions as dependencies, in memory for the sets and not for the pairs.
#pragma once

#include <span>

#include "reports/check/transactions/dependencies.h"

namespace heir::reports {

/// A transaction that replaced what was there by `value`.
struct Overwrite {
  TransactionIndex transaction = 0;
  Value value;
  bool unread = false;  ///< As in Dependency.
};

/// Each of `before` comes before each of `after`, but none before itself: at most |before| + 4 |after| edges.
/// REQUIRES: both sorted by transaction, each at most once.
void add_all_pairs(Dependencies& dependencies, DependencyKind kind, KeyId key, Value seen,
                   std::span<const TransactionIndex> before, std::span<const Overwrite> after);

}  // namespace heir::reports
