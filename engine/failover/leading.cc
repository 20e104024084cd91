// What a primary does: rules 10 to 14. It keeps its database leading, replaces a sync that is gone, keeps the list of
// asyncs, steps back when it can serve nobody, and opens the gate.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover::rules {

namespace {

bool may_change_roles(const Context& c) {
  return !c.state().freeze;
}

bool may_track_asyncs(const Context& c) {
  if (!c.state().freeze) return true;
  switch (c.policy().frozen) {
    case Frozen::by_mode: return c.state().freeze->mode == Freeze::Mode::takeovers;
    case Frozen::tracks_asyncs: return true;
    case Frozen::nothing: return false;
  }
  return false;
}

/// The first peer that could be the sync: a present async in order, else a present peer that nobody has listed yet.
std::optional<PeerId> candidate(const Context& c, bool even_stalled = false) {
  const ClusterState& state = c.state();
  const View& view = c.peer.view;
  const auto usable = [&](const PeerId& peer) {
    return peer != c.peer.id && peer != state.sync && is_present(view, peer) &&
           (even_stalled || !is_listed(c.peer.stalled, peer));
  };
  for (const PeerId& peer : state.async)
    if (usable(peer)) return peer;
  if (c.policy().late_joiner)
    for (const Member& member : view.members)
      if (usable(member.id) && !is_listed(state.deposed, member.id)) return member.id;
  return std::nullopt;
}

/// Rule 11: the peer that ends singleton mode.
std::optional<PeerId> first_companion(const Context& c) {
  std::optional<PeerId> found;
  for (const Member& member : c.peer.view.members) {
    if (member.id == c.peer.id) continue;
    found = member.id;
    if (c.policy().first_sync == FirstSync::first) break;
  }
  return found;
}

bool others_are_present(const Context& c) {
  const std::vector<Member>& members = c.peer.view.members;
  return std::any_of(members.begin(), members.end(), [&](const Member& m) { return m.id != c.peer.id; });
}

/// Rules 11 and 12: whether the sync must be replaced, and by whom.
std::optional<Peer::Replacement> wanted_replacement(Context& c) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  if (state.singleton) {
    if (peer.singleton) return std::nullopt;
    if (const std::optional<PeerId> companion = first_companion(c))
      return Peer::Replacement{*companion, "leaving singleton mode: " + companion->value() + " is the sync"};
    c.wait(Reason::sync_absent, "no other peer is present to leave singleton mode with");
    return std::nullopt;
  }
  if (peer.replacement && peer.replacement->by_request && is_present(peer.view, peer.replacement->candidate))
    return peer.replacement;
  const std::string sync = state.sync ? state.sync->value() : "";
  const bool absent = !state.sync || !is_present(peer.view, *state.sync);
  if (!absent && !(c.policy().replace_stalled_sync && sync_has_stalled(c))) return std::nullopt;
  const std::string why = absent ? sync + " is gone" : sync + " makes no progress";
  std::optional<PeerId> next = candidate(c);
  if (!next && absent) next = candidate(c, true);  // one that stalled of late is better than none
  if (!next) {
    c.wait(Reason::sync_absent, why + " and nobody present can replace it");
    return std::nullopt;
  }
  return Peer::Replacement{*next, "replaced sync: " + why};
}

ClusterState replaced_sync(const Context& c) {
  const Peer& peer = c.peer;
  const ClusterState& old = c.state();
  const PeerId& sync = peer.replacement->candidate;
  ClusterState next = next_generation(old);
  next.sync = sync;
  if (!HEIR_MUTANT("replacement-keeps-position")) next.initial_position = *peer.position;
  if (old.singleton) {
    next.singleton = false;
    next.async.clear();
    next.deposed.clear();
    for (const Member& member : peer.view.members)
      if (member.id != peer.id && member.id != sync && !is_listed(next.async, member.id))
        next.async.push_back(member.id);
    return next;
  }
  std::erase_if(next.async, [&](const PeerId& id) { return id == sync || !is_present(peer.view, id); });
  if (old.sync && is_present(peer.view, *old.sync)) {
    // A promoted async changes places with the sync; a stalled sync goes to the end.
    next.async.insert(peer.replacement->by_request ? next.async.begin() : next.async.end(), *old.sync);
  }
  return next;
}

