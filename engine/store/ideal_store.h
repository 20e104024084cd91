// The `ideal` store of simulated clusters: one linearizable server, reached with datagrams; real hosts run members
// (member.h). It carries out what arrives in order of arrival; answers are lost, doubled and delayed by the network
// alone.
//
// With a state file it survives a crash with everything that it ever answered: what changes the state is durable before
// it is answered or shown, and every session gets a full ttl again at the restart (renewals need not be durable for
// that). Without one, a restarted server is a new store: it has another identity.
#pragma once

#include <string>

#include "engine/base/host.h"
#include "engine/store/state.h"

namespace heir::store {

struct IdealStoreOptions {
  std::string state_file;  ///< Absolute path in a folder that exists; empty: the state lives in memory only.
};

/// Runs a server until it is destroyed; takes all of the process's messages. It ends by itself, and says why in the
/// log, only if its state file cannot be read or written: a store that might forget must not answer.
Task<void> run_ideal_store(Host& host, IdealStoreOptions options);

}  // namespace heir::store
