// Unique ids: no two acknowledged `generate`s answer with the same.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Failures: duplicate, one for each id that came more than once, with all operations that returned it. O(n).
Judgement judge_unique_ids(const Object& object);

}  // namespace heir::reports
