// Sets of which only single elements are asked for. Inside this folder only; see sets.h.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

/// Functions add, remove, contains.
Judgement judge_set_elements(const Object& object);

}  // namespace heir::reports::objects
