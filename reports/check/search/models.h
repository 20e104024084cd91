// The general search for the models that `heir check --model` names.
//
// Initial states: registers nil; kv texts "" (which a nil read is, too); locks free; counters and semaphores 0; lists,
// sets and queues empty. An answer that the recorder may leave out, and did (the 1 of a compare-and-set that swapped,
// of an add, a remove, an increment, a decrement), constrains only what the operation must have been able to do; see
// history.h and jepsen.h for what else the functions answer. A counter's reads must be exact here. A priority queue may
// give its least element first or its greatest, but always one or always the other.
//
// An object that is several independent ones is taken apart first: kv and multi-register by keys that no transaction
// holds together, a set by elements if nobody read it whole. So a store may be given as one object or key by key.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Is `object` linearizable? not_applicable if the model has not all of its operations, or none that are linearized
/// (unique ids, bank, Elle's). Limits are for each independent part. Thread-safe: nothing is shared between calls.
Judgement judge_by_search(Model model, const Object& object, const Limits& limits = {});

/// An order for each independent part of an object, as indexes into the history: executed one after the other its
/// operations have the answers that they had, and real time is respected. Of a part that is not linearizable it ends
/// before the first answer without an explanation. Without what failed, what standbys showed, and unknown outcomes that
/// no answer depends on.
struct PartialOrders {
  std::vector<std::vector<std::uint32_t>> parts;  ///< Those for which one was found.
  std::uint64_t steps = 0;                        ///< That finding them took.
};
/// Within the limits, for each independent part. Empty where judge_by_search is not applicable.
PartialOrders orders_by_search(Model model, const Object& object, const Limits& limits);

/// One order of the operations of all, which respects each of them and real time (Herlihy and Wing 1990, theorem 1).
/// REQUIRES: no operation is in two of them.
std::vector<std::uint32_t> merged(const History& history, const std::vector<std::vector<std::uint32_t>>& parts);

}  // namespace heir::reports
