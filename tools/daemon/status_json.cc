#include "tools/daemon/status_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/failover/document.h"
#include "engine/hosts/log.h"

namespace heir::tools {

namespace {

using Json = nlohmann::ordered_json;
using agent::Status;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json name(const Status& status, const std::optional<PeerId>& peer) {
  return peer ? Json(host_of(status, *peer)) : Json();
}

Json names(const Status& status, const std::vector<PeerId>& peers) {
  Json all = Json::array();
  for (const PeerId& peer : peers) all.push_back(host_of(status, peer));
  return all;
}

std::int64_t ms(Duration duration) {
  return duration.ns() / 1'000'000;
}

Json freeze_json(const Status& status, const failover::Freeze& freeze) {
  return {{"mode", freeze.mode == failover::Freeze::Mode::all ? "all" : "takeovers"},
          {"reason", freeze.reason},
          {"by", host_of(status, PeerId(freeze.by))},
          {"at", hosts::time_text(freeze.at)},
          {"until", freeze.until ? Json(hosts::time_text(*freeze.until)) : Json()}};
}

Json state_json(const Status& status, std::uint64_t index, const failover::ClusterState& state,
                std::optional<WallTime> at) {
  return {{"index", index},
          {"at", at ? Json(hosts::time_text(*at)) : Json()},
          {"by", host_of(status, PeerId(state.changed.by))},
          {"why", with_names(status, state.changed.why)},
          {"generation", state.generation.number()},
          {"primary", host_of(status, state.primary)},
          {"sync", name(status, state.sync)},
          {"async", names(status, state.async)},
          {"deposed", names(status, state.deposed)},
          {"opened", state.opened.has_value()},
          {"singleton", state.singleton},
          {"initial_position", to_string(state.initial_position)},
          {"freeze", state.freeze ? freeze_json(status, *state.freeze) : Json()},
          {"promote", state.promote ? Json(host_of(status, state.promote->peer)) : Json()}};
}

/// Of an async: its number in the chain, from 1.
Json place_json(const Status& status) {
  if (status.role != failover::Role::async || !status.state) return {};
  const std::vector<PeerId>& async = status.state->async;
  const auto found = std::find(async.begin(), async.end(), status.peer);
  return found == async.end() ? Json() : Json(found - async.begin() + 1);
}

Json database_json(const Status& status) {
  const agent::LogStatus log = status.log.value_or(agent::LogStatus());
  const Json broken_link = log.broken_link ? Json{{"why", with_names(status, log.broken_link->why)},
                                                  {"since", hosts::time_text(log.broken_link->since)}}
                                           : Json();
  return {{"running", status.database.running},
          {"damaged", status.database.damaged},
          {"timeline", or_null(log.timeline)},
          {"flushed", or_null(log.flushed)},
          {"received", or_null(log.received)},
          {"replayed", or_null(log.replayed)},
          {"streaming", log.is_streaming},
          {"broken_link", broken_link},
          {"lag_bytes", or_null(replay_lag(status))},
          {"receive_lag_bytes", or_null(receive_lag(status))},
          {"sync_flushed", or_null(log.sync_flushed)},
          {"waiting_commits", log.waiting_commits}};
}

Json peers_json(const Status& status) {
  Json peers = Json::array();
  for (const agent::KnownPeer& peer : status.peers)
    peers.push_back({{"host", peer.host}, {"peer", peer.id.value()}, {"present", peer.is_present}});
  return peers;
}

}  // namespace

std::string status_json(const Status& status, const std::vector<std::string>& warnings) {
  const Json session = status.session ? Json(status.session->value()) : Json();
  const Json command = status.command ? Json{{"what", with_names(status, status.command->what)},
                                             {"since", hosts::time_text(status.command->since)}}
                                      : Json();
  Json json{{"host", status.host},
            {"cluster", status.cluster},
            {"peer", status.peer.value()},
            {"at", hosts::time_text(status.at)},
            {"role", failover::to_string(status.role)},
            {"place", place_json(status)},
            {"role_since", hosts::time_text(status.role_since)},
            {"role_for_ms", ms(status.at - status.role_since)},
            {"generation", status.generation.number()},
            {"upstream", name(status, status.upstream)},
            {"downstream", name(status, status.downstream)},
            {"writable", is_writable(status)},
            {"why_not_writable", why_not_writable(status)},
            {"next_step", next_step(status)},
            {"next_step_in_ms", status.next_step_in ? Json(ms(*status.next_step_in)) : Json()},
            {"gate", failover::to_string(status.gate)},
            {"session", session},
            {"lease_left_ms", ms(status.lease_left)},
            {"store", {{"identity", status.store}, {"silent_ms", ms(status.store_silent)}}},
            {"database", database_json(status)},
            {"command", command},
            {"failures", status.failures},
            {"last_failure", with_names(status, status.last_failure)},
            {"state", status.state ? state_json(status, status.index, *status.state, status.changed_at) : Json()},
            {"peers", peers_json(status)},
            {"warnings", warnings}};
  return dump(json);
}

std::string version_json(const Status& status, const store::Document& document) {
  const Result<failover::ClusterState> state = failover::decode(document.content);
  // What a newer version of heir wrote is there all the same.
  return dump(state ? state_json(status, document.index.value(), *state, document.at)
                    : Json{{"index", document.index.value()},
                           {"at", hosts::time_text(document.at)},
                           {"by", document.by.value()},
                           {"why", "not readable: " + state.error().message}});
}

std::string history_json(const Status& status, const std::string& versions) {
  return "{\"cluster\":" + dump(status.cluster) + ",\"versions\":[" + versions + "]}";
}

}  // namespace heir::tools
