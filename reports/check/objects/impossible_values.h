// ImpossibleValues: values that were seen, though nobody had set or appended them by then.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reports/check/objects/proven_failures.h"
#include "reports/check/objects/zones.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

class ImpossibleValues {
 public:
  /// `verb`: "wrote".
  ImpossibleValues(const Object& object, const char* verb) : object_(object), verb_(verb) {}

  struct Sight {
    Point end = never;                             ///< By when it was seen; `never` for the final state.
    HistoryTime at;                                ///< When that was.
    std::uint32_t culprit = ProvenFailures::none;  ///< Number in the history of the operation that saw it.
    Proof proof;                                   ///< That it did, if more is needed than that operation.
    std::string sentence;                          ///< "read of key 5 by process 3 at 12.345s returned 7"
  };
  /// Of several sights of one value, the first counts.
  void add(Value value, Point end, auto make_sight) {
    const auto [at, added] = sights_.try_emplace(value.bits());
    if (added || end < at->second.end) at->second = make_sight();
  }

  /// Each is dirty if the operation that was to set it failed or was refused, otherwise garbage.
  void report(ProvenFailures& failures);

 private:
  struct Setters {
    const Operation* failed = nullptr;  ///< The first that failed.
    const Operation* first = nullptr;
  };
  void report(const Sight& sight, const Setters& setters, ProvenFailures& failures) const;

  const Object& object_;
  const char* verb_;
  std::map<std::int64_t, Sight> sights_;  ///< By Value::bits().
};

}  // namespace heir::reports::objects
