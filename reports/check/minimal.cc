#include "reports/check/minimal.h"

#include <algorithm>
#include <set>

#include "reports/check/projection.h"

namespace heir::reports {

namespace {

/// May values be left out of the world? Not where operations count (counter), or where a text is all there is (kv).
bool by_value(Model model) {
  switch (model) {
    case Model::register_:
    case Model::cas_register:
    case Model::append:
    case Model::set:
    case Model::queue:
    case Model::stack:
    case Model::priority_queue:
    case Model::deque:
    case Model::unique_ids: return true;
    default: return false;
  }
}

/// Changes nothing, so nobody depends on it.
bool observes(const Operation& op) {
  if (op.failed()) return true;
  switch (op.function) {
    case Function::read:
    case Function::read_standby:
    case Function::contains:
    case Function::peek:
    case Function::peek_front:
    case Function::peek_back: return true;
    case Function::cas: return op.ok() && op.result == Value::integer(0);
    case Function::dequeue:
    case Function::pop:
    case Function::pop_front:
    case Function::pop_back: return op.ok() && op.result.is_nil();
    default: return false;
  }
}

class Minimiser {
 public:
  Minimiser(const Object& object, Model model, const IsInvalid& is_invalid, std::size_t tries)
      : object_(object), history_(*object.history), model_(model), is_invalid_(is_invalid), tries_(tries) {}

  std::optional<MinimalHistory> run(std::span<const Operation> proof) {
    if (!begin_with(proof)) {
      kept_.assign(object_.ops.begin(), object_.ops.end());
      if (!holds(kept_)) return std::nullopt;
    }
    cut_after_the_violation();
    adopt(without([&](std::uint32_t i) { return operation(i).failed(); }));
    // A compare-and-swap that saw another value depends on every write: without them, or without leaving writes out.
    const std::vector<std::uint32_t> free_of_them = without([&](std::uint32_t i) { return saw_another(i); });
    const bool free = free_of_them.size() == kept_.size() || adopt(free_of_them);
    cut_before_a_lone_write();
    if (by_value(model_) && free) reduce_values();
    reduce_observers();
    MinimalHistory result{part_with(kept_), kept_};
    return result;
  }

 private:
  const Operation& operation(std::uint32_t i) const { return history_.operations()[i]; }
  bool saw_another(std::uint32_t i) const { return operation(i).function == Function::cas && observes(operation(i)); }

  bool begin_with(std::span<const Operation> proof) {
    std::vector<std::uint32_t> ops;
    for (const Operation& op : proof) ops.push_back(history_.operation_of(op.begin));
    std::ranges::sort(ops);
    ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
    if (ops.empty() || !std::ranges::includes(object_.ops, ops)) return false;
    if (by_value(model_)) ops = closure(values_of(ops));
    return adopt(ops);
  }

  /// Values that operations mention; nil is none.
  std::set<std::int64_t> values_of(const std::vector<std::uint32_t>& ops) const {
    std::set<std::int64_t> values;
    for (const std::uint32_t i : ops) {
      const Operation& op = operation(i);
      if (op.argument.kind() == ValueKind::pair) {
        add(values, history_.first(op.argument));
        add(values, history_.second(op.argument));
      } else {
        add(values, op.argument);
      }
      if (op.function != Function::contains && op.function != Function::remove) add(values, op.result);
    }
    return values;
  }
  static void add(std::set<std::int64_t>& values, Value value) {
    if (value.kind() == ValueKind::integer || value.kind() == ValueKind::text) values.insert(value.bits());
  }
  static bool has(const std::set<std::int64_t>& values, Value value) {
    return value.is_nil() || value.kind() == ValueKind::list || values.contains(value.bits());
  }

  /// The operations that remain if only these values exist, and what they depend on.
  std::vector<std::uint32_t> closure(std::set<std::int64_t> values) const {
    if (model_ == Model::cas_register) {
      for (bool grown = true; grown;) {
        grown = false;
        for (const std::uint32_t i : object_.ops) {
          const Operation& op = operation(i);
          if (op.function != Function::cas || op.failed() || !values.contains(history_.second(op.argument).bits()))
            continue;
          const Value expected = history_.first(op.argument);
          grown |= !expected.is_nil() && values.insert(expected.bits()).second;
        }
      }
    }
    std::vector<std::uint32_t> ops;
    for (const std::uint32_t i : object_.ops) {
      const Operation& op = operation(i);
      const bool answers_value =
          op.function != Function::contains && op.function != Function::remove && op.function != Function::cas;
      const Value argument = op.argument.kind() == ValueKind::pair ? history_.second(op.argument) : op.argument;
      if (has(values, argument) && (!answers_value || has(values, op.result)) && !saw_another(i)) ops.push_back(i);
    }
    return ops;
  }

  /// The part of the history with these operations only; lists and sets that were read hold only values that are
  /// written in it, or nowhere in the whole.
  History part_with(const std::vector<std::uint32_t>& ops) const {
    std::set<std::int64_t> dropped;
    if (by_value(model_)) {
      for (const std::uint32_t i : object_.ops) {
        if (!operation(i).argument.is_nil()) dropped.insert(operation(i).argument.bits());
      }
      for (const std::uint32_t i : ops) dropped.erase(operation(i).argument.bits());
    }
    const auto is_kept = [&](KeyId, Value element) { return !dropped.contains(element.bits()); };
    return project(history_, {.ops = ops, .until = until_, .has_element = is_kept});
  }

