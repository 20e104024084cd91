// Which part of a campaign this machine runs, as told on the command line or by whatever started it.
#pragma once

#include <functional>
#include <string>

#include "engine/base/result.h"
#include "tools/hunt/seeds.h"

namespace heir::tools {

/// The value of a variable of the environment; empty if it is not set.
using Environment = std::function<std::string(const char* name)>;

/// "2/8" or "auto". Error: what was expected, and for "auto" which variables were looked for.
Result<Shard> parse_shard(const std::string& text, const Environment& environment);

}  // namespace heir::tools
