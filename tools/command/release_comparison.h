// What got better and what got worse since an earlier release.
#pragma once

#include "reports/page/release.h"

namespace heir::tools {

/// Row by row: verdicts of scenarios, times, probes, planted bugs. Medians of fewer than 20 times and 99th percentiles
/// of fewer than 1,000, times that differ by less than a tenth, and seeds to find that differ by less than a factor of
/// four count as the same.
reports::ReleaseComparison compare(const reports::Release& now, const reports::Release& earlier);

}  // namespace heir::tools
