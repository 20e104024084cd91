// The disks of a scenario's hosts.
#pragma once

#include "scenarios/scenario.h"
#include "tools/testbed/disk.h"

namespace heir::hosted {

/// As the scenario's [disk] says. Times of reads and writes are for the files of agents and of the store's members, as
/// in the simulator. Garbage is left only in files whose readers tell it from what was written: those, and PostgreSQL's
/// log. Its tables and its commit log stand what is torn, but nothing tells it of a sector of theirs that is noise.
testbed::DiskOptions disk_options(const scenarios::Scenario& scenario);

}  // namespace heir::hosted
