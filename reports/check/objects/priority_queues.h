// Priority queues into which nothing is put twice: linearizable or not, without trying orders.
//
// An element was certainly in from the first end of what needs it in until the last beginning. An answer with an
// element is wrong if at every moment of it one that goes before was certainly in; otherwise there is a moment for it,
// and no element's moments get into another's way (compare Lee and Mathur, Efficient Decrease-and-Conquer
// Linearizability Monitoring, OOPSLA 2025). O(n log n) time, O(n) memory.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions enqueue, dequeue, peek, drain. Elements are integers; of all that are in, the least goes first, or always
/// the greatest: whichever order explains the history. A dequeue or peek of nil says "empty". An enqueue of unknown
/// outcome that nobody saw did not happen; a dequeue of unknown outcome may have taken any element; a drain is a row of
/// dequeues. Not applicable if an element is enqueued twice, or is no integer, if it matters which elements the
/// dequeues of unknown outcome took, or if a drain overlaps what else was answered. Failures: garbage_read, dirty_read,
/// duplicate, stale_read, wrong_order, lost_write, otherwise not_linearizable.
Judgement judge_priority_queue(const Object& object);

}  // namespace heir::reports
