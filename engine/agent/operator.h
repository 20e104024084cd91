// What an operator asks of a cluster through the store (FAILOVER.md section 6). Each reads the state, edits it and
// writes it by compare-and-swap, again if somebody else wrote in between. Errors of all: `not_found` if there is no
// cluster, `invalid` if its state cannot be read, `timed_out` if the store does not answer, `unknown_outcome`,
// `session_over`, and `conflict` if others keep writing.
#pragma once

#include <string>

#include "engine/base/host.h"
#include "engine/failover/cluster_state.h"
#include "engine/store/store.h"

namespace heir::agent {

struct Operator {
  std::string name;  ///< Recorded with the change.
  store::ServiceName service;
};

/// Asks the primary to hand over to the sync. The request expires after `valid_for`. `refused` where it could not
/// succeed.
Task<Result<>> request_switchover(Host& host, store::Store& store, Operator who, Duration valid_for);
/// Asks the primary to move a peer one place up: the sync to primary, which is a switchover; the first async to sync,
/// at no loss; any other async one place ahead. `refused` where it could not succeed.
Task<Result<>> request_promotion(Host& host, store::Store& store, Operator who, PeerId peer, Generation seen,
                                 Duration valid_for);
Task<Result<>> freeze(Host& host, store::Store& store, Operator who, failover::Freeze::Mode mode, std::string reason);
Task<Result<>> unfreeze(Host& host, store::Store& store, Operator who);
/// Takes an absent peer off the lists of asyncs and deposed. `refused` for the primary, the sync, and a peer that is
/// present; `not_found` for one that is on neither list.
Task<Result<>> reap(Host& host, store::Store& store, Operator who, PeerId peer);

}  // namespace heir::agent
