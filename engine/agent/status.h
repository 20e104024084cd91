// Status: all of one agent that an operator, a load balancer or a monitoring system may want to know, as a plain value.
// Whoever shares the agent's process asks for one by Access (access.h); it is made anew each time, and asks nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/agent/database.h"
#include "engine/base/identity.h"
#include "engine/base/time.h"
#include "engine/failover/peer.h"

namespace heir::agent {

/// A peer of the cluster, as this agent knows it.
struct KnownPeer {
  PeerId id;
  std::string host;         ///< Its host's name; "" if it never registered as long as this agent has run.
  bool is_present = false;  ///< Its session is alive, as far as is known here.
  bool operator==(const KnownPeer&) const = default;
};

/// A command that the database is being brought through.
struct RunningCommand {
  std::string what;
  WallTime since;
  bool operator==(const RunningCommand&) const = default;
};

struct Status {
  // Who this is
  std::string host;
  std::string cluster;  ///< The cluster's name.
  PeerId peer;
  WallTime at;  ///< When it was so.

  // Role
  failover::Role role = failover::Role::unknown;
  WallTime role_since;    ///< By this host's clock; of the role and generation together.
  Generation generation;  ///< Whose role it has taken; 0: none yet.
  std::optional<PeerId> upstream;
  std::optional<PeerId> downstream;

  // The cluster, as it was last seen
  std::string store;        ///< Its identity; "": never heard of it.
  std::uint64_t index = 0;  ///< Of the state: counts its versions.
  std::optional<failover::ClusterState> state;
  std::optional<WallTime> changed_at;  ///< When this version of the state was written.
  std::vector<KnownPeer> peers;        ///< All that are named here; this one too.

  // Session and lease
  std::optional<SessionId> session;
  Duration lease_left;    ///< Zero: no live lease. While it is positive nobody else can be seen to have taken over.
  Duration store_silent;  ///< Since the store last answered anything.

  // Gate
  failover::GateMode gate = failover::GateMode::closed;
  std::uint64_t gate_connections = 0;  ///< Of clients, through it, now.
  bool reads_open = false;             ///< The read-only port serves clients at this moment.

  // Database
  failover::DatabaseStatus database;
  std::optional<LogStatus> log;
  std::optional<RunningCommand> command;
  std::uint32_t failures = 0;  ///< Of commands, in a row.
  std::string last_failure;    ///< "": the last command succeeded.

  // What it waits for
  std::vector<failover::Refusal> waiting_for;  ///< Why nothing more happens, in the protocol's words.
  std::optional<Duration> next_step_in;        ///< Until the next deadline; nothing: it waits for an event.

  bool operator==(const Status&) const = default;
};

/// Whether clients may write here at this moment.
bool is_writable(const Status& status);
/// Why clients cannot write here, in plain words, the first the most important; empty where they can. Hosts are called
/// by name.
std::vector<std::string> why_not_writable(const Status& status);
/// Whether this peer's database is a standby that streams, whose copy is sound: it may serve reads.
bool is_healthy_standby(const Status& status);
/// How many bytes of its upstream's log a standby has not replayed yet. Nothing: not known, for it does not stream, or
/// is no standby.
std::optional<std::uint64_t> replay_lag(const Status& status);
/// How many bytes of its upstream's log a standby has not received and flushed yet; nothing: not known.
std::optional<std::uint64_t> receive_lag(const Status& status);
/// What happens next and when, in plain words: what a standby waits for that does not stream, the command under way,
/// the switchover, the retry; "" if nothing is due.
std::string next_step(const Status& status);
/// The protocol's words, in which peers go by their identities, with their hosts' names instead.
std::string with_names(const Status& status, std::string text);
/// The name of the peer's host; its identity where that is not known.
std::string host_of(const Status& status, const PeerId& peer);

}  // namespace heir::agent
