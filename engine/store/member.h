// A member of the replicated store: the state machine of state.h on a Raft log (raft/raft.h), over datagrams, with its
// vote and log in the files of a folder (durable_log.h). (FAILOVER.md section 8.)
//
// The leader alone answers clients; the others say who leads. Commands that change the state are answered when their
// entry is committed and applied, which it may be in another leader's term; a repetition is answered as it went. Reads
// are answered when a majority has confirmed that this leader led after they had come (thesis 6.4).
//
// Sessions: the leader keeps the time, on its own clock, and ends sessions with entries of the log. A renewal is no
// entry: it is acknowledged as a read is, so no leader that could have ended the session is unaware of it. A new leader
// grants every session a full ttl from when it won, which is after whatever the one before it acknowledged; and a
// leader that stood still gives back the time that it could not hear anybody.
//
// The leader takes changes of membership, too, one member at a time: one is added as a learner, under an id that no
// member ever had, and promoted when it has caught up; a change that is so already is done.
#pragma once

#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/store/raft/observer.h"
#include "engine/store/raft_codec.h"

namespace heir::store {

struct MemberOptions {
  ClusterId cluster;
  /// The members that the store is set up with, this one among them; all vote. Members and clients use one address.
  /// Empty: this one joins a store that there is, and learns from it who its members are when it is added to them.
  std::vector<raft::Member> founders;
  std::string folder;  ///< Absolute; the folder above it exists.
  /// The store is being set up: an empty folder is right. Else it means that the disk was lost, and with it whatever
  /// this member promised.
  bool is_new = false;
  Duration tick = Duration::milliseconds(100);
  raft::Options protocol;                ///< `self` is who this is.
  std::uint64_t snapshot_every = 1'000;  ///< Entries.
  raft::Observer* observer = nullptr;    ///< Outlives the member; null for none.
};

/// Runs a member until it is destroyed; takes all of the process's messages. It ends by itself, and says why in the
/// log, if its files cannot be read or written ("store-stopped": it may be tried again), or if they have forgotten
/// something
/// ("store-refused": it does not start and does not vote until an operator has acted). "store-role" tells what it
/// becomes.
Task<void> serve_member(Host& host, MemberOptions options);

}  // namespace heir::store
