// The groups of benchmarks: one function and one file each. A new group: a file <name>_group.cc, its function here, its
// line in all_groups() of main.cc.
#pragma once

#include <vector>

#include "suite.h"

namespace heir::bench {

/// The event queue alone, against standard containers.
void add_queue_group(std::vector<Benchmark>& benchmarks);
/// The kernel: dispatch, trace hash, random draws.
void add_kernel_group(std::vector<Benchmark>& benchmarks);
/// Whole runs against real time.
void add_whole_group(std::vector<Benchmark>& benchmarks);
/// Campaigns against what their runs alone take.
void add_hunt_group(std::vector<Benchmark>& benchmarks);

}  // namespace heir::bench
