// Late reads: those of a standby that lack what had been acknowledged for longer than a standby may lag.
//
// A standby promises `max_lag`: what it answers shows every write that was acknowledged so long before the read began,
// or what came after it. It may show more: writes that nobody was acknowledged yet, and that are taken back. So each
// read is judged by itself, and nothing is asked of two of them.
#pragma once

#include <vector>

#include "engine/base/time.h"
#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// A stale_read for each write that read_standby operations lack, told by the first of them; ordered by time. Of
/// registers, lists and sets that only grow; none of other models, nor of histories without times. That the value of a
/// register is older is only said where it is certain: somebody was told of it, or saw it on a primary, before the
/// newer one began.
std::vector<Failure> late_reads(const Object& object, Model model, Duration max_lag);

}  // namespace heir::reports
