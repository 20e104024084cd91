#include "tools/shell/document.h"

#include <utility>

#include "tools/shell/words.h"

namespace heir::shell {

using namespace failover;

namespace {

Json name_or_null(const std::optional<PeerId>& peer) {
  return peer ? Json(peer->value()) : Json();
}

Json list_of(const std::vector<PeerId>& peers) {
  Json list = Json::array();
  for (const PeerId& peer : peers) list.push_back(peer.value());
  return list;
}

Json freeze_document(const std::optional<Freeze>& freeze) {
  if (!freeze) return nullptr;
  return {{"mode", freeze->mode == Freeze::Mode::all ? "all" : "takeovers"},
          {"reason", freeze->reason},
          {"by", freeze->by},
          {"at", format_time(freeze->at)},
          {"until", freeze->until ? Json(format_time(*freeze->until)) : Json()}};
}

Json promotion_document(const std::optional<PromoteRequest>& request) {
  if (!request) return nullptr;
  return {{"peer", request->peer.value()},
          {"role", request->role == PromoteRequest::Role::sync ? "sync" : "async"},
          {"index", request->index ? Json(*request->index) : Json()},
          {"generation", request->generation.number()},
          {"expires_at", format_time(request->expires_at)}};
}

const char* mode_name(Database::Mode mode) {
  switch (mode) {
    case Database::Mode::none: return "none";
    case Database::Mode::severed: return "severed";
    case Database::Mode::primary: return "primary";
    case Database::Mode::standby: return "standby";
  }
  return "?";
}

}  // namespace

Json state_document(const std::optional<ClusterState>& state) {
  if (!state) return nullptr;
  return {{"generation", state->generation.number()},
          {"primary", state->primary.value()},
          {"sync", name_or_null(state->sync)},
          {"async", list_of(state->async)},
          {"deposed", list_of(state->deposed)},
          {"initial_position", state->initial_position.offset},
          {"freeze", freeze_document(state->freeze)},
          {"singleton", state->singleton},
          {"promote", promotion_document(state->promote)}};
}

Json names_document(const std::vector<Member>& members) {
  Json list = Json::array();
  for (const Member& member : members) list.push_back(member.id.value());
  return list;
}

Json peer_document(const World& world) {
  const Peer& peer = world.peer();
  Json waiting = Json::array();
  for (const Refusal& refusal : peer.waiting_for)
    waiting.push_back(to_string(refusal.reason) + (": " + refusal.detail));
  if (!peer.started) waiting.push_back("not-started: the peer does not run");
  if (!world.settled()) waiting.push_back("unsettled: the peer does not come to rest");
  return {{"id", peer.id.value()},
          {"role", to_string(peer.role)},
          {"generation", peer.generation == Generation() ? Json() : Json(peer.generation.number())},
          {"online", world.database().online()},
          {"upstream", name_or_null(peer.upstream)},
          {"downstream", name_or_null(peer.downstream)},
          {"position", world.database().position()},
          {"peers", peer.started ? names_document(peer.view.members) : Json()},
          {"state", state_document(peer.view.state)},
          {"waiting_for", std::move(waiting)}};
}

Json database_document(const World& world) {
  const Database& database = world.database();
  return {{"online", database.online()},
          {"role", mode_name(database.mode())},
          {"upstream", name_or_null(database.upstream())},
          {"downstream", name_or_null(database.downstream())},
          {"position", database.position()}};
}

Json store_document(const World& world) {
  const std::optional<ClusterState>& state = world.state();
  Json opened;
  if (state && state->opened) opened = {{"session", state->opened->value()}, {"alive", world.is_alive(*state->opened)}};
  Json history = Json::array();
  for (const Version& version : world.history()) {
    const Change& changed = version.state.changed;
    history.push_back({{"index", version.index},
                       {"by", changed.by},
                       {"why", changed.why},
                       {"state", state_document(version.state)},
                       {"opened", version.state.opened ? Json(version.state.opened->value()) : Json()}});
  }
  return {{"state", state_document(state)},
          {"index", world.index()},
          {"sessions", names_document(world.members())},
          {"history", std::move(history)},
          {"opened", std::move(opened)},
          {"proven", state ? list_of(state->proven) : Json::array()}};
}

}  // namespace heir::shell
