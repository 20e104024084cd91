#include "tools/simulation/programs.h"

#include "engine/base/assert.h"
#include "engine/store/server.h"
#include "tools/simulation/mains.h"

namespace heir::tools {

sim::HostMain SimulatedPrograms::agent(const scenarios::Scenario& scenario, const sim::PeerSetup& setup) {
  Result<agent::Config> config = agent_config(scenario, setup);
  ASSERT(config.has_value(), to_string(config.error()));
  return [config = std::move(*config)](Host& host) { return agent::run(host, config); };
}

sim::HostMain SimulatedPrograms::store(const scenarios::Scenario&, std::string state_file) {
  store::ServerOptions options{std::move(state_file)};
  return [options = std::move(options)](Host& host) { return store::serve(host, options); };
}

sim::HostMain SimulatedPrograms::resolver(sim::Resolver& resolver, sim::Network& network, Address store) {
  return
      [&resolver, &network, store = std::move(store)](Host& host) { return resolve(host, resolver, network, store); };
}

sim::HostMain SimulatedPrograms::operator_request(const scenarios::Fault& request, Address store, Address agent) {
  return [request, store = std::move(store), agent = std::move(agent)](Host& host) {
    return carry_out_request(host, request, store, agent);
  };
}

}  // namespace heir::tools
