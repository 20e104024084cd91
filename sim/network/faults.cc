// Faults on links, hosts that go down and come up, and what connections notice of them.
#include <algorithm>
#include <utility>

#include "sim/network/network.h"

namespace heir::sim {

LinkFaultId Network::apply(LinkFault fault) {
  const bool cuts = fault.blocked || fault.jammed;
  const LinkFaultId id = links_.apply(std::move(fault));
  if (cuts) review_connections();
  return id;
}

LinkFaultId Network::cut(const Partition& partition) {
  LinkFault fault;
  fault.links = partition.links();
  fault.blocked = true;
  return apply(std::move(fault));
}

void Network::lift(LinkFaultId id) {
  const LiftedFault lifted = links_.lift(id);
  for (const ReleasedPacket& each : lifted.released) kernel().schedule_after(each.after, *this, kDatagram, each.packet);
  if (!lifted.cut) return;
  retry_stalled();
  review_connections();
}

bool Network::is_blocked(NodeId from, NodeId to) const {
  return from != to && link(from, to).blocks > 0;
}

std::size_t Network::break_connections(NodeId a, NodeId b, Told told) {
  std::size_t broken = 0;
  for (std::uint32_t index = 0; index < sides_.size(); index += 2) {
    const std::uint32_t there = index + 1;
    const bool between_them =
        (sides_[index].node == a && sides_[there].node == b) || (sides_[index].node == b && sides_[there].node == a);
    if (!between_them || !sides_[index].alive() || !sides_[there].alive()) continue;
    ++broken;
    if (told == Told::half) {
      sides_[link(a, b).random.chance(Ratio::percent(50)) ? index : there].hung = true;
      continue;
    }
    if (told == Told::nobody) {
      sides_[index].hung = sides_[there].hung = true;
      continue;
    }
    const bool second = told == Told::one && link(a, b).random.chance(Ratio::percent(50));
    for (const std::uint32_t side : {index, there}) {
      if (told == Told::one && side != (second ? there : index)) continue;
      drop_sent(side);
      sides_[side].ended = true;
      receive(side, take_packet(Packet::Kind::reset));
    }
  }
  if ((told == Told::nobody || told == Told::half) && broken > 0) review_connections();
  return broken;
}

void Network::set_up(NodeId node, bool up) {
  Node& state = nodes_[node.value()];
  if (state.up == up) return;
  state.up = up;
  if (up) {
    retry_stalled();
    return review_connections();
  }
  for (std::size_t i = bindings_.size(); i-- > 0;) {
    if (node_of(bindings_[i].at) == node) unbind(bindings_[i].at);
  }
  std::erase_if(listening_, [node](const Listening& each) { return node_of(each.at) == node; });
  for (std::uint32_t index = 0; index < sides_.size(); ++index) {
    if (!sides_[index].known || sides_[index].node != node) continue;
    // What has left the host travels on; what it would have to send again is lost with its memory.
    if (sides_[index].stalled) drop_sent(index);
    forget(index);
  }
  review_connections();
}

/// Whether nothing can be heard of the other host at this moment.
bool Network::in_trouble(const Side& side) const {
  const Side& other = sides_[static_cast<std::size_t>(&side - sides_.data()) ^ 1];
  return side.node != other.node && !(passes(side, other) && passes(other, side));
}

/// Starts or stops the clock of the peer timeout.
void Network::watch(std::uint32_t index) {
  Side& side = sides_[index];
  if (!side.alive() || side.connecting || side.peer_timeout == Duration::max()) return;
  const bool trouble = in_trouble(side);
  if (trouble && !side.timer) {
    side.timer = kernel().schedule_after(side.peer_timeout, *this, kPeerTimeout, id_of(side.generation, index));
  } else if (!trouble && side.timer) {
    kernel().cancel(side.timer);
    side.timer = EventId();
  }
}

void Network::review_connections() {
  for (std::uint32_t index = 0; index < sides_.size(); ++index) {
    const Side& side = sides_[index];
    if (!side.alive() || side.connecting) continue;
    watch(index);
    // A keepalive probe finds out that the other side is gone.
    const std::uint32_t there = index ^ 1;
    if (in_trouble(side) || sides_[there].known || !sides_[there].sent.empty() || side.peer_timeout == Duration::max())
      continue;
    const Duration until_probe =
        link(side.node, sides_[there].node).random.between(Duration::zero(), parameters_.retransmit_max);
    transmit(there, take_packet(Packet::Kind::reset), until_probe);
  }
}

/// Packets that wait for a free way are sent again; how soon depends on how far the sender has backed off.
void Network::retry_stalled() {
  for (std::uint32_t index = 0; index < sides_.size(); ++index) {
    Side& side = sides_[index];
    if (!side.stalled || !passes(side, sides_[index ^ 1])) continue;
    LinkState& way = link(side.node, sides_[index ^ 1].node);
    const Duration backed_off = std::min(kernel().now() - side.stalled_at, parameters_.retransmit_max);
    // Two draws, one after the other: in one expression their order would be the compiler's choice.
    const Duration waits = way.random.between(Duration::zero(), backed_off);
    const VirtualTime arrives = kernel().now() + waits + way.draw_latency();
    side.stalled = false;
    packets_[side.sent.head].arrives = arrives;
    side.last_arrival = std::max(side.last_arrival, arrives);
    schedule_head(index);
  }
}

}  // namespace heir::sim
