// A fast algorithm against trying every order, on random histories.
#pragma once

#include <catch2/catch.hpp>

#include "brute_force.h"
#include "random_histories.h"
#include "steps.h"
#include "sub_history.h"

namespace heir::reports::test {

/// How many histories were judged how.
struct Comparison {
  std::uint64_t valid = 0, invalid = 0, not_applicable = 0;
};

/// Fails if `judge`, a function of an Object, says "valid" or "invalid" of a history that is not. With `proofs`, the
/// operations of each failure must not be linearizable without the others.
template <class Judge>
Comparison compare_with_brute_force(const Recipe& recipe, std::uint64_t histories, Judge judge, bool proofs = false) {
  Comparison all;
  for (std::uint64_t seed = 0; seed < rounds(histories); ++seed) {
    const RandomHistory random = random_history(recipe, seed);
    const std::vector<std::uint32_t> ops = operations_of(random.history);
    const Object object{&random.history, no_key, ops};
    const Judgement judgement = judge(object);
    if (judgement.answer == Judgement::Answer::not_applicable) {
      ++all.not_applicable;
      REQUIRE_FALSE(judgement.reason.empty());
      continue;
    }
    const bool valid = judgement.answer == Judgement::Answer::valid;
    (valid ? all.valid : all.invalid)++;
    bool right = judgement.failures.empty() == valid && linearizable_by_brute_force(recipe.model, object) == valid;
    for (const Failure& failure : judgement.failures) {
      right &= !failure.ops.empty() && !failure.message.empty();
      if (proofs) {
        right &= !linearizable_by_brute_force(recipe.model, SubHistory(random.history, failure.ops).history);
      }
    }
    if (right) continue;
    std::string said = in_short(judgement);
    for (const Failure& failure : judgement.failures) {
      said += '\n' + failure.message + '\n' + to_text(SubHistory(random.history, failure.ops).history);
    }
    FAIL("seed " << seed << '\n' << to_text(random.history) << said);
  }
  return all;
}

/// Each answer came often enough that it was put to the test.
inline void check_shares(const Comparison& all, double valid, double invalid, double not_applicable) {
  const double total = static_cast<double>(all.valid + all.invalid + all.not_applicable);
  INFO(all.valid << " valid, " << all.invalid << " invalid, " << all.not_applicable << " not applicable");
  CHECK(static_cast<double>(all.valid) >= valid * total);
  CHECK(static_cast<double>(all.invalid) >= invalid * total);
  CHECK(static_cast<double>(all.not_applicable) <= not_applicable * total);
}

}  // namespace heir::reports::test
