// What a page says of a run, or of a history alone (reports/page); and the folder that it lies in.
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

/// For logs and comments: the verdict, what was asked, what failed, the story, the numbers.
std::string markdown_of(const reports::Report& report);

/// A folder of its own for a report and the files that belong to it, each whole or not there.
class ReportFolder {
 public:
  /// Made if it is not there. `conflict` if something else is in it than an earlier report.
  static Result<ReportFolder> open(const std::string& path);
  /// index.html, report.json, history.jsonl.zst; of a run the scenario too, and of one that failed a capsule.
  Result<> write(reports::Report report, const Finished* run);

 private:
  explicit ReportFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// The comment that a scenario's file begins with; "" if it has none or cannot be read.
std::string about_scenario(const std::string& path);

}  // namespace heir::tools
