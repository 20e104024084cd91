#include "sim/network/network.h"

#include <utility>

namespace heir::sim {

const char* to_string(StreamEnd end) {
  switch (end) {
    case StreamEnd::reset: return "reset";
    case StreamEnd::refused: return "refused";
    case StreamEnd::timed_out: return "timed out";
  }
  return "?";
}

Network::Network(Kernel& kernel, NetworkParameters parameters)
    : EventTarget(kernel, "network"),
      parameters_(std::move(parameters)),
      loopback_(kernel.stream("network/loopback")),
      links_(kernel.seed(), parameters_.link) {}

Network::~Network() = default;

NodeId Network::add_node(std::string name) {
  ASSERT(!name.empty() && name.find(':') == std::string::npos, "a host's name has no ':'");
  ASSERT(nodes_.size() < UINT16_MAX, "too many hosts");
  const NodeId node(static_cast<std::uint16_t>(nodes_.size()));
  const bool is_new = names_.emplace(name, node).second;
  ASSERT(is_new, "two hosts of one name: " + name);
  nodes_.push_back({std::move(name)});
  links_.add_node();
  return node;
}

std::optional<NodeId> Network::find_node(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

Result<AddressId> Network::resolve(const Address& address) const {
  const std::string& text = address.value();
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return {ErrorCode::invalid, "an address is host:port, not \"" + text + "\""};
  const auto node = find_node(std::string_view(text).substr(0, colon));
  if (!node) return {ErrorCode::invalid, "no host of this name: \"" + text + "\""};
  std::uint32_t port = 0;
  for (std::size_t i = colon + 1; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9' || port > UINT16_MAX) {
      port = 0;
      break;
    }
    port = port * 10 + static_cast<std::uint32_t>(text[i] - '0');
  }
  if (port == 0 || port > UINT16_MAX) return {ErrorCode::invalid, "a port is 1 to 65535, not as in \"" + text + "\""};
  return address_of(*node, static_cast<std::uint16_t>(port));
}

Address Network::address(AddressId id) const {
  return Address(nodes_[node_of(id).value()].name + ":" + std::to_string(port_of(id)));
}

void Network::set_link(NodeId from, NodeId to, const LinkParameters& parameters) {
  link(from, to).parameters = parameters;
}

void Network::set_all_links(const LinkParameters& parameters) {
  links_.set_all(parameters);
}

void Network::on_event(std::uint32_t kind, std::uint64_t argument) {
  if (kind == kDatagram) return datagram_arrives(static_cast<std::uint32_t>(argument));
  const auto index = static_cast<std::uint32_t>(argument);
  if (kind == kDatagramHandOver) {
    // Dropped, if its port was unbound meanwhile.
    if (datagrams_[index].waiting && datagrams_[index].generation == argument >> 32) hand_over_datagram(index);
    return;
  }
  if (index >= sides_.size() || sides_[index].generation != argument >> 32) return;
  switch (static_cast<Kind>(kind)) {
    case kPacket: return packet_arrives(index);
    case kHandOver:
      // Nothing to hand over if the program has closed it since.
      if (!sides_[index].received.empty()) hand_over(index, pop(sides_[index].received));
      return;
    case kConnectTimeout:
    case kPeerTimeout: sides_[index].timer = EventId(); return time_out(index);
    case kDrained: return acknowledged(index, 0);
    case kDatagram:
    case kDatagramHandOver: return;
  }
}

std::string Network::describe(std::uint32_t kind, std::uint64_t argument) const {
  const auto index = static_cast<std::uint32_t>(argument);
  if (kind == kDatagram || kind == kDatagramHandOver) {
    const Datagram& datagram = datagrams_[index];
    return "datagram " + address(datagram.from).value() + " > " + address(datagram.to).value() + ", " +
           std::to_string(datagram.payload.size()) + " bytes";
  }
  if (index >= sides_.size()) return "?";
  static constexpr const char* kWhat[] = {"", "", "packet", "hand over", "connect timeout", "peer timeout", "drained"};
  static constexpr const char* kPackets[] = {"syn", "syn-ack", "data", "fin", "reset", "refused", "timed out"};
  const Side& side = sides_[index];
  std::string text = std::string(kWhat[kind]) + " " + nodes_[side.node.value()].name + " > " +
                     nodes_[sides_[index ^ 1].node.value()].name + " #" + std::to_string(index);
  if (kind == kPacket && !side.sent.empty()) {
    const Packet& packet = packets_[side.sent.head];
    text += std::string(" ") + kPackets[static_cast<std::size_t>(packet.kind)] + " " +
            std::to_string(packet.chunk.size()) + " bytes";
  }
  return text;
}

}  // namespace heir::sim
