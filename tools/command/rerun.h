// A run again, for a report of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reports/page/report.h"
#include "tools/command/job.h"
#include "tools/command/subject.h"

namespace heir::tools {

/// Runs what is named again, with a timeline, and hands over what a page says of it; both are gone afterwards. Of a
/// failure that was found before, `note` says whether this is another run by now, or without it; the report says so
/// too.
void report_again(const Subject& subject, const std::vector<std::string>& overrides,
                  const std::function<void(reports::Report report, const Finished& run, const std::string& note)>& use);

}  // namespace heir::tools
