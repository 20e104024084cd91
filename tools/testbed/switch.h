// Switch: Ethernet frames between the hosts of a world, each with the fate that its link decides: the very model,
// faults and random streams of the simulated network (sim/network/links.h), on real frames.
//
// A thread of its own reads every host's device and writes what has arrived. TCP segments of one connection keep their
// order, as simulated connections do, unless they are held back on purpose; a lost frame is lost, and real TCP sends it
// again. Time is CLOCK_MONOTONIC since the switch began. The parameters of links apply to frames whole, headers
// included.
//
// All calls are for any thread; what they change is in force when they return.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/network/links.h"
#include "sim/network/partition.h"
#include "tools/testbed/descriptor.h"
#include "tools/testbed/frame.h"

namespace heir::testbed {

using sim::LinkFault;
using sim::LinkFaultId;
using sim::LinkParameters;

/// A link that changes nothing: no latency, no tail, no loss.
LinkParameters plain_link();

struct SwitchOptions {
  std::size_t hosts = 0;
  std::uint64_t seed = 1;
  LinkParameters link = plain_link();  ///< Of every link that set_link did not name.
  /// An existing folder that gets `carried.pcap`, what arrived when it arrived, and `dropped.pcap`, when that was
  /// decided; none if empty.
  std::string capture;
};

/// Frames, since the switch began.
struct SwitchCounts {
  std::uint64_t received = 0;  ///< From hosts, to hosts; the next four are what became of them, and of copies.
  std::uint64_t carried = 0;
  std::uint64_t dropped = 0;    ///< By the links: blocked, lost, or beyond a queue.
  std::uint64_t unplugged = 0;  ///< The receiver had no link, or did not take it.
  std::uint64_t copies = 0;
  std::uint64_t strays = 0;  ///< To nobody here: multicast and the like.
  std::uint64_t bytes = 0;   ///< Carried.
};

class Switch {
 public:
  static Result<std::unique_ptr<Switch>> start(const SwitchOptions& options);
  ~Switch();

  /// The host's link comes up; `device` as from make_device.
  Result<> plug(NodeId host, Descriptor device);
  /// The host's link is gone; what arrives there is lost.
  void unplug(NodeId host);
  void set_link(NodeId from, NodeId to, const LinkParameters& parameters);
  void set_all_links(const LinkParameters& parameters);
  LinkFaultId apply(LinkFault fault);
  LinkFaultId cut(const sim::Partition& partition);
  /// REQUIRES that it was laid on and not lifted. What it jammed is on its way now.
  void lift(LinkFaultId fault);
  /// As a middlebox that has forgotten all connections of a link: TCP segments of one that was not opened since then
  /// are dropped, until remember(). Other frames pass.
  void forget(NodeId from, NodeId to);
  void remember(NodeId from, NodeId to);
  SwitchCounts counts();
  /// Captures are in their files; the first error that writing them had.
  Result<> flush_captures();

 private:
  class Loop;
  explicit Switch(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace heir::testbed
