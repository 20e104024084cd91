#include "engine/failover/cluster_state.h"

#include <algorithm>

#include "engine/base/mutant.h"

namespace heir::failover {

bool is_listed(const std::vector<PeerId>& list, const PeerId& peer) {
  return std::find(list.begin(), list.end(), peer) != list.end();
}

void remove_from(std::vector<PeerId>& list, const PeerId& peer) {
  std::erase(list, peer);
}

bool is_present(const View& view, const PeerId& peer) {
  return std::any_of(view.members.begin(), view.members.end(), [&](const Member& m) { return m.id == peer; });
}

bool is_alive(const View& view, SessionId session) {
  return std::binary_search(view.sessions.begin(), view.sessions.end(), session);
}

ClusterState next_generation(const ClusterState& state) {
  ClusterState next = state;
  if (!HEIR_MUTANT("generation-not-bumped")) next.generation = state.generation.next();
  if (state.opened || HEIR_MUTANT("proven-though-never-opened")) {
    next.proven = {state.primary};
    if (state.sync) next.proven.push_back(*state.sync);
  }
  if (state.opened) next.last_opened = state.generation;
  if (!HEIR_MUTANT("opened-carried-over")) next.opened.reset();
  next.promote.reset();
  return next;
}

}  // namespace heir::failover
