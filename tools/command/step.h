// Walking through a run, forward and back, event by event or to the next of some kind, and looking at whatever there
// is: commands from standard input, so that a file of them does what a person does.
#pragma once

#include "tools/command/commands.h"
#include "tools/command/subject.h"

namespace heir::tools {

/// The commands, for --help and `help`.
extern const char* const step_help;

/// Until the end of standard input, or `quit`.
Exit step_through(const Subject& subject);

}  // namespace heir::tools
