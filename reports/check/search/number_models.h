// A counter and a semaphore.
#pragma once

#include <optional>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Additions, and reads of the exact sum. Begins at 0, which nil stands for.
class CounterModel {
 public:
  using State = std::int64_t;

  bool observes(const Operation& op) const { return op.function == Function::read || op.argument == Value::integer(0); }
  std::optional<Operation> prepare(const Operation& op) const {
    if (op.function == Function::read) return plain(Function::read, 0, op.result.is_nil() ? 0 : op.result.number());
    return plain(Function::add, op.argument.number());
  }
  State initial() const { return 0; }
  bool apply(State& sum, const Operation& op) const {
    if (op.function == Function::read) return sum == op.result.number();
    sum += op.argument.number();
    return true;
  }

  bool lost(State sum, const Operation& observation) const { return sum > observation.result.number(); }
  bool helps(const Operation& op, const Operation&) const { return op.argument.number() < 0; }
  /// Additions can change places, so that each on the way to a read leads towards it.
  bool useful(State sum, const Operation& op, const Operation& target) const {
    if (target.function != Function::read) return false;
    const std::int64_t wanted = target.result.number();
    return op.argument.number() > 0 ? sum < wanted : sum > wanted;
  }
};

/// increment, and decrement, which is refused if too little is there. acquire and release take and give back one unit.
/// Begins at 0.
class SemaphoreModel {
 public:
  using State = std::int64_t;

  bool observes(const Operation& op) const { return op.function == Function::contains; }
  /// `contains` is a decrement that was refused.
  std::optional<Operation> prepare(const Operation& op) const {
    const std::int64_t amount = op.argument.is_nil() || op.function == Function::acquire ? 1 : op.argument.number();
    const bool takes = op.function == Function::decrement || op.function == Function::acquire;
    if (op.function == Function::decrement && op.ok() && op.result == Value::integer(0)) {
      return plain(Function::contains, amount);
    }
    return plain(takes ? Function::decrement : Function::increment, amount);
  }
  State initial() const { return 0; }
  bool apply(State& units, const Operation& op) const {
    const std::int64_t amount = op.argument.number();
    if (op.function == Function::contains) return units < amount;
    if (op.function == Function::decrement && units < amount) return false;
    units += op.function == Function::increment ? amount : -amount;
    return true;
  }

  /// Increments make a decrement possible; a refusal may need both, to take away in one what is too much. Otherwise
  /// they can change places.
  bool useful(State, const Operation& op, const Operation& target) const {
    if (target.function == Function::decrement) return op.function == Function::increment;
    return target.function == Function::contains;
  }
};

}  // namespace heir::reports
