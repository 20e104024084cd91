// Position: a point in a history, finer than events. Inside this folder only.
#pragma once

#include <cstdint>

#include "reports/history/history.h"

namespace heir::reports::objects {

/// An event, or a step of a `drain`, between its events.
using Position = std::uint64_t;
inline constexpr Position end_of_time = UINT64_MAX;
constexpr Position position(std::uint32_t event) {
  return event == Operation::never ? end_of_time : Position{event} << 24;
}

}  // namespace heir::reports::objects
