#include "engine/failover/peer.h"

#include <algorithm>

#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover {

namespace {
/// So often in a row a peer that has just rejoined tries to follow an upstream that has diverged from it, before it
/// looks for the fault with itself.
constexpr std::uint32_t follows_after_rejoin = 5;
}  // namespace

const char* to_string(Role role) {
  switch (role) {
    case Role::unknown: return "unknown";
    case Role::unassigned: return "unassigned";
    case Role::primary: return "primary";
    case Role::sync: return "sync";
    case Role::async: return "async";
    case Role::deposed: return "deposed";
  }
  return "?";
}

const char* to_string(GateMode mode) {
  switch (mode) {
    case GateMode::closed: return "closed";
    case GateMode::held: return "held";
    case GateMode::open: return "open";
  }
  return "?";
}

const char* to_string(Reason reason) {
  switch (reason) {
    case Reason::no_session: return "no-session";
    case Reason::resigned: return "resigned";
    case Reason::store_not_read: return "store-not-read";
    case Reason::write_in_flight: return "write-in-flight";
    case Reason::retrying: return "retrying";
    case Reason::not_set_up: return "not-set-up";
    case Reason::data_not_empty: return "data-not-empty";
    case Reason::singleton_mismatch: return "singleton-mismatch";
    case Reason::store_lost: return "store-lost";
    case Reason::duplicate_identity: return "duplicate-identity";
    case Reason::frozen: return "frozen";
    case Reason::not_listed: return "not-listed";
    case Reason::database_busy: return "database-busy";
    case Reason::database_failed: return "database-failed";
    case Reason::no_candidate: return "no-candidate";
    case Reason::not_caught_up: return "not-caught-up";
    case Reason::copy_damaged: return "copy-damaged";
    case Reason::no_position: return "no-position";
    case Reason::lease_lost: return "lease-lost";
    case Reason::proving_sync: return "proving-sync";
    case Reason::sync_absent: return "sync-absent";
    case Reason::deposed: return "deposed";
    case Reason::rejoin_waits: return "rejoin-waits";
    case Reason::switchover: return "switchover";
  }
  return "?";
}

std::string to_string(const DatabaseCommand& command) {
  return std::visit(Match{
                        [](const Lead& lead) {
                          return "lead generation " + std::to_string(lead.generation.number()) +
                                 (lead.sync ? " with sync " + lead.sync->value() : " alone");
                        },
                        [](const Follow& follow) { return "follow " + follow.upstream.value(); },
                        [](const Sever&) { return std::string("sever"); },
                        [](const Stop& stop) { return std::string(stop.clean ? "stop cleanly" : "stop"); },
                        [](const ReadPosition&) { return std::string("read position"); },
                        [](const Drain&) { return std::string("drain"); },
                        [](const Rejoin& rejoin) {
                          return (rejoin.clone      ? "clone from "
                                  : rejoin.in_place ? "rejoin in place, against "
                                                    : "rejoin beside, against ") +
                                 rejoin.against.value();
                        },
                    },
                    command);
}

Peer make_peer(PeerId id, Policy policy, Timing timing, bool singleton) {
  Peer peer;
  peer.id = std::move(id);
  peer.policy = std::move(policy);
  peer.timing = timing;
  peer.singleton = singleton;
  return peer;
}

