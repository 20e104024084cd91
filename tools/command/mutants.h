// The command `mutants`, which two programs have: `heir` hands it over to `heir-mutants` (mutants_elsewhere.cc), which
// hunts planted bugs (tests/mutants).
#pragma once

#include "tools/command/commands.h"

namespace heir::tools {

void add_mutants_command(CLI::App& app, Chosen& chosen);

}  // namespace heir::tools
