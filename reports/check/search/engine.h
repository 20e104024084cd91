// The engine of the search for a linearization. It knows operations as intervals with a *step* each (what they do, see
// StateSpace) and states as numbers; search.h puts a model in front of it.
//
// It walks the invocations and answers in order and keeps the *frontier*: all configurations that explain what was
// answered so far, a configuration being the state of the object and which of the open operations have taken effect.
// The answer of an operation forces it: configurations in which it has not taken effect are extended by open operations
// until it has. If none is left there is no linearization. (Wing and Gong 1993; just in time: Lowe, "Testing for
// linearizability", 2017.) Only the frontier is remembered, so memory does not grow with the history; where nothing is
// open, only the possible states are left, which cuts the history into windows.
//
// What keeps the frontier small, each without loss:
//   - an operation that changes nothing takes effect as soon as the state allows its answer;
//   - of open operations with the same step the one that must be answered first goes first (exchange argument);
//   - unknown outcomes are not bits but *spares*: how many of each step were used. Of two configurations that are equal
//     but for that, the one that used fewer of each can do all that the other can; the other is dropped;
//   - a configuration from which an open or the next observation cannot be reached any more is dropped
//   (StateSpace::lost);
//   - what a model calls useless before the operation at hand is not tried (StateSpace::useful).
//
// Configurations are compared whole: bits of the open operations (a few words, whatever the length of the history),
// state, spares. Hashes only find candidates.
//
// A frontier that grows too large is first cut to the configurations found first: if one of them reaches the end that
// is a proof. If none does, the search starts anew with room for more, until nothing was cut or the limits are reached.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// States and steps as numbers. Steps are equal if no state tells them apart.
class StateSpace {
 public:
  static constexpr std::uint32_t impossible = UINT32_MAX;
  virtual ~StateSpace() = default;

  virtual std::uint32_t initial() = 0;
  /// The state after `step`, or `impossible` if it cannot take effect, with its answer, in this state.
  virtual std::uint32_t next(std::uint32_t state, std::uint32_t step) = 0;
  /// Does it never change the state? Then it is called an observation.
  virtual bool observes(std::uint32_t step) const = 0;
  /// Is next() so slow that results are worth remembering?
  virtual bool is_slow() const { return true; }

  /// Is a state a single value, that each step needs, leaves, or both? Then needs() and leads_to() say so, and lost()
  /// and useful() are not asked.
  virtual bool has_values() const { return false; }
  static constexpr std::uint32_t anything = UINT32_MAX - 1;
  static constexpr std::uint32_t anything_else = UINT32_MAX - 2;
  /// The only state that allows the step; or `anything`; or `anything_else`, all but one.
  virtual std::uint32_t needs(std::uint32_t /*step*/) { return anything; }
  /// The state after it; of an observation `anything`.
  virtual std::uint32_t leads_to(std::uint32_t /*step*/) { return anything; }

  /// Is lost() ever true?
  virtual bool has_lost() const { return false; }
  /// Does no sequence of steps lead from `state` to one that allows `observation`, but those with a step that helps()?
  virtual bool lost(std::uint32_t /*state*/, std::uint32_t /*observation*/) { return false; }
  virtual bool helps(std::uint32_t /*step*/, std::uint32_t /*observation*/) { return true; }

  /// Is useful() ever false?
  virtual bool has_useful() const { return false; }
  /// May `step` have to come next on a way from `state` to one that allows `target`? If false: it can as well come
  /// after `target`, on every way on which no observation is allowed before `target` is.
  virtual bool useful(std::uint32_t /*state*/, std::uint32_t /*step*/, std::uint32_t /*target*/) { return true; }

  /// Bytes held for states.
  virtual std::size_t memory() const = 0;
  /// Forgets all states but those; `states[i]` gets the number i, unless states keep their numbers: then false.
  virtual bool keep_only(const std::vector<std::uint32_t>& states) = 0;
};

/// `end` is Operation::never for an unknown outcome: it may take effect at any time after `begin`, or not at all.
struct SearchedOperation {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t step = 0;
};

struct SearchOutcome {
  enum class Answer : std::uint8_t { linearizable, impossible, undecided };
  Answer answer = Answer::linearizable;
  // Indexes of operations as they were given.
  std::uint32_t op =
      0;  ///< Impossible: the first whose answer has no explanation. Undecided: where the search stopped.
  std::uint32_t window_begin = 0;      ///< First of the window: everything before was answered when it began.
  std::vector<std::uint32_t> partial;  ///< Impossible: of the last window before, an order that explains its answers.
                                       ///< See Wanted::order.
  std::uint64_t steps = 0;
  const char* reason = "";  ///< Undecided: why.
};

/// `order`: of a linearizable history a whole order is wanted, of another an order of all that was answered before the
/// first answer without an explanation; it takes memory that grows with the search.
enum class Wanted : bool { answer, order };

/// Operations in order of `begin`; events have distinct numbers. Those of unknown outcome are no observations.
SearchOutcome find_order(StateSpace& space, std::span<const SearchedOperation> ops, const Limits& limits,
                         Wanted wanted = Wanted::answer);

}  // namespace heir::reports
