// Links: every directed link between hosts and the faults laid on it. Decides what becomes of each packet: the one
// place where that is decided, for the messages of a simulated network and for the Ethernet frames of real hosts
// (tools/testbed).
//
// Every link draws from a random stream of its own, (seed, "network/link", from, to). VirtualTime is the world's time:
// of the simulation, or real time since the world of real hosts began.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/kernel/random.h"
#include "sim/kernel/virtual_time.h"
#include "sim/network/link.h"

namespace heir::sim {

/// What becomes of a packet (of a datagram or a frame; connections of the simulator have rules of their own).
struct PacketFate {
  enum class Kind : std::uint8_t {
    lost,
    jammed,   ///< It waits until the link is free: LinkState::jam.
    carried,  ///< It arrives after `after`, if the link is not blocked then.
  };
  Kind kind = Kind::lost;
  Duration after{};
  bool held_back = false;                ///< Reordered: what is sent later may overtake it, even where order is kept.
  std::optional<Duration> copy_after{};  ///< A second one arrives too.
};

/// A directed link and the faults on it.
struct LinkState {
  LinkParameters parameters;
  RandomStream random;
  std::uint32_t blocks = 0;
  std::uint32_t jams = 0;
  std::vector<std::uint32_t> jammed{};      ///< Packets that wait, by their number, in their order.
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

  /// Of a packet of so many bytes, headers included, that is sent now.
  PacketFate fate_of(std::size_t bytes, VirtualTime now);
  /// A packet whose fate is to be jammed; Links::lift gives it back.
  void jam(std::uint32_t packet) { jammed.push_back(packet); }
  Duration draw_latency();
  /// How long `bytes` wait and take to leave, behind what is queued; nothing if the queue is full and they may be
  /// dropped.
  std::optional<Duration> departs_after(VirtualTime now, std::size_t bytes, bool may_drop);
};

/// A packet that was jammed and is under way now.
struct ReleasedPacket {
  DirectedLink link;
  std::uint32_t packet = 0;
  Duration after;
};

struct LiftedFault {
  bool cut = false;  ///< It blocked or jammed.
  std::vector<ReleasedPacket> released;
};

class Links {
 public:
  /// `parameters` are those of every link that has none of its own.
  Links(std::uint64_t seed, LinkParameters parameters) : seed_(seed), parameters_(std::move(parameters)) {}

  /// Nodes are numbered from 0 in the order in which they come.
  void add_node();
  std::size_t nodes() const { return nodes_; }
  LinkState& at(NodeId from, NodeId to) { return links_[std::size_t{from.value()} * nodes_ + to.value()]; }
  const LinkState& at(NodeId from, NodeId to) const { return links_[std::size_t{from.value()} * nodes_ + to.value()]; }
  void set_all(const LinkParameters& parameters);

  LinkFaultId apply(LinkFault fault);
  /// REQUIRES that it was laid on once. What it jammed is released, where nothing else jams it.
  LiftedFault lift(LinkFaultId fault);

 private:
  std::uint64_t seed_;
  LinkParameters parameters_;
  std::size_t nodes_ = 0;
  std::vector<LinkState> links_;   ///< Row by row: from * nodes + to.
  std::vector<LinkFault> faults_;  ///< By id - 1; lifted ones are empty.
};

}  // namespace heir::sim
