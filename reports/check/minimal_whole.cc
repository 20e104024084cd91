#include "reports/check/minimal_whole.h"

#include <algorithm>
#include <set>
#include <utility>

#include "reports/check/projection.h"

namespace heir::reports {

namespace {

using Ops = std::vector<std::uint32_t>;
/// What is written once: a value, under a key.
using Written = std::pair<std::uint32_t, std::int64_t>;

Written written(KeyId key, Value value) {
  return {key.value(), value.bits()};
}

void sort_out(Ops& ops) {
  std::ranges::sort(ops);
  ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
}

class WholeMinimiser {
 public:
  WholeMinimiser(const Object& object, Model model, const Failure& failure, const IsInvalid& is_invalid,
                 std::size_t work)
      : object_(object), history_(*object.history), model_(model), is_invalid_(is_invalid), work_(work) {
    for (const Operation& op : failure.ops) proof_.push_back(history_.operation_of(op.begin));
    sort_out(proof_);
  }

  std::optional<MinimalHistory> run() {
    if (proof_.empty()) return std::nullopt;
    find_anchors();
    if (!holds(proof_) && !holds(on_the_keys_of(proof_)) && !holds({object_.ops.begin(), object_.ops.end()}))
      return std::nullopt;
    reduce();
    return MinimalHistory{part_with(kept_), with_anchors(kept_)};
  }

 private:
  const Operation& operation(std::uint32_t i) const { return history_.operations()[i]; }

  /// What an operation did, as far as it is known.
  std::span<const MicroOp> done_by(std::uint32_t i) const {
    const Operation& op = operation(i);
    const Value done = op.ok() && op.result.kind() == ValueKind::micro_ops ? op.result : op.argument;
    return done.kind() == ValueKind::micro_ops ? history_.micro_ops(done) : std::span<const MicroOp>();
  }
  static bool changes(const MicroOp& op) {
    return op.function != Function::read && op.function != Function::predicate_read;
  }

  /// Operations without which the others mean something else; they are in every part.
  void find_anchors() {
    if (model_ == Model::bank) {
      const auto first = std::ranges::find_if(
          object_.ops, [&](std::uint32_t i) { return operation(i).function == Function::read && operation(i).ok(); });
      if (first != object_.ops.end()) anchors_.push_back(*first);
    } else if (model_ == Model::set_full) {
      for (const std::uint32_t i : proof_) {
        if (operation(i).function == Function::add) elements_.insert(operation(i).argument.bits());
      }
      std::uint32_t last = Operation::never;
      for (const std::uint32_t i : object_.ops) {
        if (operation(i).function == Function::add && elements_.contains(operation(i).argument.bits()))
          anchors_.push_back(i);
        if (shows_an_element(i)) last = i;  // in order of their beginnings
      }
      if (last != Operation::never) anchors_.push_back(last);
    }
    sort_out(anchors_);
  }

  bool shows_an_element(std::uint32_t i) const {
    const Operation& op = operation(i);
    if (op.function != Function::read || !op.ok() || op.result.kind() != ValueKind::list) return false;
    const std::vector<Value> all = history_.elements(op.result.list());
    return std::ranges::any_of(all, [&](Value e) { return elements_.contains(e.bits()); });
  }

  Ops with_anchors(const Ops& ops) const {
    Ops all;
    std::ranges::set_union(ops, anchors_, std::back_inserter(all));
    if (model_ == Model::set_full) {
      std::erase_if(all, [&](std::uint32_t i) {
        return operation(i).function == Function::add && !std::ranges::binary_search(anchors_, i);
      });
    }
    return all;
  }

  Ops on_the_keys_of(const Ops& ops) const {
    std::set<KeyId> keys;
    for (const std::uint32_t i : ops) {
      for (const MicroOp& op : done_by(i)) keys.insert(op.key);
    }
    Ops all = ops;
    for (const std::uint32_t i : object_.ops) {
      if (std::ranges::any_of(done_by(i), [&](const MicroOp& op) { return keys.contains(op.key); })) all.push_back(i);
    }
    sort_out(all);
    return all;
  }

