// The orderly end of a primary: its cluster has another one before it goes.
#pragma once

#include "engine/base/host.h"
#include "tools/hosting/config.h"

namespace heir::tools {

/// If this host's peer leads and has a sync, asks for a switchover and waits until another has opened, for as long as
/// `limit`. Returns at once where there is nothing to hand over. The log tells what came of it.
Task<void> hand_over(Host& host, HostingConfig config, Duration limit);

}  // namespace heir::tools
