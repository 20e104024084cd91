// What the network keeps of connections and links: for Network alone.
//
// Invariants: a side is `known` from connect() or accept until its program has closed it, been told of its end, or
// died; its id is valid exactly then. `ended` means that its end is under way to a paused program: nothing more comes
// to it. The packets under way from a side are one queue; only its head has an event, so order is the queue's whatever
// ties do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/clock/gate.h"
#include "sim/kernel/random.h"
#include "sim/network/link.h"
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

/// A directed link and the faults on it.
struct LinkState {
  LinkParameters parameters;
  RandomStream random;
  std::uint32_t blocks = 0;
  std::uint32_t jams = 0;
  std::vector<std::uint32_t> jammed{};      ///< Datagrams that wait, by slot, in their order.
  std::vector<std::uint64_t> bandwidths{};  ///< Of the faults laid on.
  std::vector<std::uint64_t> queues{};      ///< Of the faults laid on.
  VirtualTime free_at{};                    ///< When what is queued has left the sender.
  std::uint32_t delays = 0;                 ///< Faults with extra delay.
  DurationRange extra_delay{};
  std::uint64_t extra_loss = 0;  ///< In parts per million, as are the next two.
  std::uint64_t extra_duplicate = 0;
  std::uint64_t extra_reorder = 0;
  std::uint64_t bandwidth() const {
    std::uint64_t least = parameters.bandwidth;
    for (const std::uint64_t each : bandwidths) least = least == 0 ? each : std::min(least, each);
    return least;
  }
  std::uint64_t queue() const {
    std::uint64_t least = parameters.queue;
    for (const std::uint64_t each : queues) least = std::min(least, each);
    return least;
  }
  Ratio loss() const { return Ratio::parts_per_million(parameters.loss.ppm() + extra_loss); }
  Ratio duplicate() const { return Ratio::parts_per_million(parameters.duplicate.ppm() + extra_duplicate); }
  Ratio reorder() const { return Ratio::parts_per_million(parameters.reorder.ppm() + extra_reorder); }
};

}  // namespace heir::sim
