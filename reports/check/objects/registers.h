// Registers whose values are each written once: linearizable or not, by zones.
//
// The operations on one value form a cluster: its write and the reads that show it. In any linearization a cluster is
// an uninterrupted block, so all that matters of it is its zone, from its earliest end to its latest beginning, and a
// history is linearizable exactly if no two zones contradict each other (Gibbons and Korach, Testing Shared Memories,
// SIAM J. Comput. 26, 1997, section 4.2). O(n log n) time, O(n) memory. A write of unknown outcome has no end, and if
// nobody read it, it may as well not have happened.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions read, write, read_standby. Standby reads must only show what was written by then by a write that did not
/// fail. `final_value`, if given, is read after all others.
/// Not applicable if a value that was read has more than one write that did not fail, or if integers and texts are
/// mixed. Failures: dirty_read, garbage_read, stale_read, lost_write, otherwise not_linearizable; ordered by time, each
/// with the operations that prove it.
Judgement judge_register(const Object& object, const FinalValue* final_value = nullptr);

}  // namespace heir::reports
