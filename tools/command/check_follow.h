// heir check --follow: judges events as another program records them, line by line.
#pragma once

#include "tools/command/check_settings.h"
#include "tools/command/commands.h"

namespace heir::tools {

/// Reads standard input to its end. Answers in lines of JSON on standard output, each written at once:
///   {"type":"violation","line":N,"anomaly":{…}}   as soon as line N proves it
///   {"type":"verdict",…}                          at the end, with the keys of --json
/// A line that is no event ends it with bad_usage.
Exit follow(const CheckSettings& settings, Exit (*exit_of)(reports::Outcome));

}  // namespace heir::tools
