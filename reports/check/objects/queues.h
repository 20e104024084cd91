// FIFO queues into which nothing is put twice: linearizable or not, without trying orders.
//
// In any linearization the elements have one order, in which they are put in, come to the front, and are taken out.
// Real time demands a part of it: of two enqueues that do not overlap, and of two elements that were at the front at
// times that do not. Both demands are interval orders, of which two contradict each other, if at all, in a single pair
// of elements; so does an answer "empty" if at every moment of it something was certainly in the queue. That nothing
// else can go wrong is known for queues without peeks (Henzinger, Sezgin and Vafeiadis, Aspect-Oriented Linearizability
// Proofs, LMCS 11(1), 2015: VFresh, VRepet, VOrd, VWit). Peeks fit in: an element that was peeked at is at the front
// from the first answer that showed it to the beginning of the last, so what else came to the front did so before or
// after. (Compare Lee and Mathur, Efficient Decrease-and-Conquer Linearizability Monitoring, OOPSLA 2025.) O(n log n)
// time, O(n) memory.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions enqueue, dequeue, peek, drain; a dequeue or peek of nil says "empty". An enqueue of unknown outcome that
/// nobody saw did not happen; a dequeue of unknown outcome may have taken any element. A drain is a row of dequeues.
/// Not applicable if an element is enqueued twice, if a drain overlaps what else was answered, or if an element was
/// peeked at that perhaps a dequeue of unknown outcome took, unless the answer is the same in any case. Failures:
/// garbage_read, dirty_read, duplicate, stale_read, wrong_order, lost_write, otherwise not_linearizable.
Judgement judge_queue(const Object& object);

}  // namespace heir::reports
