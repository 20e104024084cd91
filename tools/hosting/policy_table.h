// [policy] of an agent.toml: other rules than heir's, for who says that it is an experiment.
#pragma once

#include "scenarios/schema.h"
#include "tools/hosting/config.h"

namespace heir::tools {

scenarios::Child<HostingConfig> policy_child();

}  // namespace heir::tools
