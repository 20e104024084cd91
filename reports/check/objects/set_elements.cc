#include "reports/check/objects/set_elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reports/check/objects/sentences.h"
#include "reports/check/objects/value_index.h"

namespace heir::reports::objects {

namespace {

constexpr std::uint32_t none = UINT32_MAX;
constexpr std::size_t most_failures = 100;

/// An answer, or the absence of one, in the order of events.
struct Interval {
  std::uint32_t op = none;
  std::uint32_t begin = 0;
  std::uint32_t end = Operation::never;
};

/// One element: absent at first.
class SetElement {
 public:
  explicit SetElement(const Object& object) : object_(object) {}

  void see(std::uint32_t i) {
    const Operation& op = object_.operation(i);
    const Interval interval{i, op.begin, op.ok() ? op.end : Operation::never};
    const bool was_there = op.result == Value::integer(1);
    const bool was_absent = op.result == Value::integer(0);
    switch (op.function) {
      case Function::add:
        if (op.failed()) {
          failed_addition_ = i;
        } else if (op.ok() && was_absent) {  // of an addition, 0 says that it was there already
          present_.push_back(interval);
        } else {
          additions_.push_back(interval);
        }
        break;
      case Function::remove:
        if (op.failed()) break;
        if (op.ok() && was_absent) {
          absent_.push_back(interval);
        } else {
          removals_.push_back(interval);
        }
        break;
      default:
        if (!op.ok()) break;
        if (was_there) present_.push_back(interval);
        if (was_absent) absent_.push_back(interval);
        break;
    }
  }

  /// Too much happened to it.
  bool is_repeated() const { return additions_.size() > 1 || removals_.size() > 1; }
  std::uint32_t repeated() const { return additions_.size() > 1 ? additions_[1].op : removals_[1].op; }

  std::optional<Failure> judge() {
    std::optional<Failure> failure = never_added();
    if (failure || additions_.empty()) return failure;
    // Was the element there when it was removed? Both may be possible.
    if (removals_.empty()) return explained(std::nullopt, absent_);
    failure = explained(removals_[0], absent_);
    if (!failure || removal_says_it_was_there()) return failure;
    std::vector<Interval> absent = absent_;
    if (operation(removals_[0]).ok()) absent.push_back(removals_[0]);
    std::optional<Failure> other = explained(std::nullopt, absent);
    if (!other) return std::nullopt;
    // Both are wrong: told is what is wrong with answers rather than with the removal.
    if (failure->ops[0].begin == removals_[0].begin) std::swap(*failure, *other);
    for (Operation& op : other->ops) {
      if (std::ranges::find(failure->ops, op.begin, &Operation::begin) == failure->ops.end())
        failure->ops.push_back(op);
    }
    return failure;
  }

 private:
  bool removal_says_it_was_there() const {
    return !removals_.empty() && object_.operation(removals_[0].op).result == Value::integer(1);
  }

  /// Nobody added it, yet somebody saw it.
  std::optional<Failure> never_added() const {
    if (!additions_.empty()) return std::nullopt;
    const std::uint32_t seer = !present_.empty()             ? present_[0].op
                               : removal_says_it_was_there() ? removals_[0].op
                                                             : none;
    if (seer == none) return std::nullopt;
    if (failed_addition_ == none)
      return failure(FailureKind::garbage_read, said(seer) + ", but nobody added it", {seer});
    const Operation& failed = object_.operation(failed_addition_);
    return failure(
        FailureKind::dirty_read,
        fmt::format("{}, but {} failed at {}", said(seer), name(object_, failed), when(object_, failed.completed)),
        {seer, failed_addition_});
  }

