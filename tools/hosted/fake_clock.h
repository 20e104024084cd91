// The wall clock of a host's programs, which can be stepped without touching the machine's: by libfaketime (Debian's
// package faketime), which reads from a file of the host how far its programs' clock is off. Their monotonic clocks are
// the machine's.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::hosted {

/// The path of the library; empty if it is not installed.
std::string fake_clock_library();

/// For the environment of programs on hosts. A step is in force within a second: so often is the file read.
std::vector<std::string> fake_clock_environment();

/// `disk`: the host's, as this machine sees it. Before the first program starts, and at each step.
Result<> set_fake_clock(const std::string& disk, Duration ahead);

}  // namespace heir::hosted
