// A history told differently in what must not matter: later, by other processes, with other keys and values, without
// operations that nobody noticed.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports::test {

struct Retelling {
  std::int64_t later_ns = 0;
  std::function<std::uint32_t(std::uint32_t)> process = [](std::uint32_t p) { return p; };
  std::string key_prefix = {};
  /// Of what was asked and answered, but for answers that say yes or no.
  std::function<std::int64_t(std::int64_t)> value = [](std::int64_t v) { return v; };
  std::function<std::string(std::string)> text = [](std::string t) { return t; };
  std::function<bool(const Operation&)> drop = [](const Operation&) { return false; };
};

/// Another number for each process. 1,009 is a prime: a permutation of what is below it.
inline std::uint32_t permuted(std::uint32_t process) {
  return process < 1009 ? process * 577 % 1009 : process;
}

class Retold {
 public:
  Retold(const History& from, const Retelling& how) : from_(from), how_(how) {
    if (!from.timed()) to_.set_untimed();
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (how.drop(from.operations()[from.operation_of(i)])) continue;
      Event event = from.event(i);
      event.time = HistoryTime::from_ns(event.time.ns() + how.later_ns);
      event.process = ProcessId(how.process(event.process.value()));
      if (!says_yes_or_no(event)) event.value = value(event.value, event.key);
      event.key = key(event.key);
      const auto problem = to_.add(event);
      INFO(problem.value_or(""));
      REQUIRE_FALSE(problem);
    }
  }
  History take() { return std::move(to_); }

 private:
  static bool says_yes_or_no(const Event& event) {
    if (event.type != EventType::ok || event.value.kind() != ValueKind::integer) return false;
    switch (event.function) {
      case Function::cas:
      case Function::contains:
      case Function::remove:
      case Function::increment:
      case Function::decrement: return true;
      default: return event.answered;
    }
  }

  KeyId key(KeyId key) {
    const std::string& text = from_.key_text(key);
    return text.empty() || text.front() == '"' ? to_.key_from_text(text) : to_.key(how_.key_prefix + text);
  }

  Value value(Value v, KeyId of) {
    switch (v.kind()) {
      case ValueKind::integer: return Value::integer(how_.value(v.number()));
      case ValueKind::nil: return v;
      case ValueKind::text: return to_.text(how_.text(from_.text_of(v)));
      case ValueKind::pair: {
        const Value first = value(from_.first(v), of);
        return to_.pair(first, value(from_.second(v), of));
      }
      case ValueKind::list: {
        std::vector<Value> elements = from_.elements(v.list());
        for (Value& element : elements) element = value(element, of);
        return to_.list(key(of), elements);
      }
      case ValueKind::micro_ops: {
        std::vector<MicroOp> ops;
        for (const MicroOp& op : from_.micro_ops(v)) {
          const KeyId renamed =
              op.function == Function::predicate_read ? to_.key_from_text(from_.key_text(op.key)) : key(op.key);
          ops.push_back({op.function, renamed, value(op.value, op.key)});
        }
        return to_.micro_ops(ops);
      }
    }
    return v;
  }

  const History& from_;
  const Retelling& how_;
  History to_;
};

inline History retold(const History& from, const Retelling& how) {
  return Retold(from, how).take();
}

}  // namespace heir::reports::test
