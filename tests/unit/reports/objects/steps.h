// Hand-made histories of any function: each operation with its interval, turned into events in order of time.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "random_histories.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::test {

/// What an operation answers: nil, a number or a list.
using Answered = std::variant<std::monostate, std::int64_t, std::vector<std::int64_t>>;
inline std::vector<std::int64_t> list(std::vector<std::int64_t> elements) {
  return elements;
}

struct Step {
  Function function = Function::read;
  std::optional<std::int64_t> argument;
  Answered result;
  std::int64_t begin = 0;  ///< Milliseconds.
  std::int64_t end = 0;    ///< Negative: no end at all.
  EventType outcome = EventType::ok;
  std::int64_t process = -1;  ///< -1: a process of its own, numbered from 100.
};

/// All on key 1. Of events at the same time, the endings of earlier ones come first.
inline History history_of(const std::vector<Step>& steps) {
  struct Moment {
    std::int64_t time;
    bool begins;
    std::size_t step;
  };
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    moments.push_back({steps[i].begin, true, i});
    if (steps[i].end >= 0) moments.push_back({steps[i].end, false, i});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.time != b.time ? a.time < b.time : !a.begins && b.begins;
  });
  History history;
  const KeyId key = history.key(1);
  for (const Moment& m : moments) {
    const Step& step = steps[m.step];
    const ProcessId process(
        static_cast<std::uint32_t>(step.process >= 0 ? step.process : 100 + static_cast<std::int64_t>(m.step)));
    const HistoryTime time = HistoryTime::from_ns(m.time * 1'000'000);
    if (m.begins) {
      history.invoke(process, step.function, key, step.argument ? Value::integer(*step.argument) : Value::nil(), time);
    } else if (step.outcome == EventType::info) {
      history.info(process, time);
    } else if (step.outcome == EventType::fail) {
      history.fail(process, time);
    } else if (const auto* number = std::get_if<std::int64_t>(&step.result)) {
      history.ok_read(process, Value::integer(*number), time);
    } else if (const auto* elements = std::get_if<std::vector<std::int64_t>>(&step.result)) {
      history.ok_read(process, *elements, time);
    } else {
      history.ok(process, time);
    }
  }
  return history;
}

/// A history and the object of all its operations.
class Whole {
 public:
  explicit Whole(History history)
      : history_(std::move(history)), ops_(operations_of(history_)), object_{&history_, KeyId(1), ops_} {}
  explicit Whole(const std::vector<Step>& steps) : Whole(history_of(steps)) {}
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;
  operator const Object&() const { return object_; }

 private:
  History history_;
  std::vector<std::uint32_t> ops_;
  Object object_;
};

/// "valid", "not applicable: REASON", "unknown: REASON", or the kinds of the failures: "lost-write stale-read".
inline std::string in_short(const Judgement& judgement) {
  std::string text;
  switch (judgement.answer) {
    case Judgement::Answer::valid: return judgement.failures.empty() ? "valid" : "valid, with failures";
    case Judgement::Answer::not_applicable: return "not applicable: " + judgement.reason;
    case Judgement::Answer::unknown: return "unknown: " + judgement.reason;
    case Judgement::Answer::invalid: break;
  }
  for (const Failure& failure : judgement.failures) {
    text += (text.empty() ? "" : " ") + std::string(to_string(failure.kind));
  }
  return text.empty() ? "invalid, without failures" : text;
}

}  // namespace heir::reports::test
