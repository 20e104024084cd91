// Strike: one fault as it strikes. Each family of faults (scenarios/fault_kinds.h) has its function in the file of its
// name; it does the harm and says how to undo it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults/actions.h"
#include "sim/kernel/random.h"

namespace heir::sim {

/// What a strike may use. `world` outlives what the strike returns; the rest does not.
struct Strike {
  /// Its kind is drawn already if it was `random`. What is drawn of its values by settle() is written into it.
  scenarios::Fault& fault;
  Actions& world;
  RandomStream& random;
  Duration lasts;          ///< Until it is healed, drawn; zero if it never is.
  std::vector<int> hosts;  ///< Those that the target names now, drawn, in order.
  /// Where `random` was after the last of settle(): from there on, what is drawn is not written down anywhere.
  RandomStream::State& settled;
};

/// Draws a value of the fault and settles it: the fault as it was decided says it. Before anything else is drawn.
Duration settle(const Strike& strike, scenarios::DurationRange& range);

struct Harm {
  std::string what;            ///< For the story: "pause host1 (primary)".
  std::function<void()> heal;  ///< Empty for an act that nothing undoes.
  /// More of the same, so long after the strike, unless it was healed by then.
  struct Step {
    Duration after;
    std::function<void()> act;
  };
  std::vector<Step> steps{};
};

/// Nothing if there was nobody to hit.
std::optional<Harm> strike_network(const Strike& strike);
std::optional<Harm> strike_clock(const Strike& strike);
std::optional<Harm> strike_disk(const Strike& strike);
std::optional<Harm> strike_process(const Strike& strike);
std::optional<Harm> strike_store(const Strike& strike);
std::optional<Harm> strike_operators(const Strike& strike);

/// The hosts that a target names now; draws where it must. None for clients.
std::vector<int> hosts_of(const scenarios::Target& target, const Actions& world, RandomStream& random);
/// The target that names this one host.
scenarios::Target target_of(int host);
/// "host1 (primary), host3"; "the store".
std::string host_list(const Actions& world, const std::vector<int>& hosts);
/// "host1 store client"
std::string node_list(const Actions& world, Nodes nodes);
/// Of all peers and of all members of the store.
std::vector<NodeId> peer_nodes(const Actions& world);
std::vector<NodeId> store_nodes(const Actions& world);

}  // namespace heir::sim
