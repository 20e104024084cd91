// The cluster state: the one document in the coordination store, every write of which is a compare-and-swap
// (FAILOVER.md section 2), and what a peer sees of it together with who is present.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/identity.h"
#include "engine/base/position.h"
#include "engine/base/time.h"

namespace heir::failover {

struct Freeze {
  enum class Mode { takeovers, all };
  Mode mode = Mode::all;
  std::string reason;
  std::string by;
  WallTime at;
  std::optional<WallTime> until;
  bool operator==(const Freeze&) const = default;
};

/// An operator's wish to move a peer one place up.
struct PromoteRequest {
  enum class Role { sync, async };
  PeerId peer;
  Role role = Role::sync;              ///< The role that the peer has now.
  std::optional<std::uint64_t> index;  ///< Its place in `async`, if it is one.
  Generation generation;               ///< The request is for this generation only.
  WallTime expires_at;
  bool operator==(const PromoteRequest&) const = default;
};

/// Who wrote a version, and why.
struct Change {
  std::string by;
  std::string why;
  bool operator==(const Change&) const = default;
};

struct ClusterState {
  std::string cluster;  ///< The cluster's identity, made at bootstrap; beside every copy of its data.
  Generation generation;
  PeerId primary;
  std::optional<PeerId> sync;  ///< Absent only in singleton mode.
  std::vector<PeerId> async;   ///< async[0] follows the sync, async[i] follows async[i-1].
  std::vector<PeerId> deposed;
  Position initial_position;
  std::optional<SessionId> opened;  ///< The session under which the primary opened its gate in this generation.
  std::vector<PeerId> proven;       ///< Known to hold everything that was ever acknowledged.
  Generation last_opened;           ///< Before this one; that of which `proven` tells. 0: none had opened.
  std::optional<Freeze> freeze;
  bool singleton = false;
  std::optional<PromoteRequest> promote;
  Change changed;
  bool operator==(const ClusterState&) const = default;
};

/// A registered peer with a live session.
struct Member {
  PeerId id;
  SessionId session;
  bool has_data = false;  ///< Its data directory is not empty.
  bool operator==(const Member&) const = default;
};

/// What the store said. `version` grows with every change of state or members; `index` is the state's, for
/// compare-and-swap (0: there is none yet).
struct View {
  std::string store;  ///< The store's identity.
  std::uint64_t version = 0;
  std::uint64_t index = 0;
  std::optional<ClusterState> state;
  std::vector<Member> members;      ///< Ordered by first registration.
  std::vector<SessionId> sessions;  ///< Alive sessions that registered or wrote here, ascending.
  bool operator==(const View&) const = default;
};

bool is_listed(const std::vector<PeerId>& list, const PeerId& peer);
void remove_from(std::vector<PeerId>& list, const PeerId& peer);
/// True if the peer has a live session.
bool is_present(const View& view, const PeerId& peer);
bool is_alive(const View& view, SessionId session);

/// The next generation of `state`: no `opened`, no `promote`, and `proven` as the old generation leaves it.
ClusterState next_generation(const ClusterState& state);

}  // namespace heir::failover
