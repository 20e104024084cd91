// The verdict on a history of transactions: which consistency models it rules out, and why.
//
// Follows Elle in what is valid and in what it calls the rest (`not_models`, `also_not`); the search for cycles behind
// it is complete and has no limit of time (cycles.h), so there is no "some cycle exists somewhere".
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "reports/check/transactions/consistency.h"
#include "reports/check/verdict/object.h"
#include "reports/check/verdict/verdict.h"
#include "reports/history/history.h"

namespace heir::reports {

enum class TransactionModel : std::uint8_t { list_append, rw_register, closed_predicate };
/// "list-append"
const char* to_string(TransactionModel model);

struct TransactionOptions {
  TransactionModel model = TransactionModel::list_append;
  /// What must hold. If this and `anomalies` are empty: strong-serializable, or, if the history does not tell real
  /// time, strong-session-serializable and, of registers, causal.
  ModelSet consistency;
  /// What must not be there besides.
  AnomalySet anomalies;
  // What may be assumed of the order of the versions of registers: rw_register.h.
  bool wfr_keys = false;
  bool sequential_keys = false;
  bool linearizable_keys = false;
  /// The database's own log, if it is at hand: operations of the history in the order in which they were committed, all
  /// of them and each at most once. For registers it gives the order of versions, and what clients of lists and
  /// registers saw is compared with it (commit_order.h): an acknowledged write that is not in it is lost.
  std::vector<std::uint32_t> commit_order;
  std::size_t most_of_a_kind = 10;  ///< Failures put in words, of each kind.
  OutOfTime is_over;                ///< Then what was found by then counts, and nothing passes.
};

struct TransactionVerdict : Verdict {
  /// By kind, also those that the models asked for allow.
  AnomalySet found;
};

/// Pass: nothing was found that what was asked for forbids. Fail: something was. Unknown: the history relates no two
/// transactions, or cannot be judged (`unknowns`: why).
TransactionVerdict check_transactions(const History& history, const TransactionOptions& options);

}  // namespace heir::reports
