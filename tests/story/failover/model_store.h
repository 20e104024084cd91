// The coordination store of the model world: every version ever written, sessions, members. Linearizable by being one
// value; what a peer sees of it, and when, is for the world to say.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/failover/peer.h"

namespace heir::story {

class ModelStore {
 public:
  /// Of the state; 0: there is none yet.
  std::uint64_t index() const { return states_.size(); }
  std::uint64_t members_version() const { return members_.size(); }
  const failover::ClusterState* state() const { return states_.empty() ? nullptr : &states_.back(); }
  /// A view put together from a version of the state and a version of the members, as two watches may deliver them.
  failover::View view(std::uint64_t index, std::uint64_t members_version) const;
  failover::View view() const { return view(index(), members_version()); }

  SessionId open_session(const PeerId& peer, bool has_data);
  void end_session(SessionId session);
  bool is_alive(SessionId session) const;
  /// The oldest live session of a peer.
  std::optional<SessionId> session_of(const PeerId& peer) const;

  /// The compare-and-swap: the new index, or nothing if another was found.
  std::optional<std::uint64_t> write(std::uint64_t expected, const failover::ClusterState& state);

  /// Disaster: the store comes back as it was at `index`.
  void restore(std::uint64_t index);
  /// Disaster: another store, empty, under the same address.
  void replace();

 private:
  void changed();

  std::string identity_ = "store-1";
  std::vector<failover::ClusterState> states_;          ///< By index - 1.
  std::vector<std::vector<failover::Member>> members_;  ///< By version - 1.
  std::vector<std::vector<SessionId>> sessions_;        ///< By version - 1.
  std::vector<PeerId> registered_;                      ///< In the order of first registration.
  std::vector<failover::Member> live_;
  std::uint64_t last_session_ = 0;
};

}  // namespace heir::story
