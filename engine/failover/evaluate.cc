// Rules 1 to 7 and 10: bootstrap, roles, and the order in which everything is looked at.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover {

bool has_beginning(const Policy& policy, const Position& log, Position beginning, Generation generation) {
  if (!policy.compare_lineages) return log.offset >= beginning.offset;
  // A timeline that was not bound yet when the generation was declared on it is bound by the generation's primary, and
  // by nobody else.
  for (std::size_t i = 0; i < std::min(beginning.lineage.size(), log.lineage.size()); ++i)
    if (beginning.lineage[i].promotion == 0 && log.lineage[i].promotion == generation.number())
      beginning.lineage[i].promotion = log.lineage[i].promotion;
  return contains(log, beginning);
}

}  // namespace heir::failover

namespace heir::failover::rules {

bool has_initial_position(const Policy& policy, const Position& log, const ClusterState& state) {
  return has_beginning(policy, log, state.initial_position, state.generation);
}

bool is_proven(const Context& c) {
  const ClusterState& state = c.state();
  const bool other_copy =
      c.policy().rebuilt_is_not_proven && c.peer.rebuilt && *c.peer.rebuilt >= state.last_opened && !state.opened;
  return is_listed(state.proven, c.peer.id) && !other_copy;
}

bool has_opened_branches(const Context& c, const Position& log) {
  if (!c.policy().distrust_own_disk || HEIR_MUTANT("opened-branches-not-asked-for")) return true;
  const std::vector<Branch>& declared = c.state().initial_position.lineage;
  return std::all_of(declared.begin(), declared.end(), [&](const Branch& branch) {
    return branch.promotion == 0 || branch.promotion > c.state().last_opened.number() ||
           std::find(log.lineage.begin(), log.lineage.end(), branch) != log.lineage.end();
  });
}

void request_read(Context& c) {
  if (!c.peer.read && c.peer.read_failed && c.peer.retry_at && c.now.monotonic < *c.peer.retry_at)
    return c.wait(Reason::retrying, "the store did not answer; reading again soon");
  if (!c.peer.read) {
    c.peer.read = ++c.peer.last_id;
    c.peer.read_floor = c.peer.view.index;
    c.peer.read_began_stopped = c.peer.applied && std::holds_alternative<Stop>(*c.peer.applied);
    c.effects.push_back(Read{*c.peer.read});
  }
  c.wait(Reason::store_not_read, "waiting for a linearizable read of the cluster state");
}

void request_write(Context& c, Purpose purpose, ClusterState state, std::string why) {
  Peer& peer = c.peer;
  ASSERT(!peer.write, "one write at a time");
  state.changed = {peer.id.value(), std::move(why)};
  // The leader pointer names a primary that takes writes, or nobody (incident F-08); a primary that only replaces its
  // sync keeps it, its clients stay connected to the held gate.
  const bool same_primary = peer.view.state && peer.view.state->opened && peer.view.state->primary == state.primary;
  const bool leads = !c.policy().gate || state.opened || (same_primary && state.primary == peer.id);
  const std::uint64_t id = ++peer.last_id;
  c.effects.push_back(
      Write{id, *peer.session, peer.view.index, state, leads ? std::optional(state.primary) : std::nullopt});
  peer.write = Peer::PendingWrite{id, purpose, std::move(state)};
  c.wait(Reason::write_in_flight, "writing the cluster state: " + peer.write->state.changed.why);
}

void retry_later(Context& c) {
  Peer& peer = c.peer;
  // Capped exponential backoff, each delay between half and all of its nominal length. xorshift64.
  peer.jitter ^= peer.jitter << 13;
  peer.jitter ^= peer.jitter >> 7;
  peer.jitter ^= peer.jitter << 17;
  const std::uint32_t doublings = std::min<std::uint32_t>(peer.retries++, 16);
  const Duration nominal = std::min(peer.timing.retry_first * (std::int64_t{1} << doublings), peer.timing.retry_most);
  const auto jitter = static_cast<std::int64_t>(peer.jitter % 1024);
  peer.retry_at = c.now.monotonic + nominal / 2 + nominal / 2 * jitter / 1024;
}

namespace {

/// What it knows of the generation's past matters to the command only, not to what has become of the database.
bool same_goal(const DatabaseCommand& a, const DatabaseCommand& b) {
  const Lead* lead = std::get_if<Lead>(&a);
  const Lead* other = std::get_if<Lead>(&b);
  if (!lead || !other) return a == b;
  return lead->cluster == other->cluster && lead->generation == other->generation && lead->sync == other->sync &&
         lead->downstreams == other->downstreams;
}

}  // namespace

bool bring_database(Context& c, const DatabaseCommand& goal) {
  Peer& peer = c.peer;
  if (peer.command) {
    // A standby that waits for an upstream which does not answer must not hold up what is wanted now.
    const bool waits = std::holds_alternative<Follow>(peer.command->command) && peer.command->command != goal;
    if (waits && !peer.cancelled) {
      peer.cancelled = true;
      c.effects.push_back(Cancel{peer.command->id});
    }
    c.wait(Reason::database_busy, to_string(peer.command->command));
    return false;
  }
  if (peer.applied && same_goal(*peer.applied, goal)) return true;
  if (peer.retry_at && c.now.monotonic < *peer.retry_at && peer.failed == goal) {
    c.wait(Reason::database_failed, peer.failure);
    return false;
  }
  peer.command = Command{++peer.last_id, goal};
  peer.cancelled = false;
  c.effects.push_back(*peer.command);
  c.wait(Reason::database_busy, to_string(goal));
  return false;
}

bool tell_position(Context& c, const DatabaseCommand& command) {
  Peer& peer = c.peer;
  if (!peer.command && peer.position) return true;
  if (!peer.command && peer.applied == command) peer.applied.reset();  // it told one, but that has been used
  bring_database(c, command);
  return false;
}

void start_over(Context& c) {
  Peer& peer = c.peer;
  if (!peer.session) return;
  c.effects.push_back(EndSession{*peer.session});
  peer.session.reset();
  peer.write.reset();
  peer.replacement.reset();
  abandon_switchover(peer);
  close_gate(peer, GateMode::closed);
}

bool remove_expired_freeze(Context& c) {
  const std::optional<Freeze>& freeze = c.state().freeze;
  if (!freeze || !freeze->until || c.now.wall < *freeze->until) return false;
  ClusterState thawed = c.state();
  thawed.freeze.reset();
  request_write(c, Purpose::operator_request, std::move(thawed), "the freeze has expired");
  return true;
}

namespace {

void without_session(Context& c) {
  Peer& peer = c.peer;
  if (peer.resigned_until) {
    const bool succeeded = peer.view.state && peer.view.state->primary != peer.id;
    if (!succeeded && c.now.monotonic < *peer.resigned_until)
      return c.wait(Reason::resigned, "stepped back so that the sync may take over");
    peer.resigned_until.reset();
  }
  if (!peer.session_requested) {
    peer.session_requested = true;
    c.effects.push_back(OpenSession{});
  }
  c.wait(Reason::no_session, "waiting for a session with the coordination store");
}

/// Rule 1 and 2.
void bootstrap(Context& c) {
  Peer& peer = c.peer;
  const View& view = peer.view;
  if (peer.role != Role::unassigned) {
    if (c.policy().gate) close_gate(peer, GateMode::closed);
    peer.generation = Generation();
    peer.role = Role::unassigned;
    peer.upstream.reset();
    peer.downstream.reset();
  }
  if (!peer.singleton && view.members.size() < 2)
    return c.wait(Reason::not_set_up, "there is no cluster yet; waiting for a second peer");
  const auto mine =
      std::find_if(view.members.begin(), view.members.end(), [&](const Member& m) { return m.id == peer.id; });
  if (mine == view.members.end()) return c.wait(Reason::not_set_up, "not registered yet");
  const auto with_data =
      std::find_if(view.members.begin(), view.members.end(), [](const Member& m) { return m.has_data; });
  const bool adopts = peer.beginning.adopt && peer.beginning.has_data;
  if (!adopts) {
    if (mine != view.members.begin())
      return c.wait(Reason::not_set_up,
                    "there is no cluster yet; " + view.members.front().id.value() + " is first to set it up");
    const BootstrapOver over = c.policy().bootstrap_over;
    if (over == BootstrapOver::own_empty && peer.beginning.has_data)
      return c.wait(Reason::data_not_empty, "there is a database here; the operator must say whether it is adopted");
    if (over == BootstrapOver::all_empty && with_data != view.members.end())
      return c.wait(Reason::data_not_empty,
                    with_data->id.value() + " holds data; the operator must say whose is adopted");
  }
  Position position;
  if (adopts && c.policy().adopt_with_position) {
    if (!tell_position(c, Sever{})) return;
    position = *peer.position;
  }
  ClusterState state;
  state.cluster = peer.beginning.new_cluster;
  state.generation = Generation(1);
  state.primary = peer.id;
  state.proven = {peer.id};
  state.initial_position = position;
  if (peer.singleton) {
    state.singleton = true;
    state.freeze =
        Freeze{Freeze::Mode::all, "cluster started in singleton mode", peer.id.value(), c.now.wall, std::nullopt};
  } else {
    for (const Member& member : view.members) {
      if (member.id == peer.id || is_listed(state.async, member.id) || state.sync == member.id) continue;
      if (!state.sync)
        state.sync = member.id;
      else
        state.async.push_back(member.id);
    }
    if (!state.sync) return c.wait(Reason::not_set_up, "there is no cluster yet; waiting for a second peer");
  }
  request_write(c, Purpose::bootstrap, std::move(state), adopts ? "adopted existing data" : "bootstrap");
}

std::size_t place_in_async(const Context& c) {
  const std::vector<PeerId>& async = c.state().async;
  return static_cast<std::size_t>(std::find(async.begin(), async.end(), c.peer.id) - async.begin());
}

/// Rules 4 and 5.
void take_role_of_new_generation(Context& c) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  const bool was_primary = peer.role == Role::primary;
  peer.generation = state.generation;
  peer.progress = peer.copied = 0;
  peer.position.reset();
  peer.replacement.reset();
  peer.takeover_retry.reset();
  peer.opening = {};
  peer.proof.reset();
  peer.read_after_stop = false;
  peer.rejoined = false;
  abandon_switchover(peer);
  if (c.policy().remember_generation) c.effects.push_back(Remember{peer.view.store, state.generation});

