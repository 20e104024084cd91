// Lists that are appended to and read whole, each element appended once: linearizable or not, by one sweep.
//
// All reads must be beginnings of the longest one, which therefore tells the order of the appends; an acknowledged
// append that is in no read comes after all of them. What remains is to compare that order with real time: one sweep
// over the positions of the list. Reads that share memory in the History are compared once. O(n log n) time, O(n)
// memory.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions read, append, read_standby; a read of nil shows the empty list. Standby reads must only show what was
/// appended by then by appends that did not fail. `final_value`, if given, is read after all others.
/// Not applicable if an element that was read has more than one append that did not fail. Failures: dirty_read,
/// garbage_read, duplicate, lost_write, stale_read, wrong_order; ordered by time, each with the operations that prove
/// it.
Judgement judge_append_list(const Object& object, const FinalValue* final_value = nullptr);

}  // namespace heir::reports
