// Packets under way on connections, and what their arrival does.
#include <algorithm>

#include "sim/network/digest.h"
#include "sim/network/network.h"

namespace heir::sim {

void Network::transmit(std::uint32_t index, std::uint32_t packet, Duration extra) {
  Side& side = sides_[index];
  const NodeId to = sides_[index ^ 1].node;
  packets_[packet].sent = kernel().now();
  Duration delay = extra;
  if (side.node == to) {
    delay += loopback_.between(parameters_.loopback.low, parameters_.loopback.high);
  } else {
    LinkState& way = link(side.node, to);
    delay += way.draw_latency();
    delay +=
        *way.departs_after(kernel().now(), packets_[packet].chunk.size() + 40, false);  // 40: headers of TCP and IP
    if (const Ratio loss = way.loss(); loss > Ratio()) {
      // A packet that is lost over and over arrives late; the other timeouts decide what that means.
      Duration wait = parameters_.retransmit;
      for (int tries = 0; tries < 16 && way.random.chance(loss); ++tries) {
        delay += wait;
        wait = std::min(wait * 2, parameters_.retransmit_max);
      }
    }
  }
  side.last_arrival = std::max(kernel().now() + delay, side.last_arrival);
  packets_[packet].arrives = side.last_arrival;
  const bool first = side.sent.empty();
  push(side.sent, packet);
  if (first) schedule_head(index);
}

void Network::schedule_head(std::uint32_t index) {
  Side& side = sides_[index];
  const VirtualTime at = std::max(packets_[side.sent.head].arrives, kernel().now());
  side.arrival = kernel().schedule(at, *this, kPacket, id_of(side.generation, index));
}

/// What is under way from this side is lost.
void Network::drop_sent(std::uint32_t index) {
  Side& side = sides_[index];
  free_packets(side.sent);
  kernel().cancel(side.arrival);
  side.arrival = EventId();
  side.stalled = false;
  side.last_arrival = kernel().now();
}

void Network::packet_arrives(std::uint32_t index) {
  Side& from = sides_[index];
  const std::uint32_t there = index ^ 1;
  Side& to = sides_[there];
  from.arrival = EventId();
  if (!passes(from, to)) {
    from.stalled = true;
    from.stalled_at = kernel().now();
    return;
  }
  const std::uint32_t packet = pop(from.sent);
  if (!from.sent.empty()) schedule_head(index);
  switch (packets_[packet].kind) {
    case Packet::Kind::syn: {
      const Listening* listener = listening(from.to);
      if (!listener) {
        free_packet(packet);
        return transmit(there, take_packet(Packet::Kind::refused));
      }
      to.known = true;
      to.gate = listener->gate;
      to.peer_timeout = listener->options.peer_timeout;
      transmit(there, take_packet(Packet::Kind::syn_ack));
      watch(there);
      return receive(there, packet);
    }
    case Packet::Kind::syn_ack:
      if (!to.alive()) break;
      to.connecting = false;
      kernel().cancel(to.timer);
      to.timer = EventId();
      watch(there);
      return receive(there, packet);
    case Packet::Kind::data:
      kernel().mix(digest(packets_[packet].chunk.bytes) + packets_[packet].chunk.attachment.size());
      if (observer_ && from.node != to.node) {
        const bool connected = index % 2 == 0;
        const AddressId from_end = connected ? address_of(from.node, 0) : to.to;
        const AddressId to_end = connected ? from.to : address_of(to.node, 0);
        observer_({packets_[packet].sent, true, false, from_end, to_end, packets_[packet].chunk.size()});
      }
      if (to.alive()) return receive(there, packet);
      from.unacknowledged -= packets_[packet].chunk.size();
      break;
    case Packet::Kind::fin:
    case Packet::Kind::reset:
    case Packet::Kind::refused:
    case Packet::Kind::timed_out:
      if (to.alive()) {
        drop_sent(there);
        to.ended = true;
        return receive(there, packet);
      }
      return free_packet(packet);
  }
  free_packet(packet);
  answer_with_reset(index);
}

/// The other side knows nothing of the connection that this one speaks on. If its end is under way already, that will
/// do.
void Network::answer_with_reset(std::uint32_t index) {
  if (sides_[index].alive() && sides_[index ^ 1].sent.empty()) transmit(index ^ 1, take_packet(Packet::Kind::reset));
}

/// The packet has arrived at this side's host: hand it over, or keep it while the program is paused.
void Network::receive(std::uint32_t index, std::uint32_t packet) {
  Side& side = sides_[index];
  if (side.gate && !side.gate->admit(*this, kHandOver, id_of(side.generation, index)))
    return push(side.received, packet);
  hand_over(index, packet);
}

void Network::hand_over(std::uint32_t index, std::uint32_t packet) {
  // The tables may move, and the side may end, while the handler runs: everything is taken out first.
  const StreamId id = stream_of(index);
  Gate* gate = sides_[index].gate;
  StreamHandler* handler = sides_[index].handler;
  const Packet::Kind kind = packets_[packet].kind;
  switch (kind) {
    case Packet::Kind::syn: {
      free_packet(packet);
      const AddressId at = sides_[index ^ 1].to;
      const Listening* listener = listening(at);
      ASSERT(listener, "unlisten resets the connections that wait");
      const Gate::Entry entry(gate);
      listener->handler->on_accepted(at, id);
      ASSERT(!find(id) || find(id)->handler, "on_accepted neither adopted nor reset the connection");
      return;
    }
    case Packet::Kind::syn_ack: {
      free_packet(packet);
      const Gate::Entry entry(gate);
      return handler->on_connected(id);
    }
    case Packet::Kind::data: {
      Chunk chunk = std::move(packets_[packet].chunk);
      free_packet(packet);
      const std::size_t size = chunk.size();
      {
        const Gate::Entry entry(gate);
        handler->on_data(id, std::move(chunk));
      }
      const std::uint32_t sender = index ^ 1;
      if (sides_[sender].known && sides_[sender].generation == id.value() >> 32) acknowledged(sender, size);
      return;
    }
    case Packet::Kind::fin: {
      free_packet(packet);
      forget(index);
      const Gate::Entry entry(gate);
      return handler->on_closed(id);
    }
    case Packet::Kind::reset:
    case Packet::Kind::refused:
    case Packet::Kind::timed_out: {
      free_packet(packet);
      forget(index);
      const Gate::Entry entry(gate);
      return handler->on_reset(id, kind == Packet::Kind::reset     ? StreamEnd::reset
                                   : kind == Packet::Kind::refused ? StreamEnd::refused
                                                                   : StreamEnd::timed_out);
    }
  }
}

/// `bytes` of what this side has sent have reached the other program.
void Network::acknowledged(std::uint32_t index, std::size_t bytes) {
  Side& side = sides_[index];
  side.unacknowledged -= bytes;
  if (!side.wants_drained || side.unacknowledged > side.drained_below || !side.alive()) return;
  const std::uint64_t id = id_of(side.generation, index);
  if (side.gate && !side.gate->admit(*this, kDrained, id)) return;
  side.wants_drained = false;
  StreamHandler* handler = side.handler;
  const Gate::Entry entry(side.gate);
  handler->on_drained(StreamId(id));
}

/// The operating system of this side gives up: the connect or the peer has timed out. Nobody else is told.
void Network::time_out(std::uint32_t index) {
  Side& side = sides_[index];
  if (!side.alive()) return;  // its end is under way to a paused program already
  drop_sent(index);
  side.ended = true;
  receive(index, take_packet(Packet::Kind::timed_out));
}

}  // namespace heir::sim