  /// What contradicts that it was added once, and removed after that if `removal` says so, and else never.
  std::optional<Failure> explained(const std::optional<Interval>& removal, const std::vector<Interval>& absent) const {
    const Interval addition = additions_[0];
    // It was certainly there from the first end of what needs it there until the last beginning.
    Interval first = addition;
    Interval last = addition;
    const auto there = [&](const Interval& interval) {
      if (interval.end < first.end) first = interval;
      if (interval.begin > last.begin) last = interval;
    };
    for (const Interval& interval : present_) there(interval);
    if (removal) there(*removal);
    if (first.end < addition.begin) {
      return failure(FailureKind::garbage_read,
                     fmt::format("{}, but {} began only at {}", said(first.op), name(object_, operation(addition)),
                                 when(object_, operation(addition).invoked)),
                     {first.op, addition.op});
    }
    if (removal && removal->end < last.begin) {
      return failure(FailureKind::stale_read,
                     fmt::format("{}, but {}", said(last.op), outcome(object_, operation(*removal))),
                     {last.op, removal->op, addition.op});
    }
    for (const Interval& interval : absent) {
      if (interval.begin < first.end || (removal && interval.end > last.begin)) continue;
      const bool seen_later = last.begin > interval.end;
      const FailureKind kind = seen_later                 ? FailureKind::stale_read
                               : operation(addition).ok() ? FailureKind::lost_write
                                                          : FailureKind::dirty_read;
      const std::string proof = first.op == addition.op ? outcome(object_, operation(addition)) : said(first.op);
      std::vector<std::uint32_t> ops{interval.op, addition.op};
      if (first.op != addition.op) ops.push_back(first.op);
      if (removal && last.op != addition.op && last.op != first.op) ops.push_back(last.op);
      return failure(kind,
                     fmt::format("{}, but {}{}", said(interval.op), proof,
                                 seen_later ? fmt::format(", and {}", said(last.op)) : std::string()),
                     std::move(ops));
    }
    return std::nullopt;
  }

  const Operation& operation(const Interval& interval) const { return object_.operation(interval.op); }

  /// "contains of 5 to key 1 by process 3 at 1.000s says that it was there"
  std::string said(std::uint32_t i) const {
    const Operation& op = object_.operation(i);
    const bool says_one = op.result == Value::integer(1);
    const bool was_there = op.function == Function::add ? !says_one : says_one;
    return fmt::format("{} at {} {}", describe(*object_.history, op), when(object_, op.completed),
                       op.result.is_nil() ? "was acknowledged"
                       : was_there        ? "found it there"
                                          : "did not find it there");
  }

  Failure failure(FailureKind kind, std::string message, const std::vector<std::uint32_t>& ops) const {
    Failure failure;
    failure.kind = kind;
    failure.message = std::move(message);
    failure.at = object_.operation(ops[0]).completed;
    for (const std::uint32_t op : ops) failure.ops.push_back(object_.operation(op));
    return failure;
  }

  const Object& object_;
  std::vector<Interval> additions_, removals_;  ///< That may have changed something.
  std::vector<Interval> present_, absent_;      ///< It was there, or not, at some moment of each.
  std::uint32_t failed_addition_ = none;
};

}  // namespace

Judgement judge_set_elements(const Object& object) {
  ValueIndex index(object.size() / 2);
  std::vector<std::uint32_t> element_of(object.size());
  for (std::uint32_t i = 0; i < object.size(); ++i) element_of[i] = index.insert(object.operation(i).argument);
  // By element, then in order: a counting sort.
  std::vector<std::uint32_t> first(index.size() + 1, 0);
  for (const std::uint32_t e : element_of) ++first[e + 1];
  std::partial_sum(first.begin(), first.end(), first.begin());
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  std::vector<std::uint32_t> sorted(object.size());
  for (std::uint32_t i = 0; i < object.size(); ++i) sorted[next[element_of[i]]++] = i;

  Judgement judgement;
  for (std::size_t e = 0; e < index.size(); ++e) {
    SetElement element(object);
    for (std::uint32_t i = first[e]; i < first[e + 1]; ++i) element.see(sorted[i]);
    if (element.is_repeated()) {
      // Another element may still be wrong.
      judgement.reason =
          fmt::format("{} is not the first of this element", name(object, object.operation(element.repeated())));
      continue;
    }
    std::optional<Failure> failure = element.judge();
    if (failure && judgement.failures.size() < most_failures) judgement.failures.push_back(std::move(*failure));
  }
  std::ranges::stable_sort(judgement.failures, {}, &Failure::at);
  if (!judgement.failures.empty()) {
    judgement.answer = Judgement::Answer::invalid;
    judgement.reason.clear();
  } else if (!judgement.reason.empty()) {
    judgement.answer = Judgement::Answer::not_applicable;
  }
  return judgement;
}

}  // namespace heir::reports::objects
