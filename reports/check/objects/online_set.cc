#include "reports/check/objects/online_set.h"

#include <algorithm>

namespace heir::reports::objects {

namespace {

ListRef list_of(const Operation& read) {
  return read.result.is_nil() ? ListRef{} : read.result.list();
}

}  // namespace

bool OnlineSet::add(const History& history, std::size_t event) {
  if (given_up_) return false;
  now_ = after(static_cast<std::uint32_t>(event));
  const Operation& op = history.operations()[history.operation_of(event)];
  const bool adds = op.function == Function::add;
  if (!history.is_end(event)) {
    given_up_ = !adds && !is_read(op.function);
    if (!adds) return false;
    Element& element = element_of(op.argument);
    given_up_ |= ++element.alive > 1 && element.tells;
    element.begin = std::min(element.begin, now_);
    return false;
  }
  if (adds) {
    if (op.ok()) acknowledge(op);
    return op.failed() && fail(element_of(op.argument));
  }
  if (!op.ok()) return false;
  if (!op.result.is_nil() && op.result.kind() != ValueKind::list) {
    given_up_ = true;
    return false;
  }
  return op.function == Function::read ? read(history, op) : read_standby(history, op);
}

OnlineSet::Element& OnlineSet::element_of(Value value) {
  const std::uint32_t number = index_.insert(value);
  if (number == elements_.size()) elements_.emplace_back();
  return elements_[number];
}

void OnlineSet::acknowledge(const Operation& add) {
  Element& element = element_of(add.argument);
  element.tells |= !add.result.is_nil();
  given_up_ |= add.result == Value::integer(0) || (element.tells && element.alive > 1);
  is_in(index_.find(add.argument));
}

bool OnlineSet::fail(Element& element) {
  given_up_ |= --element.alive > 0;  // which may have been the first
  element.begin = never;
  return element.alive == 0 && element.shown;
}

/// From now on, if not before.
void OnlineSet::is_in(std::uint32_t element) {
  if (elements_[element].in_since != never) return;
  elements_[element].in_since = now_;
  in_since_.push_back(now_);
}

bool OnlineSet::read(const History& history, const Operation& op) {
  ++read_;
  history.elements(list_of(op), list_);
  // What it shows was added before it took effect, and all that was in before that had to be shown.
  Point effect = after(op.begin);
  for (const Value value : list_) {
    const std::uint32_t number = index_.find(value);
    if (number == ValueIndex::none || elements_[number].alive == 0) return true;
    Element& element = elements_[number];
    if (element.shown_by == read_) return true;
    element.shown_by = read_;
    element.shown = true;
    effect = std::max(effect, element.begin);
  }
  const auto was_in = [&](const Value value) { return elements_[index_.find(value)].in_since < effect; };
  const auto shown = std::ranges::count_if(list_, was_in);
  if (shown != std::ranges::lower_bound(in_since_, effect) - in_since_.begin()) return true;
  if (!comparable(history, op, list_.size())) return true;
  for (const Value value : list_) is_in(index_.find(value));
  reads_.push_back({now_, list_of(op)});
  return false;
}

/// Of two reads that were under way at a time one shows all that the other does.
bool OnlineSet::comparable(const History& history, const Operation& op, std::size_t shown) {
  std::vector<Value> other;
  for (auto read = reads_.rbegin(); read != reads_.rend() && read->end > after(op.begin); ++read) {
    history.elements(read->list, other);
    const auto common = static_cast<std::size_t>(
        std::ranges::count_if(other, [&](Value v) { return elements_[index_.find(v)].shown_by == read_; }));
    if (common < std::min(other.size(), shown)) return false;
  }
  return true;
}

bool OnlineSet::read_standby(const History& history, const Operation& op) {
  history.elements(list_of(op), list_);
  for (const Value value : list_) {
    const std::uint32_t number = index_.find(value);
    if (number == ValueIndex::none || elements_[number].alive == 0) return true;
    elements_[number].shown = true;
  }
  return false;
}

}  // namespace heir::reports::objects
