// The clocks and the chance of a real host.
#pragma once

#include <cstddef>
#include <span>

#include "engine/base/time.h"

namespace heir::hosts {

/// CLOCK_BOOTTIME: goes on while the machine is suspended, as the leases of others do.
MonotonicTime boot_time();
/// CLOCK_REALTIME.
WallTime real_time();
/// From the kernel's generator.
void fill_random(std::span<std::byte> out);

}  // namespace heir::hosts
