// The folder of a report: a page, and the files that belong to it.
#pragma once

#include <string>

#include "reports/page/release.h"
#include "reports/page/report.h"
#include "tools/command/job.h"

namespace heir::tools {

/// A folder of its own for a report and the files that belong to it, each whole or not there. The page comes last: who
/// sees one finds all that it names.
class ReportFolder {
 public:
  /// Made if it is not there. `conflict` if something else is in it than an earlier report, which stays until another
  /// is written.
  static Result<ReportFolder> open(const std::string& path);
  /// index.html, report.json, history.jsonl.zst; of a run the scenario too, and of one that failed a capsule.
  Result<> write(reports::Report report, const Finished* run);
  /// Takes an earlier report away, so that all is of one; also done by writing one.
  Result<> clear();
  /// index.html and release.json, beside the pages of findings.
  Result<> write(reports::Release release);
  /// The folder of a finding's own page, relative to this one: "failures/3".
  Result<ReportFolder> of_finding(const std::string& name);

 private:
  explicit ReportFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace heir::tools
