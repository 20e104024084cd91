// A failure that transactions prove, as verdicts keep it.
#pragma once

#include <span>
#include <string>

#include "reports/check/transactions/transaction.h"
#include "reports/check/verdict/verdict.h"

namespace heir::reports {

/// Showed when the last of those involved was answered.
Failure failure_of(const Transactions& transactions, FailureKind kind, std::span<const TransactionIndex> involved,
                   std::string message);

}  // namespace heir::reports
