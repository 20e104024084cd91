// A cycle of dependencies in words.
#pragma once

#include <span>
#include <string>

#include "reports/check/transactions/dependencies.h"

namespace heir::reports {

/// One step of a cycle: from a transaction to the next, directly or by way of relays.
struct ProofStep {
  TransactionIndex from = 0;
  TransactionIndex to = 0;
  DependencyKind kind = DependencyKind::ww;
  bool unread = false;  ///< This and the following as in Dependency.
  KeyId key = no_key;
  Value from_value;
  Value to_value;
};

/// "T12 appended 5 to key 3 after T9's 4".
std::string explain(const Transactions& transactions, const ProofStep& step);

/// The failure whose proof is a cycle: all its transactions, and a sentence that says why each comes before the next.
Failure explain_cycle(const Transactions& transactions, FailureKind kind, std::span<const ProofStep> cycle);

}  // namespace heir::reports