/// Section 5, "Replacing a sync". True if one is under way.
bool replace_sync(Context& c) {
  Peer& peer = c.peer;
  std::optional<Peer::Replacement> wanted = wanted_replacement(c);
  if (!wanted) {
    if (peer.replacement) peer.position.reset();
    peer.replacement.reset();
    return false;
  }
  if (!may_change_roles(c)) {
    c.wait(Reason::frozen, wanted->why + ", but the cluster is frozen: " + c.state().freeze->reason);
    // The gate opens again meanwhile: a position that was read before is too low then.
    peer.replacement.reset();
    peer.position.reset();
    return c.policy().frozen == Frozen::tracks_asyncs;  // Manatee looks no further then
  }
  if (!peer.replacement) peer.position.reset();
  peer.replacement = std::move(wanted);
  // The gate is held first: what the old sync acknowledges from here on reaches no client until the new one has it.
  if (c.policy().gate && c.policy().hold_gate_before_position) close_gate(peer, GateMode::held);
  if (!tell_position(c, ReadPosition{})) return true;
  if (c.policy().primary_checks_position && !has_initial_position(c.policy(), *peer.position, c.state())) {
    c.wait(Reason::not_caught_up, "the log here lacks the generation's initial position");
    return true;
  }
  if (c.state().sync && sync_has_stalled(c) && !is_listed(peer.stalled, *c.state().sync))
    peer.stalled.push_back(*c.state().sync);
  request_write(c, Purpose::replace_sync, replaced_sync(c), peer.replacement->why);
  return true;
}

/// Rule 14. True if a write was started.
bool update_asyncs(Context& c) {
  const Peer& peer = c.peer;
  const ClusterState& old = c.state();
  ClusterState next = old;
  std::erase_if(next.async, [&](const PeerId& id) { return !is_present(peer.view, id); });
  for (const Member& member : peer.view.members) {
    const PeerId& id = member.id;
    const bool listed = id == old.primary || id == old.sync || is_listed(next.async, id) || is_listed(old.deposed, id);
    if (!listed) next.async.push_back(id);
  }
  if (c.policy().automatic_rejoin)
    for (const PeerId& id : old.deposed)
      if (is_present(peer.view, id) &&
          (is_listed(peer.database.streaming, id) || HEIR_MUTANT("deposed-listed-before-it-streams"))) {
        remove_from(next.deposed, id);
        next.async.push_back(id);
      }
  if (next == old) return false;
  if (!may_track_asyncs(c)) {
    c.wait(Reason::frozen, "the list of asyncs stays as it is: the cluster is frozen: " + old.freeze->reason);
    return false;
  }
  if (c.policy().promotion == Promotion::takeover) next.promote.reset();  // Manatee writes its list without the request
  request_write(c, Purpose::async_list, std::move(next), "the list of asyncs");
  return true;
}

/// A damaged copy does not lead while there is a sync that could.
bool makes_way(const Context& c) {
  const Peer& peer = c.peer;
  return c.policy().resign && peer.database.damaged && !c.state().freeze && c.state().opened && c.state().sync &&
         is_present(peer.view, *c.state().sync) && !sync_has_stalled(c);
}

/// Nothing has opened, nobody who is proven is present, and the sync makes its copy of the one here: whoever is left
/// could not take over, however long that takes.
bool nobody_could_take_over(const Context& c) {
  const ClusterState& state = c.state();
  return !HEIR_MUTANT("resigns-in-vain") && !state.opened && c.peer.copied > 0 &&
         std::none_of(c.peer.view.members.begin(), c.peer.view.members.end(),
                      [&](const Member& m) { return m.id != c.peer.id && is_listed(state.proven, m.id); });
}

/// Rule 13: whether somebody else could serve better.
bool should_resign(Context& c) {
  const Peer& peer = c.peer;
  if (!c.policy().resign || c.state().freeze || c.state().singleton || !others_are_present(c)) return false;
  if (peer.failures >= peer.timing.restart_attempts) return true;
  if (makes_way(c) && c.state().opened == peer.session) return true;
  const bool sync_useless = c.state().sync && is_present(peer.view, *c.state().sync) && sync_has_stalled(c);
  return sync_useless && !candidate(c) && !nobody_could_take_over(c);
}

