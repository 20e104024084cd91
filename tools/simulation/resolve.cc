#include "engine/base/sync.h"
#include "engine/store/inbox.h"
#include "engine/store/remote_store.h"
#include "tools/simulation/mains.h"

namespace heir::tools {

namespace {

/// The gate of whom the store names; nothing if it names nobody who is present, or a place that does not exist.
std::optional<sim::AddressId> gate_of(const Result<store::Leader>& leader, const sim::Network& network) {
  if (!leader || !leader->instance || leader->instance->addresses.empty()) return std::nullopt;
  const Result<sim::AddressId> gate = network.resolve(leader->instance->addresses.front());
  if (!gate) return std::nullopt;
  return *gate;
}

}  // namespace

Task<void> resolve(Host& host, sim::Resolver& resolver, sim::Network& network, std::vector<Address> store) {
  store::Inbox inbox(host);
  store::RemoteStoreOptions options;
  options.servers = std::move(store);
  options.owner = PeerId("client");
  store::RemoteStore remote(host, inbox, std::move(options));
  Signal wanted(host.executor());
  Scope scope;
  scope.spawn(inbox.run());
  resolver.serve(&wanted);
  const store::ServiceName service(simulated_service);
  while (true) {
    while (!resolver.asked()) co_await wanted.wait();
    const Result<store::Leader> leader = co_await remote.leader(service);
    resolver.answer(gate_of(leader, network));
  }
}

}  // namespace heir::tools
