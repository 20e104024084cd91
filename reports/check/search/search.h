// Is a history of one object linearizable? The general search, for any sequential model given as a small value type:
//
//   struct Switch {                                    // acquire turns it on and answers 1 if it was off before
//     using State = bool;
//     State initial() const { return false; }
//     bool apply(State& on, const Operation& op) const {
//       if (op.ok() && op.result != Value::integer(on ? 0 : 1)) return false;
//       on = true;
//       return true;
//     }
//   };
//   Judgement judgement = judge(Switch{}, object, limits);
//
// `apply` says whether `op` can take effect in a state, with the answer it had, and makes the state what it is after
// that. It sees operations that were acknowledged, whose `result` counts, and those of unknown outcome, which have none
// (op.ok() is false) and should be allowed whenever they can have an effect. It must depend on nothing but the state
// and the operation's function, key, process, argument, result and outcome.
//
// States are values: comparable, and made of what state_hash (states.h) knows. A State that is a std::uint32_t is its
// own number, which is fastest.
//
// Optional members of a model, each a promise that makes the search faster; none is needed:
//   bool observes(const Operation&) const
//     The operation never changes the state, whatever it is. Without it: reads, peeks and contains.
//   std::optional<Operation> prepare(const Operation&)
//     The operation as `apply` and the others shall see it, or nothing if it can be left out without harm. What becomes
//     equal is interchangeable: clear what does not matter (the process, an unread value) and the search has fewer
//     cases.
//   void touches(const Operation&, std::vector<std::uint64_t>& parts) const
//     Adds the independent parts of the object (keys of a map) that the operation reads or changes. Parts that no
//     operation touches together are judged apart, each from the initial state. (Linearizability is local: Herlihy and
//     Wing 1990; P-compositionality: Horn and Kroening 2015.)
//   bool lost(const State&, const Operation& observation), bool helps(const Operation&, const Operation& observation)
//   bool useful(const State&, const Operation&, const Operation& target)
//   std::uint32_t needs(const Operation&), std::uint32_t leads_to(const Operation&), of a State that is a std::uint32_t
//     As StateSpace in engine.h has them.
//
// Thread-safe in that nothing is shared: each search has a model and an object of its own.
#pragma once

#include <algorithm>
#include <concepts>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "reports/check/search/engine.h"
#include "reports/check/search/states.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

template <class M>
concept SequentialModel = std::equality_comparable<typename M::State> &&
    requires(M model, typename M::State state, const Operation& op) {
  { model.initial() } -> std::convertible_to<typename M::State>;
  { model.apply(state, op) } -> std::convertible_to<bool>;
  state_hash(state);
};

constexpr bool is_observation(Function f) {
  return f == Function::read || f == Function::contains || f == Function::peek || f == Function::peek_front ||
         f == Function::peek_back;
}

/// A model's operations and states as numbers.
template <SequentialModel M>
class ModelSpace final : public StateSpace {
 public:
  using State = typename M::State;
  static constexpr bool numbered = std::same_as<State, std::uint32_t>;

  explicit ModelSpace(M& model) : model_(model) {}

  /// The number of the step that `op` takes; nothing if it can be left out.
  std::optional<std::uint32_t> step_of(const Operation& op) {
    Operation seen = op;
    if constexpr (requires { model_.prepare(op); }) {
      std::optional<Operation> prepared = model_.prepare(op);
      if (!prepared) return std::nullopt;
      seen = *prepared;
    }
    const bool observation = observes(seen);
    if (observation && op.unknown()) return std::nullopt;
    const std::uint32_t number = numbers_.number(
        {seen.argument.bits(), seen.result.bits(), std::uint64_t{seen.key.value()} << 32 | seen.process.value(),
         static_cast<std::uint32_t>(seen.function) << 1 | (seen.unknown() ? 1U : 0U)});
    if (number == steps_.size()) {
      steps_.push_back(seen);
      observes_.push_back(observation);
    }
    return number;
  }

