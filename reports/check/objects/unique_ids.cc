#include "reports/check/objects/unique_ids.h"

#include <fmt/format.h>

#include "reports/check/objects/sentences.h"
#include "reports/check/objects/value_index.h"

namespace heir::reports {

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t no_failure = UINT32_MAX;

struct Id {
  std::uint32_t first = 0;             ///< Index into the object: who got it first.
  std::uint32_t failure = no_failure;  ///< Index into the failures, if another got it as well.
};

bool is_simple(Value value) {
  return value.kind() == ValueKind::integer || value.kind() == ValueKind::text;
}

}  // namespace

Judgement judge_unique_ids(const Object& object) {
  Judgement judgement;
  objects::ValueIndex index(object.size());
  std::vector<Id> ids;
  const auto name = [&](const Operation& op) {
    return fmt::format("{} at {}", describe(*object.history, op), objects::when(object, op.completed));
  };
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (!op.ok()) continue;
    if (!is_simple(op.result)) {
      judgement.answer = Judgement::Answer::unknown;
      judgement.reason =
          fmt::format("{} answered with {}, which is no id", name(op), object.history->value_text(op.result));
      continue;
    }
    const std::uint32_t number = index.insert(op.result);
    if (number == ids.size()) {
      ids.push_back({i, no_failure});
      continue;
    }
    Id& id = ids[number];
    const Operation& first = object.operation(id.first);
    if (id.failure == no_failure) {
      if (judgement.failures.size() == most_failures) continue;
      id.failure = static_cast<std::uint32_t>(judgement.failures.size());
      Failure failure;
      failure.kind = FailureKind::duplicate;
      failure.at = std::max(first.completed, op.completed);
      failure.message =
          fmt::format("{} and {} both returned {}", name(first), name(op), object.history->value_text(op.result));
      failure.ops.push_back(first);
      judgement.failures.push_back(std::move(failure));
    }
    judgement.failures[id.failure].ops.push_back(op);
  }
  if (!judgement.failures.empty()) judgement.answer = Judgement::Answer::invalid;
  return judgement;
}

}  // namespace heir::reports
