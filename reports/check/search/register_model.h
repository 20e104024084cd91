// A register: read, write, compare-and-set, read-modify-write.
#pragma once

#include <optional>
#include <vector>

#include "reports/check/search/engine.h"
#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state is the number of the value. All values that nobody read or expected are one: nobody can tell them apart.
class RegisterModel {
 public:
  using State = std::uint32_t;

  explicit RegisterModel(const Object& object) : history_(object.history), values_(*object.history) {
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (op.failed()) continue;
      if (op.function == Function::cas) values_.of(history_->first(op.argument));
      if (op.ok() && answers_value(op.function)) values_.of(op.result);
      tells_unread_ |= is_refused_cas(op);
    }
    observed_ = values_.size();
  }

  std::optional<Operation> prepare(const Operation& op) {
    switch (op.function) {
      case Function::read: return plain(Function::read, 0, values_.of(op.result));
      case Function::read_modify_write:
        // If nobody knows what it returned, it is a write.
        if (op.ok()) return plain(Function::cas, number_of(op.argument), values_.of(op.result));
        break;
      case Function::cas: {
        const std::uint32_t expected = values_.of(history_->first(op.argument));
        if (is_refused_cas(op)) return plain(Function::contains, 0, expected);
        const std::uint32_t value = number_of(history_->second(op.argument));
        if (is_useless(op, value)) return std::nullopt;
        return plain(Function::cas, value, expected);
      }
      default: break;
    }
    const std::uint32_t value = number_of(op.argument);
    if (is_useless(op, value)) return std::nullopt;
    return plain(Function::write, value);
  }

  State initial() const { return 0; }

  /// `cas` stands for all that replaces the value `result` by `argument`, `contains` for a comparison that failed.
  bool apply(State& state, const Operation& op) const {
    const auto expected = static_cast<State>(op.result.number());
    if (op.function == Function::read) return state == expected;
    if (op.function == Function::contains) return state != expected;
    if (op.function == Function::cas && state != expected) return false;
    state = static_cast<State>(op.argument.number());
    return true;
  }

  std::uint32_t needs(const Operation& op) const {
    if (op.function == Function::write) return StateSpace::anything;
    return op.function == Function::contains ? StateSpace::anything_else : static_cast<State>(op.result.number());
  }
  std::uint32_t leads_to(const Operation& op) const {
    const bool observes = op.function == Function::read || op.function == Function::contains;
    return observes ? StateSpace::anything : static_cast<State>(op.argument.number());
  }

 private:
  static bool answers_value(Function f) { return f == Function::read || f == Function::read_modify_write; }
  static bool is_refused_cas(const Operation& op) {
    return op.function == Function::cas && op.ok() && op.result == Value::integer(0);
  }
  /// Unknown, and nothing that was answered can depend on it.
  bool is_useless(const Operation& op, std::uint32_t value) const {
    return op.unknown() && value == observed_ && !tells_unread_;
  }
  std::uint32_t number_of(Value written) {
    const std::uint32_t number = values_.of(written);
    return number < observed_ ? number : observed_;
  }

  const History* history_;
  ValueNumbers values_;
  std::uint32_t observed_ = 0;  ///< Smaller numbers are values that somebody read or expected; this one all others.
  bool tells_unread_ = false;   ///< A compare-and-set found another value than it expected: perhaps one of those.
};

}  // namespace heir::reports
