#include "reports/check/objects/counters.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <queue>

#include "engine/base/assert.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports {

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t never = Operation::never;

/// How much was added by operations whose beginning, or end, was before an event.
class Sums {
 public:
  void add(std::uint32_t event, std::int64_t amount) { steps_.emplace_back(event, amount); }
  void finish() {
    std::sort(steps_.begin(), steps_.end());
    std::int64_t sum = 0;
    for (auto& [event, amount] : steps_) amount = sum += amount;
  }
  std::int64_t before(std::uint32_t event) const {
    const auto next = std::lower_bound(steps_.begin(), steps_.end(), std::pair(event, INT64_MIN));
    return next == steps_.begin() ? 0 : (next - 1)->second;
  }

 private:
  std::vector<std::pair<std::uint32_t, std::int64_t>> steps_;
};

struct Addition {
  std::uint32_t op = 0;  ///< Index into the object.
  std::uint32_t begin = 0;
  std::uint32_t end = never;  ///< `never` unless it was acknowledged.
  std::int64_t amount = 0;
};

struct Read {
  std::uint32_t op = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::int64_t value = 0;
};

/// What matters of a counter: additions that did not fail, and reads that were answered.
class Counter {
 public:
  explicit Counter(const Object& object) : object_(object) {
    std::int64_t total = 0;  // of amounts without their signs: that it fits means that all sums do
    for (std::uint32_t i = 0; i < object.size(); ++i) {
      const Operation& op = object.operation(i);
      if (op.function == Function::add && !op.failed()) {
        const std::int64_t amount = op.argument.kind() == ValueKind::integer ? op.argument.number() : 0;
        if (op.argument.kind() != ValueKind::integer || __builtin_add_overflow(total, std::abs(amount), &total)) {
          judgement_ = {Judgement::Answer::not_applicable, {}, "an amount is not a number, or the sum is too large"};
          return;
        }
        if (amount != 0) additions_.push_back({i, op.begin, op.ok() ? op.end : never, amount});
      } else if (op.function == Function::read && op.ok()) {
        if (!op.result.is_nil() && op.result.kind() != ValueKind::integer) {
          judgement_ = {Judgement::Answer::not_applicable, {}, "a read did not answer with a number"};
          return;
        }
        reads_.push_back({i, op.begin, op.end, op.result.is_nil() ? 0 : op.result.number()});
      }
    }
  }

  Judgement bounds() && {
    if (!judgement_.reason.empty()) return std::move(judgement_);
    judge_bounds();
    return finished();
  }

  Judgement order() && {
    if (!judgement_.reason.empty()) return std::move(judgement_);
    judge_bounds();
    if (judgement_.failures.empty()) judge_order();
    return finished();
  }

 private:
  Judgement finished() {
    if (!judgement_.failures.empty()) judgement_.answer = Judgement::Answer::invalid;
    return std::move(judgement_);
  }

  void judge_bounds() {
    Sums gained, possibly_gained, lost, possibly_lost;
    for (const Addition& a : additions_) {
      (a.amount > 0 ? possibly_gained : possibly_lost).add(a.begin, a.amount);
      if (a.end != never) (a.amount > 0 ? gained : lost).add(a.end, a.amount);
    }
    for (Sums* sums : {&gained, &possibly_gained, &lost, &possibly_lost}) sums->finish();
    for (const Read& read : reads_) {
      const std::int64_t least = gained.before(read.begin) + possibly_lost.before(read.end);
      const std::int64_t most = possibly_gained.before(read.end) + lost.before(read.begin);
      if (least <= read.value && read.value <= most) continue;
      report(FailureKind::out_of_bounds,
             read.value < least ? fmt::format("{}, but at least {} was added, and acknowledged, before it began",
                                              returned(read), least)
                                : fmt::format("{}, but at most {} could have been added by then", returned(read), most),
             {read.op});
    }
  }

  // ---- Linearizability, if all amounts are equal.

  /// Reads of one value, which in any order come together.
  struct Group {
    std::int64_t additions = 0;    ///< That come before them.
    std::uint32_t first_end = 0;   ///< Index into reads_: the one that ended first,
    std::uint32_t last_begin = 0;  ///< and the one that began last.
  };

  /// The groups between which an addition must be counted: before group `earliest` or a later one, but not after
  /// `latest`; the number of groups stands for "after all".
  struct Window {
    std::uint32_t addition = 0;
    std::uint32_t earliest = 0;
    std::uint32_t latest = 0;
  };

  void judge_order() {
    const std::int64_t amount = additions_.empty() ? 1 : additions_[0].amount;
    if (std::ranges::any_of(additions_, [&](const Addition& a) { return a.amount != amount; })) {
      judgement_.answer = Judgement::Answer::not_applicable;
      judgement_.reason = "different amounts are added";
      return;
    }
    for (const Read& read : reads_) {
      if (read.value % amount == 0) continue;
      report(FailureKind::out_of_bounds, fmt::format("{}, but only {} is ever added", returned(read), amount),
             {read.op});
    }
    if (!judgement_.failures.empty()) return;
    find_groups(amount);
    if (!went_back()) schedule();
  }

  void find_groups(std::int64_t amount) {
    std::vector<std::uint32_t> by_value(reads_.size());
    std::iota(by_value.begin(), by_value.end(), 0);
    std::ranges::stable_sort(by_value, {}, [&](std::uint32_t r) { return reads_[r].value / amount; });
    for (const std::uint32_t r : by_value) {
      if (groups_.empty() || groups_.back().additions != reads_[r].value / amount) {
        groups_.push_back({reads_[r].value / amount, r, r});
        continue;
      }
      Group& group = groups_.back();
      if (reads_[r].end < reads_[group.first_end].end) group.first_end = r;
      if (reads_[r].begin > reads_[group.last_begin].begin) group.last_begin = r;
    }
  }

