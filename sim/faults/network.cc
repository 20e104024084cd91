#include <algorithm>
#include <memory>

#include "scenarios/names.h"
#include "sim/faults/partitions.h"
#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;
using scenarios::PartitionManner;
using scenarios::TargetKind;

namespace {

constexpr DurationRange slowed{Duration::seconds(1), Duration::seconds(5)};

/// Lies on the links until it is healed.
Harm lay_on(const Strike& s, std::string what, LinkFault fault) {
  const LinkFaultId id = s.world.lay_on(std::move(fault));
  return Harm{std::move(what), [&world = s.world, id] { world.lift(id); }};
}

std::vector<NodeId> peers_and_store(const Actions& world) {
  std::vector<NodeId> all = peer_nodes(world);
  for (const NodeId node : store_nodes(world)) all.push_back(node);
  return all;
}

std::optional<Harm> partition(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  draw_shape(s.fault, s.random);
  s.settled = s.random.state();
  const DrawnPartition drawn = draw_partition(s.fault, s.hosts, s.world, s.random);
  if (drawn.cut.links().empty()) return std::nullopt;
  LinkFault cut;
  cut.links = drawn.cut.links();
  switch (s.fault.manner) {
    case PartitionManner::dropped: cut.blocked = true; return lay_on(s, "partition " + drawn.story, std::move(cut));
    case PartitionManner::slowed:
      cut.extra_delay = s.fault.latency ? DurationRange{s.fault.latency->low, s.fault.latency->high} : slowed;
      return lay_on(s, "slow partition " + drawn.story, std::move(cut));
    case PartitionManner::jammed: break;
  }
  cut.jammed = true;
  return lay_on(s, "jam partition " + drawn.story, std::move(cut));
}

/// The hosts that one end of links names.
std::vector<NodeId> end_of(const scenarios::Target& target, const std::vector<int>& hosts, const Actions& world) {
  if (target.kind == TargetKind::clients) return world.client_nodes();
  std::vector<NodeId> nodes;
  for (const int host : hosts) nodes.push_back(world.node(host));
  return nodes;
}

std::string name_of(const scenarios::Target& target, const std::vector<int>& hosts, const Actions& world) {
  return target.kind == TargetKind::clients ? "the clients" : host_list(world, hosts);
}

/// Both directions of every link between the target and the other end.
std::vector<DirectedLink> links_of(const Strike& s) {
  const std::vector<NodeId> from = end_of(s.fault.target, s.hosts, s.world);
  std::vector<NodeId> to = peers_and_store(s.world);
  if (s.fault.to) {
    const std::vector<int> hosts = hosts_of(*s.fault.to, s.world, s.random);
    to = end_of(*s.fault.to, hosts, s.world);
    if (hosts.size() == 1) {
      s.fault.to = target_of(hosts.front());
      s.settled = s.random.state();
    }
  }
  std::vector<DirectedLink> links;
  for (const NodeId a : from) {
    for (const NodeId b : to) {
      if (a == b) continue;
      links.push_back({a, b});
      links.push_back({b, a});
    }
  }
  std::sort(links.begin(), links.end());
  links.erase(std::unique(links.begin(), links.end()), links.end());
  return links;
}

Ratio ratio(const std::optional<scenarios::Ratio>& from) {
  return from ? Ratio::parts_per_million(static_cast<std::uint64_t>(from->ppb() / 1000)) : Ratio();
}

std::optional<Harm> slow_link(const Strike& s) {
  LinkFault slow;
  slow.links = links_of(s);
  if (slow.links.empty()) return std::nullopt;
  if (s.fault.latency) slow.extra_delay = {s.fault.latency->low, s.fault.latency->high};
  slow.loss = ratio(s.fault.loss);
  slow.duplicate = ratio(s.fault.duplication);
  slow.reorder = ratio(s.fault.reordering);
  if (s.fault.bandwidth) {
    const std::int64_t bytes = 1'000'000'000 / std::max<std::int64_t>(1, s.fault.bandwidth->interval().ns());
    slow.bandwidth = static_cast<std::uint64_t>(std::max<std::int64_t>(1, bytes));
  }
  slow.queue = static_cast<std::uint64_t>(s.fault.queue.value_or(0));
  return lay_on(s, "slow links of " + name_of(s.fault.target, s.hosts, s.world), std::move(slow));
}

/// Every link of these hosts with peers and store.
LinkFault jam_of(const std::vector<NodeId>& nodes, const Actions& world) {
  LinkFault jam;
  const std::vector<NodeId> all = peers_and_store(world);
  Partition cut;
  for (const NodeId node : nodes) cut = cut | isolate(node, all);
  jam.links = cut.links();
  jam.jammed = true;
  return jam;
}

std::optional<Harm> clog(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  return lay_on(s, "clog " + host_list(s.world, s.hosts), jam_of(end_of(s.fault.target, s.hosts, s.world), s.world));
}

Harm swizzle_clog(const Strike& s) {
  std::vector<NodeId> all = peers_and_store(s.world);
  s.random.shuffle(all);
  all.resize(std::max<std::size_t>(1, all.size() / 2));
  const auto count = static_cast<std::int64_t>(all.size());
  // Clogged in the first half of the time, freed in the second, in another order.
  const Duration pace = s.lasts / (2 * count);
  std::vector<std::size_t> freed;
  for (std::size_t i = 0; i < all.size(); ++i) freed.push_back(i);
  s.random.shuffle(freed);
  auto laid = std::make_shared<std::vector<std::optional<LinkFaultId>>>(all.size());
  const auto lift = [&world = s.world, laid](std::size_t i) {
    if (const std::optional<LinkFaultId> id = std::exchange((*laid)[i], std::nullopt)) world.lift(*id);
  };
  Harm harm{"swizzle-clog " + node_list(s.world, all), [lift, n = all.size()] {
              for (std::size_t i = 0; i < n; ++i) lift(i);
            }};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto turn = static_cast<std::int64_t>(i);
    harm.steps.push_back({pace * turn, [&world = s.world, laid, i, node = all[i]] {
                            (*laid)[i] = world.lay_on(jam_of({node}, world));
                          }});
    harm.steps.push_back({pace * (count + turn), [lift, which = freed[i]] { lift(which); }});
  }
  return harm;
}

