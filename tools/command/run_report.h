// What a page says of a run, or of a history alone (reports/page/report.h).
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "reports/page/report.h"
#include "tools/command/check_report.h"
#include "tools/command/job.h"

namespace heir::tools {

/// Times that messages are listed between.
using MessageTimes = std::pair<sim::VirtualTime, sim::VirtualTime>;
/// `about`: what the scenario's file says of itself. `messages`: nothing chooses them around the first failure, or the
/// first change of the primary. REQUIRES a timeline, with those messages. It views the run.
reports::Report report_of(const Finished& run, std::string about, const std::optional<MessageTimes>& messages);
/// It views the history.
reports::Report report_of(const Checked& checked);

/// The comment that a scenario's file begins with; "" if it has none or cannot be read.
std::string about_scenario(const std::string& path);

}  // namespace heir::tools
