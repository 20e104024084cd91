// A file that is given to a command, and read whole.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace heir::tools {

/// Refused if it is longer than `most_mib`; `what` it should be, for that message: "capsule".
Result<std::string> read_input(const std::string& path, std::size_t most_mib, std::string_view what);

}  // namespace heir::tools
