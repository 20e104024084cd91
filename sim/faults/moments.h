// Which line of an agent's log tells of a moment at which a fault can strike: the same in both worlds, the simulated
// one and that of real hosts.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "scenarios/scenario.h"

namespace heir::sim {

/// The text of the line's field of that name; empty if it has none.
using FieldOfLine = std::function<std::string_view(std::string_view key)>;

std::optional<scenarios::Moment> moment_told(std::string_view event, const FieldOfLine& field);

}  // namespace heir::sim
