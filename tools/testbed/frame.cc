#include "tools/testbed/frame.h"

#include <algorithm>

namespace heir::testbed {

namespace {

constexpr std::array<std::uint8_t, 4> kPrefix{0x02, 'h', 'e', 'i'};
constexpr MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr unsigned kArp = 0x0806;
constexpr unsigned kIpv4 = 0x0800;
constexpr unsigned kIpv6 = 0x86dd;
constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kTcpFlags = 13;  ///< Where they are in a segment.
constexpr std::uint8_t kSyn = 2;

unsigned number_of(NodeId host) {
  return host.value() + 1U;
}

unsigned type_of(FrameBytes frame) {
  return static_cast<unsigned>(frame[12] << 8 | frame[13]);
}

}  // namespace

MacAddress mac_of(NodeId host) {
  return {kPrefix[0],
          kPrefix[1],
          kPrefix[2],
          kPrefix[3],
          static_cast<std::uint8_t>(number_of(host) >> 8),
          static_cast<std::uint8_t>(number_of(host))};
}

std::uint32_t ipv4_of(NodeId host) {
  return 10U << 24 | 77U << 16 | number_of(host);
}

std::string address_text(NodeId host) {
  return "10.77." + std::to_string(number_of(host) >> 8) + "." + std::to_string(number_of(host) & 255);
}

Destination destination_of(FrameBytes frame) {
  if (frame.size() < ethernet_header_bytes) return {};
  if (std::equal(kPrefix.begin(), kPrefix.end(), frame.begin())) {
    const unsigned number = static_cast<unsigned>(frame[4] << 8 | frame[5]);
    if (number == 0) return {};
    return {Destination::Kind::host, NodeId(static_cast<std::uint16_t>(number - 1))};
  }
  if (type_of(frame) == kArp && std::equal(kBroadcast.begin(), kBroadcast.end(), frame.begin()))
    return {Destination::Kind::arp, {}};
  return {};
}

namespace {

struct Segment {
  FrameBytes addresses;
  FrameBytes header;  ///< At least its ports, sequence numbers and flags.
};

std::optional<Segment> segment_in(FrameBytes frame) {
  if (frame.size() < ethernet_header_bytes + 40) return std::nullopt;
  const FrameBytes packet = frame.subspan(ethernet_header_bytes);
  Segment segment;
  std::size_t begin = 0;
  if (type_of(frame) == kIpv4 && packet[9] == kTcp) {
    segment.addresses = packet.subspan(12, 8);
    begin = (packet[0] & 15U) * 4;
  } else if (type_of(frame) == kIpv6 && packet[6] == kTcp) {
    segment.addresses = packet.subspan(8, 32);
    begin = 40;
  } else {
    return std::nullopt;
  }
  if (packet.size() < begin + kTcpFlags + 1) return std::nullopt;
  segment.header = packet.subspan(begin);
  return segment;
}

}  // namespace

std::optional<std::uint32_t> flow_of(FrameBytes frame) {
  const std::optional<Segment> segment = segment_in(frame);
  if (!segment) return std::nullopt;
  std::uint32_t flow = 2166136261U;  // FNV-1a
  const auto add = [&flow](FrameBytes bytes) {
    for (const std::uint8_t each : bytes) flow = (flow ^ each) * 16777619U;
  };
  add(segment->addresses);
  add(segment->header.first(4));
  return flow ^ flow >> 16;
}

bool opens_connection(FrameBytes frame) {
  const std::optional<Segment> segment = segment_in(frame);
  return segment && (segment->header[kTcpFlags] & kSyn) != 0;
}

}  // namespace heir::testbed
