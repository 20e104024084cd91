// Is there a linearization? By trying every order of the operations, with rules of the models that are written for
// being obviously right, not fast, and apart from those that the checkers use.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"
#include "reports/history/history.h"

namespace heir::reports::test {

/// What an object holds, whatever its model: a register, counter or semaphore one value, others their elements. Sets
/// and priority queues are kept sorted. A lease: is it held, by which process, with which token, the greatest token
/// given.
struct Contents {
  std::vector<Value> values;
  std::string text;  ///< Of kv.
  bool operator==(const Contents&) const = default;
};
/// By key. What is not in it is as at first.
using State = std::map<std::uint32_t, Contents>;

/// What an operation answers when it is executed.
struct Answer {
  enum class Kind { nothing, value, list, set, text, micro_ops };
  bool possible = true;  ///< False: it cannot be executed now, it would have to wait (acquire of a held lock).
  Kind kind = Kind::nothing;
  std::vector<Value> values;
  std::string text;
  std::vector<MicroOp> micro_ops;
};

/// Executes `op` on the object that it names. Only its function, key, process and argument matter, and, where the
/// answer is up to the object (the token of a lease), its result.
/// `greatest_first`: of a priority queue the greatest, not the least, is the most urgent.
Answer execute(Model model, const History& history, State& state, const Operation& op, bool greatest_first = false);

/// May this answer have been recorded as this result? A recorder may leave out some results (of a remove, say).
bool agrees(Model model, const History& history, const Operation& op, const Answer& answer);

/// A priority queue may be of either order.
bool linearizable_by_brute_force(Model model, const Object& object);
/// All operations of the history as one object, each on its key.
bool linearizable_by_brute_force(Model model, const History& history);

}  // namespace heir::reports::test
