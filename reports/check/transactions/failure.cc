#include "reports/check/transactions/failure.h"

#include <algorithm>
#include <utility>

namespace heir::reports {

Failure failure_of(const Transactions& transactions, FailureKind kind, std::span<const TransactionIndex> involved,
                   std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.message = std::move(message);
  for (const TransactionIndex t : involved) {
    const Operation& op = transactions.operation(t);
    if (op.end != Operation::never) failure.at = std::max(failure.at, op.completed);
    failure.ops.push_back(op);
  }
  return failure;
}

}  // namespace heir::reports