namespace {

using rules::Context;

void halt(Peer& peer, Reason reason, std::string detail) {
  if (peer.halted) return;
  peer.halted = Refusal{reason, std::move(detail)};
  rules::close_gate(peer, GateMode::closed);
}

/// Takes over what is newer in a view: the state by its index, the members by the version.
void adopt(Context& c, const View& seen, bool linearizable) {
  Peer& peer = c.peer;
  if (c.policy().remember_generation) {
    const std::string& trusted = peer.generation > Generation() ? peer.view.store : peer.beginning.store;
    if (!trusted.empty() && seen.store != trusted)
      return halt(peer, Reason::store_lost,
                  "the store is " + seen.store + ", but this peer's data belongs to store " + trusted);
    const Generation seen_generation = seen.state ? seen.state->generation : Generation();
    // A watch may show an old view; a linearizable read may not show less than was known when it was asked for.
    const Generation known = std::max(peer.beginning.generation, peer.generation);
    if (linearizable && seen.index >= peer.view.index && seen_generation < known)
      return halt(peer, Reason::store_lost,
                  "the store knows generation " + std::to_string(seen_generation.number()) + ", this peer has seen " +
                      std::to_string(known.number()) + "; was it restored from an old backup?");
    // A later version with an earlier generation is none that a watch was slow to bring.
    const Generation last = peer.view.state ? peer.view.state->generation : Generation();
    if (!linearizable && seen.index > peer.view.index && seen_generation < last)
      return halt(peer, Reason::store_lost,
                  "the store has gone back from generation " + std::to_string(last.number()) + " to " +
                      std::to_string(seen_generation.number()) + "; was it restored from an old backup?");
    if (linearizable && seen.index < peer.read_floor)
      return halt(peer, Reason::store_lost,
                  "the store is at version " + std::to_string(seen.index) + ", this peer has seen version " +
                      std::to_string(peer.read_floor) + "; was it restored from an old backup?");
  }
  if (!peer.view.store.empty() && peer.view.store != seen.store)
    peer.view = {};  // only who remembers nothing comes here
  const auto sync_present = [&] {
    return peer.view.state && peer.view.state->sync && is_present(peer.view, *peer.view.state->sync);
  };
  const bool sync_was_present = sync_present();
  peer.view.store = seen.store;
  if (seen.version >= peer.view.version || HEIR_MUTANT("old-view-accepted")) {
    peer.view.version = seen.version;
    peer.view.members = seen.members;
    peer.view.sessions = seen.sessions;
  }
  if (seen.index >= peer.view.index || HEIR_MUTANT("old-view-accepted")) {
    peer.view.index = seen.index;
    peer.view.state = seen.state;
  }
  if (!sync_was_present && sync_present()) peer.progress_at = c.now.monotonic;  // its absence was no stall
  // A gate does not wait for an evaluation that a write in flight may delay.
  if (!c.policy().gate || peer.role != Role::primary || !peer.view.state) return;
  const bool another_leads = peer.view.state->primary != peer.id;
  // Somebody with this peer's identity opened in its place.
  const bool another_opened =
      peer.gate == GateMode::open && peer.view.state->opened && peer.view.state->opened != peer.session;
  if ((another_leads || another_opened) && !HEIR_MUTANT("gate-open-though-another-leads"))
    rules::close_gate(peer, GateMode::closed);
}

void on_started(Context& c, const Started& input) {
  ASSERT(!c.peer.started, "a peer is started once");
  c.peer.started = true;
  c.peer.beginning = input;
  c.peer.jitter = input.jitter_seed | 1;
}

void on_session_opened(Context& c, const SessionOpened& input) {
  Peer& peer = c.peer;
  peer.session = input.session;
  peer.session_requested = false;
  peer.must_read = true;
  peer.read.reset();
  peer.read_after_stop = false;
  peer.progress_at = c.now.monotonic;
}

void on_session_over(Context& c) {
  Peer& peer = c.peer;
  if (!peer.session) return;
  peer.session.reset();
  peer.write.reset();  // its outcome is unknown from here; the new session starts from a fresh read
  rules::abandon_switchover(peer);
  peer.replacement.reset();
  if (c.policy().gate) rules::close_gate(peer, GateMode::closed);
}

void on_lease_renewed(Context& c, const LeaseRenewed& input) {
  Peer& peer = c.peer;
  // A lease that had run out does not just go on: opening again takes every proof again.
  if (peer.gate == GateMode::open && gate_mode(peer, c.now.monotonic) == GateMode::held &&
      !HEIR_MUTANT("lapsed-lease-goes-on"))
    rules::close_gate(peer, GateMode::held);
  peer.lease_end = std::max(peer.lease_end, input.until);
}

void on_read_done(Context& c, const ReadDone& input) {
  Peer& peer = c.peer;
  if (peer.read != input.id && !HEIR_MUTANT("any-read-is-fresh")) return;
  peer.read.reset();
  peer.read_failed = !input.view;
  if (!input.view) return rules::retry_later(c);
  peer.read_index = input.view->index;
  peer.must_read = false;
  peer.retries = 0;
  peer.retry_at.reset();
  peer.read_after_stop = peer.read_began_stopped;
  adopt(c, *input.view, true);
  if (peer.opening.stage == Peer::Opening::Stage::reading) peer.opening.stage = Peer::Opening::Stage::proving;
}

void on_written(Context& c, const Peer::PendingWrite& write, std::uint64_t index) {
  Peer& peer = c.peer;
  // Else a watch was faster, and may know what others wrote since.
  if (index > peer.view.index || HEIR_MUTANT("own-write-over-newer-view")) {
    peer.view.index = index;
    peer.view.state = write.state;
  }
  peer.retries = 0;
  switch (write.purpose) {
    case Purpose::replace_sync:
      // Still primary, in a new generation: the gate is held until the new sync has everything.
      if (c.policy().gate) rules::close_gate(peer, GateMode::held);
      peer.generation = write.state.generation;
      peer.downstream = write.state.sync;
      if (c.policy().remember_generation) c.effects.push_back(Remember{peer.view.store, write.state.generation});
      peer.replacement.reset();
      peer.position.reset();
      peer.progress = peer.copied = 0;
      peer.progress_at = c.now.monotonic;
      break;
    case Purpose::takeover: peer.accepted_loss.reset(); break;
    case Purpose::switchover: rules::abandon_switchover(peer); break;
    case Purpose::open:
    case Purpose::bootstrap:
    case Purpose::async_list:
    case Purpose::operator_request: break;
  }
}

void on_write_done(Context& c, const WriteDone& input) {
  Peer& peer = c.peer;
  if (!peer.write || peer.write->id != input.id) return;
  const Peer::PendingWrite write = *std::exchange(peer.write, std::nullopt);
  if (input.outcome == WriteOutcome::written) return on_written(c, write, input.index);
  if (input.outcome == WriteOutcome::unknown && c.policy().fresh_session_after_unknown) return rules::start_over(c);
  // Refused: somebody else wrote. Look again.
  peer.must_read = true;
  peer.position.reset();
  peer.replacement.reset();
  peer.opening = {};
  rules::abandon_switchover(peer);
}

void on_command_done(Context& c, const CommandDone& input) {
  Peer& peer = c.peer;
  if (!peer.command || peer.command->id != input.id) return;
  const DatabaseCommand command = std::exchange(peer.command, std::nullopt)->command;
  switch (input.outcome) {
    case Outcome::done:
      if (!std::holds_alternative<Stop>(command)) {  // stopping is a step towards what failed, not a success of it
        if (!std::holds_alternative<Lead>(command)) peer.failures = 0;  // a primary succeeds when its gate opens
        peer.failed.reset();
        peer.failure.clear();
        peer.retry_at.reset();
        peer.retries = 0;
      }
      if (const auto* rejoin = std::get_if<Rejoin>(&command)) {
        // The operator may have asked for a fresh copy meanwhile.
        if (rejoin->clone || !peer.rejoin_by_clone) peer.needs_rejoin = peer.rejoin_by_clone = false;
        // One that compared with an earlier generation's primary says nothing of who has to rejoin in this one.
        peer.rejoined = rejoin->generation == peer.generation;
        peer.applied.reset();
      } else if (!std::holds_alternative<ReadPosition>(command) && !std::holds_alternative<Drain>(command)) {
        peer.applied = command;
      }
      if (std::holds_alternative<Follow>(command)) peer.rejoined = false;
      // It may be another copy by now: the next that tells a position says of what it was made.
      if (std::holds_alternative<Follow>(command) || std::holds_alternative<Rejoin>(command)) peer.rebuilt.reset();
      if (input.position) {
        peer.position = input.position;
        peer.rebuilt = input.rebuilt;
        peer.no_position.clear();
      }
      if (std::holds_alternative<Drain>(command) && peer.switchover)
        peer.switchover->stage = HEIR_MUTANT("switchover-without-proof") ? Peer::Switchover::Stage::stopping
                                                                         : Peer::Switchover::Stage::proving;
      return;
    case Outcome::diverged:
      peer.applied.reset();
      // Right after a rejoin it is rather the upstream that has to rejoin first; but somebody may have promoted the
      // copy here meanwhile (P-15).
      if (peer.rejoined && peer.retries < follows_after_rejoin) {
        peer.failed = command;
        peer.failure = to_string(command) + ": it must rejoin first";
        return rules::retry_later(c);
      }
      peer.needs_rejoin = true;
      peer.read_after_stop = false;
      return;
    case Outcome::failed:
      ++peer.failures;
      peer.failure = to_string(command) + ": " + input.message;
      peer.failed = command;
      peer.applied.reset();
      if (std::holds_alternative<Drain>(command) || std::holds_alternative<Stop>(command))
        rules::abandon_switchover(peer);
      rules::retry_later(c);
      // What cannot tell where its log ends (it is being rebuilt, say) takes nothing over before the next try: until
      // then it goes on to follow or to rejoin, for its primary may be back and wait for it.
      if (std::holds_alternative<Sever>(command) || std::holds_alternative<ReadPosition>(command)) {
        peer.takeover_retry = peer.retry_at;
        peer.no_position = peer.failure;
      }
      return;
  }
}

void on_database_changed(Context& c, const DatabaseChanged& input) {
  Peer& peer = c.peer;
  const DatabaseStatus before = std::exchange(peer.database, input.status);
  if (!input.status.running && (before.running || !peer.command) && peer.applied &&
      !std::holds_alternative<Stop>(*peer.applied)) {
    peer.applied.reset();  // it died: bring it back
    if (peer.role == Role::primary && peer.gate == GateMode::closed)
      ++peer.failures;  // it never got as far as to serve
  }
  if (input.status.link_failures != before.link_failures && peer.applied &&
      std::holds_alternative<Follow>(*peer.applied))
    peer.applied.reset();  // look again whether the upstream still contains this log
  // A standby with a damaged copy looks at it again, and is cloned anew.
  if (input.status.damaged && !before.damaged && peer.role != Role::primary) peer.applied.reset();
  if (peer.role != Role::primary || !c.policy().gate) return;
  if (input.status.incarnation != before.incarnation && peer.gate != GateMode::open &&
      !HEIR_MUTANT("proof-of-before-a-restart")) {
    peer.opening = {};  // a proof of what the database showed before it restarted proves nothing
    peer.proof.reset();
  }
  // A database that has restarted shows commits that were never acknowledged.
  if (c.policy().close_gate_on_restart &&
      (!input.status.running || input.status.incarnation != peer.opened_incarnation) && peer.gate == GateMode::open)
    rules::close_gate(peer, GateMode::closed);
  // So does one whose commit waits were cut short.
  if (c.policy().hold_on_cancelled_wait && input.status.cancelled_waits > peer.covered_cancels &&
      peer.gate == GateMode::open)
    rules::close_gate(peer, GateMode::held);
}

void on_proved(Context& c, const Proved& input) {
  Peer& peer = c.peer;
  if (peer.proof != input.id) return;
  peer.proof.reset();
  peer.stalled.clear();
  peer.progress_at = c.now.monotonic;
  if (peer.switchover && peer.switchover->stage == Peer::Switchover::Stage::proving) {
    peer.switchover->stage = Peer::Switchover::Stage::stopping;
    rules::close_gate(peer, GateMode::closed);
    // The database has shown nothing since that the proof does not cover, in the very session under which it opened.
    const Peer::ProofCovers now{peer.database.incarnation, peer.database.cancelled_waits};
    peer.lets_out = peer.proof_covers == now && peer.view.state && peer.session &&
                    peer.view.state->opened == peer.session && peer.view.state->primary == peer.id;
    return;
  }
  if (peer.opening.stage == Peer::Opening::Stage::proving) peer.opening.stage = Peer::Opening::Stage::writing;
}

}  // namespace

