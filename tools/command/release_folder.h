// A release's report as a folder: its page, and the pages of what was found.
#pragma once

#include <string>
#include <vector>

#include "tools/command/release_report.h"
#include "tools/command/report_folder.h"

namespace heir::tools {

struct ReleaseOptions {
  std::vector<std::string> databases;
  std::vector<std::string> earlier;  ///< To be compared with.
  std::string title;                 ///< "": heir and its version.
  std::size_t pages = 12;            ///< Of findings, at most.
};

/// Names the pages of findings, "failures/3/index.html"; the first `pages` have one.
void name_pages(reports::Release& release, const std::vector<std::string>& databases, std::size_t pages);

/// Runs a finding again and writes its page, in a process of its own, for the run may end that. False: it did.
bool write_finding(ReportFolder& folder, const reports::ReleaseFinding& finding);

/// Reads everything, and writes it. The release that was written.
Result<reports::Release> read_release(const ReleaseOptions& options);
Result<> write_release(reports::Release release, const ReleaseOptions& options, const std::string& out);

}  // namespace heir::tools