std::optional<Harm> flap(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  LinkFault cut = jam_of(end_of(s.fault.target, s.hosts, s.world), s.world);
  cut.jammed = false;
  cut.blocked = true;
  auto laid = std::make_shared<std::optional<LinkFaultId>>();
  const auto lift = [&world = s.world, laid] {
    if (const std::optional<LinkFaultId> id = std::exchange(*laid, std::nullopt)) world.lift(*id);
  };
  Harm harm{"flap the links of " + host_list(s.world, s.hosts), lift};
  for (Duration at; at < s.lasts;) {
    harm.steps.push_back({at, [&world = s.world, laid, cut] { *laid = world.lay_on(cut); }});
    at += s.random.between(s.fault.down->low, s.fault.down->high);
    harm.steps.push_back({at, lift});
    at += s.random.between(s.fault.up->low, s.fault.up->high);
  }
  return harm;
}

std::optional<Harm> break_connections(const Strike& s) {
  std::size_t broken = 0;
  for (const DirectedLink& link : links_of(s)) {
    if (link.from < link.to) broken += s.world.break_connections(link.from, link.to, s.fault.told);
  }
  if (!s.fault.to && s.fault.target.kind != TargetKind::clients) {
    for (const NodeId a : end_of(s.fault.target, s.hosts, s.world)) {
      for (const NodeId client : s.world.client_nodes()) broken += s.world.break_connections(a, client, s.fault.told);
    }
  }
  if (broken == 0) return std::nullopt;
  return Harm{"break " + std::to_string(broken) + " connections of " + name_of(s.fault.target, s.hosts, s.world) +
                  ", told: " + scenarios::to_string(s.fault.told),
              {}};
}

}  // namespace

std::optional<Harm> strike_network(const Strike& s) {
  switch (s.fault.kind) {
    case FaultKind::partition: return partition(s);
    case FaultKind::slow_link: return slow_link(s);
    case FaultKind::clog: return clog(s);
    case FaultKind::swizzle_clog: return swizzle_clog(s);
    case FaultKind::flap: return flap(s);
    case FaultKind::break_connections: return break_connections(s);
    default: ASSERT(false, "not of this family");
  }
  return std::nullopt;
}

}  // namespace heir::sim
