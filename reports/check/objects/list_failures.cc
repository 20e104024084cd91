#include "reports/check/objects/list_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/assert.h"
#include "reports/check/objects/impossible_values.h"
#include "reports/check/objects/proven_failures.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports::objects {

namespace {

constexpr std::uint32_t none = Append::none;

/// From the first to the last answer that showed something.
struct Seen {
  Point first = never;
  Point last = 0;

  void include(const Seen& other) {
    first = std::min(first, other.first);
    last = std::max(last, other.last);
  }
};

/// A read, or the final list.
struct Reading {
  std::uint32_t op = none;  ///< Index of the object; none: the final list.
  Point begin = 0;
  Point end = never;
  std::uint32_t length = 0;
  std::uint32_t agrees = 0;  ///< So many of its elements begin the longest list too.

  bool is_beginning() const { return agrees == length; }
};

class ListFailures {
 public:
  ListFailures(const Object& object, const ListVersions& versions)
      : object_(object), history_(*object.history), versions_(versions), failures_(history_) {}

  ListFindings all() {
    collect_readings();
    find_when_seen();
    for (std::uint32_t a = 0; a < seen_.size(); ++a) {
      if (seen_[a].last != 0 && append(a).repeated) {
        return {{}, fmt::format("{} was read, and was appended more than once", element_name(a))};
      }
    }
    impossible_elements();
    duplicates();
    lost_appends();
    stale_reads();
    diverging_reads();
    wrong_orders();
    return {failures_.take(), {}};
  }

 private:
  const Append& append(std::uint32_t a) const { return versions_.appends()[a]; }
  const Operation& append_op(std::uint32_t a) const { return object_.operation(append(a).op); }
  std::uint32_t append_number(std::uint32_t a) const { return object_.ops[append(a).op]; }
  std::string element_name(std::uint32_t a) const { return value_name(object_, append_op(a).argument); }
  std::string when(HistoryTime time) const { return objects::when(object_, time); }
  bool is_final(Point point) const { return point >= versions_.end_of_history(); }
  HistoryTime time_of(Point point) const {
    return is_final(point) ? last_time(history_) : history_.event(point - 1).time;
  }
  /// By when an append had certainly happened: it was acknowledged, or somebody had seen its element.
  Point effect_by(std::uint32_t a) const { return std::min(append(a).end, seen_[a].first); }
  /// The append of an element of the longest list; none if the element is from nowhere, or was in the list before.
  std::uint32_t placed(std::uint32_t position) const {
    const std::uint32_t a = versions_.of(versions_.longest()[position]);
    return a != none && append(a).position == position ? a : none;
  }
  std::uint32_t number(const Reading& reading) const { return reading.op == none ? none : object_.ops[reading.op]; }

  // ---- What was read, and when.

