// Reports for logs, comments and notes: as Markdown.
#pragma once

#include <string>

#include "reports/page/release.h"
#include "reports/page/report.h"

namespace heir::tools {

/// The verdict, what was asked, what failed, the story, the numbers.
std::string markdown_of(const reports::Report& report);
/// The verdict, every scenario, every finding with its replay line, and the tables.
std::string markdown_of(const reports::Release& release);

}  // namespace heir::tools
