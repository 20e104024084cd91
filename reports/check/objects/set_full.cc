#include "reports/check/objects/set_full.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/check/objects/membership.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports {

using objects::Membership;
using objects::ValueIndex;

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t none = Membership::none;
constexpr std::uint32_t never = Operation::never;

/// What the additions of an element tell.
struct Element {
  std::uint32_t addition = none;       ///< Index into the object: the last.
  std::uint32_t begin = 0;             ///< Of the last.
  std::uint32_t acknowledged = never;  ///< The first acknowledgement after that.
  HistoryTime acknowledged_at;
  bool ok = false;  ///< Any addition was acknowledged.
};

struct Read {
  std::uint32_t op = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// What the reads tell of an element, of those that ended after its last addition began.
struct Sightings {
  std::uint32_t known = never;  ///< Event.
  HistoryTime known_at;
  std::uint32_t present = none;  ///< The read that began last, of those that show it,
  std::uint32_t absent = none;   ///< and of those that do not.
};

enum class Fate : std::uint8_t { stable, lost, never_read };

class FullSet {
 public:
  FullSet(const Object& object, const SetFullOptions& options)
      : object_(object),
        options_(options),
        index_(object.size()),
        elements_(find_additions()),
        members_(find_reads()) {}

  SetFull judge() {
    const Membership::Least first_end(members_, keys([](const Read& read) { return std::int64_t{read.end}; }));
    const Membership::Least last_begin(members_, keys([](const Read& read) { return -std::int64_t{read.begin}; }));
    for (std::uint32_t e = 0; e < elements_.size(); ++e) judge(e, sightings(e, first_end, last_begin));
    out_.attempted = elements_.size();
    out_.stable_latencies = percentiles(stable_latencies_);
    out_.lost_latencies = percentiles(lost_latencies_);
    note_strangers();
    Judgement& judgement = out_.judgement;
    if (!judgement.failures.empty()) {
      judgement.answer = Judgement::Answer::invalid;
    } else if (out_.stable == 0) {
      judgement.answer = Judgement::Answer::unknown;
      judgement.reason = "no element is in the reads for good, so nothing is known";
    }
    std::ranges::stable_sort(judgement.failures, {}, &Failure::at);
    return std::move(out_);
  }