  if (was_primary && state.primary == peer.id) {
    if (c.policy().gate) close_gate(peer, GateMode::held);
    peer.downstream = state.sync;
    return;
  }
  const bool keeps_a_place =
      c.policy().promotion == Promotion::switchover && (state.sync == peer.id || is_listed(state.async, peer.id));
  if (was_primary && !HEIR_MUTANT("gate-open-though-another-leads")) close_gate(peer, GateMode::closed);
  if (was_primary && !keeps_a_place) {
    peer.role = Role::deposed;
    peer.upstream.reset();
    peer.downstream.reset();
  } else {
    take_place(c);
  }
  peer.handed_over = peer.role == Role::primary && c.policy().promotion == Promotion::switchover && !state.opened &&
                     state.generation > Generation(1) && state.changed.by != peer.id.value();
  // An order to rebuild was about another copy than a primary's, and what failed was not to lead.
  if (peer.role == Role::primary) {
    peer.rejoin_by_clone = false;
    peer.failures = 0;
  }
  // A former primary may have what nobody else has; so may any deposed peer.
  peer.needs_rejoin = peer.role == Role::deposed || peer.rejoin_by_clone;
}

/// Rules 6 and 7, and whom the chain makes this peer follow.
void keep_place(Context& c) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  switch (peer.role) {
    case Role::unassigned:
      if (is_listed(state.async, peer.id)) take_place(c);
      return;
    case Role::deposed:
      // By hand: once the operator has asked for a rebuild, or has had it.
      if (is_listed(state.async, peer.id) &&
          (c.policy().automatic_rejoin || peer.rejoin_by_clone || !peer.needs_rejoin))
        take_place(c);
      return;
    case Role::async: {
      const std::optional<PeerId> old_upstream = peer.upstream;
      const std::optional<PeerId> old_downstream = peer.downstream;
      if (!is_listed(state.async, peer.id)) return take_place(c);
      take_place(c);
      if (c.policy().downstream == Downstream::when_gained && peer.upstream == old_upstream && !peer.downstream)
        peer.downstream = old_downstream;
      return;
    }
    case Role::sync: {
      if (c.policy().downstream == Downstream::tracked ||
          (c.policy().downstream == Downstream::when_gained && !state.async.empty()))
        take_place(c);
      return;
    }
    case Role::primary: peer.downstream = state.sync; return;
    case Role::unknown: return;
  }
}

}  // namespace

