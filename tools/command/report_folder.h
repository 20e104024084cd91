// The folder of a report: a page, and the files that belong to it.
#pragma once

#include <string>

#include "reports/page/release.h"
#include "reports/page/report.h"
#include "tools/command/job.h"
#include "tools/testbed/descriptor.h"

namespace heir::tools {

/// A folder of its own for a report and the files that belong to it. Everything is written into FOLDER.part-PID beside
/// it, and takes the place of an earlier report when it is whole; what is not a report's stays untouched. What a
/// process that was killed left beside it goes with the next report.
class ReportFolder {
 public:
  /// `conflict` if something else is at the path than a folder that is empty or holds a report. Makes nothing yet.
  static Result<> check(const std::string& path);
  static Result<ReportFolder> open(const std::string& path);
  ReportFolder(ReportFolder&& other) noexcept;
  ReportFolder& operator=(ReportFolder&&) = delete;
  /// What was not finished is gone.
  ~ReportFolder();

  // Each finishes it.
  /// index.html, report.json, history.jsonl.zst; of a run the scenario too, and of one that failed a capsule.
  Result<> write(reports::Report report, const Finished* run);
  /// index.html and release.json, beside the pages of findings.
  Result<> write(reports::Release release);
  /// Where a page of a finding is written before: of "failures/3/index.html" in this folder.
  std::string place_of(const reports::ReleaseFinding& finding) const;

 private:
  Result<> finish();
  ReportFolder(std::string path, std::string beside, testbed::Descriptor mark)
      : path_(std::move(path)), beside_(std::move(beside)), mark_(std::move(mark)) {}
  std::string path_;
  std::string beside_;        ///< "" once it is finished.
  testbed::Descriptor mark_;  ///< In it, locked: somebody lives who writes it.
};

}  // namespace heir::tools
