// What `heir compare … --json FILE` has measured, for the page of a release.
#pragma once

#include <string>

#include "engine/base/result.h"
#include "reports/page/release.h"

namespace heir::tools {

/// Of a file's text; `path` is for messages. Refused, with the place and what was found there, if `heir compare` does
/// not write such a file. A run's values may be null: not known.
Result<reports::ReleaseSystems> compared_systems_of(const std::string& path, const std::string& text);
Result<reports::ReleaseSystems> read_compared_systems(const std::string& path);

/// Adds them, and the command that measures them again, to a release, whose verdict is no better than what they say of
/// heir.
void add_systems(reports::Release& release, reports::ReleaseSystems systems, const std::string& path);

}  // namespace heir::tools