std::vector<Effect> step(Peer& peer, Now now, const Input& input) {
  std::vector<Effect> effects;
  Context c{peer, now, effects};
  std::visit(Match{
                 [&](const Started& i) { on_started(c, i); },
                 [&](const SessionOpened& i) { on_session_opened(c, i); },
                 [&](const SessionOver&) { on_session_over(c); },
                 [&](const LeaseRenewed& i) { on_lease_renewed(c, i); },
                 [&](const ViewChanged& i) { adopt(c, i.view, false); },
                 [&](const ReadDone& i) { on_read_done(c, i); },
                 [&](const WriteDone& i) { on_write_done(c, i); },
                 [&](const CommandDone& i) { on_command_done(c, i); },
                 [&](const DatabaseChanged& i) { on_database_changed(c, i); },
                 [&](const Proved& i) { on_proved(c, i); },
                 [&](const AcceptLoss& i) { peer.accepted_loss = i; },
                 [&](const Rebuild&) {
                   if (peer.role == Role::primary) return;  // refused: it may be the only good copy
                   peer.needs_rejoin = peer.rejoin_by_clone = true;
                   peer.read_after_stop = false;
                 },
                 [&](const Tick&) {},
             },
             input);
  // A renewal on time changes nothing that a rule looks at, unless something runs out by the wall clock, which wakes
  // nobody.
  const bool watches_wall =
      peer.view.state && (peer.view.state->promote || (peer.view.state->freeze && peer.view.state->freeze->until));
  if (std::holds_alternative<LeaseRenewed>(input) && peer.waiting_for.empty() && peer.gate != GateMode::held &&
      !watches_wall)
    return effects;
  rules::evaluate(c);
  peer.evaluated_at = now.monotonic;
  return effects;
}

GateMode gate_mode(const Peer& peer, MonotonicTime now) {
  if (peer.gate == GateMode::open && peer.policy.gate && peer.policy.lease && now >= peer.lease_end)
    return GateMode::held;
  return peer.gate;
}

bool lets_out(const Peer& peer, MonotonicTime now) {
  return peer.gate == GateMode::closed && peer.lets_out && (!peer.policy.lease || now < peer.lease_end);
}

std::optional<MonotonicTime> next_deadline(const Peer& peer) {
  std::optional<MonotonicTime> next;
  const auto consider = [&](std::optional<MonotonicTime> at) {
    if (at && *at > peer.evaluated_at && (!next || *at < *next)) next = at;
  };
  consider(peer.retry_at);
  consider(peer.resigned_until);
  consider(peer.takeover_retry);
  const bool watches_sync = peer.role == Role::primary && peer.policy.replace_stalled_sync && peer.session &&
                            !peer.halted && (peer.database.sync_lacks || peer.proof);
  if (watches_sync) consider(peer.progress_at + peer.timing.sync_stall);
  return next;
}

}  // namespace heir::failover
