// A list that is only appended to, and read whole.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state is a node of the tree of all beginnings of the lists that were read; lists that begin no read are one
/// state, out of which nothing leads. Values that are in no read are one value. Each node was made by an append of its
/// last value: a value that is appended no more often than that is appended nowhere else.
class ListModel {
 public:
  using State = std::uint32_t;

  explicit ListModel(const Object& object) : history_(object.history), values_(*object.history) {
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (op.function == Function::read && op.ok()) node_of(op.result);
    }
    shown_ = values_.size();
    spare_appends_.resize(shown_ + 1, 0);
    for (std::size_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (op.function == Function::append && !op.failed()) ++spare_appends_[number_of(op.argument)];
    }
    for (std::uint32_t edge = 0; edge < edges_.size(); ++edge) --spare_appends_[edges_[edge].second];
  }

  std::optional<Operation> prepare(const Operation& op) {
    if (op.function == Function::read) return plain(Function::read, 0, node_of(op.result));
    const std::uint32_t value = number_of(op.argument);
    // Nothing that was answered can depend on what was never read.
    if (op.unknown() && value == shown_) return std::nullopt;
    return plain(Function::append, value);
  }
  State initial() const { return 0; }
  bool apply(State& state, const Operation& op) {
    if (op.function == Function::read) return state == static_cast<State>(op.result.number());
    const auto value = static_cast<std::uint32_t>(op.argument.number());
    state = state == unread ? unread : child(state, value);
    return state != unread || value == shown_ || spare_appends_[value] > 0;
  }

  bool lost(State state, const Operation& observation) const {
    auto node = static_cast<State>(observation.result.number());
    if (state == unread || node == no_list) return true;
    while (nodes_[node].length > nodes_[state].length) node = nodes_[node].parent;
    return node != state;
  }
  bool helps(const Operation&, const Operation&) const { return false; }
  bool useful(State state, const Operation&, const Operation&) const { return state != unread; }

 private:
  static constexpr State unread = UINT32_MAX - 1;
  static constexpr State no_list = UINT32_MAX - 2;  ///< What was read is none: no state shows it.
  struct Node {
    State parent = 0;
    std::uint32_t length = 0;
  };

  /// The node of a list that was read; made if need be. Lists that share their beginning in the History are walked
  /// once.
  State node_of(Value read) {
    if (read.is_nil()) return 0;
    if (read.kind() != ValueKind::list) return no_list;
    return node_of(read.list());
  }
  State node_of(ListRef list) {
    if (list.length == 0) return 0;
    const History::ListNode& kept = history_->list_nodes()[list.node];
    if (list.length <= kept.parent.length) return node_of(ListRef{kept.parent.node, list.length});
    const std::uint32_t known = list_numbers_.number(list.node);
    if (known == by_list_.size()) {
      by_list_.emplace_back();
      const State parent = node_of(kept.parent);
      by_list_[known].push_back(parent);
    }
    std::vector<State>& nodes = by_list_[known];
    while (nodes.size() <= list.length - kept.parent.length) {
      nodes.push_back(grow(nodes.back(), values_.of(kept.own[nodes.size() - 1])));
    }
    return nodes[list.length - kept.parent.length];
  }
  std::uint32_t number_of(Value appended) { return std::min(values_.of(appended), shown_); }
  State grow(State parent, std::uint32_t value) {
    const std::uint32_t edge = edges_.number(std::pair(parent, value));
    if (edge + 1 == nodes_.size()) nodes_.push_back({parent, nodes_[parent].length + 1});
    return edge + 1;
  }
  State child(State parent, std::uint32_t value) const {
    const std::optional<std::uint32_t> edge = edges_.find(std::pair(parent, value));
    return edge ? *edge + 1 : unread;
  }

  const History* history_;
  ValueNumbers values_;
  std::uint32_t shown_ = 0;                  ///< Smaller numbers are values that somebody read; this one all others.
  std::vector<std::int64_t> spare_appends_;  ///< By value: how many of its appends no node needs.
  std::vector<Node> nodes_{Node{}};          ///< 0: the empty list.
  StateTable<std::pair<std::uint32_t, std::uint32_t>> edges_;  ///< Parent and value: the child's node, less one.
  StateTable<std::uint32_t> list_numbers_;                     ///< Of list nodes of the History.
  std::vector<std::vector<State>> by_list_;  ///< By that: the node of its parent, then of each own element.
};

}  // namespace heir::reports
