#include "tools/testbed/frame.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

using namespace heir;
using namespace heir::testbed;

namespace {

using Octets = std::vector<std::uint8_t>;

/// TCP in IPv4 from one port to another.
Octets segment(NodeId from, NodeId to, std::uint8_t from_port, std::uint8_t to_port) {
  Octets bytes(ethernet_header_bytes + 40);
  const MacAddress target = mac_of(to);
  const MacAddress source = mac_of(from);
  std::copy(target.begin(), target.end(), bytes.begin());
  std::copy(source.begin(), source.end(), bytes.begin() + 6);
  bytes[12] = 0x08;
  bytes[14] = 0x45;
  bytes[14 + 9] = 6;
  bytes[14 + 15] = static_cast<std::uint8_t>(from.value());
  bytes[14 + 19] = static_cast<std::uint8_t>(to.value());
  bytes[14 + 21] = from_port;
  bytes[14 + 23] = to_port;
  return bytes;
}

}  // namespace

TEST_CASE("A frame's destination is in its MAC address") {
  const Octets frame = segment(NodeId(0), NodeId(299), 1, 2);
  CHECK(destination_of(frame).kind == Destination::Kind::host);
  CHECK(destination_of(frame).host == NodeId(299));
  CHECK(address_text(NodeId(0)) == "10.77.0.1");
  CHECK(address_text(NodeId(255)) == "10.77.1.0");
}

TEST_CASE("Of what is for all, only ARP is carried") {
  Octets frame(60, 0xff);
  frame[12] = 0x08;
  frame[13] = 0x06;
  CHECK(destination_of(frame).kind == Destination::Kind::arp);
  frame[13] = 0x00;
  CHECK(destination_of(frame).kind == Destination::Kind::nowhere);
  const Octets multicast{0x33, 0x33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x86, 0xdd, 0};
  CHECK(destination_of(multicast).kind == Destination::Kind::nowhere);
  CHECK(destination_of(Octets(5)).kind == Destination::Kind::nowhere);
  CHECK(destination_of(Octets{0x02, 'h', 'e', 'i', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).kind == Destination::Kind::nowhere);
}

TEST_CASE("Segments of one direction of one connection have one flow, others another") {
  const Octets one = segment(NodeId(0), NodeId(1), 10, 20);
  Octets next = one;
  next[ethernet_header_bytes + 27] = 99;  // its sequence number
  REQUIRE(flow_of(one));
  CHECK(flow_of(one) == flow_of(next));
  CHECK(flow_of(one) != flow_of(segment(NodeId(0), NodeId(1), 11, 20)));
  CHECK(flow_of(one) != flow_of(segment(NodeId(1), NodeId(0), 20, 10)));
}

TEST_CASE("A connection is opened by segments with SYN") {
  Octets frame = segment(NodeId(0), NodeId(1), 10, 20);
  const std::size_t flags = ethernet_header_bytes + 20 + 13;
  frame[flags] = 0x10;  // ACK
  CHECK_FALSE(opens_connection(frame));
  frame[flags] = 0x12;  // SYN and ACK
  CHECK(opens_connection(frame));
  CHECK_FALSE(opens_connection(Octets(30)));
}

TEST_CASE("What is no TCP, or cut short, has no flow") {
  Octets datagram = segment(NodeId(0), NodeId(1), 10, 20);
  datagram[14 + 9] = 17;
  CHECK_FALSE(flow_of(datagram));
  CHECK_FALSE(flow_of(Octets(30)));
  Octets long_header = segment(NodeId(0), NodeId(1), 10, 20);
  long_header[14] = 0x4f;  // says that its header has 60 bytes
  CHECK_FALSE(flow_of(long_header));
}
