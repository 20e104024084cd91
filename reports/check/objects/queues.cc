#include "reports/check/objects/queues.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/check/objects/elements.h"

namespace heir::reports {

using objects::Element;
using objects::Elements;
using objects::end_of_time;
using objects::Position;

namespace {

/// When an element was at the front. If `from` < `until` it certainly was from `from` on until `until`; otherwise all
/// that showed it there may have happened at one moment between `until` and `from`.
struct Front {
  Position from = end_of_time;
  Position until = 0;
  /// An element in whose window `until` was: it is the end of that window now.
  std::uint32_t after = Element::none;
  bool is_window() const { return from < until; }
};

class Queue {
 public:
  explicit Queue(const Elements& elements) : elements_(elements), fronts_(elements.all().size()) {}

  /// What is wrong, at most one of a kind.
  std::vector<Failure> judge() {
    find_fronts();
    if (windows_meet() || a_front_is_inside_a_window()) return std::move(failures_);
    judge_order();
    if (std::optional<Failure> failure = elements_.not_empty()) failures_.push_back(std::move(*failure));
    return std::move(failures_);
  }

 private:
  const Element& element(std::uint32_t i) const { return elements_.all()[i]; }

  void find_fronts() {
    for (std::uint32_t i = 0; i < fronts_.size(); ++i) {
      fronts_[i].from = element(i).first_end;
      fronts_[i].until = element(i).in_until();
      if (fronts_[i].is_window()) windows_.push_back(i);
    }
    std::sort(windows_.begin(), windows_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return fronts_[a].from < fronts_[b].from; });
  }

  /// Two elements that were at the front at the same time.
  bool windows_meet() {
    for (std::size_t i = 1; i < windows_.size(); ++i) {
      if (fronts_[windows_[i]].from < fronts_[windows_[i - 1]].until) {
        at_front_during(windows_[i - 1], windows_[i]);
        return true;
      }
    }
    return false;
  }

  /// What else came to the front did so before a window or after it. An element that can only have come after it is
  /// made to, so that it is seen to be later than those that can only have come before.
  bool a_front_is_inside_a_window() {
    if (windows_.empty()) return false;
    for (std::uint32_t i = 0; i < fronts_.size(); ++i) {
      Front& front = fronts_[i];
      if (front.is_window()) continue;
      front.after = window_around(front.until);
      if (front.after == Element::none) continue;
      if (front.from < fronts_[front.after].until) {
        at_front_during(front.after, i);
        return true;
      }
      front.until = fronts_[front.after].until;
    }
    return false;
  }

  /// The element whose window this moment is inside of.
  std::uint32_t window_around(Position moment) const {
    const auto next = std::lower_bound(windows_.begin(), windows_.end(), moment,
                                       [&](std::uint32_t w, Position p) { return fronts_[w].from < p; });
    if (next == windows_.begin() || fronts_[*(next - 1)].until <= moment) return Element::none;
    return *(next - 1);
  }

  /// Two elements, the first put in before the second, that came to the front the other way round.
  void judge_order() {
    std::vector<std::uint32_t> by_insertion(fronts_.size());
    for (std::uint32_t i = 0; i < fronts_.size(); ++i) by_insertion[i] = i;
    std::sort(by_insertion.begin(), by_insertion.end(),
              [&](std::uint32_t a, std::uint32_t b) { return element(a).insert_end < element(b).insert_end; });
    std::size_t next = 0;
    std::uint32_t latest = Element::none;  // of those put in before, the one that came to the front last
    for (std::uint32_t later = 0; later < fronts_.size(); ++later) {
      for (; next < by_insertion.size(); ++next) {
        const std::uint32_t before = by_insertion[next];
        if (element(before).insert_end > element(later).insert_begin) break;
        if (latest == Element::none || fronts_[latest].until < fronts_[before].until) latest = before;
      }
      if (latest != Element::none && fronts_[later].from < fronts_[latest].until) return overtaken(latest, later);
    }
  }

  // ---- Words.

  /// `other` was at the front while `window` was.
  void at_front_during(std::uint32_t window, std::uint32_t other) {
    const Element& front = element(window);
    const Element& inside = element(other);
    const std::string until = front.is_lost() ? "and " + elements_.taken_by_nobody()
                                              : fmt::format("until {} ({})", elements_.began(front.last_shown),
                                                            elements_.name(front.last_shown));
    add(FailureKind::wrong_order,
        fmt::format("{} was at the front from {} on ({}) {}, but {} at {} returned {}", elements_.text(front),
                    elements_.ended(front.first_shown), elements_.name(front.first_shown), until,
                    elements_.name(inside.first_shown), elements_.ended(inside.first_shown), elements_.text(inside)),
        {inside.first_shown, inside.insertion, inside.last_shown, front.first_shown, front.last_shown,
         front.insertion});
  }

  /// `first` was put in before `second`, but came to the front after it, if at all.
  void overtaken(std::uint32_t first, std::uint32_t second) {
    const Element& a = element(first);
    const Element& b = element(second);
    std::vector<std::uint32_t> proof{b.first_shown, b.insertion, a.insertion, elements_.insertion_proof(a),
                                     a.last_shown};
    std::string why_later;
    if (const std::uint32_t window = fronts_[first].after; window != Element::none) {
      const Element& front = element(window);
      proof.insert(proof.end(), {front.insertion, front.first_shown, front.last_shown});
      why_later = fmt::format("{} was at the front before it, from {} ({}) until {} ({})", elements_.text(front),
                              elements_.ended(front.first_shown), elements_.name(front.first_shown),
                              elements_.began(front.last_shown), elements_.name(front.last_shown));
    }
    const bool never_later = why_later.empty() && a.is_lost() && a.last_begin < fronts_[second].from;
    if (never_later) {
      return add(elements_.kind_of_loss(a),
                 fmt::format("{}, and {}, but {} at {} returned {}, which was behind it",
                             elements_.proof_of_insertion(a), elements_.taken_by_nobody(),
                             elements_.name(b.first_shown), elements_.ended(b.first_shown), elements_.text(b)),
                 proof);
    }
    if (why_later.empty()) {
      why_later = fmt::format("{}, which returned it, began only at {}", elements_.name(a.last_shown),
                              elements_.began(a.last_shown));
    }
    add(FailureKind::wrong_order,
        fmt::format("{} at {} returned {}, but {}, before {} began at {}, and {}", elements_.name(b.first_shown),
                    elements_.ended(b.first_shown), elements_.text(b), elements_.proof_of_insertion(a),
                    elements_.name(b.insertion), elements_.began(b.insertion), why_later),
        proof);
  }

  void add(FailureKind kind, std::string message, const std::vector<std::uint32_t>& ops) {
    failures_.push_back(elements_.failure(kind, std::move(message), ops));
  }

  const Elements& elements_;
  std::vector<Front> fronts_;
  std::vector<std::uint32_t> windows_;  ///< Elements whose front is a window, in order.
  std::vector<Failure> failures_;
};

}  // namespace

Judgement judge_queue(const Object& object) {
  Elements elements(object, {Function::enqueue, Function::dequeue, Function::peek});
  // The removals in order are the best there can be: an exchange of two only keeps an element longer. Unless one that
  // is missing was peeked at, and so has a place of its own at the front.
  const bool in_order_is_best = std::ranges::none_of(
      elements.missing(), [&](std::uint32_t i) { return elements.all()[i].last_shown != Element::none; });
  return elements.judge([](const Elements& e) { return Queue(e).judge(); }, in_order_is_best);
}

}  // namespace heir::reports