void take_place(Context& c) {
  Peer& peer = c.peer;
  const ClusterState& state = c.state();
  const bool tracks = c.policy().downstream != Downstream::primary_only;
  const std::optional<PeerId> old_downstream = peer.downstream;
  peer.upstream.reset();
  peer.downstream.reset();
  const std::size_t place = place_in_async(c);
  if (state.primary == peer.id) {
    peer.role = Role::primary;
    peer.downstream = state.sync;
  } else if (state.singleton) {
    peer.role = Role::unassigned;
  } else if (state.sync == peer.id) {
    peer.role = Role::sync;
    peer.upstream = state.primary;
    if (tracks && !state.async.empty()) peer.downstream = state.async.front();
    if (c.policy().downstream == Downstream::when_gained && state.async.empty()) peer.downstream = old_downstream;
  } else if (is_listed(state.deposed, peer.id)) {
    peer.role = Role::deposed;
  } else if (place < state.async.size()) {
    peer.role = Role::async;
    peer.upstream = place == 0 ? state.sync : state.async[place - 1];
    if (tracks && place + 1 < state.async.size()) peer.downstream = state.async[place + 1];
  } else {
    peer.role = Role::unassigned;
  }
}

void evaluate(Context& c) {
  Peer& peer = c.peer;
  peer.waiting_for.clear();
  if (!peer.started) return;
  if (peer.halted) {
    peer.waiting_for.push_back(*peer.halted);
    bring_database(c, Stop{});
    return;
  }
  if (!peer.session) return without_session(c);
  if (peer.write) return c.wait(Reason::write_in_flight, "writing the cluster state: " + peer.write->state.changed.why);
  if (peer.must_read) return request_read(c);
  const auto mine = [&](const Member& m) { return m.id == peer.id && m.session != *peer.session; };
  if (const auto other = std::find_if(peer.view.members.begin(), peer.view.members.end(), mine);
      other != peer.view.members.end())
    c.wait(Reason::duplicate_identity,
           "session " + std::to_string(other->session.value()) + " has this peer's identity too");

  if (!peer.view.state) return bootstrap(c);
  if (peer.singleton && !c.state().singleton) {
    peer.halted = Refusal{Reason::singleton_mismatch,
                          "configured for singleton mode, but the cluster is not in it; remove the setting to join"};
    close_gate(peer, GateMode::closed);
    return evaluate(c);
  }
  // Within a generation primary and sync do not change; who sees it all the same does not insist on its role.
  const bool displaced = c.policy().gate && ((peer.role == Role::primary && c.state().primary != peer.id) ||
                                             (peer.role == Role::sync && c.state().sync != peer.id));
  if (c.state().generation != peer.generation || displaced)
    take_role_of_new_generation(c);
  else
    keep_place(c);

  switch (peer.role) {
    case Role::primary: return lead(c);
    case Role::sync:
    case Role::async: return follow(c);
    case Role::deposed: return return_from_deposition(c);
    case Role::unassigned: return stay_unassigned(c);
    case Role::unknown: ASSERT(false, "a peer that sees a state has a role");
  }
}

}  // namespace heir::failover::rules
