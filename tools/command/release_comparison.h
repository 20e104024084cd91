// What got better and what got worse since an earlier release.
#pragma once

#include "reports/page/release.h"

namespace heir::tools {

/// Row by row: verdicts of scenarios, times, probes, planted bugs. Times of which fewer than twenty were measured, or
/// that differ by less than a tenth, count as the same.
reports::ReleaseComparison compare(const reports::Release& now, const reports::Release& earlier);

}  // namespace heir::tools