 private:
  std::vector<Element> find_additions() {
    std::vector<Element> elements;
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::add) continue;
      const std::uint32_t number = index_.insert(op.argument);
      if (number == elements.size()) elements.emplace_back();
      elements[number].addition = i;
      elements[number].begin = op.begin;
    }
    // An earlier addition may be acknowledged after the last has begun.
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::add || !op.ok()) continue;
      Element& element = elements[index_.find(op.argument)];
      element.ok = true;
      if (op.end < element.begin || op.end > element.acknowledged) continue;
      element.acknowledged = op.end;
      element.acknowledged_at = op.completed;
    }
    return elements;
  }

  Membership find_reads() {
    std::vector<ListRef> lists;
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::read || !op.ok()) continue;
      reads_.push_back({i, op.begin, op.end});
      lists.push_back(op.result.kind() == ValueKind::list ? op.result.list() : ListRef{});
    }
    return Membership(*object_.history, std::move(lists), std::nullopt, index_);
  }

  template <class F>
  std::vector<std::int64_t> keys(F key) const {
    std::vector<std::int64_t> all;
    for (const Read& read : reads_) all.push_back(key(read));
    return all;
  }

  Sightings sightings(std::uint32_t e, const Membership::Least& first_end, const Membership::Least& last_begin) const {
    const Element& element = elements_[e];
    const auto is_before = [&](std::uint32_t event) { return event < element.begin; };
    Sightings all;
    std::uint32_t first = none;  // that shows it
    if (members_.is_shown(e)) {
      first = first_end.with(e);
      all.present = last_begin.with(e);
    }
    all.absent = last_begin.without(e);
    // Nearly always all reads that matter began after the addition did. Otherwise one has to look at each: reads that
    // ended before the addition began do not count.
    const bool shown_before = first != none && is_before(reads_[first].end);
    const bool both_overlap = all.present != none && is_before(reads_[all.present].begin) && all.absent != none &&
                              is_before(reads_[all.absent].begin);
    if (shown_before || both_overlap) {
      first = all.present = all.absent = none;
      for (std::uint32_t read = 0; read < reads_.size(); ++read) {  // in order of their beginnings
        if (is_before(reads_[read].end)) continue;
        const bool shows = members_.shows(read, e);
        (shows ? all.present : all.absent) = read;
        if (shows && (first == none || reads_[read].end < reads_[first].end)) first = read;
      }
    } else if (all.absent != none && is_before(reads_[all.absent].end)) {
      all.absent = none;
    }
    if (element.acknowledged != never) {
      all.known = element.acknowledged;
      all.known_at = element.acknowledged_at;
    }
    if (first != none && reads_[first].end < all.known) {
      all.known = reads_[first].end;
      all.known_at = operation(first).completed;
    }
    return all;
  }

  Fate fate(const Sightings& s) const {
    const auto began = [&](std::uint32_t read) { return read == none ? -1 : std::int64_t{reads_[read].begin}; };
    if (s.present != none && began(s.absent) < began(s.present)) return Fate::stable;
    const bool lost = s.known != never && began(s.present) < began(s.absent) && s.known < began(s.absent);
    return lost ? Fate::lost : Fate::never_read;
  }

  void judge(std::uint32_t e, const Sightings& s) {
    if (!elements_[e].ok && s.present != none) ++out_.recovered;
    if (const std::uint32_t read = members_.is_shown(e) ? members_.shown_twice_by(e) : none; read != none) {
      out_.notes.push_back(fmt::format("{} shows {} twice", name(read), text(e)));
    }
    switch (fate(s)) {
      case Fate::stable:
        ++out_.stable;
        stable_latencies_.push_back(latency(s.absent, s));
        if (is_stale(s)) {
          out_.stale.push_back(index_.value(e));
          if (options_.linearizable) report_stale(e, s);
        }
        break;
      case Fate::lost:
        out_.lost.push_back(index_.value(e));
        lost_latencies_.push_back(latency(s.present, s));
        report_lost(e, s);
        break;
      case Fate::never_read: out_.never_read.push_back(index_.value(e)); break;
    }
  }

  /// Whole milliseconds from when the element was known until just after the last read of the other kind began.
  std::int64_t latency(std::uint32_t read, const Sightings& s) const {
    if (read == none) return 0;
    const std::int64_t ns = operation(read).invoked.ns() + 1 - s.known_at.ns();
    return std::max<std::int64_t>(ns, 0) / 1'000'000;
  }

  bool is_stale(const Sightings& s) const {
    if (!object_.history->timed()) return s.absent != none && reads_[s.absent].begin > s.known;
    return stable_latencies_.back() > 0;
  }

  std::optional<SetFull::Latencies> percentiles(std::vector<std::int64_t>& latencies) const {
    if (latencies.empty() || !object_.history->timed()) return std::nullopt;
    std::sort(latencies.begin(), latencies.end());
    const auto at = [&](std::size_t percent) {
      return latencies[std::min(latencies.size() - 1, latencies.size() * percent / 100)];
    };
    return SetFull::Latencies{at(0), at(50), at(95), at(99), at(100)};
  }

  void note_strangers() {
    ValueIndex named(0);
    for (const Membership::Stranger& stranger : members_.strangers()) {
      if (named.find(stranger.value) != ValueIndex::none || named.size() == most_failures) continue;
      named.insert(stranger.value);
      out_.notes.push_back(fmt::format("{} shows {}, which nobody tried to add", name(stranger.read),
                                       objects::value_name(object_, stranger.value)));
    }
  }

  // ---- Words.

  const Operation& operation(std::uint32_t read) const { return object_.operation(reads_[read].op); }
  std::string text(std::uint32_t e) const { return objects::value_name(object_, index_.value(e)); }
  std::string name(std::uint32_t read) const {
    return fmt::format("{} at {}", describe(*object_.history, operation(read)),
                       objects::when(object_, operation(read).completed));
  }

  void report_lost(std::uint32_t e, const Sightings& s) {
    const std::string last = s.present == none ? ", in no read at all," : ", shown last by " + name(s.present) + ",";
    report(FailureKind::lost, fmt::format("{}{} is missing from {}", outcome(e), last, name(s.absent)), e, s.absent,
           s.present);
  }

  void report_stale(std::uint32_t e, const Sightings& s) {
    report(FailureKind::stale, fmt::format("{}, is still missing from {}", outcome(e), name(s.absent)), e, s.absent,
           s.present);
  }

  std::string outcome(std::uint32_t e) const {
    return objects::outcome(object_, object_.operation(elements_[e].addition));
  }

  void report(FailureKind kind, std::string message, std::uint32_t e, std::uint32_t absent, std::uint32_t present) {
    std::vector<Failure>& failures = out_.judgement.failures;
    if (failures.size() == most_failures) return;
    Failure failure;
    failure.kind = kind;
    failure.message = std::move(message);
    failure.at = operation(absent).completed;
    failure.ops = {operation(absent), object_.operation(elements_[e].addition)};
    if (present != none) failure.ops.push_back(operation(present));
    failures.push_back(std::move(failure));
  }

  const Object& object_;
  const SetFullOptions& options_;
  ValueIndex index_;
  std::vector<Element> elements_;
  std::vector<Read> reads_;
  Membership members_;
  std::vector<std::int64_t> stable_latencies_, lost_latencies_;
  SetFull out_;
};

}  // namespace

