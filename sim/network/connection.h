// What the network keeps of connections: for Network alone.
//
// Invariants: a side is `known` from connect() or accept until its program has closed it, been told of its end, or
// died; its id is valid exactly then. `ended` means that its end is under way to a paused program: nothing more comes
// to it. The packets under way from a side are one queue; only its head has an event, so order is the queue's whatever
// ties do.
#pragma once

#include <cstdint>

#include "sim/clock/gate.h"
#include "sim/network/types.h"

namespace heir::sim {

class StreamHandler;

struct Packet {
  enum class Kind : std::uint8_t { syn, syn_ack, data, fin, reset, refused, timed_out };
  Chunk chunk;
  VirtualTime sent;
  VirtualTime arrives;
  std::uint32_t next = UINT32_MAX;
  Kind kind = Kind::data;
};

/// A list through Packet::next.
struct PacketQueue {
  std::uint32_t head = UINT32_MAX;
  std::uint32_t tail = UINT32_MAX;
  bool empty() const { return head == UINT32_MAX; }
};

struct Side {
  StreamHandler* handler = nullptr;
  Gate* gate = nullptr;
  std::uint64_t cookie = 0;
  std::uint64_t unacknowledged = 0;
  std::uint64_t drained_below = 0;
  PacketQueue sent;      ///< Under way to the other side.
  PacketQueue received;  ///< Behind the closed gate of this side's program.
  EventId arrival;       ///< Of the head of `sent`.
  EventId timer;         ///< Connect timeout, or peer timeout while in trouble.
  VirtualTime last_arrival;
  VirtualTime stalled_at;
  Duration connect_timeout;
  Duration peer_timeout;
  AddressId to;  ///< Where the connecting side connects to.
  std::uint32_t generation = 0;
  std::uint32_t next_free = UINT32_MAX;
  NodeId node;
  bool known = false;
  bool ended = false;
  bool connecting = false;
  bool stalled = false;
  bool wants_drained = false;
  bool hung = false;  ///< Nothing that this side sends passes any more.
  bool alive() const { return known && !ended; }
};

}  // namespace heir::sim