  History part_with(const Ops& kept) const {
    const Ops ops = with_anchors(kept);
    switch (model_) {
      case Model::list_append: return lists_of(ops);
      case Model::rw_register:
      case Model::multi_register: return registers_of(ops);
      case Model::closed_predicate: return rows_of(ops);
      case Model::set_full:
        return project(history_, {.ops = ops, .has_element = [&](KeyId, Value element) {
                                    return elements_.contains(element.bits());
                                  }});
      default: return project(history_, {.ops = ops});
    }
  }

  /// Elements that only others appended are left out of what was read.
  History lists_of(const Ops& ops) const {
    std::set<Written> dropped;
    std::set<Written> kept;
    for (const std::uint32_t i : object_.ops) {
      const bool is_kept = std::ranges::binary_search(ops, i);
      for (const MicroOp& op : done_by(i)) {
        if (op.function == Function::append) (is_kept ? kept : dropped).insert(written(op.key, op.value));
      }
    }
    const auto has = [&](KeyId key, Value element) {
      return kept.contains(written(key, element)) || !dropped.contains(written(key, element));
    };
    return project(history_, {.ops = ops, .has_element = has});
  }

  /// With the writes, and nothing else, of others that were read.
  History registers_of(const Ops& ops) const {
    std::set<Written> read;
    for (const std::uint32_t i : ops) {
      if (!operation(i).ok()) continue;
      for (const MicroOp& op : done_by(i)) {
        if (op.function == Function::read && !op.value.is_nil()) read.insert(written(op.key, op.value));
      }
    }
    const auto was_read = [&](const MicroOp& op) {
      return op.function == Function::write && read.contains(written(op.key, op.value));
    };
    Ops all = ops;
    for (const std::uint32_t i : object_.ops) {
      if (std::ranges::any_of(done_by(i), was_read)) all.push_back(i);
    }
    sort_out(all);
    const auto has = [&](std::uint32_t i, const MicroOp& op) {
      return std::ranges::binary_search(ops, i) || was_read(op);
    };
    return project(history_, {.ops = all, .has_micro_op = has});
  }

  /// With every change of a row.
  History rows_of(const Ops& ops) const {
    Ops all = ops;
    for (const std::uint32_t i : object_.ops) {
      if (std::ranges::any_of(done_by(i), changes)) all.push_back(i);
    }
    sort_out(all);
    const auto has = [&](std::uint32_t i, const MicroOp& op) {
      return std::ranges::binary_search(ops, i) || changes(op);
    };
    return project(history_, {.ops = all, .has_micro_op = has});
  }

  bool holds(const Ops& ops) {
    // Making the part looks at the whole.
    const std::size_t costs = object_.size() + ops.size();
    if (ops.empty() || work_ < costs || object_.out_of_time()) return false;
    work_ -= costs;
    if (!is_invalid_(part_with(ops))) return false;
    kept_ = ops;
    return true;
  }

  /// Delta debugging: leaves out ever smaller chunks for as long as the rest is invalid.
  void reduce() {
    for (std::size_t chunk = (kept_.size() + 1) / 2; chunk > 0;) {
      bool any = false;
      for (std::size_t at = 0; at < kept_.size();) {
        Ops rest(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(at));
        rest.insert(rest.end(), kept_.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, kept_.size())),
                    kept_.end());
        if (holds(rest)) {
          any = true;
        } else {
          at += chunk;
        }
      }
      if (chunk == 1 && !any) return;
      chunk = chunk > 1 ? (chunk + 1) / 2 : 1;
    }
  }

  const Object& object_;
  const History& history_;
  const Model model_;
  const IsInvalid& is_invalid_;
  std::size_t work_;
  Ops proof_;
  Ops anchors_;
  std::set<std::int64_t> elements_;  ///< Of set-full: those that the failure is about.
  Ops kept_;                         ///< Sorted; always known to be invalid.
};

}  // namespace

std::optional<MinimalHistory> minimise_whole(const Object& object, Model model, const Failure& failure,
                                             const IsInvalid& is_invalid, std::size_t work) {
  return WholeMinimiser(object, model, failure, is_invalid, work).run();
}

}  // namespace heir::reports