  bool holds(const std::vector<std::uint32_t>& ops) {
    if (object_.out_of_time()) tries_ = 0;
    if (ops.empty() || tries_ == 0) return false;
    --tries_;
    return is_invalid_(part_with(ops));
  }
  bool adopt(const std::vector<std::uint32_t>& ops) {
    if (!holds(ops)) return false;
    kept_ = ops;
    return true;
  }

  /// What happened after the shortest invalid beginning proves nothing; what was open then stays open.
  void cut_after_the_violation() {
    std::uint32_t valid = 0;
    auto invalid = static_cast<std::uint32_t>(history_.size());
    while (invalid - valid > 1 && tries_ > 0) {
      const std::uint32_t middle = valid + (invalid - valid) / 2;
      until_ = middle;
      (holds(kept_) ? invalid : valid) = middle;
    }
    until_ = invalid;
    std::erase_if(kept_, [&](std::uint32_t i) { return operation(i).begin >= until_; });
  }

  template <class Drop>
  std::vector<std::uint32_t> without(Drop drop) const {
    std::vector<std::uint32_t> rest;
    std::ranges::remove_copy_if(kept_, std::back_inserter(rest), drop);
    return rest;
  }

  /// After a write during which nothing else was open, a register holds its value whatever was before: that is left
  /// out, but for operations of unknown outcome, which may yet happen.
  void cut_before_a_lone_write() {
    if (model_ != Model::register_ && model_ != Model::cas_register) return;
    const auto unknown = [&](std::uint32_t i) { return !operation(i).ok() || operation(i).end >= until_; };
    std::uint32_t busy_until = 0;  // the latest end of what began before
    std::vector<std::size_t> lone;
    for (std::size_t at = 0; at < kept_.size(); ++at) {
      if (unknown(kept_[at])) continue;
      const Operation& op = operation(kept_[at]);
      std::size_t next = at + 1;
      while (next < kept_.size() && unknown(kept_[next])) ++next;
      const bool alone = busy_until < op.begin && (next == kept_.size() || operation(kept_[next]).begin > op.end);
      if (alone && op.function == Function::write) lone.push_back(at);
      busy_until = std::max(busy_until, op.end);
    }
    for (std::size_t n = lone.size(); n-- > 0 && tries_ > 0;) {
      const std::uint32_t first = kept_[lone[n]];
      if (!adopt(without([&](std::uint32_t i) { return i < first && !unknown(i); }))) continue;
      anchor_ = first;
      return;
    }
  }

  /// Delta debugging over `units`: drops ever smaller chunks for as long as what `ops_of` makes of the rest is invalid.
  template <class Unit, class OpsOf>
  void reduce(std::vector<Unit> units, OpsOf ops_of) {
    for (std::size_t chunk = (units.size() + 1) / 2; chunk > 0 && !units.empty();) {
      bool any = false;
      for (std::size_t at = 0; at < units.size() && tries_ > 0;) {
        std::vector<Unit> rest(units.begin(), units.begin() + static_cast<std::ptrdiff_t>(at));
        rest.insert(rest.end(), units.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, units.size())),
                    units.end());
        if (adopt(ops_of(rest))) {
          units = std::move(rest);
          any = true;
        } else {
          at += chunk;
        }
      }
      if (tries_ == 0) return;
      if (chunk > 1) {
        chunk = (chunk + 1) / 2;
      } else if (!any) {
        return;
      }
    }
  }

  void reduce_values() {
    const std::set<std::int64_t> values = values_of(kept_);
    const std::vector<std::uint32_t> allowed = kept_;
    reduce(std::vector<std::int64_t>(values.begin(), values.end()), [&](const std::vector<std::int64_t>& rest) {
      std::vector<std::uint32_t> ops;
      std::ranges::set_intersection(closure({rest.begin(), rest.end()}), allowed, std::back_inserter(ops));
      if (anchor_ && !std::ranges::binary_search(ops, *anchor_)) ops.clear();
      return ops;
    });
  }

  void reduce_observers() {
    std::vector<std::uint32_t> others;
    std::vector<std::uint32_t> observers;
    for (const std::uint32_t i : kept_) (observes(operation(i)) ? observers : others).push_back(i);
    reduce(observers, [&](const std::vector<std::uint32_t>& rest) {
      std::vector<std::uint32_t> ops;
      std::ranges::merge(others, rest, std::back_inserter(ops));
      return ops;
    });
  }

  const Object& object_;
  const History& history_;
  const Model model_;
  const IsInvalid& is_invalid_;
  std::size_t tries_;
  std::vector<std::uint32_t> kept_;         ///< Sorted; always known to be invalid.
  std::optional<std::uint32_t> anchor_;     ///< The lone write that stands for all that was left out before it.
  std::uint32_t until_ = Operation::never;  ///< Events from this one on are left out.
};

}  // namespace

std::optional<MinimalHistory> minimise(const Object& object, Model model, std::span<const Operation> proof,
                                       const IsInvalid& is_invalid, std::size_t tries) {
  return Minimiser(object, model, is_invalid, tries).run(proof);
}

}  // namespace heir::reports
