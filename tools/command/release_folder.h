// A release's report as a folder: its page, and the pages of what was found.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/command/release_report.h"
#include "tools/command/report_folder.h"
#include "tools/command/watch.h"

namespace heir::tools {

struct ReleaseOptions {
  std::vector<std::string> databases;
  std::vector<std::string> earlier;  ///< To be compared with.
  std::string compared;              ///< What `heir compare --json` wrote; "": nothing.
  std::string title;                 ///< "": heir, and the versions that ran.
  std::size_t pages = 12;            ///< Of findings, at most.
};

/// Names the pages of findings, "failures/3/index.html"; the first `pages` have one.
void name_pages(reports::Release& release, const std::vector<std::string>& databases, std::size_t pages);

/// A finding that is run again for its page, in a process of its own: the run may end that, or never end.
class FindingRun {
 public:
  /// `folder`: of the page.
  FindingRun(const reports::ReleaseFinding& finding, std::string folder);
  FindingRun(const FindingRun&) = delete;
  FindingRun& operator=(const FindingRun&) = delete;
  /// Ends it, if it goes on.
  ~FindingRun();
  /// Whether there is a page, or never will be; nothing while it goes on. Not asked again then.
  std::optional<bool> outcome();

 private:
  std::string folder_;
  Deadline deadline_;
  pid_t child_;  ///< -1: it is over.
};

Result<reports::Release> read_release(const ReleaseOptions& options);
Result<> write_release(reports::Release release, const ReleaseOptions& options, const std::string& out);

}  // namespace heir::tools
