// Sets that only grow and are read whole. Inside this folder only; see sets.h.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

/// Functions add, read, read_standby.
Judgement judge_grow_only_set(const Object& object, const FinalValue* final_value);

}  // namespace heir::reports::objects
