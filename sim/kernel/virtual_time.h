// Virtual time: the only clock of a simulated run. It moves when the kernel dispatches an event and never otherwise.
#pragma once

#include "engine/base/time.h"

namespace heir::sim {

/// Integer nanoseconds since the beginning of the run. A run starts at 0; nothing is ever before 0.
using VirtualTime = Instant<struct VirtualClock>;

}  // namespace heir::sim
