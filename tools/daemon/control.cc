#include "tools/daemon/control.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/failover/document.h"
#include "tools/daemon/hand_over.h"
#include "tools/daemon/status_json.h"

namespace heir::tools {

namespace {

using Json = nlohmann::ordered_json;
using agent::Status;
using failover::ClusterState;

constexpr std::uint64_t most_versions = 1000;
constexpr std::size_t versions_a_turn = 50;  ///< That the agent writes before everybody else has had a turn.

const char* const done = "{\"done\":true}";

Error not_begun() {
  return {ErrorCode::unreachable, "the agent there has not begun; its log says why"};
}

/// By the name of its host, or its identity.
Result<PeerId> find_peer(const Status& status, const std::string& name) {
  std::string known;
  for (const agent::KnownPeer& peer : status.peers) {
    if (peer.host == name || peer.id.value() == name) return peer.id;
    known += (known.empty() ? "" : ", ") + (peer.host.empty() ? peer.id.value() : peer.host);
  }
  return {ErrorCode::not_found, "no peer '" + name + "' is known; there are " + known};
}

/// What a promotion of `peer` takes from here on, one step after another; or why it cannot be.
Result<std::vector<std::string>> steps_to_primary(const Status& status, const ClusterState& state,
                                                  const store::View& view, const PeerId& peer) {
  const std::string name = host_of(status, peer);
  const std::string primary = host_of(status, state.primary);
  std::vector<std::string> steps;
  if (peer == state.primary) return Error{ErrorCode::refused, name + " is the primary already"};
  if (!state.sync) return Error{ErrorCode::refused, "there is no sync to hand over to"};
  if (state.freeze)
    return Error{ErrorCode::refused, "the cluster is frozen (" + state.freeze->reason + "); `heir unfreeze` first"};
  if (!view.find(peer)) return Error{ErrorCode::refused, name + " is not present; see `heir status`"};
  if (!view.find(state.primary))
    return Error{ErrorCode::refused, primary + ", the primary, is not present: a takeover decides, not a switchover"};
  if (!state.opened)
    return Error{ErrorCode::refused, primary + " does not take writes yet in generation " +
                                         std::to_string(state.generation.number()) + "; wait until it does"};
  if (peer != *state.sync) {
    const auto found = std::find(state.async.begin(), state.async.end(), peer);
    if (found == state.async.end())
      return Error{ErrorCode::refused,
                   name + (failover::is_listed(state.deposed, peer) ? " was deposed and is not back yet"
                                                                    : " has no place in the cluster yet")};
    for (auto place = found; place != state.async.begin(); --place)
      steps.push_back(name + " changes places with " + host_of(status, *(place - 1)) + " among the asyncs");
    steps.push_back(name + " becomes the sync, in place of " + host_of(status, *state.sync));
  }
  steps.push_back(primary + " hands over to " + name);
  return steps;
}

}  // namespace

Task<std::string> Control::carry_out(std::string by, std::string text) {
  const Result<Order> order = read_order(text);
  if (!order) co_return reply_text(order.error());
  if (order->dry_run && order->what != orders::promote)
    co_return reply_text(Error{ErrorCode::invalid, "of a promotion alone it can be told what would be done"});
  Order wanted = *order;
  agent::Operator who{by, store::ServiceName(config_.cluster)};
  const Result<std::string> outcome = co_await obey(std::move(who), std::move(wanted));
  const bool only_looks = order->what == orders::status || order->what == orders::history || order->dry_run;
  if (!only_looks)
    host_.log(LogLevel::info, "order",
              {{"order", order->what},
               {"host", order->host},
               {"by", by},
               {"outcome", outcome ? "accepted" : to_string(outcome.error())}});
  co_return reply_text(outcome);
}

Task<Result<std::string>> Control::obey(agent::Operator who, Order order) {
  const std::optional<Status> status = access_.status();
  if (!status) co_return not_begun();
  if (order.what == orders::status) co_return status_json(*status, warnings_about(config_));
  if (order.what == orders::history) co_return co_await history(order.count);
  if (order.what == orders::yield_store) co_return co_await yield_store(order.host);
  if (order.what == orders::promote) co_return co_await promote(std::move(who), std::move(order), *status);
  Result<> outcome;
  if (order.what == orders::freeze) {
    const bool is_known = order.mode == "all" || order.mode == "takeovers";
    if (!is_known || order.reason.empty())
      co_return Error{ErrorCode::invalid, "a freeze has a mode, \"takeovers\" or \"all\", and a reason"};
    const failover::Freeze::Mode mode =
        order.mode == "all" ? failover::Freeze::Mode::all : failover::Freeze::Mode::takeovers;
    outcome = co_await agent::freeze(host_, store_, std::move(who), mode, order.reason);
  } else if (order.what == orders::unfreeze) {
    outcome = co_await agent::unfreeze(host_, store_, std::move(who));
  } else if (order.what == orders::reap) {
    const Result<PeerId> peer = find_peer(*status, order.host);
    if (!peer) co_return peer.error();
    outcome = co_await agent::reap(host_, store_, std::move(who), *peer);
  } else if ((order.what == orders::rebuild || order.what == orders::accept_loss) && order.host != config_.name) {
    co_return Error{ErrorCode::invalid, "this is host " + config_.name + ", and the order is for '" + order.host + "'"};
  } else if (order.what == orders::rebuild) {
    outcome = access_.rebuild();
  } else if (order.what == orders::accept_loss) {
    outcome = access_.accept_loss(Generation(order.generation), who.name);
  } else {
    co_return Error{ErrorCode::invalid, "this agent does not know the order '" + order.what + "'"};
  }
  if (!outcome) co_return Error{outcome.error().code, with_names(*status, outcome.error().message)};
  co_return std::string(done);
}

Task<Result<std::string>> Control::history(std::uint64_t count) {
  const store::ServiceName service(config_.cluster);
  const Result<store::View> view = co_await store_.read(service);
  if (!view) co_return view.error();
  const std::uint64_t last = view->index().value();
  const std::uint64_t wanted = std::clamp<std::uint64_t>(count, 1, most_versions);
  const store::Index first(last > wanted ? last - wanted + 1 : 1);
  const Result<std::vector<store::Document>> documents = co_await store_.history(service, first, store::Index(last));
  if (!documents) co_return documents.error();
  const std::optional<Status> status = access_.status();
  if (!status) co_return not_begun();
  std::string versions;
  for (std::size_t i = 0; i < documents->size(); ++i) {
    if (i > 0) versions += ',';
    versions += version_json(*status, (*documents)[i]);
    if (i % versions_a_turn == versions_a_turn - 1) co_await host_.sleep(Duration::zero());
  }
  co_return history_json(*status, versions);
}

Task<Result<std::string>> Control::promote(agent::Operator who, Order order, Status status) {
  const Result<store::View> view = co_await store_.read(who.service);
  if (!view) co_return view.error();
  const Result<failover::View> seen = agent::to_failover(*view);
  if (!seen) co_return seen.error();
  if (!seen->state) co_return Error{ErrorCode::not_found, "there is no cluster yet"};
  const ClusterState& state = *seen->state;
  PeerId peer;
  if (order.host.empty()) {
    if (!state.sync) co_return Error{ErrorCode::refused, "there is no sync to hand over to"};
    peer = *state.sync;
  } else {
    const Result<PeerId> found = find_peer(status, order.host);
    if (!found) co_return found.error();
    peer = *found;
  }
  if (order.goal == "sync" && state.sync == peer)
    co_return Error{ErrorCode::conflict, host_of(status, peer) + " is the sync already"};
  const Result<std::vector<std::string>> steps = steps_to_primary(status, state, *view, peer);
  if (!steps) co_return steps.error();
  if (!order.dry_run) {
    const Result<> asked =
        co_await agent::request_promotion(host_, store_, std::move(who), peer, state.generation, order.valid_for);
    if (!asked) co_return Error{asked.error().code, with_names(status, asked.error().message)};
  }
  const Json answer{{"from", host_of(status, state.primary)},
                    {"to", host_of(status, peer)},
                    {"generation", state.generation.number()},
                    {"index", seen->index},
                    {"steps", *steps}};
  co_return answer.dump();
}

Task<Result<std::string>> Control::yield_store(std::string name) {
  const Result<bool> given = co_await give_store_lead_away(host_, store_, config_, name);
  if (!given) co_return given.error();
  co_return std::string(*given ? "{\"done\":true}" : "{\"done\":false}");
}

}  // namespace heir::tools
