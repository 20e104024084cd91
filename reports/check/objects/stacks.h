// Stacks into which nothing is put twice: linearizable or not, without trying orders.
//
// An element was certainly in from the first end of what needs it in until the last beginning. Where nothing was
// certainly in, an operation that was under way may have found the stack empty; where only one element was, an
// operation of that element may have found it on top. An element all of whose operations have such a moment can be the
// lowest wherever it is in, so it is taken away, which frees moments of others. The history is linearizable exactly if
// all can be taken away (Lee and Mathur, Efficient Decrease-and-Conquer Linearizability Monitoring, OOPSLA 2025). O(n
// log n) time, O(n) memory.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions push, pop, peek; a pop or peek of nil says "empty". A push of unknown outcome that nobody saw did not
/// happen; a pop of unknown outcome may have taken any element. Not applicable if an element is pushed twice, or if it
/// matters which elements the pops of unknown outcome took. Failures: garbage_read, dirty_read, duplicate, stale_read,
/// wrong_order, lost_write, otherwise not_linearizable.
Judgement judge_stack(const Object& object);

}  // namespace heir::reports
