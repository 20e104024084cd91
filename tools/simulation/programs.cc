#include "tools/simulation/programs.h"

#include "engine/base/assert.h"
#include "engine/store/ideal_store.h"
#include "engine/store/member.h"
#include "tools/simulation/mains.h"
#include "tools/simulation/store_watch.h"

namespace heir::tools {

namespace {

store::MemberOptions member_options(const scenarios::Scenario& scenario, const sim::MemberSetup& setup) {
  const scenarios::Store& from = scenario.store;
  store::MemberOptions to;
  to.cluster = store::ClusterId(setup.store);
  for (std::size_t i = 0; i < setup.members.size(); ++i)
    to.founders.push_back({raft::MemberId(i + 1), setup.members[i], true});
  to.folder = setup.folder + "/member";
  to.is_new = setup.is_new;
  to.tick = from.heartbeat;
  to.protocol.self = raft::MemberId(static_cast<std::uint64_t>(setup.member));
  to.protocol.election_ticks = static_cast<std::uint32_t>(from.election.ns() / from.heartbeat.ns());
  to.snapshot_every = static_cast<std::uint64_t>(from.snapshot_every);
  to.protocol.entries_kept = to.snapshot_every / 4;
  return to;
}

/// The world goes by the log.
Task<void> ask_as_operator(Host& host, scenarios::Fault request, std::vector<Address> servers, Address agent) {
  const bool succeeded = co_await carry_out_request(host, std::move(request), std::move(servers), std::move(agent));
  (void)succeeded;
}

}  // namespace

sim::HostMain SimulatedPrograms::agent(const scenarios::Scenario& scenario, const sim::PeerSetup& setup) {
  Result<agent::Config> config = agent_config(scenario, setup);
  ASSERT(config.has_value(), to_string(config.error()));
  return [config = std::move(*config)](Host& host) { return agent::run(host, config); };
}

std::unique_ptr<sim::StoreChecks> SimulatedPrograms::check_store(const scenarios::Scenario& scenario,
                                                                 std::function<void(std::string)> violation) {
  if (scenario.store.kind == scenarios::StoreKind::ideal) return nullptr;
  return std::make_unique<StoreWatch>(std::move(violation));
}

sim::HostMain SimulatedPrograms::store(const scenarios::Scenario& scenario, const sim::MemberSetup& setup) {
  if (scenario.store.kind == scenarios::StoreKind::ideal) {
    store::IdealStoreOptions options{setup.folder + "/state"};
    return [options = std::move(options)](Host& host) { return store::run_ideal_store(host, options); };
  }
  store::MemberOptions options = member_options(scenario, setup);
  options.protocol.rules = store_rules_;
  options.observer = static_cast<StoreWatch*>(setup.checks);
  return [options = std::move(options)](Host& host) { return store::serve_member(host, options); };
}

sim::HostMain SimulatedPrograms::resolver(sim::Resolver& resolver, sim::Network& network, std::vector<Address> store) {
  return
      [&resolver, &network, store = std::move(store)](Host& host) { return resolve(host, resolver, network, store); };
}

sim::HostMain SimulatedPrograms::operator_request(const scenarios::Fault& request, std::vector<Address> store,
                                                  Address agent) {
  return [request, store = std::move(store), agent = std::move(agent)](Host& host) {
    return ask_as_operator(host, request, store, agent);
  };
}

}  // namespace heir::tools
