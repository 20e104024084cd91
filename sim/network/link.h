// What a directed link between two hosts does to what it carries: its parameters, and faults laid over them.
#pragma once

#include <vector>

#include "engine/base/time.h"
#include "sim/kernel/random.h"
#include "sim/network/types.h"

namespace heir::sim {

struct DurationRange {
  Duration low;
  Duration high;
  bool operator==(const DurationRange&) const = default;
};

/// One direction. A packet takes uniformly `latency`, or, with `tail_chance`, uniformly `tail`.
struct LinkParameters {
  DurationRange latency{Duration::microseconds(200), Duration::milliseconds(2)};
  Ratio tail_chance = Ratio::parts_per_million(1000);
  DurationRange tail{Duration::milliseconds(2), Duration::milliseconds(20)};
  Ratio loss;       ///< Of datagrams; a stream's packet is sent again, after NetworkParameters::retransmit.
  Ratio duplicate;  ///< Of datagrams: a second one, with its own latency, plus `duplicate_after`: now or much later.
  DurationRange duplicate_after{Duration::zero(), Duration::milliseconds(50)};
  Ratio reorder;  ///< Of datagrams: held back by `reorder_by`. (Latencies alone reorder too.)
  DurationRange reorder_by{Duration::zero(), Duration::milliseconds(10)};
  /// Bytes a second that leave the sender; what is ahead delays what follows. 0: no limit.
  std::uint64_t bandwidth = 0;
  /// Bytes that wait to leave at most; a datagram beyond is dropped, a stream waits. Means nothing without bandwidth.
  std::uint64_t queue = std::uint64_t{1} << 20;
  bool operator==(const LinkParameters&) const = default;
};

struct DirectedLink {
  NodeId from;
  NodeId to;
  auto operator<=>(const DirectedLink&) const = default;
};

/// Laid over the parameters of some links while it lasts. Faults on one link add up: it is blocked or jammed while any
/// blocks or jams it, delays and probabilities are summed, the least bandwidth counts.
struct LinkFault {
  std::vector<DirectedLink> links;
  bool blocked = false;         ///< Datagrams are lost, connections retransmit.
  bool jammed = false;          ///< Datagrams wait too, and all arrive once the link is free.
  std::uint64_t bandwidth = 0;  ///< As LinkParameters::bandwidth.
  std::uint64_t queue = 0;      ///< As LinkParameters::queue, which it may only lessen; 0: as it is.
  DurationRange extra_delay{};  ///< Added to each packet, uniformly. A clog is a large one.
  Ratio loss;
  Ratio duplicate;
  Ratio reorder;
};

/// A fault that is laid on. The default is none.
using LinkFaultId = Strong<struct LinkFaultTag, std::uint32_t>;

}  // namespace heir::sim
