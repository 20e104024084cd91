// Small random histories of every model that is judged object by object (and of multi-register): to test a fast
// algorithm, or the general search, against trying all orders (brute_force.h).
//
//   for (std::uint64_t seed = 0; seed < rounds(100'000); ++seed) {
//     const RandomHistory random = random_history({.model = Model::queue, .unique = true}, seed);
//     const bool expected = linearizable_by_brute_force(Model::queue, random.history);
//     const std::vector<std::uint32_t> ops = operations_of(random.history);
//     const Judgement judgement = judge_queue(Object{&random.history, no_key, ops});
//     CHECK((judgement.answer == Judgement::Answer::valid) == expected);
//   }
//
// A history is made by executing operations one after the other by the rules of the model and drawing an interval
// around each; then, in most cases, something is changed: an answer, two answers swapped, an interval cut short, an
// outcome. About half of all come out linearizable. The same recipe and seed give the same history.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"
#include "reports/history/history.h"

namespace heir::reports::test {

/// A linear congruential generator: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U) { below(2); }
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return ((state_ >> 32) * n) >> 32;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

/// What the random histories look like.
struct Recipe {
  Model model = Model::register_;
  std::uint32_t operations = 7;  ///< At most; brute force takes milliseconds at 9.
  std::uint32_t processes = 4;   ///< At most. Some go on after an unknown outcome.
  std::uint32_t keys = 1;        ///< Keys 1 … keys. A multi-register has the keys in its transactions.
  std::uint32_t values = 3;      ///< Values are 1 … values, or letters, unless they are unique.
  bool unique = false;           ///< No value is written (added, enqueued, swapped in …) twice under a key.
  bool failures = true;
  bool unknowns =
      true;  ///< Some have an `info`, some no end at all; half of them take effect, perhaps after the `info`.
  bool changes = true;                   ///< False: all are linearizable.
  std::vector<Function> functions = {};  ///< Drawn from these only; if there are none, from all that the model has.
};

struct RandomHistory {
  History history;       ///< Times are often equal, and every fourth history is untimed.
  bool changed = false;  ///< If not, it is linearizable.
};
RandomHistory random_history(const Recipe& recipe, std::uint64_t seed);

/// The operations of one key, to make an Object of; of no_key all operations, whatever their key.
std::vector<std::uint32_t> operations_of(const History& history, KeyId key = no_key);

/// Every line of a history, to show with a failed check.
std::string to_text(const History& history);

/// How many histories to try: `full`, or fewer in the slow builds, yet enough that what is one in twenty shows up.
constexpr std::uint64_t rounds(std::uint64_t full) {
#ifdef HEIR_FEWER_ROUNDS
  return std::min(full, std::max<std::uint64_t>(full / 50, 120));
#else
  return full;
#endif
}

}  // namespace heir::reports::test
