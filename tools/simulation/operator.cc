#include "engine/agent/operator.h"

#include "engine/base/assert.h"
#include "engine/store/inbox.h"
#include "engine/store/remote_store.h"
#include "scenarios/names.h"
#include "tools/simulation/mains.h"

namespace heir::tools {

namespace {

using scenarios::FaultKind;

constexpr Duration patience = Duration::seconds(10);
constexpr Duration pause = Duration::milliseconds(500);
constexpr Duration switchover_valid_for = Duration::seconds(30);

/// Whether asking once more can help and cannot do it twice.
bool worth_another_try(const Error& error, FaultKind request) {
  switch (error.code) {
    case ErrorCode::timed_out:
    case ErrorCode::unreachable:
    case ErrorCode::conflict:
    case ErrorCode::session_over:
    case ErrorCode::not_found: return true;
    // A second switchover would undo the first.
    case ErrorCode::unknown_outcome: return request != FaultKind::switchover;
    case ErrorCode::refused:
    case ErrorCode::already_exists:
    case ErrorCode::io_error:
    case ErrorCode::out_of_space:
    case ErrorCode::invalid:
    case ErrorCode::failed: return false;
  }
  return false;
}

Task<Result<>> attempt(Host& host, store::Store& store, scenarios::Fault request) {
  agent::Operator who{"operator", store::ServiceName(simulated_service)};
  switch (request.kind) {
    case FaultKind::switchover:
      co_return co_await agent::request_switchover(host, store, std::move(who), switchover_valid_for);
    case FaultKind::freeze: {
      const failover::Freeze::Mode mode =
          request.mode == scenarios::FreezeMode::all ? failover::Freeze::Mode::all : failover::Freeze::Mode::takeovers;
      std::string reason = "by the scenario";
      co_return co_await agent::freeze(host, store, std::move(who), mode, std::move(reason));
    }
    case FaultKind::unfreeze: co_return co_await agent::unfreeze(host, store, std::move(who));
    default: break;
  }
  co_return Result<>(ErrorCode::invalid, "not a request of an operator: " + scenarios::to_string(request.kind));
}

}  // namespace

Task<bool> carry_out_request(Host& host, scenarios::Fault request, std::vector<Address> store, Address agent) {
  const std::string name = scenarios::to_string(request.kind);
  if (request.kind == FaultKind::rebuild) {
    // As an operator's command on the peer's own host: it asks the agent, which answers by doing it.
    host.send(agent, "Orebuild");
    host.log(LogLevel::info, "operator-request", {{"request", name}, {"agent", agent.value()}});
    co_return true;
  }
  store::Inbox inbox(host);
  store::RemoteStoreOptions options;
  options.servers = std::move(store);
  options.owner = PeerId("operator");
  store::RemoteStore remote(host, inbox, std::move(options));
  Scope scope;
  scope.spawn(inbox.run());
  const MonotonicTime give_up = host.monotonic_now() + patience;
  while (true) {
    const Result<> outcome = co_await attempt(host, remote, request);
    if (outcome) {
      host.log(LogLevel::info, "operator-request", {{"request", name}});
      co_return true;
    }
    if (!worth_another_try(outcome.error(), request.kind) || host.monotonic_now() + pause >= give_up) {
      host.log(LogLevel::warning, "operator-request-failed",
               {{"request", name}, {"error", name + ": " + to_string(outcome.error())}});
      co_return false;
    }
    co_await host.sleep(pause);
  }
}

}  // namespace heir::tools