  std::uint32_t initial() override { return number(model_.initial()); }
  std::uint32_t next(std::uint32_t state, std::uint32_t step) override {
    State after = state_of(state);
    return model_.apply(after, steps_[step]) ? number(std::move(after)) : impossible;
  }
  bool observes(std::uint32_t step) const override { return observes_[step]; }
  bool is_slow() const override {
    if constexpr (requires { M::is_slow; }) return M::is_slow;
    return !numbered;
  }

  bool has_values() const override { return is_value; }
  std::uint32_t needs(std::uint32_t step) override {
    if constexpr (is_value) return model_.needs(steps_[step]);
    return anything;
  }
  std::uint32_t leads_to(std::uint32_t step) override {
    if constexpr (is_value) return model_.leads_to(steps_[step]);
    return anything;
  }

  bool has_lost() const override { return can_lose; }
  bool lost(std::uint32_t state, std::uint32_t observation) override {
    if constexpr (can_lose) return model_.lost(state_of(state), steps_[observation]);
    return false;
  }
  bool helps(std::uint32_t step, std::uint32_t observation) override {
    if constexpr (can_lose) return model_.helps(steps_[step], steps_[observation]);
    return true;
  }
  bool has_useful() const override { return knows_use; }
  bool useful(std::uint32_t state, std::uint32_t step, std::uint32_t target) override {
    if constexpr (knows_use) return model_.useful(state_of(state), steps_[step], steps_[target]);
    return true;
  }

  std::size_t memory() const override { return states_.memory(); }
  bool keep_only(const std::vector<std::uint32_t>& states) override {
    if constexpr (!numbered) states_.keep_only(states);
    return !numbered;
  }

 private:
  static constexpr bool is_value = numbered && requires(M m, const Operation& o) {
    { m.needs(o) } -> std::same_as<std::uint32_t>;
    { m.leads_to(o) } -> std::same_as<std::uint32_t>;
  };
  static constexpr bool can_lose = requires(M m, const State& s, const Operation& o) {
    m.lost(s, o);
    m.helps(o, o);
  };
  static constexpr bool knows_use = requires(M m, const State& s, const Operation& o) { m.useful(s, o, o); };

  bool observes(const Operation& op) const {
    if constexpr (requires { std::as_const(model_).observes(op); }) return std::as_const(model_).observes(op);
    return is_observation(op.function);
  }
  std::uint32_t number(State state) {
    if constexpr (numbered) {
      return state;
    } else {
      return states_.number(std::move(state));
    }
  }
  State state_of(std::uint32_t number) const {
    if constexpr (numbered) {
      return number;
    } else {
      return states_[number];
    }
  }

  M& model_;
  StateTable<std::tuple<std::int64_t, std::int64_t, std::uint64_t, std::uint32_t>> numbers_;
  std::vector<Operation> steps_;
  std::vector<bool> observes_;
  StateTable<State> states_;
};

/// Searches `object` as a whole, its `touches` unregarded. The outcome's operations are indexes into object.ops.
template <SequentialModel M>
SearchOutcome find_linearization(M& model, const Object& object, const Limits& limits = {},
                                 Wanted wanted = Wanted::answer) {
  ModelSpace<M> space(model);
  std::vector<SearchedOperation> ops;
  std::vector<std::uint32_t> indexes;
  ops.reserve(object.size());
  indexes.reserve(object.size());
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    // What failed never happened; what a standby shows has no place in the order.
    if (op.failed() || op.function == Function::read_standby) continue;
    const std::optional<std::uint32_t> step = space.step_of(op);
    if (!step) continue;
    ops.push_back({op.begin, op.unknown() ? Operation::never : op.end, *step});
    indexes.push_back(i);
  }
  SearchOutcome outcome = find_order(space, ops, limits, wanted);
  if (ops.empty()) return outcome;
  outcome.op = indexes[outcome.op];
  outcome.window_begin = indexes[outcome.window_begin];
  for (std::uint32_t& op : outcome.partial) op = indexes[op];
  return outcome;
}

