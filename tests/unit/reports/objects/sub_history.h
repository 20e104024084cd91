// The operations of a failure as a history of their own, to see whether they prove it, and nothing less does.
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include "../random_histories.h"
#include "reports/check/verdict/object.h"
#include "reports/history/history.h"

namespace heir::reports::test {

/// Only these operations. If the whole is linearizable then so is this: lists hold only what is appended here, or
/// nowhere in the whole; a compare-and-set whose expected value is not set here becomes a write.
class SubHistory {
 public:
  SubHistory(const History& whole, const std::vector<Operation>& ops) : whole_(whole) {
    for (const Operation& op : whole.operations()) {
      const bool set_nothing = op.function != Function::append &&
                               (op.failed() || (op.function == Function::cas && op.result == Value::integer(0)));
      if (!is_read(op.function) && !set_nothing) elsewhere_.insert(value_set(op).bits());
    }
    std::vector<std::pair<std::uint32_t, const Operation*>> events;
    for (const Operation& op : ops) {
      if (!is_read(op.function)) set_here_.insert(value_set(op).bits());
      events.emplace_back(op.begin, &op);
      if (op.end != Operation::never) events.emplace_back(op.end, &op);
    }
    std::ranges::sort(events);
    const KeyId key = history.key(5);
    for (const auto& [at, op] : events) {
      if (at == op->begin) {
        const bool swapped = op->function == Function::cas && op->result != Value::integer(0);
        const bool as_write = swapped && drops(whole.first(op->argument));
        history.invoke(op->process, as_write ? Function::write : op->function, key,
                       as_write ? whole.second(op->argument) : copy(op->argument), op->invoked);
      } else if (op->ok()) {
        history.ok_read(op->process, copy(op->result), op->completed, op->by);
      } else if (op->failed()) {
        history.fail(op->process, op->completed, op->by);
      } else {
        history.info(op->process, op->completed, op->by);
      }
    }
    ops_ = operations_of(history);
  }

  Object object() const {
    return {&history, history.operations().empty() ? no_key : history.operations()[0].key, ops_};
  }

  /// The final state that is left of the whole's.
  FinalValue project(FinalValue value) const {
    std::erase_if(value.list, [&](std::int64_t v) { return drops(Value::integer(v)); });
    return value;
  }

  History history;

 private:
  Value value_set(const Operation& op) const {
    return op.function == Function::cas ? whole_.second(op.argument) : op.argument;
  }
  /// Is it set in the whole, but not here?
  bool drops(Value value) const { return elsewhere_.contains(value.bits()) && !set_here_.contains(value.bits()); }
  Value copy(Value value) {
    if (value.kind() == ValueKind::text) return history.text(whole_.text_of(value));
    if (value.kind() == ValueKind::pair) return history.pair(copy(whole_.first(value)), copy(whole_.second(value)));
    if (value.kind() != ValueKind::list) return value;
    std::vector<Value> elements;
    for (const Value element : whole_.elements(value.list())) {
      if (!drops(element)) elements.push_back(copy(element));
    }
    return history.list(history.key(5), elements);
  }

  const History& whole_;
  std::set<std::int64_t> set_here_;
  std::set<std::int64_t> elsewhere_;
  std::vector<std::uint32_t> ops_;
};

/// Is every failure proven by its operations, and by no fewer? `judge` takes an Object and a FinalValue*. A failure
/// whose proof would need values that nobody wrote is none.
template <class Judge>
void check_proofs(const Object& object, const FinalValue* final_value, const Judgement& judgement, Judge judge) {
  const auto judge_part = [&](const std::vector<Operation>& ops, bool with_final_value) {
    const SubHistory part(*object.history, ops);
    FinalValue left;
    if (with_final_value) left = part.project(*final_value);
    return judge(part.object(), with_final_value ? &left : nullptr);
  };
  const auto only_of_writes = [](const Judgement& j) {
    return std::ranges::all_of(j.failures, [](const Failure& f) {
      return f.kind == FailureKind::garbage_read ||
             (f.kind == FailureKind::dirty_read && std::ranges::any_of(f.ops, &Operation::failed));
    });
  };
  for (const Failure& failure : judgement.failures) {
    const auto text = [&](const std::vector<Operation>& ops) {
      return to_text(SubHistory(*object.history, ops).history);
    };
    Judgement alone = judge_part(failure.ops, false);
    const bool needs_final_value = final_value && alone.answer != Judgement::Answer::invalid;
    if (needs_final_value) alone = judge_part(failure.ops, true);
    INFO(to_string(failure.kind) << ": " << failure.message << '\n'
                                 << to_text(*object.history) << "proof:\n"
                                 << text(failure.ops));
    REQUIRE_FALSE(failure.message.empty());
    REQUIRE(alone.answer == Judgement::Answer::invalid);
    Judgement named = judgement;
    named.failures = {failure};
    if (only_of_writes(named)) continue;
    // Within a chain of compare-and-sets, another and shorter argument may be hidden.
    const bool chain = std::ranges::any_of(failure.ops, [&](const Operation& op) {
      if (op.function != Function::cas) return false;
      const Value expected = object.history->first(op.argument);
      return expected.is_nil() || std::ranges::any_of(failure.ops, [&](const Operation& other) {
               const bool is_cas = other.function == Function::cas;
               return (is_cas ? object.history->second(other.argument) : other.argument) == expected;
             });
    });
    for (std::size_t i = 0; i < failure.ops.size() && !chain; ++i) {
      std::vector<Operation> fewer = failure.ops;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      const Judgement rest = judge_part(fewer, needs_final_value);
      INFO("without operation " << i);
      REQUIRE(only_of_writes(rest));
    }
  }
}

}  // namespace heir::reports::test
