// What a release's page says in words: its summary, design, method, discussion, limits, and how to do it all again.
#pragma once

#include <string>
#include <vector>

#include "reports/page/release.h"
#include "tools/command/release_parts.h"

namespace heir::tools {

std::string summary_of(const reports::Release& release);
/// Of the runs under test. `remarks`: on what is not counted, or may be counted twice.
void describe(reports::Release& release, const std::vector<Part>& parts, const std::string& rules,
              const std::vector<std::string>& remarks);
/// `command`: makes the report again; "" for none.
void add_reproduction(reports::Release& release, const std::vector<ReleaseSource>& sources, const std::string& command);

}  // namespace heir::tools
