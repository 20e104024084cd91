#include "reports/check/objects/grow_only_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "reports/check/objects/membership.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports::objects {

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t none = Membership::none;
constexpr std::int64_t end_of_time = INT64_MAX;

/// All additions of one element that did not fail.
struct Element {
  std::uint32_t first = none;         ///< Index into the object: the one that began first.
  std::uint32_t acknowledged = none;  ///< The one that was acknowledged first.
  std::int64_t begin = 0;
  std::int64_t end = end_of_time;
  std::uint32_t additions = 0;
  bool tells = false;      ///< An answer says whether it was there.
  bool was_there = false;  ///< An answer says that it was.
};

struct Read {
  std::uint32_t op = none;  ///< Index into the object; `none` is the final state.
  std::int64_t begin = end_of_time;
  std::int64_t end = end_of_time;
};

class GrowOnlySet {
 public:
  GrowOnlySet(const Object& object, const FinalValue* final_value)
      : object_(object), final_value_(final_value), index_(object.size()), failed_(0) {}

  Judgement judge() {
    find_additions();
    for (const Element& element : elements_) {
      if (element.was_there || (element.tells && element.additions > 1)) {
        judgement_.answer = Judgement::Answer::not_applicable;
        judgement_.reason =
            name(element) + " is not the only one of this element, and an answer tells which was the first";
        return std::move(judgement_);
      }
    }
    judge_values(Function::read_standby);
    judge_reads();
    std::ranges::stable_sort(judgement_.failures, {}, &Failure::at);
    if (!judgement_.failures.empty()) judgement_.answer = Judgement::Answer::invalid;
    return std::move(judgement_);
  }

