#include "sim/faults/strike.h"

#include <algorithm>
#include <cstdlib>

namespace heir::sim {

using scenarios::TargetKind;

Duration settle(const Strike& strike, scenarios::DurationRange& range) {
  range.low = range.high = strike.random.between(range.low, range.high);
  strike.settled = strike.random.state();
  return range.low;
}

std::vector<int> hosts_of(const scenarios::Target& target, const Actions& world, RandomStream& random) {
  std::vector<int> all;
  if (scenarios::is_of_store(target.kind)) {
    for (int n = 1; n <= world.store_members(); ++n) all.push_back(store_member(n));
  } else {
    for (int host = 1; host <= world.peers(); ++host) all.push_back(host);
  }
  const auto first = [&](std::size_t count) {
    random.shuffle(all);
    all.resize(count);
    std::sort(all.begin(), all.end(), [](int a, int b) { return std::abs(a) < std::abs(b); });
    return all;
  };
  switch (target.kind) {
    case TargetKind::any: return first(1);
    case TargetKind::host: return {target.host};
    case TargetKind::majority:
    case TargetKind::store_majority: return first(all.size() / 2 + 1);
    case TargetKind::minority:
    case TargetKind::store_minority: return first(std::max<std::size_t>(1, (all.size() - 1) / 2));
    case TargetKind::store_member: return {store_member(target.host)};
    case TargetKind::store_follower:
      std::erase(all, world.host_in_role(TargetKind::store_leader));
      return first(std::min<std::size_t>(1, all.size()));
    case TargetKind::all:
    case TargetKind::store: return all;
    case TargetKind::primary:
    case TargetKind::sync:
    case TargetKind::async:
    case TargetKind::deposed:
    case TargetKind::store_leader: {
      const int host = world.host_in_role(target.kind);
      return host == 0 ? std::vector<int>{} : std::vector<int>{host};
    }
    case TargetKind::rack: {
      const int racks = world.racks();
      const int rack =
          target.host != 0 ? target.host : 1 + static_cast<int>(random.below(static_cast<std::uint64_t>(racks)));
      std::erase_if(all, [&](int host) { return (host - 1) % racks != rack - 1; });
      for (int n = 1; n <= world.store_members(); ++n)
        if ((n - 1) % racks == rack - 1) all.push_back(store_member(n));
      return all;
    }
    case TargetKind::clients: return {};
  }
  return {};
}

scenarios::Target target_of(int host) {
  return host > 0 ? scenarios::Target{TargetKind::host, host} : scenarios::Target{TargetKind::store_member, -host};
}

std::string host_list(const Actions& world, const std::vector<int>& hosts) {
  std::string text;
  for (const int host : hosts) {
    if (!text.empty()) text += ", ";
    if (host < 0) {
      text += world.store_members() == 1 ? "the store" : "store" + std::to_string(-host);
      if (world.store_members() > 1 && host == world.host_in_role(TargetKind::store_leader)) text += " (leader)";
      continue;
    }
    text += "host" + std::to_string(host);
    if (host == world.host_in_role(TargetKind::primary))
      text += " (primary)";
    else if (host == world.host_in_role(TargetKind::sync))
      text += " (sync)";
  }
  return text;
}

std::string node_list(const Actions& world, Nodes nodes) {
  const auto name = [&](NodeId node) -> std::string {
    for (int n = 1; n <= world.store_members(); ++n)
      if (world.node(store_member(n)) == node)
        return world.store_members() == 1 ? "store" : "store" + std::to_string(n);
    for (int host = 1; host <= world.peers(); ++host)
      if (world.node(host) == node) return "host" + std::to_string(host);
    return "client";
  };
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : " ") + name(node);
  return text;
}

std::vector<NodeId> peer_nodes(const Actions& world) {
  std::vector<NodeId> nodes;
  for (int host = 1; host <= world.peers(); ++host) nodes.push_back(world.node(host));
  return nodes;
}

std::vector<NodeId> store_nodes(const Actions& world) {
  std::vector<NodeId> nodes;
  for (int n = 1; n <= world.store_members(); ++n) nodes.push_back(world.node(store_member(n)));
  return nodes;
}

}  // namespace heir::sim
