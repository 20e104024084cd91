// What the operations on registers and lists do.
#pragma once

#include "reports/history/history.h"

namespace heir::reports::objects {

/// What a write, append or compare-and-set puts there.
inline Value value_set(const History& history, const Operation& op) {
  return op.function == Function::cas ? history.second(op.argument) : op.argument;
}

/// A compare-and-set that answered "it was another value": it set nothing.
inline bool saw_another(const Operation& op) {
  return op.function == Function::cas && op.ok() && op.result == Value::integer(0);
}

}  // namespace heir::reports::objects
