// The rules of FAILOVER.md section 3, shared among the files of this folder; nobody else includes this. Each rule looks
// at the peer as it is and takes at most the next step; the answer to that step brings the next evaluation.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/failover/peer.h"

namespace heir::failover::rules {

struct Context {
  Peer& peer;
  Now now;
  std::vector<Effect>& effects;

  const ClusterState& state() const { return *peer.view.state; }
  const Policy& policy() const { return peer.policy; }
  void wait(Reason reason, std::string detail) { peer.waiting_for.push_back({reason, std::move(detail)}); }
};

// evaluate.cc
void evaluate(Context& c);
/// Takes the role that the state gives.
void take_place(Context& c);
/// Asks for a linearizable read, unless one is under way.
void request_read(Context& c);
/// Starts a compare-and-swap on the state as seen.
void request_write(Context& c, Purpose purpose, ClusterState state, std::string why);
/// Brings the database to `goal`: true if it is there already; else asks for it, or waits for what is under way.
bool bring_database(Context& c, const DatabaseCommand& goal);
/// Runs a command that tells a position: true once `peer.position` is from it.
bool tell_position(Context& c, const DatabaseCommand& command);
void retry_later(Context& c);
/// Leaves the session, as a peer must that does not know what its writes did.
void start_over(Context& c);
/// A frozen cluster whose freeze has run out is unfrozen by the primary, else the sync. True if a write was started.
bool remove_expired_freeze(Context& c);
/// This peer held everything that was acknowledged when a generation was last open, and its copy is still that copy.
bool is_proven(const Context& c);
/// Whoever is proven has flushed, before the gate opened, every branch that a generation began which has opened. One
/// that lacks such a branch of the initial position, known to others, is proven no more: its disk lied.
bool has_opened_branches(const Context& c, const Position& log);
/// Whether `log` has all that the generation was declared with, as the policy compares positions.
bool has_initial_position(const Policy& policy, const Position& log, const ClusterState& state);

// following.cc
void follow(Context& c);
void stay_unassigned(Context& c);
void return_from_deposition(Context& c);

// takeover.cc
/// Rule 9. True if a takeover is under way or waits severed: the peer must not follow.
bool take_over(Context& c);
/// Manatee's promotion: the sync deposes a primary that is there.
bool take_over_on_request(Context& c);

// leading.cc
void lead(Context& c);
Lead lead_goal(const Context& c);

// opening.cc
/// Section 5, "Opening": the next step towards an open gate.
void open_gate(Context& c);
void close_gate(Peer& peer, GateMode mode);
/// Notes the sync's progress, and tells whether it has stalled.
void note_progress(Context& c);
bool sync_has_stalled(const Context& c);

// operator.cc
/// Section 6. True if a promotion is under way or has been dealt with: nothing else is decided now.
bool promotion(Context& c);
bool continue_switchover(Context& c);
void abandon_switchover(Peer& peer);

}  // namespace heir::failover::rules
