// What the commands do to the world.

#include <algorithm>
#include <utility>

#include "tools/shell/world.h"

namespace heir::shell {

using namespace failover;

namespace {

constexpr std::uint64_t written_in_a_generation = 10;  ///< By a scripted primary.

Error refused(std::string message) {
  return Error{ErrorCode::refused, std::move(message)};
}
Error no_cluster() {
  return refused("there is no cluster yet (try \"bootstrap\")");
}
std::string name_of(const PeerId& peer) {
  return "\"" + peer.value() + "\"";
}

}  // namespace

Result<PeerId> World::add_peer(const std::optional<PeerId>& name) {
  if (name && is_present(*name)) return refused(name_of(*name) + " is there already");
  PeerId joiner;
  if (name) {
    joiner = *name;
  } else {
    do joiner = PeerId("node" + std::to_string(++last_node_));
    while (is_listed(seen_, joiner));
  }
  if (!is_listed(seen_, joiner)) seen_.push_back(joiner);
  register_peer(joiner);
  if (primary_is_scripted() && !state_->singleton && state_->primary != joiner && state_->sync != joiner) {
    ClusterState next = *state_;
    remove_from(next.async, joiner);
    next.async.push_back(joiner);
    if (next.async != state_->async) write(std::move(next), state_->primary.value(), "the list of asyncs");
  }
  settle();
  return joiner;
}

Result<> World::remove_peer(const PeerId& name) {
  if (!is_present(name)) return refused(name_of(name) + " is not there");
  const bool tested = name == setup_.peer;
  if (!tested || !setup_.removals) {
    end_session(name);
    if (tested && peer_.started) inputs_.push_back(SessionOver{});
  }
  if (setup_.removals && primary_is_scripted()) {
    ClusterState next = *state_;
    std::string why = "the list of asyncs";
    remove_from(next.async, name);
    if (next.sync == name && !next.async.empty()) {
      next = next_generation(next);
      next.sync = next.async.front();
      next.async.erase(next.async.begin());
      why = "replaced sync: " + name.value() + " is gone";
    }
    if (next != *state_) write(std::move(next), state_->primary.value(), std::move(why));
  }
  settle();
  return {};
}

Result<> World::bootstrap(const std::optional<PeerId>& primary, const std::optional<PeerId>& sync) {
  if (state_) return refused("there is a cluster already");
  if (members_.size() < 2) return refused("it takes two peers to set up a cluster (try \"addpeer\")");
  for (const auto& name : {primary, sync})
    if (name && !is_present(*name)) return refused(name_of(*name) + " is not there");
  if (primary && primary == sync) return refused(name_of(*primary) + " cannot be both primary and sync");
  ClusterState state;
  state.cluster = "scripted";
  state.generation = Generation(1);
  state.primary = primary ? *primary : members_.front().id;
  state.sync = sync;
  for (const Member& member : members_) {
    if (member.id == state.primary || member.id == state.sync) continue;
    if (!state.sync)
      state.sync = member.id;
    else
      state.async.push_back(member.id);
  }
  state.proven = {state.primary};
  const std::string by = state.primary.value();
  write(std::move(state), by, "bootstrap");
  settle();
  return {};
}

Result<> World::start_peer() {
  if (peer_.started) return refused(name_of(setup_.peer) + " runs already");
  Started started;
  started.new_cluster = "scripted";
  inputs_.push_back(started);
  // `started` is set by the first step; the view follows with the session.
  settle();
  return {};
}

Result<> World::catch_up() {
  if (!state_) return no_cluster();
  if (!peer_.started) return refused(name_of(setup_.peer) + " does not run (try \"startPeer\")");
  if (state_->sync != setup_.peer) return refused(name_of(setup_.peer) + " is not the sync");
  if (!database_.online()) return refused("the database of " + name_of(setup_.peer) + " does not run");
  database_.catch_up(state_->initial_position.offset + written_in_a_generation);
  inputs_.push_back(DatabaseChanged{database_.status()});
  settle();
  return {};
}

Result<> World::depose() {
  if (!state_) return no_cluster();
  if (!state_->sync) return refused("there is no sync to take over");
  if (state_->sync == setup_.peer)
    return refused(name_of(setup_.peer) + " is the sync, and decides itself (try \"rmpeer\")");
  if (state_->async.empty()) return refused("there is no async to be the next sync");
  ClusterState next = next_generation(*state_);
  next.deposed.push_back(state_->primary);
  next.primary = *state_->sync;
  next.sync = state_->async.front();
  next.async.erase(next.async.begin());
  next.initial_position.offset += written_in_a_generation;
  const std::string by = next.primary.value();
  write(std::move(next), by, "takeover: " + state_->primary.value() + " is deposed");
  settle();
  return {};
}

Result<> World::rebuild(const PeerId& name) {
  if (!state_) return no_cluster();
  if (!is_listed(state_->deposed, name)) return refused(name_of(name) + " is not deposed");
  ClusterState next = *state_;
  remove_from(next.deposed, name);
  if (primary_is_scripted() && !is_listed(next.async, name) && name != next.primary && name != next.sync)
    next.async.push_back(name);
  write(std::move(next), "operator", "rebuild of " + name.value());
  if (name == setup_.peer && peer_.started) {
    tell();
    inputs_.push_back(Rebuild{});
  }
  settle();
  return {};
}

Result<> World::freeze() {
  if (!state_) return no_cluster();
  ClusterState next = *state_;
  next.freeze = Freeze{Freeze::Mode::all, "frozen from the shell", "operator", wall(), std::nullopt};
  write(std::move(next), "operator", "freeze");
  settle();
  return {};
}

Result<> World::unfreeze() {
  if (!state_) return no_cluster();
  ClusterState next = *state_;
  next.freeze.reset();
  write(std::move(next), "operator", "unfreeze");
  settle();
  return {};
}

Result<> World::promote(PromoteRequest request) {
  if (!state_) return no_cluster();
  ClusterState next = *state_;
  next.promote = std::move(request);
  write(std::move(next), "operator", "promotion of " + next.promote->peer.value());
  settle();
  return {};
}

Result<> World::set_state(ClusterState state) {
  state.cluster = "scripted";
  if (state_) {
    const ClusterState before = state.generation == state_->generation ? *state_ : next_generation(*state_);
    state.proven = before.proven;
    if (state.primary == state_->primary) state.opened = before.opened;
  }
  write(std::move(state), "operator", "set");
  settle();
  return {};
}

}  // namespace heir::shell
