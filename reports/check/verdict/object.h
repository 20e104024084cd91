// Object: the operations on one thing whose operations must have an order. Judgement: what one checker says of it.
//
// Linearizability is local (Herlihy and Wing 1990, theorem 1): a history is linearizable exactly if the history of each
// object is, so every checker of a single object sees one Object and can run beside the others.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/check/verdict/verdict.h"
#include "reports/history/history.h"
#include "reports/history/source.h"

namespace heir::reports {

struct Object {
  const History* history = nullptr;
  KeyId key = no_key;
  /// Indexes into history->operations(), in order of invocation.
  std::span<const std::uint32_t> ops;
  /// Checkers ask it between their phases and give up, see out_of_time(). Null is never.
  const OutOfTime* is_over = nullptr;

  const Operation& operation(std::size_t i) const { return history->operations()[ops[i]]; }
  std::size_t size() const { return ops.size(); }
  bool out_of_time() const { return is_over && *is_over && (*is_over)(); }
};

/// What the surviving primary holds of one key at the end.
struct FinalValue {
  KeyId key = no_key;
  std::optional<std::int64_t> number;  ///< Of a register; none is nil.
  std::vector<std::int64_t> list;      ///< Of a list or set.
};

/// How much one check may take. Counted in steps of its own so that a verdict does not depend on the machine; whoever
/// wants a deadline in time passes a clock's answer.
struct Limits {
  std::uint64_t steps = 20'000'000;           ///< Configurations visited, for each object.
  std::size_t memory = std::size_t{1} << 30;  ///< Bytes of remembered configurations, for each object.
  OutOfTime out_of_time;
};

struct Judgement {
  enum class Answer : std::uint8_t {
    valid,
    invalid,         ///< `failures` says why; never empty then.
    unknown,         ///< Given up; `reason` names the undecided window.
    not_applicable,  ///< This checker's conditions do not hold (`reason`: "value 5 is written twice"); another must
                     ///< judge.
  };
  Answer answer = Answer::valid;
  std::vector<Failure> failures;
  std::string reason;
};

/// What a checker says that found its time over: nothing of the object is decided.
Judgement out_of_time(const Object& object);

}  // namespace heir::reports
