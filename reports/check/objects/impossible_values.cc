#include "reports/check/objects/impossible_values.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/check/objects/operations.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports::objects {

void ImpossibleValues::report(ProvenFailures& failures) {
  std::map<std::int64_t, Setters> setters;
  for (std::uint32_t i = 0; i < object_.size() && !sights_.empty(); ++i) {
    const Operation& op = object_.operation(i);
    if (is_read(op.function)) continue;
    const std::int64_t value = value_set(*object_.history, op).bits();
    if (!sights_.contains(value)) continue;
    Setters& found = setters[value];
    if (!found.first) found.first = &op;
    if (!found.failed && (op.failed() || saw_another(op))) found.failed = &op;
  }
  std::vector<std::pair<Point, std::int64_t>> order;
  for (const auto& [value, sight] : sights_) order.emplace_back(sight.end, value);
  std::ranges::sort(order);
  for (const auto& [end, value] : order) report(sights_[value], setters[value], failures);
}

void ImpossibleValues::report(const Sight& sight, const Setters& setters, ProvenFailures& failures) const {
  const bool dirty = setters.failed && after(setters.failed->begin) < sight.end;
  const FailureKind kind = dirty ? FailureKind::dirty_read : FailureKind::garbage_read;
  if (failures.full(kind)) return;
  Proof proof = sight.proof;
  std::string why = fmt::format(", which nobody {}", verb_);
  HistoryTime at = sight.at;
  if (const Operation* op = dirty ? setters.failed : setters.first) {
    proof.push_back(object_.history->operation_of(op->begin));
    why = fmt::format(", but {} ", name(object_, *op));
    if (dirty) {
      why +=
          fmt::format("{} at {}", op->failed() ? "failed" : "did not swap, as answered", when(object_, op->completed));
      at = std::max(at, op->completed);
    } else {
      why += "began only at " + when(object_, op->invoked);
    }
  }
  failures.add(kind, at, sight.culprit, std::move(proof), sight.sentence + why);
}

}  // namespace heir::reports::objects
