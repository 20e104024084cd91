// Section 6: an operator's request to promote a peer.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover::rules {

namespace {

using Stage = Peer::Switchover::Stage;

/// Why the request cannot be carried out, if it cannot.
std::optional<std::string> defect(const Context& c, const PromoteRequest& request) {
  const ClusterState& state = c.state();
  if (request.generation != state.generation)
    return "it is for generation " + std::to_string(request.generation.number()) + ", not " +
           std::to_string(state.generation.number());
  if (c.now.wall >= request.expires_at) return "it has expired";
  switch (request.role) {
    case PromoteRequest::Role::sync:
      if (state.sync != request.peer) return request.peer.value() + " is not the sync";
      return std::nullopt;
    case PromoteRequest::Role::async:
      if (!request.index || *request.index >= state.async.size() || state.async[*request.index] != request.peer)
        return request.peer.value() + " is not at that place of the asyncs";
      return std::nullopt;
  }
  return std::nullopt;
}

void drop_request(Context& c, const std::string& reason) {
  ClusterState next = c.state();
  const std::string peer = next.promote->peer.value();
  next.promote.reset();
  request_write(c, Purpose::operator_request, std::move(next), "promotion of " + peer + " dropped: " + reason);
}

/// The old primary's last act: hand over to the sync, and line up behind.
ClusterState handed_over(const Context& c) {
  const ClusterState& old = c.state();
  ClusterState next = next_generation(old);
  next.primary = *old.sync;
  next.sync.reset();
  next.async.clear();
  for (const PeerId& peer : old.async) {
    if (!is_present(c.peer.view, peer)) continue;
    if (!next.sync)
      next.sync = peer;
    else
      next.async.push_back(peer);
  }
  if (next.sync)
    next.async.push_back(c.peer.id);
  else
    next.sync = c.peer.id;
  if (!HEIR_MUTANT("switchover-keeps-position")) next.initial_position = *c.peer.position;
  return next;
}

}  // namespace

void abandon_switchover(Peer& peer) {
  if (!peer.switchover) return;
  peer.switchover.reset();
  peer.position.reset();
  peer.opening = {};
  peer.proof.reset();
}

bool promotion(Context& c) {
  Peer& peer = c.peer;
  if (!c.state().promote && peer.replacement && peer.replacement->by_request) {  // it was withdrawn
    peer.replacement.reset();
    peer.position.reset();
  }
  if (!c.state().promote || c.policy().promotion == Promotion::ignored) return false;
  const PromoteRequest request = *c.state().promote;
  const bool primary = peer.role == Role::primary;
  if (const std::optional<std::string> reason = defect(c, request)) {
    if (!primary) return false;
    drop_request(c, *reason);
    return true;
  }
  if (request.role == PromoteRequest::Role::sync && c.policy().promotion == Promotion::takeover)
    return peer.role == Role::sync && take_over_on_request(c);
  if (!primary) return false;
  if (request.role == PromoteRequest::Role::async && *request.index > 0) {
    ClusterState next = c.state();
    next.promote.reset();
    std::swap(next.async[*request.index], next.async[*request.index - 1]);
    request_write(c, Purpose::async_list, std::move(next), "promotion of " + request.peer.value());
    return true;
  }
  if (c.state().freeze) {
    c.wait(Reason::frozen, "promotion of " + request.peer.value() + " waits: the cluster is frozen");
    return c.policy().promotion == Promotion::takeover;  // Manatee looks no further then
  }
  if (!is_present(peer.view, request.peer)) {
    drop_request(c, request.peer.value() + " is not present");
    return true;
  }
  if (request.role == PromoteRequest::Role::async) {
    if (!peer.replacement || !peer.replacement->by_request) peer.position.reset();
    peer.replacement = Peer::Replacement{request.peer, "promotion of " + request.peer.value(), true};
    return false;  // replace_sync() goes on
  }
  // First open, so that `proven` can say who has everything.
  if (peer.gate != GateMode::open && !HEIR_MUTANT("switchover-before-opening")) return false;
  peer.switchover = Peer::Switchover{};
  peer.position.reset();
  close_gate(peer, GateMode::held);
  return continue_switchover(c);
}

bool continue_switchover(Context& c) {
  Peer& peer = c.peer;
  if (!peer.switchover) return false;
  const ClusterState& state = c.state();
  const bool stopped = peer.switchover->stage == Stage::stopping || peer.switchover->stage == Stage::writing;
  const bool still_asked =
      state.promote && state.promote->role == PromoteRequest::Role::sync && state.promote->peer == state.sync;
  if (!still_asked || state.freeze || !state.sync || !is_present(peer.view, *state.sync)) {
    abandon_switchover(peer);
    return false;
  }
  c.wait(Reason::switchover, "handing over to " + state.sync->value());
  if (!stopped && sync_has_stalled(c)) {
    abandon_switchover(peer);
    drop_request(c, state.sync->value() + " does not catch up");
    return true;
  }
  switch (peer.switchover->stage) {
    case Stage::draining: {
      bring_database(c, Drain{peer.timing.switchover_drain});
      return true;
    }
    case Stage::proving:
      if (!peer.proof) {
        peer.proof = ++peer.last_id;
        peer.proof_covers = {peer.database.incarnation, peer.database.cancelled_waits};
        peer.progress_at = c.now.monotonic;
        c.effects.push_back(Prove{*peer.proof, *state.sync});
      }
      return true;
    case Stage::stopping:
    case Stage::writing:
      if (!tell_position(c, Stop{true})) return true;
      peer.switchover->stage = Stage::writing;
      request_write(c, Purpose::switchover, handed_over(c), "switchover to " + state.sync->value());
      return true;
  }
  return false;
}

}  // namespace heir::failover::rules
