// Refusals: compare-and-sets that saw another value than they expected.
#pragma once

#include "reports/check/objects/versions.h"

namespace heir::reports::objects {

/// Whether they can be put into a linearization of everything else. They change nothing, so each fits wherever the
/// value that it expected is not current for all of its time. Valid if all fit into the one linearization that is
/// tried, invalid if one fits into none, otherwise not applicable. REQUIRES: there are no register_failures().
Judgement judge_refusals(const Object& object, const Versions& versions);

}  // namespace heir::reports::objects
