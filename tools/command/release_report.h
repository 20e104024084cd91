// What a release's page says (reports/page/release.h), from results of campaigns.
#pragma once

#include <string>
#include <vector>

#include "reports/page/release.h"
#include "tools/command/release_source.h"

namespace heir::tools {

/// `earlier`: to be compared with; may be empty. `title`: "" stands for heir and the versions that ran. `command`: that
/// makes this report again.
reports::Release release_of(const std::vector<ReleaseSource>& sources, const std::vector<ReleaseSource>& earlier,
                            const std::string& title, const std::string& command);

}  // namespace heir::tools
