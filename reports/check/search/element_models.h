// Objects that hold elements in an order: FIFO queue, stack, priority queue, deque.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state: the numbers of the elements, front or bottom first; of a priority queue the most urgent first.
class ElementsModel {
 public:
  using State = std::vector<std::uint32_t>;

  /// `greatest_first`: of a priority queue the greatest element is the most urgent, not the least.
  ElementsModel(Model model, const Object& object, bool greatest_first = false)
      : model_(model), history_(object.history), values_(*object.history) {
    if (model == Model::priority_queue) number_by_priority(object, greatest_first);
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (!op.ok() || inserts(op.function)) continue;
      if (op.function == Function::drain) {
        for (const std::uint32_t element : elements_of(op.result)) see(element);
      } else {
        see(values_.of(op.result));
      }
    }
  }

  bool observes(const Operation& op) const {
    return op.function == Function::peek || op.function == Function::contains;
  }

  /// Results: 0 is nil, `any` not known. `peek` takes nothing; its argument says at which end. `contains` is a drain of
  /// nothing: the object was empty. Removals: pop_front and pop_back.
  std::optional<Operation> prepare(const Operation& op) {
    using F = Function;
    if (inserts(op.function)) {
      std::uint32_t element = values_.of(op.argument);
      if (!is_seen(element)) {
        // It only stands in the way, and if something unknown took it away, that is not needed either.
        if (op.unknown()) return std::nullopt;
        if (model_ != Model::priority_queue) element = unseen;
      }
      return plain(op.function == F::push_front ? F::push_front : F::push_back, element);
    }
    const bool back = op.function == F::pop_back || op.function == F::peek_back ||
                      (model_ == Model::stack && (op.function == F::pop || op.function == F::peek));
    if (op.function == F::drain) {
      if (!op.ok()) return plain(F::drain, 0, any);
      State elements = elements_of(op.result);
      if (elements.empty()) return plain(F::contains);
      return plain(F::drain, 0, drained_.number(std::move(elements)));
    }
    const std::int64_t result = op.ok() ? values_.of(op.result) : any;
    if (result == 0) return plain(F::contains);
    if (op.function == F::peek || op.function == F::peek_front || op.function == F::peek_back) {
      return op.ok() ? std::optional(plain(F::peek, back ? 1 : 0, result)) : std::nullopt;
    }
    return plain(back ? F::pop_back : F::pop_front, 0, result);
  }

  State initial() const { return {}; }
  bool apply(State& state, const Operation& op) const {
    const std::int64_t result = op.result.number();
    switch (op.function) {
      case Function::push_front:
        state.insert(state.begin(), static_cast<std::uint32_t>(op.argument.number()));
        return true;
      case Function::push_back: {
        const auto element = static_cast<std::uint32_t>(op.argument.number());
        state.insert(model_ == Model::priority_queue ? std::ranges::upper_bound(state, element) : state.end(), element);
        return true;
      }
      case Function::contains: return state.empty();
      case Function::drain:
        if (result != any && state != drained_[static_cast<std::uint32_t>(result)]) return false;
        state.clear();
        return true;
      default: break;
    }
    const bool back = op.function == Function::pop_back || op.argument == Value::integer(1);
    if (state.empty() || (result != any && (back ? state.back() : state.front()) != result)) return false;
    if (op.function != Function::peek) state.erase(back ? state.end() - 1 : state.begin());
    return true;
  }

 private:
  static constexpr std::int64_t any = -1;
  static constexpr std::uint32_t unseen = UINT32_MAX;  ///< Elements that nobody ever saw: nobody can tell them apart.

  static bool inserts(Function f) {
    return f == Function::enqueue || f == Function::push || f == Function::push_front || f == Function::push_back;
  }
  void number_by_priority(const Object& object, bool greatest_first) {
    std::vector<Value> inserted;
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (inserts(op.function)) inserted.push_back(op.argument);
    }
    std::ranges::sort(inserted, {}, &Value::bits);
    if (greatest_first) std::ranges::reverse(inserted);
    for (const Value v : inserted) values_.of(v);
  }
  State elements_of(Value drained) {
    State elements;
    if (drained.kind() == ValueKind::list) {
      for (const Value v : history_->elements(drained.list())) elements.push_back(values_.of(v));
    }
    return elements;
  }
  void see(std::uint32_t element) {
    if (element >= seen_.size()) seen_.resize(element + 1, false);
    seen_[element] = true;
  }
  bool is_seen(std::uint32_t element) const { return element < seen_.size() && seen_[element]; }

  Model model_;
  const History* history_;
  ValueNumbers values_;
  std::vector<bool> seen_;
  StateTable<State> drained_;
};

}  // namespace heir::reports
