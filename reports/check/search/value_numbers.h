// Small numbers for the values of a history: equal values, and only they, have the same number. nil is 0.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "reports/check/search/states.h"
#include "reports/history/history.h"

namespace heir::reports {

class ValueNumbers {
 public:
  explicit ValueNumbers(const History& history) : history_(&history) { simple_.number(Value::nil().bits()); }

  std::uint32_t of(Value value) {
    switch (value.kind()) {
      case ValueKind::integer:
      case ValueKind::nil:
      case ValueKind::text: return simple_.number(value.bits());
      case ValueKind::list:
      case ValueKind::pair:
      case ValueKind::micro_ops: break;
    }
    // By what they hold. Their numbers are those of values that no history has.
    const auto [at, added] = compound_.try_emplace(history_->value_text(value), compound_.size());
    return simple_.number(INT64_MIN + static_cast<std::int64_t>(at->second));
  }
  /// One more than the greatest.
  std::uint32_t size() const { return static_cast<std::uint32_t>(simple_.size()); }

 private:
  const History* history_;
  StateTable<std::int64_t> simple_;  ///< By bits.
  std::map<std::string, std::size_t> compound_;
};

/// An operation of a prepared history: nothing but what is given. It may stand for one of unknown outcome.
inline Operation plain(Function function, std::int64_t argument = 0, std::int64_t result = 0) {
  Operation op;
  op.function = function;
  op.outcome = EventType::ok;
  op.argument = Value::integer(argument);
  op.result = Value::integer(result);
  return op;
}

}  // namespace heir::reports
