// The smallest part of an invalid object that is itself invalid: the proof to look at, and nothing else.
//
// Only reductions under which a linearizable history stays linearizable are made, so that what is left proves that the
// whole is not:
//   - an operation that changes nothing (a read, a peek, an empty dequeue) may be left out;
//   - a value may be left out of the world, with every operation that wrote, took or returned it, and out of the lists
//     and sets that were read, if nothing that is kept depends on it (a compare-and-swap depends on what it expects);
//   - what ended before a write to a register during which nothing else was open may be left out.
// What is left is judged again before it is given out. (Delta debugging: Zeller and Hildebrandt 2002.)
#pragma once

#include <functional>
#include <optional>

#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

struct MinimalHistory {
  History history;                 ///< With the times, processes and names of the whole.
  std::vector<std::uint32_t> ops;  ///< Which of the whole's operations these are.
};

/// Is a history, of one object, invalid?
using IsInvalid = std::function<bool(const History&)>;

/// Begins with `proof`, operations that a checker named, if they are a proof alone. Nothing if the whole is not invalid
/// by `is_invalid`, which is asked at most `tries` times, and not after the object's time is over.
std::optional<MinimalHistory> minimise(const Object& object, Model model, std::span<const Operation> proof,
                                       const IsInvalid& is_invalid, std::size_t tries = 2000);

}  // namespace heir::reports
