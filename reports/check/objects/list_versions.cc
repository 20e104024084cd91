#include "reports/check/objects/list_versions.h"

#include <fmt/format.h>

#include <algorithm>

namespace heir::reports::objects {

std::uint32_t CommonBeginning::length(const History& history, ListRef list, std::span<const Value> with) {
  const History::ListNode& node = history.list_nodes()[list.node];
  const std::uint32_t inherited = node.parent.length;
  if (list.length <= inherited) return list.length == 0 ? 0 : length(history, {node.parent.node, list.length}, with);
  Compared& compared = nodes_[list.node];
  if (compared.equal < inherited) {
    compared.equal = length(history, node.parent, with);
    if (compared.equal < inherited) return compared.equal;
  }
  const auto until = std::min(list.length, static_cast<std::uint32_t>(with.size()));
  while (!compared.differs && compared.equal < until) {
    compared.differs = node.own[compared.equal - inherited] != with[compared.equal];
    if (!compared.differs) ++compared.equal;
  }
  return std::min(list.length, compared.equal);
}

ListVersions::ListVersions(const Object& object, const FinalValue* final_value)
    : object_(&object), index_(object.size() / 2) {
  if (final_value) {
    final_.emplace();
    for (const std::int64_t n : final_value->list) final_->push_back(Value::integer(n));
  }
  collect();
  if (!problem_.empty()) return;
  find_longest();
  place();
  if (!problem_.empty()) return;
  linearizable_ = reads_agree() && !impossible_ && order_agrees() && standby_reads_agree();
}

void ListVersions::collect() {
  appends_.reserve(object_->size() / 2);
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (is_read(op.function)) {
      if (!op.ok() || op.result.is_nil() || op.result.kind() == ValueKind::list) continue;
      problem_ = fmt::format("{} is not a list", object_->history->value_text(op.result));
      return;
    }
    if (op.function != Function::append) {
      problem_ = fmt::format("there is another function: {}", describe(*object_->history, op));
      return;
    }
    if (op.failed()) continue;
    const auto append = static_cast<std::uint32_t>(appends_.size());
    const std::uint32_t number = index_.insert(op.argument);
    if (number == first_append_.size()) {
      first_append_.push_back(append);
    } else {
      appends_[first_append_[number]].repeated = true;
    }
    appends_.push_back({i, after(op.begin), op.ok() ? after(op.end) : never, none, false});
  }
}

std::uint32_t ListVersions::of(Value element) const {
  const std::uint32_t number = index_.find(element);
  return number == ValueIndex::none ? none : first_append_[number];
}

void ListVersions::find_longest() {
  ListRef longest;
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (op.function != Function::read || !op.ok()) continue;
    const ListRef list = list_of(op);
    if (longest_read_ != none && list.length <= longest.length) continue;
    longest = list;
    longest_read_ = i;
  }
  if (final_ && final_->size() > longest.length) {
    longest_ = *final_;
    longest_read_ = none;
  } else {
    object_->history->elements(longest, longest_);
  }
}

void ListVersions::place() {
  for (std::uint32_t position = 0; position < longest_.size(); ++position) {
    const std::uint32_t found = of(longest_[position]);
    if (found == none || appends_[found].position != none) {
      impossible_ = true;  // from nowhere, or a second time
    } else {
      appends_[found].position = position;
    }
  }
}

bool ListVersions::reads_agree() {
  CommonBeginning common;
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (op.function != Function::read || !op.ok()) continue;
    const ListRef list = list_of(op);
    if (common.length(*object_->history, list, longest_) < list.length) return false;
  }
  if (!final_) return true;
  return std::equal(final_->begin(), final_->end(), longest_.begin());
}

bool ListVersions::order_agrees() const {
  struct Reads {
    Point earliest_end = never;
    Point latest_begin = 0;
  };
  std::vector<std::uint32_t> at(longest_.size());
  for (std::uint32_t a = 0; a < appends_.size(); ++a) {
    if (appends_[a].position != none) at[appends_[a].position] = a;
  }
  std::vector<Reads> reads(longest_.size() + 1);
  const auto add_read = [&](std::size_t length, Point begin, Point end) {
    reads[length].earliest_end = std::min(reads[length].earliest_end, end);
    reads[length].latest_begin = std::max(reads[length].latest_begin, begin);
  };
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (op.function == Function::read && op.ok()) add_read(list_of(op).length, after(op.begin), after(op.end));
  }
  if (final_) add_read(final_->size(), end_of_history(), end_of_history() + 1);

  // In the order that the list tells, nothing may end before something earlier in that order began.
  Point latest_begin = 0;
  for (std::size_t length = 0; length <= longest_.size(); ++length) {
    if (length > 0) {
      const Append& append = appends_[at[length - 1]];
      if (append.end < latest_begin) return false;
      latest_begin = std::max(latest_begin, append.begin);
    }
    if (reads[length].earliest_end < latest_begin) return false;
    latest_begin = std::max(latest_begin, reads[length].latest_begin);
  }
  // What nobody read comes last, if it happened at all.
  return std::ranges::none_of(
      appends_, [&](const Append& append) { return append.position == none && append.end < latest_begin; });
}

bool ListVersions::standby_reads_agree() const {
  LatestBeginning latest(*this, *object_->history);
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (op.function == Function::read_standby && op.ok() && latest.of(list_of(op)) > after(op.end)) return false;
  }
  return true;
}

Point LatestBeginning::of(ListRef list) {
  const History::ListNode& node = history_.list_nodes()[list.node];
  const std::uint32_t inherited = node.parent.length;
  if (list.length <= inherited) return list.length == 0 ? 0 : of({node.parent.node, list.length});
  std::vector<Point>& known = nodes_[list.node];
  if (known.empty()) known.push_back(inherited == 0 ? 0 : of(node.parent));
  while (known.size() <= list.length - inherited) {
    const std::uint32_t append = versions_.of(node.own[known.size() - 1]);
    known.push_back(append == Append::none ? never : std::max(known.back(), versions_.appends()[append].begin));
  }
  return known[list.length - inherited];
}

}  // namespace heir::reports::objects
