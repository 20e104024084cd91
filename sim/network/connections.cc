// The table of connections, and what a program asks of one.
#include <algorithm>

#include "sim/network/network.h"

namespace heir::sim {

// --- The table
// ----------------------------------------------------------------------------------------------------------

std::uint32_t Network::take_connection() {
  if (free_sides_ == kNone) {
    free_sides_ = static_cast<std::uint32_t>(sides_.size());
    ASSERT(free_sides_ < kNone - 2, "too many connections");
    sides_.resize(sides_.size() + 2);
  }
  const std::uint32_t index = free_sides_;
  free_sides_ = sides_[index].next_free;
  const std::uint32_t generation = sides_[index].generation + 1;
  for (std::uint32_t i = index; i <= index + 1; ++i) {
    sides_[i] = Side();
    sides_[i].generation = generation;
  }
  ++live_connections_;
  return index;
}

void Network::forget(std::uint32_t index) {
  Side& side = sides_[index];
  Side& other = sides_[index ^ 1];
  side.known = false;
  side.handler = nullptr;
  side.gate = nullptr;
  kernel().cancel(side.timer);
  side.timer = EventId();
  while (!side.received.empty()) {
    const std::uint32_t packet = pop(side.received);
    other.unacknowledged -= packets_[packet].chunk.size();
    free_packet(packet);
  }
  if (other.known) return;
  drop_sent(index);
  drop_sent(index ^ 1);
  sides_[index & ~1U].next_free = free_sides_;
  free_sides_ = index & ~1U;
  --live_connections_;
}

void Network::abort(std::uint32_t index, bool orderly) {
  const Side& side = sides_[index];
  const Side& other = sides_[index ^ 1];
  const bool tell = side.alive() && other.alive();
  // As an operating system does: what the program has not read makes the end a reset.
  const bool reset = !orderly || !side.received.empty();
  forget(index);
  if (tell) transmit(index, take_packet(reset ? Packet::Kind::reset : Packet::Kind::fin));
}

std::uint32_t Network::take_packet(Packet::Kind kind) {
  if (free_packets_ == kNone) {
    free_packets_ = static_cast<std::uint32_t>(packets_.size());
    packets_.emplace_back();
  }
  const std::uint32_t packet = free_packets_;
  free_packets_ = packets_[packet].next;
  packets_[packet].kind = kind;
  packets_[packet].next = kNone;
  return packet;
}

void Network::free_packet(std::uint32_t packet) {
  packets_[packet].chunk = {};
  packets_[packet].next = free_packets_;
  free_packets_ = packet;
}

void Network::free_packets(PacketQueue& queue) {
  while (!queue.empty()) free_packet(pop(queue));
}

void Network::push(PacketQueue& queue, std::uint32_t packet) {
  packets_[packet].next = kNone;
  (queue.empty() ? queue.head : packets_[queue.tail].next) = packet;
  queue.tail = packet;
}

std::uint32_t Network::pop(PacketQueue& queue) {
  const std::uint32_t packet = queue.head;
  queue.head = packets_[packet].next;
  return packet;
}

const Network::Listening* Network::listening(AddressId at) const {
  for (const Listening& each : listening_) {
    if (each.at == at) return &each;
  }
  return nullptr;
}

// --- What programs ask
// --------------------------------------------------------------------------------------------------

Result<> Network::listen(AddressId at, ListenHandler& handler, Gate* gate, const StreamOptions& options) {
  if (listening(at)) return {ErrorCode::already_exists, address(at).value() + " is in use"};
  listening_.push_back({at, &handler, gate, options});
  return {};
}

void Network::unlisten(AddressId at) {
  const Listening* found = listening(at);
  if (!found) return;
  listening_.erase(listening_.begin() + (found - listening_.data()));
  for (std::uint32_t index = 1; index < sides_.size(); index += 2) {
    const Side& side = sides_[index];
    if (side.known && !side.handler && sides_[index ^ 1].to == at) abort(index, false);
  }
}

StreamId Network::connect(NodeId from, AddressId to, StreamHandler& handler, Gate* gate, const StreamOptions& options,
                          std::uint64_t cookie) {
  const std::uint32_t index = take_connection();
  Side& side = sides_[index];
  side.node = from;
  side.to = to;
  side.handler = &handler;
  side.gate = gate;
  side.cookie = cookie;
  side.peer_timeout = options.peer_timeout;
  side.known = true;
  side.connecting = true;
  sides_[index ^ 1].node = node_of(to);
  side.timer = kernel().schedule_after(options.connect_timeout, *this, kConnectTimeout, id_of(side.generation, index));
  transmit(index, take_packet(Packet::Kind::syn));
  return stream_of(index);
}

void Network::adopt(StreamId stream, StreamHandler& handler, std::uint64_t cookie) {
  Side* side = find(stream);
  if (!side) return;
  side->handler = &handler;
  side->cookie = cookie;
}

bool Network::write(StreamId stream, Bytes bytes, Attachment attachment) {
  Side* side = find(stream);
  if (!side || side->ended) return false;
  const std::uint32_t packet = take_packet(Packet::Kind::data);
  packets_[packet].chunk.bytes = std::move(bytes);
  packets_[packet].chunk.attachment = std::move(attachment);
  side->unacknowledged += packets_[packet].chunk.size();
  transmit(index_of(stream), packet);
  return true;
}

void Network::close(StreamId stream) {
  if (find(stream)) abort(index_of(stream), true);
}

void Network::reset(StreamId stream) {
  if (!find(stream)) return;
  const std::uint32_t index = index_of(stream);
  drop_sent(index);
  drop_sent(index ^ 1);
  abort(index, false);
}

std::uint64_t Network::cookie(StreamId stream) const {
  const Side* side = find(stream);
  return side ? side->cookie : 0;
}

NodeId Network::peer(StreamId stream) const {
  return find(stream) ? sides_[index_of(stream) ^ 1].node : NodeId();
}

std::size_t Network::unacknowledged(StreamId stream) const {
  const Side* side = find(stream);
  return side ? side->unacknowledged : 0;
}

void Network::notify_drained(StreamId stream, std::size_t below) {
  Side* side = find(stream);
  if (!side) return;
  side->wants_drained = true;
  side->drained_below = below;
  if (side->unacknowledged <= below) kernel().schedule(kernel().now(), *this, kDrained, stream.value());
}

void Network::release(Gate& gate, bool orderly) {
  for (std::size_t i = bindings_.size(); i-- > 0;) {
    if (bindings_[i].gate == &gate) unbind(bindings_[i].at);
  }
  std::erase_if(listening_, [&gate](const Listening& each) { return each.gate == &gate; });
  for (std::uint32_t index = 0; index < sides_.size(); ++index) {
    if (sides_[index].known && sides_[index].gate == &gate) abort(index, orderly);
  }
}

}  // namespace heir::sim
