#include "sim/world/parameters.h"

#include "sim/faults/strike.h"

namespace heir::sim {

namespace {

using scenarios::TargetKind;

Ratio ratio(scenarios::Ratio from) {
  return Ratio::parts_per_million(static_cast<std::uint64_t>(from.ppb() / 1000));
}

std::vector<NodeId> nodes_at(const scenarios::Target& end, const Actions& world) {
  if (end.kind == TargetKind::host) return {world.node(end.host)};
  if (end.kind == TargetKind::store) return store_nodes(world);
  if (end.kind == TargetKind::store_member) return {world.node(store_member(end.host))};
  return world.client_nodes();
}

WorkloadModel model_of(scenarios::WorkloadKind kind) {
  switch (kind) {
    case scenarios::WorkloadKind::register_: return WorkloadModel::reg;
    case scenarios::WorkloadKind::append: return WorkloadModel::append;
    case scenarios::WorkloadKind::set: return WorkloadModel::set;
  }
  return WorkloadModel::reg;
}

}  // namespace

LinkParameters link_parameters(const scenarios::Network& from) {
  LinkParameters to;
  to.latency = {from.latency.low, from.latency.high};
  to.tail = {from.tail.low, from.tail.high};
  to.tail_chance = ratio(from.tail_chance);
  to.loss = ratio(from.loss);
  to.duplicate = ratio(from.duplication);
  to.reorder = ratio(from.reordering);
  return to;
}

DiskParameters disk_parameters(const scenarios::Disk& from) {
  DiskParameters to;
  to.sync_low = from.fsync.low;
  to.sync_high = from.fsync.high;
  to.tail_low = from.fsync.high;
  to.tail_high = from.fsync.high * 10;
  to.read_low = from.read.low;
  to.read_high = from.read.high;
  to.write_low = from.write.low;
  to.write_high = from.write.high;
  to.kept = static_cast<std::uint32_t>(from.kept);
  to.dropped = static_cast<std::uint32_t>(from.dropped);
  to.torn = static_cast<std::uint32_t>(from.torn);
  to.garbage = static_cast<std::uint32_t>(from.garbage);
  return to;
}

void set_links(const scenarios::Network& network, const Actions& world, const SetLink& set) {
  for (const scenarios::Link& link : network.links) {
    LinkParameters parameters = link_parameters(network);
    if (link.latency) parameters.latency = {link.latency->low, link.latency->high};
    if (link.loss) parameters.loss = ratio(*link.loss);
    for (const NodeId from : nodes_at(link.from, world))
      for (const NodeId to : nodes_at(link.to, world)) {
        if (from == to) continue;
        set(from, to, parameters);
        if (!link.one_way) set(to, from, parameters);
      }
  }
}

ClockParameters draw_clock(const scenarios::Clock& clock, RandomStream& random, int host) {
  ClockParameters drawn;
  drawn.rate_error_ppb = random.between(-clock.rate_error.ppb(), clock.rate_error.ppb());
  drawn.wall_offset = random.between(-clock.wall_offset, clock.wall_offset);
  for (const scenarios::HostClock& fixed : clock.hosts) {
    if (fixed.host != host) continue;
    if (fixed.fast) drawn.rate_error_ppb = fixed.fast->ppb();
    if (fixed.slow) drawn.rate_error_ppb = -fixed.slow->ppb();
    if (fixed.offset) drawn.wall_offset = *fixed.offset;
  }
  return drawn;
}

ClientParameters client_parameters(const scenarios::Scenario& scenario, const scenarios::Workload& workload) {
  ClientParameters parameters;
  parameters.model = model_of(workload.kind);
  parameters.keys = workload.kind == scenarios::WorkloadKind::set ? 1 : static_cast<std::uint32_t>(workload.keys);
  parameters.interval = workload.rate.interval() * workload.clients;
  parameters.reads = ratio(workload.reads);
  parameters.timeout = workload.timeout;
  parameters.start = VirtualTime() + workload.start;
  parameters.stop = scenario.expect.recovers_within && !workload.stop
                        ? VirtualTime::max()
                        : VirtualTime() + workload.stop.value_or(scenario.duration);
  return parameters;
}

}  // namespace heir::sim
