#include "reports/check/objects/elements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "reports/check/objects/cover.h"

namespace heir::reports::objects {

namespace {

/// Steps of a drain that fit between two events.
constexpr std::size_t most_steps = (std::size_t{1} << 23) - 2;

}  // namespace

Elements::Elements(const Object& object, ElementFunctions functions)
    : object_(object), functions_(functions), index_(object.size() / 2), failed_(0) {
  find_insertions();
  if (judgement_.answer != Judgement::Answer::valid) return;
  find_showings();
  if (judgement_.answer != Judgement::Answer::valid) return;
  judge_alone();
  if (!judgement_.failures.empty()) {
    judgement_.answer = Judgement::Answer::invalid;
    return;
  }
  for (std::uint32_t i = 0; i < elements_.size(); ++i) {
    if (elements_[i].removal == Element::none) missing_.push_back(i);
  }
  std::sort(missing_.begin(), missing_.end(),
            [&](std::uint32_t a, std::uint32_t b) { return elements_[a].insert_end < elements_[b].insert_end; });
  assume(Assumption::none_happened);
}

void Elements::not_applicable(std::string reason) {
  judgement_.answer = Judgement::Answer::not_applicable;
  judgement_.reason = std::move(reason);
}

void Elements::find_insertions() {
  elements_.reserve(object_.size() / 2);
  for (std::uint32_t i = 0; i < object_.size(); ++i) {
    const Operation& op = operation(i);
    if (op.function != functions_.insert) continue;
    if (op.argument.is_nil())
      return not_applicable(name(i) + " puts in nil, which as an answer means that it is empty");
    if (op.failed()) {
      if (failed_.insert(op.argument) == failed_insertions_.size()) failed_insertions_.push_back(i);
      continue;
    }
    if (index_.insert(op.argument) != elements_.size()) {
      return not_applicable(
          fmt::format("{} is put in twice, the second time by {}", history().value_text(op.argument), name(i)));
    }
    Element element;
    element.value = op.argument;
    element.insertion = i;
    element.insert_begin = position(op.begin);
    if (op.ok()) element.insert_end = position(op.end);
    elements_.push_back(element);
  }
}

void Elements::find_showings() {
  showings_.reserve(object_.size() / 2);
  std::uint32_t latest_end = 0;  // of those that began before and were answered
  for (std::uint32_t i = 0; i < object_.size(); ++i) {
    const Operation& op = operation(i);
    const bool drains = op.function == Function::drain;
    const bool removes = drains || op.function == functions_.remove;
    if (!removes && op.function != functions_.insert && op.function != functions_.peek) {
      return not_applicable(name(i) + " is of another kind of object");
    }
    if (op.unknown() && removes) unknown_removals_.push_back({position(op.begin), drains});
    if (!op.ok()) continue;
    if (drains) {
      // What began before and has no answer cannot disturb: an insertion may as well have happened before the drain,
      // in its turn, and a removal between any two steps.
      const bool alone = latest_end < op.begin && (i + 1 == object_.size() || operation(i + 1).begin > op.end);
      add_drain(i, alone);
    } else if (op.function != functions_.insert) {
      show(i, op.result, position(op.begin), position(op.end), removes);
    }
    latest_end = std::max(latest_end, op.end);
  }
}

void Elements::add_drain(std::uint32_t op, bool alone) {
  std::vector<Value> values;
  if (operation(op).result.kind() == ValueKind::list) history().elements(operation(op).result.list(), values);
  Position begin = position(operation(op).begin);
  const Position end = position(operation(op).end);
  if (!alone || values.size() > most_steps) {
    overlapping_drain_ = true;
    for (const Value value : values) show(op, value, begin, end, true);
  } else {
    for (const Value value : values) {
      show(op, value, begin + 1, begin + 2, true);
      begin += 2;
    }
  }
  emptinesses_.push_back({op, begin + 1, end});
}

void Elements::show(std::uint32_t op, Value value, Position begin, Position end, bool removes) {
  if (value.is_nil()) {
    emptinesses_.push_back({op, begin, end});
    return;
  }
  const std::uint32_t number = index_.find(value);
  if (number == ValueIndex::none) return shown_from_nowhere(op, value);
  showings_.push_back({op, number, begin, end, removes});
  Element& element = elements_[number];
  if (removes && element.removal != Element::none) {
    judgement_.failures.push_back(failure(FailureKind::duplicate,
                                          fmt::format("{} at {} took {}, which {} had taken at {}", name(op), ended(op),
                                                      text(element), name(element.removal), ended(element.removal)),
                                          {op, element.removal, element.insertion}));
    return;
  }
  if (removes) {
    element.removal = op;
    element.removal_end = end;
  }
  if (end < element.first_end) {
    element.first_end = end;
    element.first_shown = op;
  }
  if (element.last_shown == Element::none || begin > element.last_begin) {
    element.last_begin = begin;
    element.last_shown = op;
  }
}

void Elements::shown_from_nowhere(std::uint32_t op, Value value) {
  const std::uint32_t number = failed_.find(value);
  const std::string what = fmt::format("{} at {} returned {}", name(op), ended(op), history().value_text(value));
  if (number == ValueIndex::none) {
    judgement_.failures.push_back(failure(FailureKind::garbage_read, what + ", which nobody put in", {op}));
    return;
  }
  const std::uint32_t insertion = failed_insertions_[number];
  judgement_.failures.push_back(failure(FailureKind::dirty_read,
                                        fmt::format("{}, but {} failed at {}", what, name(insertion), ended(insertion)),
                                        {op, insertion}));
}

/// What an element proves without the others.
void Elements::judge_alone() {
  for (Element& element : elements_) {
    if (element.first_end < element.insert_begin) {
      judgement_.failures.push_back(failure(
          FailureKind::garbage_read,
          fmt::format("{} at {} returned {}, but {} began only at {}", name(element.first_shown),
                      ended(element.first_shown), text(element), name(element.insertion), began(element.insertion)),
          {element.first_shown, element.insertion}));
    } else if (element.removal_end < element.last_begin) {
      judgement_.failures.push_back(
          failure(FailureKind::stale_read,
                  fmt::format("{} at {} returned {}, but {} had taken it at {}", name(element.last_shown),
                              ended(element.last_shown), text(element), name(element.removal), ended(element.removal)),
                  {element.last_shown, element.removal, element.insertion}));
    }
    element.insert_end = std::min(element.insert_end, element.first_end);
  }
}

void Elements::assume(Assumption assumption) {
  std::size_t next = 0;
  for (const std::uint32_t i : missing_) {
    const bool taken = assumption != Assumption::none_happened && next < unknown_removals_.size();
    elements_[i].removable_from = taken ? unknown_removals_[next].begin : end_of_time;
    if (taken && assumption == Assumption::in_order && !unknown_removals_[next].drains) ++next;
  }
}

Judgement Elements::judge(const std::function<std::vector<Failure>(const Elements&)>& failures_of,
                          bool in_order_is_best) {
  if (judgement_.answer != Judgement::Answer::valid) return std::move(judgement_);
  assume(Assumption::in_order);
  judgement_.failures = failures_of(*this);
  if (!judgement_.failures.empty() && !in_order_is_best && has_unknown_removals()) {
    assume(Assumption::unlimited);
    judgement_.failures = failures_of(*this);
    if (judgement_.failures.empty()) {
      not_applicable("a removal of unknown outcome may have taken one of several elements");
    }
  }
  if (!judgement_.failures.empty()) {
    judgement_.answer = Judgement::Answer::invalid;
  } else if (judgement_.answer == Judgement::Answer::valid && overlapping_drain_) {
    not_applicable("other operations were under way during a drain");
  }
  return std::move(judgement_);
}

std::optional<Failure> Elements::not_empty() const {
  if (emptinesses_.empty()) return std::nullopt;
  std::vector<Cover::Interval> present;
  for (std::uint32_t i = 0; i < elements_.size(); ++i) {
    const Element& element = elements_[i];
    if (element.insert_end < element.in_until()) present.push_back({element.insert_end, element.in_until(), i});
  }
  const Cover cover(std::move(present));
  for (const Emptiness& emptiness : emptinesses_) {
    const std::vector<std::uint32_t> covering = cover.covering(emptiness.begin, emptiness.end);
    if (covering.empty()) continue;
    return contradicted(FailureKind::stale_read,
                        fmt::format("{} at {} found it empty", name(emptiness.op), ended(emptiness.op)), emptiness.op,
                        covering);
  }
  return std::nullopt;
}

Failure Elements::contradicted(FailureKind kind, const std::string& what, std::uint32_t op,
                               const std::vector<std::uint32_t>& present) const {
  std::vector<std::uint32_t> proof{op};
  for (const std::uint32_t i : present) {
    const Element& element = elements_[i];
    proof.push_back(element.insertion);
    proof.push_back(insertion_proof(element));
    proof.push_back(element.last_shown);
  }
  if (present.size() > 1) {
    return failure(
        FailureKind::not_linearizable,
        fmt::format("{}, but at every moment of it something that contradicts this was in: {}", what, texts(present)),
        proof);
  }
  const Element& only = elements_[present[0]];
  if (only.is_lost() && only.last_begin < position(operation(op).end)) {
    return failure(kind_of_loss(only),
                   fmt::format("{}, but {}, and {}", what, proof_of_insertion(only), taken_by_nobody()), proof);
  }
  return failure(kind,
                 fmt::format("{}, but {}, and {}, which returned it, began only at {}", what, proof_of_insertion(only),
                             name(only.last_shown), began(only.last_shown)),
                 proof);
}

Failure Elements::failure(FailureKind kind, std::string message, const std::vector<std::uint32_t>& ops) const {
  Failure failure;
  failure.kind = kind;
  failure.message = std::move(message);
  failure.at = operation(ops.front()).completed;
  std::set<std::uint32_t> seen{Element::none};
  for (const std::uint32_t op : ops) {
    if (seen.insert(op).second) failure.ops.push_back(operation(op));
  }
  return failure;
}

std::string Elements::texts(const std::vector<std::uint32_t>& elements) const {
  constexpr std::size_t most = 8;
  std::vector<std::string> all;
  for (std::size_t i = 0; i < std::min(elements.size(), most); ++i) all.push_back(text(elements_[elements[i]]));
  const std::string more = elements.size() > most ? fmt::format(" and {} more", elements.size() - most) : "";
  return fmt::format("{}{}", fmt::join(all, ", "), more);
}

bool Elements::was_acknowledged_first(const Element& element) const {
  const Operation& insertion = operation(element.insertion);
  return insertion.ok() && position(insertion.end) <= element.insert_end;
}

std::string Elements::proof_of_insertion(const Element& element) const {
  return was_acknowledged_first(element)
             ? fmt::format("{} was acknowledged at {}", name(element.insertion), ended(element.insertion))
             : fmt::format("{} had returned {} at {}", name(element.first_shown), text(element),
                           ended(element.first_shown));
}

FailureKind Elements::kind_of_loss(const Element& element) const {
  return operation(element.insertion).unknown() ? FailureKind::dirty_read : FailureKind::lost_write;
}

std::string Elements::taken_by_nobody() const {
  return has_unknown_removals()
             ? "no answer says that it was taken, nor can a removal without an answer have taken it in time"
             : "it was never taken";
}

}  // namespace heir::reports::objects
