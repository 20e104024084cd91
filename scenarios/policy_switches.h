// The named switches of the failover rules that `[policy]` may set, with their values. The rules themselves are the
// engine's (engine/failover/policy.h), which this folder does not know; a test holds the two lists together.
#pragma once

#include <span>
#include <string_view>

namespace heir::scenarios {

struct PolicySwitch {
  std::string_view name;
  std::span<const std::string_view>
      values;  ///< The first is heir's. "true" and "false" may be written as TOML booleans.
  std::string_view meaning;
};

/// In the order of the engine's list.
std::span<const PolicySwitch> policy_switches();

}  // namespace heir::scenarios