 private:
  void find_additions() {
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::add) continue;
      if (op.failed()) {
        if (failed_.insert(op.argument) == failed_additions_.size()) failed_additions_.push_back(i);
        continue;
      }
      const std::uint32_t number = index_.insert(op.argument);
      if (number == elements_.size()) {
        elements_.emplace_back();
        elements_.back().first = i;
        elements_.back().begin = op.begin;
      }
      Element& element = elements_[number];
      ++element.additions;
      if (!op.ok()) continue;
      element.tells |= !op.result.is_nil();
      element.was_there |= op.result == Value::integer(0);
      if (op.end < element.end) {
        element.end = op.end;
        element.acknowledged = i;
      }
    }
  }

  Membership find_reads(Function function) {
    reads_.clear();
    std::vector<ListRef> lists;
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != function || !op.ok()) continue;
      reads_.push_back({i, op.begin, op.end});
      lists.push_back(op.result.kind() == ValueKind::list ? op.result.list() : ListRef{});
    }
    std::optional<std::vector<Value>> final_elements;
    if (final_value_ && function == Function::read) {
      final_elements.emplace();
      for (const std::int64_t element : final_value_->list) final_elements->push_back(Value::integer(element));
      reads_.emplace_back();
    }
    return Membership(*object_.history, std::move(lists), std::move(final_elements), index_);
  }

  /// For Membership::Least.
  template <class F>
  std::vector<std::int64_t> keys(F key) const {
    std::vector<std::int64_t> all;
    for (const Read& read : reads_) all.push_back(key(read));
    return all;
  }

  /// What no order explains: reads of what was not added by then.
  void judge_values(Function function) {
    const Membership members = find_reads(function);
    if (members.reads() == 0) return;
    judge_strangers(members);
    const Membership::Least first_answer(members, keys([](const Read& read) { return read.end; }));
    for (std::uint32_t e = 0; e < elements_.size(); ++e) {
      if (members.is_shown(e)) judge_future(e, first_answer.with(e));
    }
  }

  void judge_reads() {
    const Membership members = find_reads(Function::read);
    if (members.reads() == 0) return;
    judge_strangers(members);
    judge_presence(members);
    if (!judgement_.failures.empty()) return;
    const Membership::Least smallest(members, [&] {
      std::vector<std::int64_t> sizes;
      for (std::uint32_t read = 0; read < members.reads(); ++read) sizes.push_back(members.length(read));
      return sizes;
    }());
    judge_inclusion(members, smallest);
    if (judgement_.failures.empty()) judge_additions(members, smallest);
  }

  void judge_strangers(const Membership& members) {
    ValueIndex named(0);
    for (const Membership::Stranger& stranger : members.strangers()) {
      if (named.find(stranger.value) != ValueIndex::none) continue;
      named.insert(stranger.value);
      const std::uint32_t failed = failed_.find(stranger.value);
      const std::string what = fmt::format("{} shows {}", name(reads_[stranger.read]), text(stranger.value));
      if (failed == ValueIndex::none) {
        report(FailureKind::garbage_read, what + ", which nobody added", stranger.read, {});
      } else {
        const Operation& addition = object_.operation(failed_additions_[failed]);
        report(FailureKind::dirty_read,
               fmt::format("{}, but {} failed at {}", what, objects::name(object_, addition),
                           when(object_, addition.completed)),
               stranger.read, {failed_additions_[failed]});
      }
    }
  }

  void judge_future(std::uint32_t e, std::uint32_t read) {
    const Element& element = elements_[e];
    if (reads_[read].end > element.begin) return;
    report(FailureKind::garbage_read,
           fmt::format("{} shows {}, but {} began only at {}", name(reads_[read]), text(e), name(element),
                       when(object_, object_.operation(element.first).invoked)),
           read, {element.first});
  }

  /// Each element alone: reads that show it before it was added, twice, or no more once it was certainly there.
  void judge_presence(const Membership& members) {
    const Membership::Least first_answer(members, keys([](const Read& read) { return read.end; }));
    const Membership::Least last_question(members, keys([](const Read& read) { return -read.begin; }));
    std::map<std::uint32_t, Missing> stale;  // by read
    for (std::uint32_t e = 0; e < elements_.size() && judgement_.failures.size() < most_failures; ++e) {
      Missing missing{e, elements_[e].end, none, none};
      if (members.is_shown(e)) {
        missing.shown_first = first_answer.with(e);
        missing.shown_last = last_question.with(e);
        judge_future(e, missing.shown_first);
        judge_twice(members, e);
        missing.certain_from = std::min(missing.certain_from, reads_[missing.shown_first].end);
      }
      const std::uint32_t without = last_question.without(e);
      if (without == none || reads_[without].begin <= missing.certain_from) continue;
      const bool seen_again = missing.shown_last != none && reads_[missing.shown_last].begin > reads_[without].begin;
      const std::uint32_t witness = seen_again ? none : witness_of_loss(missing);
      if (witness != none) {
        report_loss(missing, witness);
      } else {
        const auto [at, is_new] = stale.emplace(without, missing);
        if (!is_new) ++at->second.others;
      }
    }
    for (const auto& [read, missing] : stale) report_stale(read, missing);
  }

  void judge_twice(const Membership& members, std::uint32_t e) {
    const std::uint32_t read = members.shown_twice_by(e);
    if (read == none) return;
    report(FailureKind::duplicate, fmt::format("{} shows {} twice", name(reads_[read]), text(e)), read,
           {elements_[e].first});
  }

  /// An element that a read does not show though it was there.
  struct Missing {
    std::uint32_t element = 0;
    std::int64_t certain_from = 0;     ///< From then on every read must show it.
    std::uint32_t shown_first = none;  ///< The read that was answered first, of those that show it.
    std::uint32_t shown_last = none;   ///< The read that began last, of those that show it.
    std::size_t others = 0;            ///< Elements that the same read does not show.
  };

  /// The first read that shows it no more, nor does any later; of those whose answers are not known to be of an older
  /// generation than the addition.
  std::uint32_t witness_of_loss(const Missing& missing) const {
    std::int64_t from = missing.certain_from;
    if (missing.shown_last != none) from = std::max(from, reads_[missing.shown_last].begin);
    const std::uint32_t generation = object_.operation(elements_[missing.element].first).by.generation;
    for (auto read = std::ranges::upper_bound(reads_, from, {}, &Read::begin); read != reads_.end(); ++read) {
      const std::uint32_t by = read->op == none ? 0 : object_.operation(read->op).by.generation;
      if (by == 0 || by >= generation) return static_cast<std::uint32_t>(read - reads_.begin());
    }
    return none;
  }

  void report_loss(const Missing& missing, std::uint32_t witness) {
    const Element& element = elements_[missing.element];
    std::vector<std::uint32_t> proof = addition_proof(missing, witness);
    std::string last;
    if (missing.shown_last != none && reads_[missing.shown_last].op != none) {
      last = fmt::format(", shown last by {},", name(reads_[missing.shown_last]));
    }
    report(element.acknowledged == none ? FailureKind::dirty_read : FailureKind::lost_write,
           fmt::format("{}{} is missing from {}{}", name(element), last.empty() ? "," : last, name(reads_[witness]),
                       reads_[witness].op == none ? "" : " and from every later read"),
           witness, std::move(proof));
  }

  void report_stale(std::uint32_t read, const Missing& missing) {
    std::vector<std::uint32_t> proof = addition_proof(missing, read);
    if (missing.shown_last != none) proof.push_back(reads_[missing.shown_last].op);
    report(FailureKind::stale_read,
           fmt::format("{} does not show {}{}, but {}", name(reads_[read]), text(missing.element),
                       missing.others == 0 ? "" : fmt::format(" and {} more", missing.others),
                       name(elements_[missing.element])),
           read, std::move(proof));
  }

  /// The operations that prove that an element was there before a read began.
  std::vector<std::uint32_t> addition_proof(const Missing& missing, std::uint32_t read) const {
    const Element& element = elements_[missing.element];
    if (element.end < reads_[read].begin) return {element.acknowledged};
    return {element.first, reads_[missing.shown_first].op};
  }

  /// Of two reads, one must show all that the other does. A read's size is the number of elements whose smallest read
  /// is not larger, or else one of those is missing from it.
  void judge_inclusion(const Membership& members, const Membership::Least& smallest) {
    std::vector<std::uint32_t> sizes;  // by element: of its smallest read
    for (std::uint32_t e = 0; e < elements_.size(); ++e) {
      if (members.is_shown(e)) sizes.push_back(members.length(smallest.with(e)));
    }
    std::sort(sizes.begin(), sizes.end());
    for (std::uint32_t read = 0; read < members.reads(); ++read) {
      const auto expected = std::upper_bound(sizes.begin(), sizes.end(), members.length(read)) - sizes.begin();
      if (expected != members.length(read)) return report_fork(members, smallest, read);
    }
  }

  void report_fork(const Membership& members, const Membership::Least& smallest, std::uint32_t read) {
    std::uint32_t lacking = 0;
    while (!members.is_shown(lacking) || members.shows(read, lacking) ||
           members.length(smallest.with(lacking)) > members.length(read)) {
      ++lacking;
    }
    const std::uint32_t other = smallest.with(lacking);
    const std::vector<std::uint32_t> shown = members.shown(read);
    const std::uint32_t surplus =
        *std::ranges::find_if(shown, [&](std::uint32_t e) { return !members.shows(other, e); });
    const bool read_is_later = reads_[read].end > reads_[other].end;
    report(FailureKind::not_linearizable,
           fmt::format("{} shows {} and not {}, but {} shows {} and not {}", name(reads_[read]), text(surplus),
                       text(lacking), name(reads_[other]), text(lacking), text(surplus)),
           read_is_later ? read : other,
           {reads_[read_is_later ? other : read].op, elements_[surplus].first, elements_[lacking].first});
  }

  /// An addition that was acknowledged before another began must be in every read that shows the other.
  void judge_additions(const Membership& members, const Membership::Least& smallest) {
    std::vector<std::uint32_t> reads(elements_.size(), none);  // by element: the smallest that shows it
    std::vector<std::uint32_t> by_size(elements_.size());
    for (std::uint32_t e = 0; e < elements_.size(); ++e) {
      if (members.is_shown(e)) reads[e] = smallest.with(e);
    }
    const auto size = [&](std::uint32_t e) { return reads[e] == none ? UINT32_MAX : members.length(reads[e]); };
    std::iota(by_size.begin(), by_size.end(), 0);
    std::ranges::stable_sort(by_size, {}, size);
    std::uint32_t latest = none;  // of the elements of smaller reads, the one whose addition began last
    for (std::size_t i = 0; i < by_size.size();) {
      std::size_t next = i;
      for (; next < by_size.size() && size(by_size[next]) == size(by_size[i]); ++next) {
        if (latest == none || elements_[by_size[next]].end > elements_[latest].begin) continue;
        return report_overtaken(by_size[next], latest, reads[latest], reads[by_size[next]]);
      }
      for (; i < next; ++i) {
        if (latest == none || elements_[by_size[i]].begin > elements_[latest].begin) latest = by_size[i];
      }
    }
  }

  void report_overtaken(std::uint32_t earlier, std::uint32_t later, std::uint32_t read, std::uint32_t shown_by) {
    report(shown_by == none ? FailureKind::lost_write : FailureKind::stale_read,
           fmt::format("{} shows {} and not {}, but {} before {} began at {}", name(reads_[read]), text(later),
                       text(earlier), name(elements_[earlier]), name(elements_[later]),
                       when(object_, object_.operation(elements_[later].first).invoked)),
           read, {elements_[earlier].acknowledged, elements_[later].first});
  }

  // ---- Words.

  std::string text(Value value) const { return value_name(object_, value); }
  std::string text(std::uint32_t element) const { return text(index_.value(element)); }
  /// "add of 5 to key 1, acknowledged to process 3 at 12.104s"
  std::string name(const Element& element) const {
    return outcome(object_, object_.operation(element.acknowledged == none ? element.first : element.acknowledged));
  }
  std::string name(const Read& read) const {
    if (read.op == none) {
      return object_.key == no_key ? "the final state"
                                   : "the final state of key " + object_.history->key_text(object_.key);
    }
    const Operation& op = object_.operation(read.op);
    return fmt::format("{} at {}", describe(*object_.history, op), when(object_, op.completed));
  }

  /// `read` is where it showed; `others` are operations too, `none` if they are the final state.
  void report(FailureKind kind, std::string message, std::uint32_t read, std::vector<std::uint32_t> others) {
    if (judgement_.failures.size() >= most_failures) return;
    Failure failure;
    failure.kind = kind;
    failure.message = std::move(message);
    const std::uint32_t op = reads_[read].op;
    failure.at = op == none ? last_time(*object_.history) : object_.operation(op).completed;
    if (op != none) failure.ops.push_back(object_.operation(op));
    for (const std::uint32_t other : others) {
      if (other != none) failure.ops.push_back(object_.operation(other));
    }
    judgement_.failures.push_back(std::move(failure));
  }

  const Object& object_;
  const FinalValue* final_value_;
  ValueIndex index_;  ///< Of elements.
  std::vector<Element> elements_;
  ValueIndex failed_;  ///< Of elements whose addition failed.
  std::vector<std::uint32_t> failed_additions_;
  std::vector<Read> reads_;  ///< In order of their beginnings; the final state is last.
  Judgement judgement_;
};

}  // namespace

Judgement judge_grow_only_set(const Object& object, const FinalValue* final_value) {
  return GrowOnlySet(object, final_value).judge();
}

}  // namespace heir::reports::objects
