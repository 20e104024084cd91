#include "engine/agent/operator.h"

#include <algorithm>

#include "engine/base/match.h"
#include "engine/failover/document.h"

namespace heir::agent {

namespace {

using failover::ClusterState;
using failover::is_listed;
using failover::remove_from;

constexpr Duration session_ttl = Duration::seconds(10);
constexpr int attempts = 10;

struct SwitchoverEdit {
  WallTime expires_at;
  Result<> operator()(ClusterState& state, const store::View&) const {
    if (!state.sync) return Error{ErrorCode::refused, "there is no sync to hand over to"};
    if (state.freeze) return Error{ErrorCode::refused, "the cluster is frozen: " + state.freeze->reason};
    state.promote = failover::PromoteRequest{*state.sync, failover::PromoteRequest::Role::sync, std::nullopt,
                                             state.generation, expires_at};
    return {};
  }
};

struct PromotionEdit {
  PeerId peer;
  Generation seen;
  WallTime expires_at;
  Result<> operator()(ClusterState& state, const store::View& view) const {
    if (state.generation != seen) return Error{ErrorCode::conflict, "the cluster changed meanwhile; look again"};
    if (state.primary == peer) return Error{ErrorCode::refused, peer.value() + " is the primary already"};
    if (state.sync == peer) return SwitchoverEdit{expires_at}(state, view);
    if (state.freeze) return Error{ErrorCode::refused, "the cluster is frozen: " + state.freeze->reason};
    const auto found = std::find(state.async.begin(), state.async.end(), peer);
    if (found == state.async.end())
      return Error{ErrorCode::refused,
                   peer.value() + (is_listed(state.deposed, peer) ? " was deposed and is not back yet"
                                                                  : " is not among the asyncs")};
    if (!view.find(peer)) return Error{ErrorCode::refused, peer.value() + " is not present"};
    const auto place = static_cast<std::uint64_t>(found - state.async.begin());
    state.promote =
        failover::PromoteRequest{peer, failover::PromoteRequest::Role::async, place, state.generation, expires_at};
    return {};
  }
};

struct FreezeEdit {
  std::optional<failover::Freeze> freeze;
  Result<> operator()(ClusterState& state, const store::View&) const {
    state.freeze = freeze;
    return {};
  }
};

struct ReapEdit {
  PeerId peer;
  Result<> operator()(ClusterState& state, const store::View& view) const {
    if (state.primary == peer || state.sync == peer)
      return Error{ErrorCode::refused,
                   peer.value() + " is " + (state.primary == peer ? "the primary" : "the sync") + "; it is not reaped"};
    if (!is_listed(state.async, peer) && !is_listed(state.deposed, peer))
      return Error{ErrorCode::not_found, peer.value() + " is on no list"};
    if (view.find(peer)) return Error{ErrorCode::refused, peer.value() + " is present; only an absent peer is reaped"};
    remove_from(state.async, peer);
    remove_from(state.deposed, peer);
    return {};
  }
};

template <class Edit>
Task<Result<>> change(store::Store& store, Operator who, std::string why, Edit edit) {
  const Result<store::OpenedSession> session = co_await store.open_session(session_ttl);
  if (!session) co_return session.error();
  Result<> outcome(ErrorCode::conflict, "others kept writing the cluster state; try again");
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const Result<store::View> view = co_await store.read(who.service);
    if (!view) {
      outcome = view.error();
      break;
    }
    if (!view->document) {
      outcome = Error{ErrorCode::not_found, "there is no cluster '" + who.service.value() + "' yet"};
      break;
    }
    Result<ClusterState> state = failover::decode(view->document->content);
    if (!state) {
      outcome = state.error();
      break;
    }
    if (Result<> edited = edit(*state, *view); !edited) {
      outcome = edited;
      break;
    }
    state->changed = {who.name, why};
    store::Swap swap{session->id, who.service, view->index(), failover::encode(*state), view->leader()};
    const store::SwapOutcome swapped = co_await store.compare_and_swap(std::move(swap));
    if (std::holds_alternative<store::Conflict>(swapped)) continue;
    outcome = std::visit(
        Match{
            [](const store::Swapped&) { return Result<>(); },
            [](const store::Conflict&) { return Result<>(ErrorCode::conflict, ""); },
            [](const store::SessionOver&) { return Result<>(ErrorCode::session_over, "the operator's session ended"); },
            [](const store::Unknown& unknown) { return Result<>(ErrorCode::unknown_outcome, unknown.why); },
            [](const store::Refused& refused) { return Result<>(refused.error); },
        },
        swapped);
    break;
  }
  const Result<> ended = co_await store.end_session(session->id);
  (void)ended;  // it runs out by itself
  co_return outcome;
}

}  // namespace

Task<Result<>> request_switchover(Host& host, store::Store& store, Operator who, Duration valid_for) {
  SwitchoverEdit edit{host.wall_now() + valid_for};
  co_return co_await change(store, std::move(who), "switchover requested", edit);
}

Task<Result<>> request_promotion(Host& host, store::Store& store, Operator who, PeerId peer, Generation seen,
                                 Duration valid_for) {
  std::string why = "promotion of " + peer.value() + " requested";
  PromotionEdit edit{std::move(peer), seen, host.wall_now() + valid_for};
  co_return co_await change(store, std::move(who), std::move(why), std::move(edit));
}

Task<Result<>> freeze(Host& host, store::Store& store, Operator who, failover::Freeze::Mode mode, std::string reason) {
  FreezeEdit edit{failover::Freeze{mode, std::move(reason), who.name, host.wall_now(), std::nullopt}};
  co_return co_await change(store, std::move(who), "frozen", std::move(edit));
}

Task<Result<>> unfreeze(Host&, store::Store& store, Operator who) {
  FreezeEdit edit{std::nullopt};
  co_return co_await change(store, std::move(who), "unfrozen", std::move(edit));
}

Task<Result<>> reap(Host&, store::Store& store, Operator who, PeerId peer) {
  ReapEdit edit{std::move(peer)};
  co_return co_await change(store, std::move(who), "reaped", std::move(edit));
}

}  // namespace heir::agent
