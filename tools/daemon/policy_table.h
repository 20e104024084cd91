// [policy] of an agent.toml: other rules than heir's, for who says that it is an experiment.
#pragma once

#include "scenarios/section.h"
#include "tools/daemon/config.h"

namespace heir::tools {

scenarios::Child<HostingConfig> policy_child();

}  // namespace heir::tools
