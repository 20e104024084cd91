#include "reports/check/objects/online_list.h"

#include <algorithm>

namespace heir::reports::objects {

namespace {

/// Makes `out`, the beginning of a list, all of it.
void complete(const History& history, ListRef list, std::vector<Value>& out) {
  const auto known = static_cast<std::uint32_t>(out.size());
  out.resize(list.length);
  std::uint32_t until = list.length;
  for (std::uint32_t at = list.node; until > known; at = history.list_nodes()[at].parent.node) {
    const History::ListNode& node = history.list_nodes()[at];
    const std::uint32_t begin = node.parent.length;
    for (std::uint32_t i = std::max(begin, known); i < until; ++i) out[i] = node.own[i - begin];
    until = std::min(until, begin);
  }
}

}  // namespace

bool OnlineList::add(const History& history, std::size_t event) {
  if (given_up_) return false;
  now_ = after(static_cast<std::uint32_t>(event));
  const std::uint32_t number = history.operation_of(event);
  const Operation& op = history.operations()[number];
  if (!history.is_end(event)) {
    if (op.function == Function::append) begin_append(op.argument, number);
    given_up_ |= op.function != Function::append && !is_read(op.function);
    return false;
  }
  bool wrong = false;
  if (op.function == Function::append) {
    const std::uint32_t item = item_of(number);
    if (op.failed()) wrong = fail(item);
    if (op.ok()) {
      items_[item].end = now_;
      if (items_[item].position == none) acknowledged_.push_back(item);
    }
  } else if (op.ok()) {
    if (!op.result.is_nil() && op.result.kind() != ValueKind::list) {
      given_up_ = true;
    } else if (op.function == Function::read) {
      wrong = read(history, ListVersions::list_of(op), after(op.begin));
    } else {
      wrong = read_standby(history, ListVersions::list_of(op));
    }
  }
  return wrong && !given_up_;
}

std::uint32_t OnlineList::item_of(std::uint32_t op) const {
  return static_cast<std::uint32_t>(std::ranges::lower_bound(items_, op, {}, &Item::op) - items_.begin());
}

OnlineList::Appender* OnlineList::appender(Value element) {
  const std::uint32_t number = index_.find(element);
  if (number == ValueIndex::none || appenders_[number].alive == 0) return nullptr;
  return &appenders_[number];
}

void OnlineList::begin_append(Value element, std::uint32_t number) {
  Item item;
  item.op = number;
  item.begin = now_;
  item.element = index_.insert(element);
  if (item.element == appenders_.size()) appenders_.emplace_back();
  Appender& appender = appenders_[item.element];
  if (appender.alive++ == 0) {
    appender.item = static_cast<std::uint32_t>(items_.size());
  } else if (items_[appender.item].position != none) {
    given_up_ = true;
  }
  items_.push_back(item);
}

bool OnlineList::fail(std::uint32_t i) {
  Item& item = items_[i];
  item.failed = true;
  Appender& appender = appenders_[item.element];
  --appender.alive;
  if (appender.alive > 0 && appender.item == i) {
    const auto other =
        std::ranges::find_if(items_, [&](const Item& o) { return o.element == item.element && !o.failed; });
    appender.item = static_cast<std::uint32_t>(other - items_.begin());
    // The other one began perhaps after a standby had shown the element.
    given_up_ |= item.seen_on_standby;
    return false;
  }
  return item.position != none || item.seen_on_standby;
}

Point OnlineList::earliest_unread() {
  while (next_unread_ < acknowledged_.size() && items_[acknowledged_[next_unread_]].position != none) ++next_unread_;
  return next_unread_ == acknowledged_.size() ? never : items_[acknowledged_[next_unread_]].end;
}

bool OnlineList::read(const History& history, ListRef list, Point begin) {
  if (common_.length(history, list, longest_) < std::min<std::size_t>(list.length, longest_.size())) return true;
  if (list.length > longest_.size() && extend(history, list)) return true;
  // Everything behind what was read happens after the read: nothing of it may have been there before the read began.
  const auto behind = std::ranges::lower_bound(in_effect_, list.length, {}, &std::pair<std::uint32_t, Point>::first);
  return earliest_unread() < begin || (behind != in_effect_.end() && behind->second < begin);
}

bool OnlineList::extend(const History& history, ListRef list) {
  const auto known = static_cast<std::uint32_t>(longest_.size());
  complete(history, list, longest_);
  std::vector<std::uint32_t> added;
  for (std::uint32_t position = known; position < longest_.size(); ++position) {
    const Appender* from = appender(longest_[position]);
    if (!from) return true;
    given_up_ |= from->alive > 1;
    Item& item = items_[from->item];
    if (item.position != none) return true;
    item.position = position;
    added.push_back(from->item);
  }
  // Nor may an append have been over when one before it began.
  Point earliest_end = earliest_unread();
  for (auto item = added.rbegin(); item != added.rend(); ++item) {
    if (earliest_end < items_[*item].begin) return true;
    earliest_end = std::min(earliest_end, items_[*item].end);
  }
  for (const std::uint32_t item : added) {
    const Point effect_by = std::min(items_[item].end, now_);
    while (!in_effect_.empty() && in_effect_.back().second >= effect_by) in_effect_.pop_back();
    in_effect_.emplace_back(items_[item].position, effect_by);
  }
  return false;
}

bool OnlineList::read_standby(const History& history, ListRef list) {
  const History::ListNode& node = history.list_nodes()[list.node];
  const std::uint32_t inherited = node.parent.length;
  if (list.length == 0) return false;
  if (list.length <= inherited) return read_standby(history, {node.parent.node, list.length});
  std::uint32_t& looked_at = standby_[list.node];
  if (looked_at < inherited) {
    if (read_standby(history, node.parent)) return true;
    looked_at = inherited;
  }
  for (; looked_at < list.length; ++looked_at) {
    const Appender* from = appender(node.own[looked_at - inherited]);
    if (!from) return true;
    items_[from->item].seen_on_standby = true;
  }
  return false;
}

}  // namespace heir::reports::objects
