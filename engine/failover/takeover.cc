// Rule 9 and section 4: a peer that holds everything declares itself primary when the primary is gone.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover::rules {

namespace {

bool loss_is_accepted(const Context& c) {
  return c.peer.accepted_loss && c.peer.accepted_loss->generation == c.state().generation;
}

/// Nothing was acknowledged that a proven peer lacks, as long as the generation has not opened.
bool goes_by_proven(const Context& c) {
  return c.policy().use_proven && !c.state().opened && is_proven(c);
}

bool primary_is_gone(const Context& c) {
  const ClusterState& state = c.state();
  if (HEIR_MUTANT("takeover-of-a-live-primary")) return true;
  if (c.policy().opened_names_session && state.opened) return !is_alive(c.peer.view, *state.opened);
  return !is_present(c.peer.view, state.primary);
}

/// Section 4, precondition 5: who would be the next sync.
std::optional<PeerId> candidate(const Context& c) {
  const ClusterState& state = c.state();
  const View& view = c.peer.view;
  const PeerId& self = c.peer.id;
  const auto usable = [&](const PeerId& peer) { return peer != self && is_present(view, peer); };

  for (const PeerId& peer : state.async)
    if (usable(peer)) return peer;
  if (c.policy().late_joiner)
    for (const Member& member : view.members)
      if (usable(member.id) && member.id != state.primary && member.id != state.sync &&
          !is_listed(state.deposed, member.id))
        return member.id;
  if (c.policy().former_sync_candidate && state.sync && usable(*state.sync)) return state.sync;
  if (c.policy().deposed_candidate) {
    for (const PeerId& peer : state.deposed)
      if (usable(peer)) return peer;
    if (usable(state.primary)) return state.primary;
  }
  return std::nullopt;
}

ClusterState declaration(const Context& c, const PeerId& sync) {
  const ClusterState& old = c.state();
  ClusterState next = next_generation(old);
  next.primary = c.peer.id;
  next.sync = sync;
  next.singleton = false;
  std::erase_if(next.async, [&](const PeerId& peer) {
    return peer == sync || peer == c.peer.id || !is_present(c.peer.view, peer);
  });
  if (old.primary != sync && !is_listed(next.deposed, old.primary) && !HEIR_MUTANT("old-primary-not-deposed"))
    next.deposed.push_back(old.primary);
  remove_from(next.deposed, sync);
  remove_from(next.deposed, c.peer.id);
  if (!HEIR_MUTANT("takeover-keeps-position")) next.initial_position = *c.peer.position;
  return next;
}

}  // namespace

namespace {

/// The steps of section 4 once the decision is made; `why` opens every explanation. True if a takeover is under way.
bool attempt(Context& c, const std::string& why) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  if (state.freeze && !HEIR_MUTANT("takeover-while-frozen")) {
    c.wait(Reason::frozen, why + ", but the cluster is frozen: " + state.freeze->reason);
    return false;
  }
  const std::optional<PeerId> sync = candidate(c);
  if (!sync) {
    c.wait(Reason::no_candidate, why + ", but nobody present could be the next sync");
    return false;
  }
  if (peer.takeover_retry && c.now.monotonic < *peer.takeover_retry && !peer.no_position.empty()) {
    c.wait(Reason::database_failed, why + ", but " + peer.no_position);
    return false;
  }
  if (peer.takeover_retry && c.now.monotonic < *peer.takeover_retry) {
    c.wait(Reason::not_caught_up, why + ", but this peer does not have everything that was acknowledged; waiting for " +
                                      state.primary.value() + " or an operator");
    return false;
  }
  // With severing off the position is read from a standby that may still receive.
  const bool severs = c.policy().sever != Severing::off;
  const bool severed = peer.applied && std::holds_alternative<Sever>(*peer.applied);
  if (severs && !severed) peer.position.reset();
  if (!severs && !peer.applied) return false;  // it is not up yet: follow first
  // The session that opened the gate may be newer than the presence known here: only a read shows both as of one
  // moment.
  const bool confirmed = HEIR_MUTANT("takeover-on-a-mixed-view") || !c.policy().opened_names_session || !state.opened ||
                         peer.read_index == peer.view.index;
  if (!confirmed) request_read(c);
  if (!tell_position(c, severs ? DatabaseCommand(Sever{}) : DatabaseCommand(ReadPosition{}))) return true;
  if (!confirmed) return true;

  const bool has_all = (goes_by_proven(c) && has_opened_branches(c, *peer.position)) ||
                       has_initial_position(c.policy(), *peer.position, c.state());
  if (c.policy().check_initial_position && !has_all && !loss_is_accepted(c)) {
    // While severed nothing more can arrive, and a primary that comes back needs its sync to stream: follow, and look
    // again.
    c.wait(Reason::not_caught_up, why + ", but the log here ends at " + to_string(*peer.position) +
                                      " and lacks the generation's initial position " +
                                      to_string(state.initial_position) + "; waiting for " + state.primary.value() +
                                      " or an operator");
    peer.position.reset();
    peer.takeover_retry = c.now.monotonic + Duration::seconds(1);
    return false;
  }
  std::string reason = "takeover: " + why;
  if (loss_is_accepted(c)) reason += "; loss accepted by " + peer.accepted_loss->by;
  request_write(c, Purpose::takeover, declaration(c, *sync), std::move(reason));
  return true;
}

}  // namespace

bool take_over(Context& c) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  const bool may = peer.role == Role::sync || (peer.role == Role::async && HEIR_MUTANT("takeover-by-an-async")) ||
                   goes_by_proven(c) || loss_is_accepted(c);
  if (!may || state.primary == peer.id || !primary_is_gone(c)) {
    peer.accepted_loss.reset();  // an operator's word is for the moment at which it was given
    peer.takeover_retry.reset();
    return false;
  }
  return attempt(c, state.primary.value() + " is gone");
}

bool take_over_on_request(Context& c) {
  return attempt(c, "promotion of " + c.peer.id.value());
}

}  // namespace heir::failover::rules
