// Orders that are not in the data: of a process, and of real time.
#pragma once

#include "reports/check/transactions/dependencies.h"

namespace heir::reports {

/// A process dependency between each two consecutive acknowledged transactions of a process: O(n).
void add_process_order(const Transactions& transactions, Dependencies& dependencies);

/// `a` before `b` for every acknowledged `a` that was answered before `b` was invoked, by a chain of relays: one for
/// each moment at which invocations follow answers, entered by the transactions answered since the last such moment,
/// left by those invoked before the next. At most three edges and one relay for each transaction, where naming the
/// pairs that nothing else implies takes as many edges as there are transactions times clients.
///
/// Leads also to failed transactions, which are in no cycle, so that a history has dependencies exactly if some answer
/// precedes an invocation that is answered too (Elle: otherwise it is an empty-transaction-graph, and proves nothing).
void add_real_time_order(const Transactions& transactions, Dependencies& dependencies);

}  // namespace heir::reports
