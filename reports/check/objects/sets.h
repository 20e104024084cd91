// Sets: linearizable or not, without trying orders.
//
// Sets that only grow and are read whole: what two reads show must be one inside the other, so the reads have an order
// by size; an element was added between the last read without it and the first with it; and the whole is linearizable
// exactly if no operation that comes later in this order ended before one that comes earlier began. Elements may be
// added repeatedly; the first addition counts, which was over when the first of them was. O(n log n) time and O(n)
// memory, n counting operations and the elements of reads, once where reads share a beginning in the History.
//
// Sets of which only single elements are asked for (contains, add, remove): a set is one object for each element, and
// linearizability is local. With one addition and one removal the element was certainly there between certain moments,
// and may have been absent at any other. O(n).
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions add, read, read_standby, or add, remove, contains; a read of nil shows the empty set. Reads of standbys
/// must only show what was added by then by an addition that did not fail. `final_value`, if given, is read after all
/// others. Not applicable if reads of the whole set are mixed with remove or contains, if what an addition or removal
/// answered tells which of several was the first, or if an element that is asked for is added or removed more than
/// once. Failures: garbage_read, dirty_read, duplicate, lost_write, stale_read, otherwise not_linearizable; ordered by
/// time.
Judgement judge_set(const Object& object, const FinalValue* final_value = nullptr);

}  // namespace heir::reports
