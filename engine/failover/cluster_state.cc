#include "engine/failover/cluster_state.h"

#include <algorithm>

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
  next.generation = state.generation.next();
  if (state.opened) {
    next.proven = {state.primary};
    if (state.sync) next.proven.push_back(*state.sync);
    next.last_opened = state.generation;
  }
  next.opened.reset();
  next.promote.reset();
  return next;
}

}  // namespace heir::failover
