// A set: add, remove, contains, read of the whole.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state: the numbers of the elements, sorted.
class SetModel {
 public:
  using State = std::vector<std::uint32_t>;

  explicit SetModel(const Object& object) : history_(object.history), values_(*object.history) {
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (!op.ok()) continue;
      const bool shown = shows_present(op);
      if (shown) see(values_.of(op.argument));
      if (op.function != Function::read) continue;
      for (const std::uint32_t element : reads_[number_of(op.result)]) see(element);
    }
  }

  /// Answers: 1, 0, or 2 if it was not recorded. An addition or removal that found nothing to do is `contains`.
  std::optional<Operation> prepare(const Operation& op) {
    if (op.function == Function::read) {
      const std::uint32_t number = number_of(op.result);
      const State& elements = reads_[number];
      const bool twice = std::ranges::adjacent_find(elements) != elements.end();
      return plain(Function::read, twice ? 1 : 0, number);
    }
    const std::uint32_t element = values_.of(op.argument);
    const bool said = op.ok() && !op.result.is_nil();
    const bool one = said && op.result != Value::integer(0);
    if (op.function == Function::contains) {
      return said ? std::optional(plain(Function::contains, element, one)) : std::nullopt;
    }
    if (said && !one) return plain(Function::contains, element, op.function == Function::add);
    // Nothing that was answered can depend on the presence of what was never seen present.
    if (op.unknown() && op.function == Function::add && !is_seen(element)) return std::nullopt;
    return plain(op.function, element, said ? 1 : 2);
  }

  State initial() const { return {}; }
  bool apply(State& state, const Operation& op) const {
    const auto result = op.result.number();
    if (op.function == Function::read)
      return op.argument.number() == 0 && state == reads_[static_cast<std::uint32_t>(result)];
    const auto element = static_cast<std::uint32_t>(op.argument.number());
    const auto at = std::ranges::lower_bound(state, element);
    const bool there = at != state.end() && *at == element;
    if (op.function == Function::contains) return there == (result == 1);
    const bool adds = op.function == Function::add;
    if (result == 1 && there == adds) return false;
    if (adds && !there) state.insert(at, element);
    if (!adds && there) state.erase(at);
    return true;
  }

  bool lost(const State& state, const Operation& observation) const {
    if (observation.function != Function::read) return false;
    return !std::ranges::includes(reads_[static_cast<std::uint32_t>(observation.result.number())], state);
  }
  bool helps(const Operation& op, const Operation& observation) const {
    if (observation.function != Function::read || op.function != Function::remove) return false;
    const State& read = reads_[static_cast<std::uint32_t>(observation.result.number())];
    return !std::ranges::binary_search(read, static_cast<std::uint32_t>(op.argument.number()));
  }
  /// Operations on different elements can change places: towards a read, the first element that differs goes first.
  bool useful(const State& state, const Operation& op, const Operation& target) const {
    if (target.function != Function::read) return op.argument == target.argument;
    const State& read = reads_[static_cast<std::uint32_t>(target.result.number())];
    const auto [in_state, in_read] = std::ranges::mismatch(state, read);
    std::uint32_t first = UINT32_MAX;
    if (in_state != state.end()) first = *in_state;
    if (in_read != read.end()) first = std::min(first, *in_read);
    return op.argument.number() == first;
  }

 private:
  /// Does the answer say that the element was there when it took effect?
  static bool shows_present(const Operation& op) {
    if (op.function == Function::contains || op.function == Function::remove) {
      return !op.result.is_nil() && op.result != Value::integer(0);
    }
    return op.function == Function::add && op.result == Value::integer(0);
  }
  /// Of the elements that were read. A read is asked for several times, and all reads of a set that grows are many
  /// elements: each list is looked through once.
  std::uint32_t number_of(Value read) {
    if (read.kind() != ValueKind::list) return reads_.number(State());
    const ListRef list = read.list();
    const std::uint32_t known = lists_.number(std::pair(list.node, list.length));
    if (known == read_of_list_.size()) {
      State elements;
      elements.reserve(list.length);
      for (const Value v : history_->elements(list)) elements.push_back(values_.of(v));
      std::ranges::sort(elements);
      read_of_list_.push_back(reads_.number(std::move(elements)));
    }
    return read_of_list_[known];
  }
  void see(std::uint32_t element) {
    if (element >= seen_.size()) seen_.resize(element + 1, false);
    seen_[element] = true;
  }
  bool is_seen(std::uint32_t element) const { return element < seen_.size() && seen_[element]; }

  const History* history_;
  ValueNumbers values_;
  std::vector<bool> seen_;
  StateTable<State> reads_;
  StateTable<std::pair<std::uint32_t, std::uint32_t>> lists_;  ///< Of the History, by node and length;
  std::vector<std::uint32_t> read_of_list_;                    ///< each the read of its elements.
};

}  // namespace heir::reports
