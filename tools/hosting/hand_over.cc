#include "tools/hosting/hand_over.h"

#include "engine/agent/operator.h"
#include "engine/agent/store_link.h"
#include "engine/store/inbox.h"
#include "engine/store/remote_store.h"

namespace heir::tools {

namespace {

constexpr Duration pause = Duration::milliseconds(100);

/// Whether the peer of the host of that name leads, and has a sync that is present.
struct Lead {
  bool leads = false;
  bool has_sync = false;
  bool has_opened = false;
};

Task<std::optional<Lead>> look(store::Store& store, store::ServiceName service, std::string name) {
  const Result<store::View> view = co_await store.read(service);
  if (!view) co_return std::nullopt;
  const Result<failover::View> seen = agent::to_failover(*view);
  Lead lead;
  if (!seen || !seen->state) co_return lead;
  const store::Member* const primary = view->find(seen->state->primary);
  lead.leads = primary && primary->instance.name == name;
  lead.has_sync = seen->state->sync && view->find(*seen->state->sync);
  lead.has_opened = seen->state->opened.has_value();
  co_return lead;
}

}  // namespace

Task<void> hand_over(Host& host, HostingConfig config, Duration limit) {
  store::Inbox inbox(host);
  store::RemoteStoreOptions options;
  for (const HostEntry* member : config.store_hosts())
    options.servers.push_back(address_of(*member, config.ports.store));
  options.owner = PeerId("operator");
  store::RemoteStore store(host, inbox, std::move(options));
  Scope scope;
  scope.spawn(inbox.run());
  const store::ServiceName service(config.cluster);
  const MonotonicTime began = host.monotonic_now();
  bool is_asked = false;
  while (host.monotonic_now() < began + limit) {
    const std::optional<Lead> lead = co_await look(store, service, config.name);
    if (lead && !lead->leads && (!is_asked || lead->has_opened)) {
      if (is_asked) host.log(LogLevel::info, "handed-over", {{"took", to_string(host.monotonic_now() - began)}});
      co_return;
    }
    if (lead && lead->leads && !is_asked) {
      if (!lead->has_sync) {
        host.log(LogLevel::warning, "not-handed-over", {{"why", "there is no sync to hand over to"}});
        co_return;
      }
      agent::Operator who{config.name + "'s agent, which ends", service};
      const Result<> asked = co_await agent::request_switchover(host, store, std::move(who), limit);
      if (!asked && (asked.error().code == ErrorCode::refused || asked.error().code == ErrorCode::invalid)) {
        host.log(LogLevel::warning, "not-handed-over", {{"why", asked.error().message}});
        co_return;
      }
      is_asked = asked.has_value() || asked.error().code == ErrorCode::unknown_outcome;
    }
    co_await host.sleep(pause);
  }
  host.log(LogLevel::warning, "not-handed-over", {{"why", "not done in " + to_string(limit)}});
}

}  // namespace heir::tools