  void collect_readings() {
    CommonBeginning common;
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::read || !op.ok()) continue;
      const ListRef list = ListVersions::list_of(op);
      readings_.push_back(
          {i, after(op.begin), after(op.end), list.length, common.length(history_, list, versions_.longest())});
    }
    std::ranges::sort(readings_, {}, &Reading::end);
    if (const std::vector<Value>* list = versions_.final_list()) {
      const auto differs = std::mismatch(list->begin(), list->end(), versions_.longest().begin()).first;
      readings_.push_back({none, versions_.end_of_history(), versions_.end_of_history() + 1,
                           static_cast<std::uint32_t>(list->size()),
                           static_cast<std::uint32_t>(differs - list->begin())});
    }
  }

  /// For every append, and every element from nowhere. What lists share is visited once.
  void find_when_seen() {
    seen_.resize(versions_.appends().size());
    // By node, for each number of its own elements: when lists of just that length were read.
    std::map<std::uint32_t, std::vector<Seen>> nodes;
    const auto include = [&](ListRef list, const Seen& seen) {
      const auto all = history_.list_nodes();
      while (list.length > 0 && list.length <= all[list.node].parent.length) list.node = all[list.node].parent.node;
      if (list.length == 0) return;
      std::vector<Seen>& lengths = nodes[list.node];
      const std::size_t own = list.length - all[list.node].parent.length;
      if (lengths.size() <= own) lengths.resize(own + 1);
      lengths[own].include(seen);
    };
    for (const Reading& r : readings_) {
      if (r.op != none) include(ListVersions::list_of(object_.operation(r.op)), {r.end, r.end});
    }
    // Parents have smaller numbers.
    while (!nodes.empty()) {
      const auto last = std::prev(nodes.end());
      const History::ListNode& node = history_.list_nodes()[last->first];
      const std::vector<Seen> lengths = std::move(last->second);
      nodes.erase(last);
      Seen seen;
      for (std::size_t own = lengths.size() - 1; own > 0; --own) {
        seen.include(lengths[own]);
        saw(node.own[own - 1], seen);
      }
      include(node.parent, seen);
    }
    if (const std::vector<Value>* list = versions_.final_list()) {
      for (const Value element : *list) saw(element, {readings_.back().end, readings_.back().end});
    }
  }

  void saw(Value element, const Seen& seen) {
    if (is_strange(element, seen.first)) {
      const auto [at, added] = strange_.try_emplace(element.bits(), seen.first, element);
      if (!added) at->second.first = std::min(at->second.first, seen.first);
    }
    const std::uint32_t a = versions_.of(element);
    if (a != none) seen_[a].include(seen);
  }

  /// Nobody had begun to append it by then.
  bool is_strange(Value element, Point shown) const {
    const std::uint32_t a = versions_.of(element);
    return a == none || append(a).begin > shown;
  }

  // ---- Elements that cannot have been there.

  void impossible_elements() {
    ImpossibleValues values(object_, "appended");
    for (const auto& [bits, found] : strange_) {
      const auto& [end, element] = found;
      values.add(element, end, [&, end = end, element = element] { return sight(element, end); });
    }
    LatestBeginning latest(versions_, history_);
    std::size_t looked_at = 0;
    for (std::uint32_t i = 0; i < object_.size() && looked_at < ProvenFailures::most; ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::read_standby || !op.ok()) continue;
      const ListRef list = ListVersions::list_of(op);
      if (latest.of(list) < after(op.end)) continue;
      ++looked_at;
      for (const Value element : history_.elements(list)) {
        if (is_strange(element, after(op.end))) {
          values.add(element, after(op.end), [&] { return sight(element, after(op.end)); });
        }
      }
    }
    values.report(failures_);
  }

  ImpossibleValues::Sight sight(Value element, Point end) const {
    const std::uint32_t culprit = is_final(end) ? none : history_.operation_of(end - 1);
    const std::string shown =
        culprit == none ? final_state_holds(object_) : returned(object_, history_.operations()[culprit]);
    return {end, time_of(end), culprit, {}, fmt::format("{} {}", shown, value_name(object_, element))};
  }

  /// In the longest list; in others where they leave it.
  void duplicates() {
    const std::span<const Value> list = versions_.longest();
    for (std::uint32_t position = 0; position < list.size(); ++position) {
      const std::uint32_t a = versions_.of(list[position]);
      if (a == none || append(a).position == position || !duplicates_.insert(a).second) continue;
      if (!failures_.full(FailureKind::duplicate)) duplicate(a, first_beginning_longer_than(position));
    }
  }

  void duplicate(std::uint32_t a, const Reading& reading) {
    failures_.add(FailureKind::duplicate, time_of(reading.end), number(reading), {append_number(a)},
                  fmt::format("{}, {} of them twice", showed(reading), element_name(a)));
  }

  /// The first reading of so many elements of the longest list.
  const Reading& first_beginning_longer_than(std::uint32_t position) const {
    const auto at =
        std::ranges::find_if(readings_, [&](const Reading& r) { return r.is_beginning() && r.length > position; });
    ASSERT(at != readings_.end(), "the longest list was read by nobody");
    return *at;
  }

  // ---- Elements that should be there.

  void lost_appends() {
    lost_.assign(seen_.size(), false);
    Point latest_read = 0;
    for (const Reading& r : readings_) latest_read = std::max(latest_read, r.begin);
    std::uint32_t newest = none;  // of the longest list's elements, the one whose append began last
    for (std::uint32_t a = 0; a < seen_.size(); ++a) {
      if (append(a).position != none) newest = a;
    }
    for (std::uint32_t a = 0; a < seen_.size(); ++a) {
      if (effect_by(a) == never) continue;
      if (latest_read > std::max(effect_by(a), seen_[a].last)) {
        const bool told = failures_.full(append_op(a).ok() ? FailureKind::lost_write : FailureKind::dirty_read);
        lost_[a] = told || lost(a);
      } else if (seen_[a].last == 0 && newest != none && append(a).end < append(newest).begin) {
        lost_[a] = true;
        if (!failures_.full(FailureKind::lost_write)) overtaken(a, newest);
      }
    }
  }

  /// Not in reads that began after it had happened, nor in any that ended later.
  bool lost(std::uint32_t a) {
    const Operation& op = append_op(a);
    const Reading* without = nullptr;  // the first such read, if possible not from an older generation
    for (const Reading& r : readings_) {
      if (r.begin < std::max(effect_by(a), seen_[a].last)) continue;
      const bool older = r.op != none && object_.operation(r.op).by.generation != 0 &&
                         object_.operation(r.op).by.generation < op.by.generation;
      if (!without) without = &r;
      if (older) continue;
      without = &r;
      break;
    }
    const Operation* reader = without->op == none ? nullptr : &object_.operation(without->op);
    if (reader && reader->by.generation != 0 && reader->by.generation < op.by.generation) {
      stale(*without, a, "was answered by a newer generation");
      return false;
    }
    const std::string gone = reader ? "is in no read after " + when(reader->invoked) : "is gone at the end";
    failures_.add(op.ok() ? FailureKind::lost_write : FailureKind::dirty_read, time_of(without->end), number(*without),
                  evidence(a, without->begin),
                  fmt::format("{}, {}: {}", in_effect(a, without->begin), gone, showed(*without)));
    return true;
  }

  /// Nobody read it, but an element that was appended only later.
  void overtaken(std::uint32_t a, std::uint32_t newer) {
    const Reading& reading = first_beginning_longer_than(append(newer).position);
    failures_.add(FailureKind::lost_write, time_of(reading.end), number(reading),
                  {append_number(a), append_number(newer)},
                  fmt::format("{}, is in no read: {}, and {} was appended only after it",
                              outcome(object_, append_op(a)), showed(reading), element_name(newer)));
  }

  /// That an append had happened before a point.
  Proof evidence(std::uint32_t a, Point before) const {
    Proof proof{append_number(a)};
    if (append(a).end > before) proof.push_back(history_.operation_of(seen_[a].first - 1));
    return proof;
  }
  /// "append of 9 to key 5, acknowledged to process 1 at 12.100s": how that is known.
  std::string in_effect(std::uint32_t a, Point before) const {
    const Operation& op = append_op(a);
    if (append(a).end < before) return outcome(object_, op);
    const Operation& seer = history_.operations()[history_.operation_of(seen_[a].first - 1)];
    return fmt::format("{}, {} seen by process {} at {}", name(object_, op),
                       op.ok() ? "already" : "never acknowledged but", seer.process.value(), when(seer.completed));
  }

  void stale_reads() {
    const std::span<const Value> list = versions_.longest();
    // Of the elements from each position on, the one that was in effect first.
    std::vector<std::uint32_t> first(list.size() + 1, none);
    for (std::size_t position = list.size(); position-- > 0;) {
      const std::uint32_t a = placed(static_cast<std::uint32_t>(position));
      const std::uint32_t later = first[position + 1];
      first[position] = a == none || (later != none && effect_by(later) < effect_by(a)) ? later : a;
    }
    std::vector<bool> told(list.size() + 1, false);
    for (const Reading& r : readings_) {
      if (failures_.full(FailureKind::stale_read)) break;
      if (!r.is_beginning() || told[r.length]) continue;
      const std::uint32_t missing = first[r.length];
      if (missing == none || effect_by(missing) > r.begin || seen_[missing].last < r.begin) continue;
      told[r.length] = true;
      stale(r, missing, "is seen again later");
    }
  }

  void stale(const Reading& r, std::uint32_t missing, const std::string& why) {
    std::size_t newer = 0;
    for (std::uint32_t a = 0; a < seen_.size() && append(a).begin < r.begin; ++a) {
      const bool shown = append(a).position != none && append(a).position < r.agrees;
      if (!shown && effect_by(a) < r.begin) ++newer;
    }
    std::string degree = fmt::format("at least {} append{}", newer, newer == 1 ? "" : "s");
    if (history_.timed()) degree += " and " + to_string(time_of(r.begin) - time_of(effect_by(missing)));
    failures_.add(FailureKind::stale_read, time_of(r.end), number(r), evidence(missing, r.begin),
                  fmt::format("{}, {} stale: {}, {}", showed(r), degree, in_effect(missing, r.begin), why));
  }

  // ---- Orders that contradict each other.

  void diverging_reads() {
    if (readings_.empty()) return;  // nothing but reads that promise nothing
    const std::span<const Value> list = versions_.longest();
    const auto longest_reading = std::ranges::find(readings_, versions_.longest_read(), &Reading::op);
    ASSERT(longest_reading != readings_.end(), "the longest list was read by nobody");
    const Reading& longest = *longest_reading;
    std::set<std::pair<std::uint32_t, std::int64_t>> told;
    for (const Reading& r : readings_) {
      if (failures_.full(FailureKind::wrong_order)) break;
      if (r.is_beginning()) continue;
      const Value here = element(r, r.agrees);
      const Value there = list[r.agrees];
      if (!told.emplace(r.agrees, here.bits()).second) continue;
      const std::uint32_t a = versions_.of(here);
      const std::uint32_t b = versions_.of(there);
      const auto is_explained = [&](std::uint32_t x) { return x == none || lost_[x] || duplicates_.contains(x); };
      if (is_explained(a) || is_explained(b)) continue;
      if (append(a).position < r.agrees) {
        duplicate(a, r);
        continue;
      }
      if (lacks(r, a, b) || lacks(longest, b, a)) continue;
      const Reading& later = r.end < longest.end ? longest : r;
      const Reading& sooner = &later == &r ? longest : r;
      failures_.add(FailureKind::wrong_order, time_of(later.end), number(later),
                    {number(sooner), append_number(a), append_number(b)},
                    fmt::format("{} with {} in place {}, but {} with {} there", showed(later),
                                value_name(object_, &later == &r ? here : there), r.agrees + 1, showed(sooner),
                                value_name(object_, &later == &r ? there : here)));
    }
  }

  /// Element `has` is in a reading, and not behind `other`. Is that wrong already without any other reading?
  bool lacks(const Reading& r, std::uint32_t has, std::uint32_t other) {
    if (effect_by(other) < r.begin && !contains(r, append_op(other).argument)) {
      stale(r, other, "is seen again later");
    } else if (append(other).end < append(has).begin) {
      wrong_order(r, has, other);
    } else {
      return false;
    }
    return true;
  }

  bool contains(const Reading& r, Value wanted) const {
    for (std::uint32_t position = 0; position < r.length; ++position) {
      if (element(r, position) == wanted) return true;
    }
    return false;
  }

  Value element(const Reading& r, std::uint32_t position) const {
    if (r.op == none) return (*versions_.final_list())[position];
    std::uint32_t node = ListVersions::list_of(object_.operation(r.op)).node;
    while (position < history_.list_nodes()[node].parent.length) node = history_.list_nodes()[node].parent.node;
    return history_.list_nodes()[node].own[position - history_.list_nodes()[node].parent.length];
  }

  /// Elements of the longest list that were appended after one behind them had been acknowledged.
  void wrong_orders() {
    std::uint32_t newest = none;
    for (std::uint32_t position = 0; position < versions_.longest().size(); ++position) {
      const std::uint32_t a = placed(position);
      if (failures_.full(FailureKind::wrong_order)) break;
      if (a == none) continue;
      if (newest != none && append(a).end < append(newest).begin) {
        wrong_order(first_beginning_longer_than(append(a).position), newest, a);
      }
      if (newest == none || append(a).begin > append(newest).begin) newest = a;
    }
  }

  /// A reading shows `newer`, and not behind `older`, which had been acknowledged when `newer` was appended.
  void wrong_order(const Reading& r, std::uint32_t newer, std::uint32_t older) {
    failures_.add(FailureKind::wrong_order, time_of(r.end), number(r), {append_number(newer), append_number(older)},
                  fmt::format("{} with {} not behind {}, but {}, was over when {} began at {}", showed(r),
                              element_name(newer), element_name(older), outcome(object_, append_op(older)),
                              name(object_, append_op(newer)), when(append_op(newer).invoked)));
  }

  /// "read of key 5 by process 3 at 12.345s returned [1,2,3]", or how many if there are more.
  std::string showed(const Reading& r) const {
    const std::string elements = fmt::format("{} element{}", r.length, r.length == 1 ? "" : "s");
    if (r.op == none) return fmt::format("{} {}", final_state_holds(object_), elements);
    const Operation& op = object_.operation(r.op);
    constexpr std::uint32_t short_enough = 5;
    return fmt::format(
        "{} {}", returned(object_, op),
        r.length > short_enough ? elements : history_.value_text(Value::list(ListVersions::list_of(op))));
  }

  const Object& object_;
  const History& history_;
  const ListVersions& versions_;
  ProvenFailures failures_;
  std::vector<Reading> readings_;       ///< In order of their ends; the final list last.
  std::vector<Seen> seen_;              ///< By append.
  std::vector<bool> lost_;              ///< By append.
  std::set<std::uint32_t> duplicates_;  ///< Appends whose element is more than once in the longest list.
  std::map<std::int64_t, std::pair<Point, Value>> strange_;  ///< Elements that cannot have been there, and by when they
                                                             ///< had been shown; by their bits.
};

}  // namespace

ListFindings list_failures(const Object& object, const ListVersions& versions) {
  return ListFailures(object, versions).all();
}

}  // namespace heir::reports::objects
