#include "reports/check/objects/late_reads.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/check/objects/list_versions.h"
#include "reports/check/objects/proven_failures.h"
#include "reports/check/objects/sentences.h"
#include "reports/check/objects/value_index.h"

namespace heir::reports {

namespace {

using namespace objects;

class LateReads {
 public:
  LateReads(const Object& object, Duration max_lag)
      : object_(object), max_lag_(max_lag), failures_(*object.history), values_(object.size()) {
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function == Function::read_standby && op.ok()) reads_.push_back(i);
      if (!is_read(op.function) && op.ok()) acknowledged_.push_back(i);
    }
    const auto completed = [&](std::uint32_t i) { return object_.operation(i).completed; };
    std::ranges::stable_sort(reads_, {}, completed);
    std::ranges::stable_sort(acknowledged_, {}, completed);
  }

  /// A value is older than what began after somebody knew that it was there.
  std::vector<Failure> of_register() {
    find_known();
    // Of those acknowledged up to each, the one that began last: whatever it overwrote must not be shown any more.
    std::vector<std::uint32_t> last_begun;
    for (const std::uint32_t i : acknowledged_) {
      const bool later =
          last_begun.empty() || object_.operation(i).invoked > object_.operation(last_begun.back()).invoked;
      last_begun.push_back(later ? i : last_begun.back());
    }
    for (const std::uint32_t read : reads_) {
      const std::size_t count = owed(read);
      if (count == 0) continue;
      const std::uint32_t newest = last_begun[count - 1];
      const Value shown = object_.operation(read).result;
      const HistoryTime begun = object_.operation(newest).invoked;
      if (shown.is_nil() || (values_.find(shown) != ValueIndex::none && known_[values_.find(shown)] < begun))
        report(read, newest, value_name(object_, shown) + ", older than");
    }
    return failures_.take();
  }

  /// As a rule standbys show beginnings of one list. Where an element stands in the longest of them then tells which
  /// reads show it, without a look at each of their elements.
  std::vector<Failure> of_elements() {
    const std::vector<Value> longest = longest_shown();
    std::vector<std::uint32_t> places;  // By the number of an element: its first place in the longest.
    for (std::uint32_t place = 0; place < longest.size(); ++place)
      if (values_.insert(longest[place]) == places.size()) places.push_back(place);
    std::vector<std::uint32_t> place_of;  // Of an acknowledged write,
    std::vector<std::uint32_t> farthest;  // and of it and all before it.
    for (const std::uint32_t i : acknowledged_) {
      const std::uint32_t at = values_.find(object_.operation(i).argument);
      place_of.push_back(at == ValueIndex::none ? nowhere : places[at]);
      farthest.push_back(std::max(place_of.back(), farthest.empty() ? 0 : farthest.back()));
    }
    CommonBeginning beginning;
    for (const std::uint32_t read : reads_) {
      const ListRef shown = ListVersions::list_of(object_.operation(read));
      const std::size_t count = owed(read);
      const std::uint32_t common = beginning.length(*object_.history, shown, longest);
      // The first that does not stand in the common beginning.
      const auto behind = std::lower_bound(farthest.begin(), farthest.begin() + std::ptrdiff_t(count), common);
      auto lacks = static_cast<std::size_t>(behind - farthest.begin());
      if (common < shown.length) {
        const ValueIndex others = elements_behind(shown, common);
        const auto is_shown = [&](std::size_t k) {
          return place_of[k] < common || others.find(object_.operation(acknowledged_[k]).argument) != ValueIndex::none;
        };
        while (lacks < count && is_shown(lacks)) ++lacks;
      }
      if (lacks < count) report(read, acknowledged_[lacks], fmt::format("{} elements, without", shown.length));
    }
    return failures_.take();
  }

 private:
  static constexpr std::uint32_t nowhere = UINT32_MAX;

  std::vector<Value> longest_shown() const {
    ListRef longest;
    for (const std::uint32_t read : reads_)
      if (const ListRef shown = ListVersions::list_of(object_.operation(read)); shown.length > longest.length)
        longest = shown;
    return object_.history->elements(longest);
  }

  ValueIndex elements_behind(ListRef list, std::uint32_t first) const {
    ValueIndex index(list.length - first);
    const std::vector<Value> elements = object_.history->elements(list);
    for (std::uint32_t i = first; i < list.length; ++i) index.insert(elements[i]);
    return index;
  }

  /// When a value was certainly there: acknowledged, or seen on a primary. One that was written twice never is.
  void find_known() {
    const HistoryTime never = HistoryTime::max();
    std::vector<bool> repeated;
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (is_read(op.function) || op.failed()) continue;
      const std::uint32_t at = values_.insert(op.argument);
      const bool is_new = at == known_.size();
      if (is_new) known_.push_back(never), repeated.push_back(false);
      repeated[at] = !is_new;
      if (op.ok()) known_[at] = std::min(known_[at], op.completed);
    }
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::read || !op.ok()) continue;
      const std::uint32_t at = values_.find(op.result);
      if (at != ValueIndex::none) known_[at] = std::min(known_[at], op.completed);
    }
    for (std::size_t at = 0; at < known_.size(); ++at)
      if (repeated[at]) known_[at] = never;
  }

  /// How many of the acknowledged writes the read must know of.
  std::size_t owed(std::uint32_t read) const {
    const HistoryTime by = object_.operation(read).invoked - max_lag_;
    const auto completed = [&](std::uint32_t i) { return object_.operation(i).completed; };
    return static_cast<std::size_t>(std::ranges::upper_bound(acknowledged_, by, {}, completed) - acknowledged_.begin());
  }

  /// `shown`: "4, older than"
  void report(std::uint32_t read, std::uint32_t lacks, const std::string& shown) {
    if (std::ranges::find(told_, lacks) != told_.end() || failures_.full(FailureKind::stale_read)) return;
    told_.push_back(lacks);
    const Operation& write = object_.operation(lacks);
    const Operation& late = object_.operation(read);
    failures_.add(
        FailureKind::stale_read, late.completed, object_.ops[read], {object_.ops[lacks]},
        fmt::format("{} {} the {}, {} before the read began; a standby may lag {}", returned(object_, late), shown,
                    outcome(object_, write), to_string(late.invoked - write.completed), to_string(max_lag_)));
  }

  const Object& object_;
  const Duration max_lag_;
  ProvenFailures failures_;
  ValueIndex values_;
  std::vector<HistoryTime> known_;           ///< By the number of a value.
  std::vector<std::uint32_t> reads_;         ///< Of standbys, answered; by when.
  std::vector<std::uint32_t> acknowledged_;  ///< Writes; by when.
  std::vector<std::uint32_t> told_;
};

bool has(const Object& object, Function function) {
  for (std::size_t i = 0; i < object.size(); ++i)
    if (object.operation(i).function == function) return true;
  return false;
}

}  // namespace

std::vector<Failure> late_reads(const Object& object, Model model, Duration max_lag) {
  if (!object.history->timed() || !has(object, Function::read_standby)) return {};
  switch (model) {
    case Model::register_: return LateReads(object, max_lag).of_register();
    case Model::append: return LateReads(object, max_lag).of_elements();
    case Model::set: break;
    default: return {};
  }
  if (has(object, Function::remove)) return {};
  return LateReads(object, max_lag).of_elements();
}

}  // namespace heir::reports
