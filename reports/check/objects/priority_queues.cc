#include "reports/check/objects/priority_queues.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reports/check/objects/cover.h"
#include "reports/check/objects/elements.h"

namespace heir::reports {

using objects::Cover;
using objects::Element;
using objects::Elements;
using objects::Position;
using objects::Showing;

namespace {

/// The union of intervals, of which more are added, between edges that are known before.
class GrowingCover {
 public:
  explicit GrowingCover(std::vector<Position> edges) : edges_(std::move(edges)) {
    std::sort(edges_.begin(), edges_.end());
    edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
    next_gap_.resize(edges_.size());
    std::iota(next_gap_.begin(), next_gap_.end(), 0);
  }

  /// REQUIRES: both are edges.
  void add(Position begin, Position end) {
    const std::size_t until = from(end);
    for (std::size_t at = gap(from(begin)); at < until; at = gap(at)) next_gap_[at] = at + 1;
  }

  bool covers(Position begin, Position end) {
    const auto after = std::upper_bound(edges_.begin(), edges_.end(), begin);
    if (after == edges_.begin()) return false;
    const std::size_t at = gap(static_cast<std::size_t>(after - edges_.begin()) - 1);
    return edges_[at] >= end;
  }

 private:
  std::size_t from(Position edge) const {
    return static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), edge) - edges_.begin());
  }

  /// The first stretch between two edges that is not covered, from this one on. The one after the last edge never is.
  std::size_t gap(std::size_t at) {
    while (next_gap_[at] != at) at = next_gap_[at] = next_gap_[next_gap_[at]];
    return at;
  }

  std::vector<Position> edges_;
  std::vector<std::size_t> next_gap_;  ///< By stretch: itself if it is not covered. A forest, with paths halved.
};

bool is_certain(const Element& element) {
  return element.insert_end < element.in_until();
}

enum class Order : std::uint8_t { least_first, greatest_first };

class PriorityQueue {
 public:
  PriorityQueue(const Elements& elements, Order order) : elements_(elements), order_(order) {}

  std::vector<Failure> judge() {
    std::vector<Failure> failures;
    if (const Showing* showing = first_overtaking()) failures.push_back(overtaking(*showing));
    if (std::optional<Failure> failure = elements_.not_empty()) failures.push_back(std::move(*failure));
    return failures;
  }

 private:
  const Element& element(std::uint32_t i) const { return elements_.all()[i]; }
  /// Least is first.
  std::int64_t priority(std::uint32_t i) const {
    const std::int64_t number = element(i).value.number();
    return order_ == Order::least_first ? number : -number;
  }
  /// When it happened: a peek was over before the removal was, a removal began after all peeks had begun.
  Position begin(const Showing& showing) const {
    const Element& e = element(showing.element);
    return showing.removes ? e.in_until() : std::max(showing.begin, e.insert_begin);
  }
  Position end(const Showing& showing) const { return std::min(showing.end, element(showing.element).removal_end); }

  /// The first answer that elements of greater urgency contradict.
  const Showing* first_overtaking() const {
    std::vector<std::uint32_t> by_priority(elements_.all().size());
    std::iota(by_priority.begin(), by_priority.end(), 0);
    std::ranges::sort(by_priority, {}, [&](std::uint32_t e) { return priority(e); });
    std::vector<Position> edges;
    for (const Element& e : elements_.all()) {
      if (is_certain(e)) edges.insert(edges.end(), {e.insert_end, e.in_until()});
    }
    std::vector<const Showing*> showings;
    for (const Showing& showing : elements_.showings()) showings.push_back(&showing);
    std::ranges::stable_sort(showings, {}, [&](const Showing* showing) { return priority(showing->element); });

    GrowingCover urgent(std::move(edges));
    const Showing* first = nullptr;
    auto next = showings.begin();
    for (const std::uint32_t e : by_priority) {
      for (; next != showings.end() && (*next)->element == e; ++next) {
        if (urgent.covers(begin(**next), end(**next)) && (!first || (*next)->end < first->end)) first = *next;
      }
      if (is_certain(element(e))) urgent.add(element(e).insert_end, element(e).in_until());
    }
    return first;
  }

  Failure overtaking(const Showing& showing) const {
    std::vector<Cover::Interval> urgent;
    for (std::uint32_t e = 0; e < elements_.all().size(); ++e) {
      if (!is_certain(element(e)) || priority(e) >= priority(showing.element)) continue;
      urgent.push_back({element(e).insert_end, element(e).in_until(), e});
    }
    return elements_.contradicted(FailureKind::wrong_order,
                                  fmt::format("{} at {} returned {}", elements_.name(showing.op),
                                              elements_.ended(showing.op), elements_.text(element(showing.element))),
                                  showing.op, Cover(std::move(urgent)).covering(begin(showing), end(showing)));
  }

  const Elements& elements_;
  Order order_;
};

Judgement judge(const Object& object, Order order) {
  return Elements(object, {Function::enqueue, Function::dequeue, Function::peek})
      .judge([&](const Elements& elements) { return PriorityQueue(elements, order).judge(); }, false);
}

}  // namespace

Judgement judge_priority_queue(const Object& object) {
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.function == Function::enqueue && op.argument.kind() != ValueKind::integer) {
      return {Judgement::Answer::not_applicable, {}, "elements that are no integers"};
    }
  }
  Judgement least = judge(object, Order::least_first);
  if (least.answer == Judgement::Answer::valid) return least;
  Judgement greatest = judge(object, Order::greatest_first);
  if (greatest.answer != Judgement::Answer::invalid || least.answer != Judgement::Answer::invalid) {
    return greatest.answer == Judgement::Answer::invalid ? least : greatest;
  }
  // What went wrong later is wrong by the order that was meant.
  return least.failures[0].at < greatest.failures[0].at ? greatest : least;
}

}  // namespace heir::reports
