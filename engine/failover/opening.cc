// Section 5: the gate, and the proofs that it takes to open it.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/failover/rules.h"

namespace heir::failover::rules {

using Stage = Peer::Opening::Stage;

void close_gate(Peer& peer, GateMode mode) {
  ASSERT(mode != GateMode::open, "open_gate() opens");
  peer.lets_out = false;
  if (peer.gate != GateMode::closed) peer.gate = mode;
  peer.opening = {};
  peer.proof.reset();
}

void note_progress(Context& c) {
  Peer& peer = c.peer;
  // A replacement under way has dropped the proof that found the sync wanting: that is no progress.
  const bool complete = !peer.database.sync_lacks && !peer.proof && !peer.replacement;
  // Only growth counts: a sync that comes and goes gains nothing.
  const bool grows = peer.database.sync_flushed > peer.progress || peer.database.copied > peer.copied;
  if (!complete && !grows) return;
  peer.progress = std::max(peer.progress, peer.database.sync_flushed);
  peer.copied = std::max(peer.copied, peer.database.copied);
  peer.progress_at = c.now.monotonic;
}

bool sync_has_stalled(const Context& c) {
  const Peer& peer = c.peer;
  const bool incomplete = peer.database.sync_lacks || peer.proof || peer.replacement;
  return incomplete && c.now.monotonic - peer.progress_at >= peer.timing.sync_stall;
}

namespace {

/// (b) The sync has flushed everything that the database shows.
void prove(Context& c) {
  Peer& peer = c.peer;
  const std::optional<PeerId>& sync = c.state().sync;
  if (!sync || !c.policy().proof_at_opening) {  // nobody to wait for
    peer.proof_covers = {peer.database.incarnation, peer.database.cancelled_waits};
    peer.opening.stage = Stage::writing;
    return;
  }
  if (!peer.proof) {
    peer.proof = ++peer.last_id;
    peer.proof_covers = {peer.database.incarnation, peer.database.cancelled_waits};
    peer.progress_at = c.now.monotonic;
    c.effects.push_back(Prove{*peer.proof, *sync});
  }
  c.wait(Reason::proving_sync, "the gate opens when " + sync->value() + " has flushed all that the database shows");
}

}  // namespace

void open_gate(Context& c) {
  Peer& peer = c.peer;
  if (!c.policy().gate) {
    peer.gate = GateMode::open;
    return;
  }
  if (peer.gate == GateMode::open) {
    if (gate_mode(peer, c.now.monotonic) != GateMode::open)
      c.wait(Reason::lease_lost, "the lease was not renewed in time");
    return;
  }
  if (!peer.database.running) return c.wait(Reason::database_failed, "the database is not running");
  if (peer.opening.stage == Stage::idle)
    peer.opening.stage = c.policy().fresh_read_before_opening ? Stage::reading : Stage::proving;
  if (peer.opening.stage == Stage::reading) return request_read(c);
  // A commit whose wait was cut short since the proof was asked for is not covered by it.
  const bool outdated =
      c.policy().hold_on_cancelled_wait && peer.database.cancelled_waits > peer.proof_covers.cancelled_waits;
  if (peer.opening.stage == Stage::writing && outdated) peer.opening.stage = Stage::proving;
  if (peer.opening.stage == Stage::proving) prove(c);
  if (peer.opening.stage != Stage::writing) return;
  // What became visible since the proof was asked for is not covered by it.
  const bool restarted =
      peer.proof_covers.incarnation != peer.database.incarnation && !HEIR_MUTANT("proof-of-before-a-restart");
  const bool cancelled = peer.proof_covers.cancelled_waits != peer.database.cancelled_waits;
  if ((restarted && c.policy().close_gate_on_restart) || (cancelled && c.policy().hold_on_cancelled_wait)) {
    peer.opening.stage = Stage::proving;
    return prove(c);
  }
  if (HEIR_MUTANT("reopened-without-writing-it") ? !c.state().opened : c.state().opened != peer.session) {
    if (HEIR_MUTANT("gate-open-before-it-is-written")) {
      peer.gate = GateMode::open;
      peer.opened_incarnation = peer.proof_covers.incarnation;
      peer.covered_cancels = peer.proof_covers.cancelled_waits;
    }
    ClusterState opened = c.state();
    opened.opened = peer.session;
    return request_write(c, Purpose::open, std::move(opened), "the gate opens");
  }
  peer.gate = GateMode::open;
  peer.failures = 0;
  peer.opening = {};
  peer.opened_incarnation = peer.proof_covers.incarnation;
  peer.covered_cancels = peer.proof_covers.cancelled_waits;
}

}  // namespace heir::failover::rules
