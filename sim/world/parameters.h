// What a scenario's tables mean for links, disks and clients; the same for simulated and for real hosts.
#pragma once

#include <functional>

#include "scenarios/scenario.h"
#include "sim/disk/disk.h"
#include "sim/faults/actions.h"
#include "sim/workload/client.h"

namespace heir::sim {

/// Of every link that the scenario does not name.
LinkParameters link_parameters(const scenarios::Network& network);

/// Of the disks of all hosts.
DiskParameters disk_parameters(const scenarios::Disk& disk);

/// Of a host's clocks at the start.
struct ClockParameters {
  std::int64_t rate_error_ppb = 0;
  Duration wall_offset;
};
/// `host`: as in Actions, but 0 for one that the scenario cannot name.
ClockParameters draw_clock(const scenarios::Clock& clock, RandomStream& random, int host);

/// Calls `set` for every link that the scenario names, once everybody is there.
using SetLink = std::function<void(NodeId from, NodeId to, const LinkParameters& parameters)>;
void set_links(const scenarios::Network& network, const Actions& world, const SetLink& set);

/// Of each client of a workload, but for the standbys that it reads from.
ClientParameters client_parameters(const scenarios::Scenario& scenario, const scenarios::Workload& workload);

}  // namespace heir::sim
