// A part of a history as a history of its own: some of its operations, with less in them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "reports/history/history.h"

namespace heir::reports {

struct Projection {
  std::span<const std::uint32_t> ops;      ///< Those that are kept.
  std::uint32_t until = Operation::never;  ///< Events from this one on are left out.
  /// Is an element of a list or set that was read kept? Empty: all are.
  std::function<bool(KeyId, Value)> has_element = {};
  /// Is a micro-operation of a transaction kept? Empty: all are.
  std::function<bool(std::uint32_t op, const MicroOp&)> has_micro_op = {};
};

/// With the times, processes and names of the whole. An end that is left out leaves its operation open.
History project(const History& whole, const Projection& projection);

}  // namespace heir::reports
