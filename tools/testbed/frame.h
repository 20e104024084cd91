// Ethernet frames between hosts, and how a world of hosts numbers them: host n has the address 10.77.x.y and the MAC
// 02:68:65:69:x:y, x * 256 + y = n + 1. So a switch knows where a frame goes without learning, and nobody asks by ARP.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sim/network/types.h"

namespace heir::testbed {

using sim::NodeId;
using FrameBytes = std::span<const std::uint8_t>;
using MacAddress = std::array<std::uint8_t, 6>;

inline constexpr std::size_t ethernet_header_bytes = 14;
/// With what a device of the largest MTU sends.
inline constexpr std::size_t most_frame_bytes = 65535 + ethernet_header_bytes;
/// Of the addresses.
inline constexpr int prefix_bits = 16;

MacAddress mac_of(NodeId host);
/// In host byte order.
std::uint32_t ipv4_of(NodeId host);
/// "10.77.0.1"
std::string address_text(NodeId host);

struct Destination {
  enum class Kind : std::uint8_t {
    host,     ///< Of the world, or that number of hosts would have it.
    arp,      ///< A question by ARP to all: only for addresses that a host took later.
    nowhere,  ///< Any other broadcast or multicast, a foreign address, or no frame at all.
  };
  Kind kind = Kind::nowhere;
  NodeId host{};
};
Destination destination_of(FrameBytes frame);

/// Of a TCP segment: a number that all segments of one direction of one connection share. Those keep their order, as a
/// simulated connection's do; nothing for other frames, which their latencies may reorder.
std::optional<std::uint32_t> flow_of(FrameBytes frame);
/// A TCP segment that opens a connection, or accepts one.
bool opens_connection(FrameBytes frame);

}  // namespace heir::testbed
