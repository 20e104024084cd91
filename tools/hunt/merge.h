// merge(): several files of results into one, as if one machine had run it all.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace heir::tools {

/// Campaigns of the same scenarios, seeds, settings and version become one, whichever shards they were; others are put
/// beside each other. `out` must not exist yet, and does only when all is in it. Error: two of them hold the same run
/// (`conflict`), or what is wrong with which file.
Result<> merge(const std::vector<std::string>& paths, const std::string& out);

}  // namespace heir::tools
