// The random histories are what they claim to be: executed ones are linearizable, changed ones often not.
#include <catch2/catch.hpp>

#include "brute_force.h"
#include "random_histories.h"

using namespace heir::reports;
using namespace heir::reports::test;

TEST_CASE("random histories: unchanged ones are linearizable, changed ones are of both kinds") {
  for (const Model model : {Model::register_, Model::cas_register, Model::mutex, Model::kv, Model::append, Model::set,
                            Model::counter, Model::queue, Model::stack, Model::priority_queue, Model::deque,
                            Model::semaphore, Model::rmw_register, Model::lease, Model::multi_register}) {
    for (const bool unique : {false, true}) {
      int valid = 0, invalid = 0;
      for (std::uint64_t seed = 0; seed < rounds(20'000); ++seed) {
        const RandomHistory random = random_history({.model = model, .keys = 2, .unique = unique}, seed);
        const bool found = linearizable_by_brute_force(model, random.history);
        (found ? valid : invalid)++;
        if (found || random.changed) continue;
        FAIL("model " << static_cast<int>(model) << " seed " << seed << "\n" << to_text(random.history));
      }
      CAPTURE(static_cast<int>(model), unique, valid, invalid);
      // Of the rarer kind at least one in twenty-four, over few histories as over many.
      CHECK(valid > invalid / 24);
      CHECK(invalid > valid / 24);
    }
  }
}
