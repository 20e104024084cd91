// Counters: reads of a sum to which amounts are added.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The bounds of each read, as in Jepsen's `counter`: at least what was acknowledged before it began, at most what was
/// begun before it ended; of negative amounts the other way round. It is necessary for linearizability and O(n log n),
/// but does not see, for example, that a counter went back within its bounds. Failures: out_of_bounds, one for each
/// read that is wrong, in order of time.
Judgement judge_counter(const Object& object);

/// Linearizability of a counter to which only one amount is ever added, which then only grows. Reads have the order of
/// their values, so each addition has a time window among them; those that are due first are counted first, as jobs
/// that all take equally long are scheduled by their deadlines (Jackson 1955). O(n log n). Not applicable if amounts
/// differ: which of them make up a value is a subset-sum problem. Failures: out_of_bounds, stale_read, otherwise
/// not_linearizable.
Judgement judge_counter_order(const Object& object);

}  // namespace heir::reports
