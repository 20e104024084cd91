// Datagrams: each is one event per copy; whoever waits behind a closed gate keeps its slot.
#include "sim/network/digest.h"
#include "sim/network/network.h"

namespace heir::sim {

namespace {
/// Datagrams that a paused program's socket holds; more are dropped.
constexpr std::uint32_t kSocketBuffer = 4096;
constexpr std::size_t kHeaders = 28;  ///< Bytes of UDP and IP.
}  // namespace

Network::Binding* Network::binding(AddressId at) {
  for (Binding& each : bindings_) {
    if (each.at == at) return &each;
  }
  return nullptr;
}

Result<> Network::bind(AddressId at, DatagramHandler& handler, Gate* gate) {
  if (binding(at)) return {ErrorCode::already_exists, address(at).value() + " is in use"};
  bindings_.push_back({at, &handler, gate});
  return {};
}

void Network::unbind(AddressId at) {
  const Binding* bound = binding(at);
  if (!bound) return;
  if (bound->waiting > 0) {
    for (std::uint32_t slot = 0; slot < datagrams_.size(); ++slot) {
      if (datagrams_[slot].waiting && datagrams_[slot].to == at) drop_datagram(slot);
    }
  }
  bindings_.erase(bindings_.begin() + (bound - bindings_.data()));
}

void Network::send(AddressId from, AddressId to, Bytes payload) {
  if (node_of(from) == node_of(to)) {
    const std::uint32_t slot = take_datagram(from, to, std::move(payload));
    kernel().schedule_after(loopback_.between(parameters_.loopback.low, parameters_.loopback.high), *this, kDatagram,
                            slot);
    return;
  }
  LinkState& way = link(node_of(from), node_of(to));
  const auto is_lost = [&] { return tell_datagram(from, to, payload.size(), kernel().now(), false); };
  if (!nodes_[node_of(from).value()].up) return is_lost();
  const PacketFate fate = way.fate_of(payload.size() + kHeaders, kernel().now());
  if (fate.kind == PacketFate::Kind::lost) return is_lost();
  if (fate.copy_after) kernel().schedule_after(*fate.copy_after, *this, kDatagram, take_datagram(from, to, payload));
  const std::uint32_t slot = take_datagram(from, to, std::move(payload));
  if (fate.kind == PacketFate::Kind::jammed) return way.jam(slot);
  kernel().schedule_after(fate.after, *this, kDatagram, slot);
}

void Network::datagram_arrives(std::uint32_t slot) {
  const AddressId from = datagrams_[slot].from;
  const AddressId to = datagrams_[slot].to;
  Binding* bound = binding(to);
  if (!bound || !nodes_[node_of(to).value()].up || is_blocked(node_of(from), node_of(to))) return drop_datagram(slot);
  kernel().mix(digest(datagrams_[slot].payload));
  if (bound->gate && !bound->gate->is_open()) {
    if (bound->waiting == kSocketBuffer) return drop_datagram(slot);
    ++bound->waiting;
    datagrams_[slot].waiting = true;
    bound->gate->admit(*this, kDatagramHandOver, id_of(datagrams_[slot].generation, slot));
    return;
  }
  hand_over_datagram(slot);
}

void Network::hand_over_datagram(std::uint32_t slot) {
  Datagram& datagram = datagrams_[slot];
  const AddressId from = datagram.from;
  const AddressId to = datagram.to;
  Bytes payload = std::move(datagram.payload);
  Binding* bound = binding(to);
  ASSERT(bound, "unbinding frees the datagrams that wait");
  if (datagram.waiting) --bound->waiting;
  tell_datagram(from, to, payload.size(), datagram.sent, true);
  free_datagram(slot);
  DatagramHandler* handler = bound->handler;
  const Gate::Entry entry(bound->gate);
  handler->on_datagram(from, to, std::move(payload));
}

void Network::drop_datagram(std::uint32_t slot) {
  const Datagram& datagram = datagrams_[slot];
  tell_datagram(datagram.from, datagram.to, datagram.payload.size(), datagram.sent, false);
  free_datagram(slot);
}

void Network::tell_datagram(AddressId from, AddressId to, std::size_t bytes, VirtualTime sent, bool arrived) const {
  if (observer_ && node_of(from) != node_of(to)) observer_({sent, arrived, true, from, to, bytes});
}

std::uint32_t Network::take_datagram(AddressId from, AddressId to, Bytes payload) {
  if (free_datagrams_ == kNone) {
    free_datagrams_ = static_cast<std::uint32_t>(datagrams_.size());
    datagrams_.emplace_back();
  }
  const std::uint32_t slot = free_datagrams_;
  Datagram& datagram = datagrams_[slot];
  free_datagrams_ = datagram.next_free;
  datagram.from = from;
  datagram.to = to;
  datagram.payload = std::move(payload);
  datagram.sent = kernel().now();
  return slot;
}

void Network::free_datagram(std::uint32_t slot) {
  Datagram& datagram = datagrams_[slot];
  datagram.payload = {};
  datagram.waiting = false;
  ++datagram.generation;
  datagram.next_free = free_datagrams_;
  free_datagrams_ = slot;
}

}  // namespace heir::sim
