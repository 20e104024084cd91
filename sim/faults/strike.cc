#include "sim/faults/strike.h"

#include <algorithm>

namespace heir::sim {

using scenarios::TargetKind;

std::vector<int> hosts_of(const scenarios::Target& target, const Actions& world, RandomStream& random) {
  std::vector<int> all;
  for (int host = 1; host <= world.peers(); ++host) all.push_back(host);
  const auto first = [&](std::size_t count) {
    random.shuffle(all);
    all.resize(count);
    std::sort(all.begin(), all.end());
    return all;
  };
  switch (target.kind) {
    case TargetKind::any: return first(1);
    case TargetKind::host: return {target.host};
    case TargetKind::majority: return first(all.size() / 2 + 1);
    case TargetKind::minority: return first(std::max<std::size_t>(1, (all.size() - 1) / 2));
    case TargetKind::all: return all;
    case TargetKind::primary:
    case TargetKind::sync:
    case TargetKind::async:
    case TargetKind::deposed: {
      const int host = world.host_in_role(target.kind);
      return host == 0 ? std::vector<int>{} : std::vector<int>{host};
    }
    case TargetKind::store: {
      std::vector<int> members;
      for (int n = 1; n <= world.store_members(); ++n) members.push_back(store_member(n));
      return members;
    }
    case TargetKind::clients: return {};
  }
  return {};
}

std::string host_list(const Actions& world, const std::vector<int>& hosts) {
  std::string text;
  for (const int host : hosts) {
    if (!text.empty()) text += ", ";
    if (host < 0) {
      text += world.store_members() == 1 ? "the store" : "store" + std::to_string(-host);
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
