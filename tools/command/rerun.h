// A run again, for a report of it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/page/report.h"
#include "tools/command/job.h"
#include "tools/command/run_report.h"
#include "tools/command/subject.h"

namespace heir::tools {

struct RerunOptions {
  std::vector<std::string> overrides;    ///< That the scenario was read with, for the command that does it again.
  bool lists_messages = true;            ///< They take memory: a report may do without.
  std::optional<MessageTimes> messages;  ///< Listed between these; nothing: where something happened.
};

/// Runs what is named again, with a timeline, and hands over what a page says of it; both are gone afterwards. Of a
/// failure that was found before, `note` says whether this is another run by now, or without it; the report says so
/// too.
void report_again(const Subject& subject, const RerunOptions& options,
                  const std::function<void(reports::Report report, const Finished& run, const std::string& note)>& use);

}  // namespace heir::tools
