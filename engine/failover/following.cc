// What a peer does that is not the primary: follow its upstream, rejoin after a divergence (FAILOVER.md section 7), or
// wait.

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover::rules {

namespace {

std::vector<PeerId> downstreams(const Peer& peer) {
  std::vector<PeerId> list;
  if (peer.downstream) list.push_back(*peer.downstream);
  return list;
}

/// The steps of section 7. True once the copy here may follow.
bool rejoined(Context& c) {
  Peer& peer = c.peer;
  if (!peer.needs_rejoin) return true;
  const bool rejoining = peer.command && std::holds_alternative<Rejoin>(peer.command->command);
  if (rejoining) {
    c.wait(Reason::database_busy, to_string(peer.command->command));
    return false;
  }
  if (peer.failed && std::holds_alternative<Rejoin>(*peer.failed)) {
    if (peer.retry_at && c.now.monotonic < *peer.retry_at) {
      c.wait(Reason::database_failed, peer.failure);
      return false;
    }
    // It may have let replication run: what is tried again is judged anew.
    peer.failed.reset();
    peer.read_after_stop = false;
  }
  // What may be thrown away is judged on a read made after our own replication was stopped.
  if (!bring_database(c, Stop{})) return false;
  if (c.policy().rewind_on_fresh_read && !peer.read_after_stop) {
    request_read(c);
    return false;
  }
  const bool against_upstream = c.policy().rewind_against == RewindAgainst::upstream && peer.upstream;
  const PeerId against = against_upstream ? *peer.upstream : c.state().primary;
  if (!is_present(peer.view, against)) {
    c.wait(Reason::rejoin_waits, "waiting for " + against.value() + " to compare logs with");
    return false;
  }
  bring_database(c, Rejoin{c.state().cluster, c.state().generation, against,
                           c.state().opened || HEIR_MUTANT("rewound-before-opened"), peer.rejoin_by_clone});
  return false;
}

}  // namespace

void follow(Context& c) {
  Peer& peer = c.peer;
  if (promotion(c)) return;
  if (take_over(c)) return;
  const bool stands_in = peer.role == Role::sync && !is_present(peer.view, c.state().primary);
  if (stands_in && remove_expired_freeze(c)) return;
  if (!rejoined(c)) return;
  peer.position.reset();
  bring_database(c, Follow{c.state().cluster, c.state().generation, *peer.upstream, downstreams(peer)});
}

void stay_unassigned(Context& c) {
  if (take_over(c)) return;
  c.wait(Reason::not_listed, "waiting for the primary, " + c.state().primary.value() + ", to list this peer");
  c.peer.position.reset();
  bring_database(c, Stop{});
}

void return_from_deposition(Context& c) {
  Peer& peer = c.peer;
  if (take_over(c)) return;
  peer.position.reset();
  c.wait(Reason::deposed, "deposed: the log here may have diverged");
  if (!c.policy().automatic_rejoin && !peer.rejoin_by_clone) {
    bring_database(c, Stop{});
    return;
  }
  if (!rejoined(c)) return;
  bring_database(c, Follow{c.state().cluster, c.state().generation, c.state().primary, {}});
}

}  // namespace heir::failover::rules
