// The database's own order of commits, beside what clients saw: confirms that reads show states that there were, or
// says how far they are from it. Who has this order knows more than clients can, so nothing here needs to be inferred.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "reports/check/transactions/transaction.h"
#include "reports/check/verdict/verdict.h"

namespace heir::reports {

struct CommitComparison {
  std::vector<Failure> lost;       ///< Acknowledged transactions that wrote something and were never committed.
  std::size_t more_lost = 0;       ///< Beyond `most_of_a_kind`.
  std::vector<std::string> notes;  ///< What the order confirms, or where reads and commits part.
};

/// Of histories of lists or registers. An acknowledged transaction must have read the state before its commit; one that
/// wrote nothing need not be in the order, but must have read one state. REQUIRES: `order` holds all that was
/// committed, each at most once.
CommitComparison compare_with_commits(const Transactions& transactions, std::span<const TransactionIndex> order,
                                      std::size_t most_of_a_kind = 10);

}  // namespace heir::reports
