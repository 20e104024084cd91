#include "tests/story/failover/model_store.h"

#include <algorithm>

namespace heir::story {

using failover::Member;

failover::View ModelStore::view(std::uint64_t index, std::uint64_t members_version) const {
  failover::View view;
  view.store = identity_;
  view.index = index;
  view.version = members_version;
  if (index > 0) view.state = states_[index - 1];
  if (members_version > 0) {
    view.members = members_[members_version - 1];
    view.sessions = sessions_[members_version - 1];
  }
  return view;
}

SessionId ModelStore::open_session(const PeerId& peer, bool has_data) {
  if (!failover::is_listed(registered_, peer)) registered_.push_back(peer);
  live_.push_back({peer, SessionId(++last_session_), has_data});
  changed();
  return SessionId(last_session_);
}

void ModelStore::end_session(SessionId session) {
  if (std::erase_if(live_, [&](const Member& m) { return m.session == session; }) > 0) changed();
}

bool ModelStore::is_alive(SessionId session) const {
  return std::any_of(live_.begin(), live_.end(), [&](const Member& m) { return m.session == session; });
}

std::optional<SessionId> ModelStore::session_of(const PeerId& peer) const {
  for (const Member& member : live_)
    if (member.id == peer) return member.session;
  return std::nullopt;
}

std::optional<std::uint64_t> ModelStore::write(std::uint64_t expected, const failover::ClusterState& state) {
  if (expected != index()) return std::nullopt;
  states_.push_back(state);
  return index();
}

void ModelStore::restore(std::uint64_t index) {
  states_.resize(std::min<std::size_t>(states_.size(), index));
}

void ModelStore::replace() {
  identity_ = "store-2";
  states_.clear();
}

void ModelStore::changed() {
  std::vector<Member> members;
  for (const PeerId& peer : registered_)
    for (const Member& member : live_)
      if (member.id == peer) members.push_back(member);
  std::vector<SessionId> sessions;
  for (const Member& member : live_) sessions.push_back(member.session);  // opened in this order
  members_.push_back(std::move(members));
  sessions_.push_back(std::move(sessions));
}

}  // namespace heir::story