  /// Two reads, the later of which shows less.
  bool went_back() {
    std::uint32_t latest = 0;  // of the groups before
    for (std::uint32_t g = 1; g < groups_.size(); ++g) {
      if (reads_[groups_[g - 1].last_begin].begin > reads_[groups_[latest].last_begin].begin) latest = g - 1;
      const Read& more = reads_[groups_[g].first_end];
      const Read& less = reads_[groups_[latest].last_begin];
      if (less.begin < more.end) continue;
      report(FailureKind::stale_read, fmt::format("{}, but {}", returned(less), returned(more)), {less.op, more.op});
      return true;
    }
    return false;
  }

  std::vector<Window> windows() const {
    // After the last group of which a read had ended before the addition began; the groups' first ends need not be in
    // order, so this is a maximum over a prefix. Likewise before the first group of which a read began after it.
    struct Edge {
      std::uint32_t event = 0;
      std::uint32_t group = 0;
    };
    std::vector<Edge> ends, begins;
    for (std::uint32_t g = 0; g < groups_.size(); ++g) {
      ends.push_back({reads_[groups_[g].first_end].end, g + 1});
      begins.push_back({reads_[groups_[g].last_begin].begin, g});
    }
    std::ranges::sort(ends, {}, &Edge::event);
    std::ranges::sort(begins, {}, &Edge::event);
    for (std::size_t i = 1; i < ends.size(); ++i) ends[i].group = std::max(ends[i].group, ends[i - 1].group);
    for (std::size_t i = begins.size(); i-- > 1;) begins[i - 1].group = std::min(begins[i].group, begins[i - 1].group);
    std::vector<Window> all;
    for (std::uint32_t a = 0; a < additions_.size(); ++a) {
      const auto end = std::ranges::lower_bound(ends, additions_[a].begin, {}, &Edge::event);
      const auto begin = std::ranges::upper_bound(begins, additions_[a].end, {}, &Edge::event);
      all.push_back({a, end == ends.begin() ? 0 : (end - 1)->group,
                     begin == begins.end() ? static_cast<std::uint32_t>(groups_.size()) : begin->group});
    }
    return all;
  }

  /// Counts, before each group, as many additions as its value needs, those first that must be counted first.
  void schedule() {
    std::vector<Window> waiting = windows();
    std::ranges::stable_sort(waiting, {}, &Window::earliest);
    auto next = waiting.begin();
    const auto is_later = [](const Window& a, const Window& b) {
      return a.latest != b.latest ? a.latest > b.latest : a.addition > b.addition;
    };
    std::priority_queue<Window, std::vector<Window>, decltype(is_later)> ready(is_later);
    std::int64_t counted = 0;
    for (std::uint32_t g = 0; g < groups_.size(); ++g) {
      for (; next != waiting.end() && next->earliest == g; ++next) {
        if (next->latest < g) return report_standstill(next->addition, next->latest);
        ready.push(*next);
      }
      for (; counted < groups_[g].additions; ++counted) {
        ASSERT(!ready.empty(), "within its bounds no read is too large");
        ready.pop();
      }
      if (!ready.empty() && ready.top().latest == g) return report_too_little(g, counted + 1);
    }
    for (; next != waiting.end(); ++next) {
      if (next->latest < groups_.size()) return report_standstill(next->addition, next->latest);
    }
  }

  /// A whole addition between two reads of the same value.
  void report_standstill(std::uint32_t addition, std::uint32_t group) {
    const Read& before = reads_[groups_[group].first_end];
    const Read& after = reads_[groups_[group].last_begin];
    report(FailureKind::stale_read,
           fmt::format("{}, as {}, but between them came {}", returned(after), returned(before), outcome(addition)),
           {after.op, before.op, additions_[addition].op});
  }

  void report_too_little(std::uint32_t group, std::int64_t due) {
    const Read& read = reads_[groups_[group].last_begin];
    report(
        FailureKind::not_linearizable,
        fmt::format("{}, but by what the other reads show at least {} additions came before it", returned(read), due),
        {read.op});
  }

  // ---- Words.

  /// "read of key 1 by process 3 at 1.000s returned 5"
  std::string returned(const Read& read) const {
    return fmt::format("{} {}", objects::returned(object_, object_.operation(read.op)), read.value);
  }
  std::string outcome(std::uint32_t addition) const {
    return objects::outcome(object_, object_.operation(additions_[addition].op));
  }
  void report(FailureKind kind, std::string message, std::initializer_list<std::uint32_t> ops) {
    if (judgement_.failures.size() == most_failures) return;
    Failure failure;
    failure.kind = kind;
    failure.message = std::move(message);
    failure.at = object_.operation(*ops.begin()).completed;
    for (const std::uint32_t op : ops) failure.ops.push_back(object_.operation(op));
    judgement_.failures.push_back(std::move(failure));
  }

  const Object& object_;
  std::vector<Addition> additions_;
  std::vector<Read> reads_;
  std::vector<Group> groups_;  ///< By value.
  Judgement judgement_;
};

}  // namespace

Judgement judge_counter(const Object& object) {
  return Counter(object).bounds();
}

Judgement judge_counter_order(const Object& object) {
  return Counter(object).order();
}

}  // namespace heir::reports
