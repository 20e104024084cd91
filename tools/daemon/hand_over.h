// What an agent does for its cluster beside leading or following: it hands over before it ends, and keeps the store's
// leader off the primary's host.
#pragma once

#include "engine/base/host.h"
#include "engine/store/remote_store.h"
#include "tools/daemon/config.h"

namespace heir::tools {

/// If this host's peer leads and has a sync, asks for a switchover and waits until another has opened, for as long as
/// `limit`. Returns at once where there is nothing to hand over. The log tells what came of it.
Task<void> hand_over(Host& host, store::Store& store, HostingConfig config, Duration limit);

/// If the member of the store of the host `name` leads, another that is present is asked to lead. False: it does not,
/// or has none.
Task<Result<bool>> give_store_lead_away(Host& host, store::RemoteStore& store, HostingConfig config, std::string name);

/// For ever: where this host's peer leads and so does its member of the store, another member is asked to lead. If both
/// died together, a takeover would wait for an election, and then for the full ttl that a new leader grants everybody.
Task<void> keep_store_lead_elsewhere(Host& host, store::RemoteStore& store, HostingConfig config);

}  // namespace heir::tools
