// Registers with compare-and-set whose values are each set once: linearizable or not, by chains and zones.
//
// A compare-and-set that swapped follows immediately the value that it expected, so values form chains, each begun by a
// write or by the initial nil. In a linearization a chain is an uninterrupted block with a fixed inner order: that is
// checked step by step, and blocks are compared by their zones, as clusters are in registers.h. O(n log n) time, O(n)
// memory.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Functions read, write, cas, read_standby; otherwise as judge_register.
/// A compare-and-set that answered "it was another value" (result 0) is placed into one linearization of all others;
/// not applicable if it does not fit there, though it might fit into another one.
Judgement judge_cas_register(const Object& object, const FinalValue* final_value = nullptr);

}  // namespace heir::reports
