#include "reports/check/search/search.h"

#include <fmt/format.h>

namespace heir::reports {

namespace {

constexpr std::size_t most_named = 64;  ///< Operations in a failure.

/// "read of key 5 by process 3 returned 7 at 12.104s"
std::string answered(const History& history, const Operation& op) {
  std::string answer = "was acknowledged";
  if (op.function == Function::cas) {
    answer = op.result == Value::integer(0) ? "found another value" : "succeeded";
  } else if (is_observation(op.function) || !op.result.is_nil()) {
    answer = "returned " + history.value_text(op.result);
  }
  return fmt::format("{} {} at {}", describe(history, op), answer, moment(history, op.completed));
}

/// Of the operations of the window that began before the end of `last`, from its first.
std::vector<std::uint32_t> window_of(const SearchOutcome& outcome, const Object& object) {
  const Operation& last = object.operation(outcome.op);
  std::vector<std::uint32_t> window;
  for (std::uint32_t i = outcome.window_begin; i < object.size(); ++i) {
    if (object.operation(i).begin > last.end) break;
    if (!object.operation(i).failed()) window.push_back(i);
  }
  return window;
}

std::string size_of(const Object& object, const std::vector<std::uint32_t>& window) {
  return fmt::format("the {} operations from {} on", window.size(),
                     moment(*object.history, object.operation(window.front()).invoked));
}

Failure failure_of(const SearchOutcome& outcome, const Object& object) {
  const Operation& op = object.operation(outcome.op);
  const std::vector<std::uint32_t> window = window_of(outcome, object);
  Failure failure;
  failure.at = op.completed;
  failure.message = answered(*object.history, op);
  failure.message += window.size() == 1 ? ", which nothing before it explains"
                                        : fmt::format(", which no order of {} explains", size_of(object, window));
  failure.ops.push_back(op);
  const std::size_t named = std::min(window.size(), most_named);
  for (std::size_t i = window.size() - named; i < window.size(); ++i) {
    if (window[i] != outcome.op) failure.ops.push_back(object.operation(window[i]));
  }
  for (const std::uint32_t i : outcome.partial) failure.order.push_back(object.operation(i));
  return failure;
}

}  // namespace

Judgement judgement_of(const SearchOutcome& outcome, const Object& object) {
  Judgement judgement;
  switch (outcome.answer) {
    case SearchOutcome::Answer::linearizable: break;
    case SearchOutcome::Answer::impossible:
      judgement.answer = Judgement::Answer::invalid;
      judgement.failures.push_back(failure_of(outcome, object));
      break;
    case SearchOutcome::Answer::undecided:
      judgement.answer = Judgement::Answer::unknown;
      judgement.reason =
          fmt::format("undecided: {} among {}, up to {}", outcome.reason, size_of(object, window_of(outcome, object)),
                      answered(*object.history, object.operation(outcome.op)));
      break;
  }
  return judgement;
}

void add_part(Judgement& whole, Judgement part) {
  using Answer = Judgement::Answer;
  for (Failure& failure : part.failures) whole.failures.push_back(std::move(failure));
  const bool worse = part.answer == Answer::invalid || (part.answer != Answer::valid && whole.answer == Answer::valid);
  if (!worse || whole.answer == Answer::invalid) return;
  whole.answer = part.answer;
  whole.reason = std::move(part.reason);
}

std::optional<Judgement> refused(const Object& object) {
  if (object.history->real_time()) return std::nullopt;
  Judgement judgement;
  judgement.answer = Judgement::Answer::not_applicable;
  judgement.reason = "the history does not say which operation came before which";
  return judgement;
}

}  // namespace heir::reports