/// Until a generation has opened, only who is gone is taken over from; and a sync that has nobody else to be its own
/// sync cannot take over from who is gone. So it would wait for ever for a primary whose copy is damaged.
bool must_hand_over(const Context& c) {
  const Peer& peer = c.peer;
  const ClusterState& state = c.state();
  // Who was handed a role that it could not accept does not hand it back.
  const bool checks = c.policy().promotion == Promotion::switchover && c.policy().use_proven && !peer.handed_over &&
                      !HEIR_MUTANT("never-hands-over");
  if (!checks || !peer.database.damaged || state.opened || !state.sync || !is_listed(state.proven, *state.sync))
    return false;
  return is_present(peer.view, *state.sync) &&
         std::all_of(peer.view.members.begin(), peer.view.members.end(),
                     [&](const Member& m) { return m.id == peer.id || m.id == *state.sync; });
}

/// The sync is the primary, and this peer its sync. It checks that it has all before it leads, as after a switchover.
void hand_over(Context& c) {
  ClusterState next = next_generation(c.state());
  next.primary = *c.state().sync;
  next.sync = c.peer.id;
  close_gate(c.peer, GateMode::closed);
  c.peer.failures = 0;
  request_write(c, Purpose::switchover, std::move(next), "handover: the copy here is damaged");
}

void resign(Context& c) {
  Peer& peer = c.peer;
  close_gate(peer, GateMode::closed);
  c.effects.push_back(EndSession{*peer.session});
  peer.session.reset();
  peer.resigned_until = c.now.monotonic + peer.timing.resign_hold;
  peer.failures = 0;
  peer.stalled.clear();
  peer.replacement.reset();
  c.wait(Reason::resigned, "stepped back so that the sync may take over");
}

/// A peer that was handed the primary's role must hold what the one before it had at its end; if not, though it lacks
/// nothing that was ever acknowledged, it declares where it really stands, or its own sync could never take over.
bool accept_handover(Context& c) {
  Peer& peer = c.peer;
  if (!peer.handed_over || HEIR_MUTANT("handover-unchecked")) return true;
  if (!tell_position(c, Sever{})) return false;
  if (has_initial_position(c.policy(), *peer.position, c.state())) {
    peer.handed_over = false;
    peer.position.reset();
    return true;
  }
  if (!is_proven(c) || !has_opened_branches(c, *peer.position)) {
    c.wait(Reason::not_caught_up, "handed the primary's role, but the log here ends at " + to_string(*peer.position) +
                                      ", before " + to_string(c.state().initial_position));
    return false;
  }
  ClusterState next = next_generation(c.state());
  next.initial_position = *peer.position;
  request_write(c, Purpose::takeover, std::move(next), "handover without the last record");
  return false;
}

}  // namespace

Lead lead_goal(const Context& c) {
  const ClusterState& state = c.state();
  Lead goal{state.cluster,
            state.generation,
            state.sync,
            {},
            state.generation == Generation(1) && !state.opened && state.initial_position == Position{},
            state.opened.has_value(),
            state.initial_position};
  if (state.sync) goal.downstreams.push_back(*state.sync);
  if (c.policy().automatic_rejoin)
    for (const PeerId& id : state.deposed)
      if (is_present(c.peer.view, id)) goal.downstreams.push_back(id);
  return goal;
}

void lead(Context& c) {
  Peer& peer = c.peer;
  note_progress(c);
  if (continue_switchover(c)) return;
  if (should_resign(c)) return must_hand_over(c) ? hand_over(c) : resign(c);
  if (peer.database.damaged) {
    c.wait(Reason::copy_damaged, "the copy here is damaged; a sync should take over");
    // It resigned, and nobody has taken over yet: it is there, as the next sync, and leads no more.
    if (makes_way(c)) return close_gate(peer, GateMode::closed);
  }
  if (!accept_handover(c)) return;
  if (!bring_database(c, lead_goal(c))) return;
  if (remove_expired_freeze(c)) return;
  if (promotion(c)) return;
  if (!(peer.singleton && c.state().singleton)) {
    if (replace_sync(c)) return;
    if (!c.state().singleton && update_asyncs(c)) return;
  }
  open_gate(c);
}

}  // namespace heir::failover::rules