/// Executed in this order (indexes into object.ops), one after the other, does every operation have its answer, and
/// does none come after one that was asked for when it had been answered? Apart from the search, so that an order that
/// is shown to people does not rest on the search's rules.
template <SequentialModel M>
bool explains(M& model, const Object& object, std::span<const std::uint32_t> order) {
  ModelSpace<M> space(model);
  std::uint32_t state = space.initial();
  std::uint32_t begun = 0;  // The last invocation so far.
  for (const std::uint32_t i : order) {
    const Operation& op = object.operation(i);
    begun = std::max(begun, op.begin);
    if (op.ok() && op.end < begun) return false;
    const std::optional<std::uint32_t> step = space.step_of(op);
    if (!step) return false;
    state = space.next(state, *step);
    if (state == StateSpace::impossible) return false;
  }
  return true;
}

/// The parts of an object that no operation holds together, each as its operations (indexes into the history), in order
/// of their first operations. `touches(operation, parts)` adds what an operation touches; nothing is everything.
template <class Touches>
std::vector<std::vector<std::uint32_t>> independent_parts(const Object& object, Touches touches) {
  StateTable<std::uint64_t> parts;  // numbers for them; 0 stands for everything
  std::vector<std::uint32_t> root{0};
  parts.number(UINT64_MAX);
  const auto find = [&](std::uint32_t part) {
    while (root[part] != part) part = root[part] = root[root[part]];
    return part;
  };
  std::vector<std::uint32_t> part_of(object.size(), 0);
  std::vector<std::uint64_t> touched;
  bool all = false;
  for (std::size_t i = 0; i < object.size(); ++i) {
    touched.clear();
    touches(object.operation(i), touched);
    all |= touched.empty();
    for (std::size_t k = 0; k < touched.size(); ++k) {
      const std::uint32_t part = parts.number(touched[k]);
      if (part == root.size()) root.push_back(part);
      if (k == 0) part_of[i] = part;
      root[find(part)] = find(part_of[i]);
    }
  }
  if (all) return {{object.ops.begin(), object.ops.end()}};
  std::vector<std::uint32_t> place(root.size(), UINT32_MAX);
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t i = 0; i < object.size(); ++i) {
    std::uint32_t& at = place[find(part_of[i])];
    if (at == UINT32_MAX) {
      at = static_cast<std::uint32_t>(result.size());
      result.emplace_back();
    }
    result[at].push_back(object.ops[i]);
  }
  return result;
}

/// An outcome in words.
Judgement judgement_of(const SearchOutcome& outcome, const Object& object);
/// Of several parts of one object, each judged: invalid if one is, otherwise unknown if one is.
void add_part(Judgement& whole, Judgement part);
/// Why the search does not apply to a history at all, if so.
std::optional<Judgement> refused(const Object& object);

/// Judges an object by a model, part by part if it has any. The model is copied for each part.
template <SequentialModel M>
Judgement judge(M model, const Object& object, const Limits& limits = {}) {
  if (std::optional<Judgement> no = refused(object)) return std::move(*no);
  Judgement judgement;
  if constexpr (requires(const Operation& op, std::vector<std::uint64_t>& parts) { model.touches(op, parts); }) {
    const auto touches = [&](const Operation& op, std::vector<std::uint64_t>& parts) { model.touches(op, parts); };
    for (const std::vector<std::uint32_t>& ops : independent_parts(object, touches)) {
      M own = model;
      const Object part{object.history, object.key, ops};
      add_part(judgement, judgement_of(find_linearization(own, part, limits), part));
    }
  } else {
    judgement = judgement_of(find_linearization(model, object, limits), object);
  }
  return judgement;
}

/// Of a history all of whose operations are on one object.
template <SequentialModel M>
Judgement judge(M model, const History& history, const Limits& limits = {}) {
  std::vector<std::uint32_t> all(history.operations().size());
  std::iota(all.begin(), all.end(), 0U);
  return judge(std::move(model), Object{&history, no_key, all}, limits);
}

}  // namespace heir::reports