SetFull judge_set_full(const Object& object, const SetFullOptions& options) {
  return FullSet(object, options).judge();
}

Judgement judge_final_set(const Object& object) {
  const Operation* last = nullptr;
  ValueIndex attempted(object.size());
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.function == Function::add) attempted.insert(op.argument);
    if (op.function == Function::read && op.ok() && (!last || op.end > last->end)) last = &op;
  }
  if (!last) return {Judgement::Answer::unknown, {}, "the set was never read"};

  Judgement judgement;
  const auto report = [&](FailureKind kind, std::string message, const Operation* addition) {
    if (judgement.failures.size() == most_failures) return;
    judgement.answer = Judgement::Answer::invalid;
    judgement.failures.push_back({kind, std::move(message), last->completed, {*last}});
    if (addition) judgement.failures.back().ops.push_back(*addition);
  };
  const std::string name =
      fmt::format("the last {} at {}", describe(*object.history, *last), objects::when(object, last->completed));
  std::vector<bool> shown(attempted.size(), false);
  std::vector<Value> elements;
  if (last->result.kind() == ValueKind::list) object.history->elements(last->result.list(), elements);
  ValueIndex strangers(0);
  for (const Value element : elements) {
    const std::uint32_t number = attempted.find(element);
    if (number != ValueIndex::none) {
      shown[number] = true;
    } else if (strangers.find(element) == ValueIndex::none) {
      strangers.insert(element);
      report(FailureKind::garbage_read,
             fmt::format("{} shows {}, which nobody tried to add", name, objects::value_name(object, element)),
             nullptr);
    }
  }
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.function != Function::add || !op.ok()) continue;
    std::vector<bool>::reference was_shown = shown[attempted.find(op.argument)];
    if (!was_shown) {
      report(FailureKind::lost, fmt::format("{}, is missing from {}", objects::outcome(object, op), name), &op);
    }
    was_shown = true;  // said once
  }
  return judgement;
}

}  // namespace heir::reports
