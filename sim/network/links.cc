#include "sim/network/links.h"

#include <utility>

#include "engine/base/assert.h"

namespace heir::sim {

namespace {
/// Packets that wait on a jammed link.
constexpr std::size_t kJammed = 4096;
}  // namespace

PacketFate LinkState::fate_of(std::size_t bytes, VirtualTime now) {
  PacketFate fate;
  if (blocks > 0) return fate;
  if (const Ratio chance = loss(); chance > Ratio() && random.chance(chance)) return fate;
  if (jams > 0) {
    if (jammed.size() < kJammed) fate.kind = PacketFate::Kind::jammed;
    return fate;
  }
  const std::optional<Duration> departs = departs_after(now, bytes, true);
  if (!departs) return fate;
  fate.kind = PacketFate::Kind::carried;
  fate.after = draw_latency() + *departs;
  if (const Ratio chance = reorder(); chance > Ratio() && random.chance(chance)) {
    fate.held_back = true;
    fate.after += random.between(parameters.reorder_by.low, parameters.reorder_by.high);
  }
  if (const Ratio chance = duplicate(); chance > Ratio() && random.chance(chance)) {
    const Duration later = random.between(parameters.duplicate_after.low, parameters.duplicate_after.high);
    fate.copy_after = draw_latency() + later;
  }
  return fate;
}

Duration LinkState::draw_latency() {
  const bool slow = parameters.tail_chance > Ratio() && random.chance(parameters.tail_chance);
  const DurationRange& range = slow ? parameters.tail : parameters.latency;
  Duration latency = random.between(range.low, range.high);
  if (delays > 0) latency += random.between(extra_delay.low, extra_delay.high);
  return latency;
}

std::optional<Duration> LinkState::departs_after(VirtualTime now, std::size_t bytes, bool may_drop) {
  const std::uint64_t rate = bandwidth();
  if (rate == 0) return Duration::zero();
  const auto takes = [rate](std::uint64_t size) {
    return Duration::nanoseconds(static_cast<std::int64_t>(size * 1'000'000'000 / rate));
  };
  const VirtualTime begins = std::max(free_at, now);
  if (may_drop && begins - now > takes(queue())) return std::nullopt;
  free_at = begins + takes(bytes);
  return free_at - now;
}

void Links::add_node() {
  const std::size_t before = nodes_++;
  std::vector<LinkState> links;
  links.reserve(nodes_ * nodes_);
  for (std::size_t from = 0; from < nodes_; ++from) {
    for (std::size_t to = 0; to < nodes_; ++to) {
      if (from < before && to < before) {
        links.push_back(std::move(links_[from * before + to]));
      } else {
        links.push_back({parameters_, RandomStream(seed_, "network/link", (from << 16) | to)});
      }
    }
  }
  links_ = std::move(links);
}

void Links::set_all(const LinkParameters& parameters) {
  for (LinkState& link : links_) link.parameters = parameters;
}

LinkFaultId Links::apply(LinkFault fault) {
  const bool delays = fault.extra_delay.high > Duration::zero();
  ASSERT(fault.extra_delay.low <= fault.extra_delay.high && fault.extra_delay.low >= Duration::zero(), "a range");
  std::erase_if(fault.links, [](const DirectedLink& each) { return each.from == each.to; });
  for (const DirectedLink& each : fault.links) {
    LinkState& state = at(each.from, each.to);
    if (fault.blocked) ++state.blocks;
    if (fault.jammed) ++state.jams;
    if (fault.bandwidth > 0) state.bandwidths.push_back(fault.bandwidth);
    if (fault.queue > 0) state.queues.push_back(fault.queue);
    if (delays) ++state.delays;
    state.extra_delay = {state.extra_delay.low + fault.extra_delay.low,
                         state.extra_delay.high + fault.extra_delay.high};
    state.extra_loss += fault.loss.ppm();
    state.extra_duplicate += fault.duplicate.ppm();
    state.extra_reorder += fault.reorder.ppm();
  }
  faults_.push_back(std::move(fault));
  return LinkFaultId(static_cast<std::uint32_t>(faults_.size()));
}

LiftedFault Links::lift(LinkFaultId id) {
  ASSERT(id.value() >= 1 && id.value() <= faults_.size(), "no such fault");
  const LinkFault fault = std::exchange(faults_[id.value() - 1], LinkFault());
  const bool delays = fault.extra_delay.high > Duration::zero();
  LiftedFault lifted{fault.blocked || fault.jammed, {}};
  for (const DirectedLink& each : fault.links) {
    LinkState& state = at(each.from, each.to);
    if (fault.blocked) --state.blocks;
    if (fault.jammed && --state.jams == 0) {
      // What waited arrives, in its order but for the latencies.
      for (const std::uint32_t packet : std::exchange(state.jammed, {}))
        lifted.released.push_back({each, packet, state.draw_latency()});
    }
    if (fault.bandwidth > 0)
      state.bandwidths.erase(std::find(state.bandwidths.begin(), state.bandwidths.end(), fault.bandwidth));
    if (fault.queue > 0) state.queues.erase(std::find(state.queues.begin(), state.queues.end(), fault.queue));
    if (delays) --state.delays;
    state.extra_delay = {state.extra_delay.low - fault.extra_delay.low,
                         state.extra_delay.high - fault.extra_delay.high};
    state.extra_loss -= fault.loss.ppm();
    state.extra_duplicate -= fault.duplicate.ppm();
    state.extra_reorder -= fault.reorder.ppm();
  }
  return lifted;
}

}  // namespace heir::sim
