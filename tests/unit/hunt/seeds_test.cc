#include "tools/hunt/seeds.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>

#include "sim/kernel/random.h"
#include "tools/hunt/statistics.h"

namespace heir::tools {

TEST_CASE("A set of seeds holds what was added, in whatever order") {
  sim::RandomStream random(1, "seeds");
  SeedSet seeds;
  std::set<std::uint64_t> model;
  for (int i = 0; i < 5000; ++i) {
    const std::uint64_t seed = random.below(800);
    seeds.add(seed);
    model.insert(seed);
    REQUIRE(seeds.size() == model.size());
  }
  for (std::uint64_t seed = 0; seed < 810; ++seed) CHECK(seeds.contains(seed) == (model.count(seed) == 1));
}

TEST_CASE("The first and the last of all seeds are seeds like any other") {
  constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  SeedSet seeds;
  for (const std::uint64_t seed : {last, std::uint64_t{0}, last - 1, std::uint64_t{1}}) seeds.add(seed);
  CHECK(seeds.size() == 4);
  CHECK(seeds.contains(last));
  CHECK_FALSE(seeds.contains(2));
  const WantedSeeds wanted{last - 1, last, {}};
  CHECK(wanted.count() == 2);
  CHECK(wanted.after(last - 1) == last);
  CHECK_FALSE(wanted.after(last));
}

TEST_CASE("Shards divide the seeds: each has one owner, and they count what they have") {
  for (const std::uint64_t of : {1u, 2u, 3u, 7u, 40u}) {
    std::set<std::uint64_t> all;
    for (std::uint64_t index = 1; index <= of; ++index) {
      const WantedSeeds wanted{5, 30, {index, of}};
      std::uint64_t count = 0;
      for (std::optional<std::uint64_t> seed = wanted.begin(); seed; seed = wanted.after(*seed)) {
        CHECK(wanted.contains(*seed));
        CHECK(all.insert(*seed).second);
        ++count;
      }
      CHECK(wanted.count() == count);
    }
    CHECK(all.size() == 26);
    CHECK(*all.begin() == 5);
    CHECK(*all.rbegin() == 30);
  }
}

TEST_CASE("The bound on the chance of a failure is exact") {
  // With so many clean runs and a chance p of failure, (1 - p)^n = 0.05.
  CHECK(failure_bound(0) == 1);
  CHECK(failure_bound(1) == Approx(0.95));
  CHECK(failure_bound(2) == Approx(0.7763932).epsilon(1e-6));
  CHECK(failure_bound(59) == Approx(0.0495).epsilon(0.01));            // the classic: 59 clean samples for 95 % of 95 %
  CHECK(failure_bound(1'000'000) == Approx(2.9957e-6).epsilon(1e-4));  // three by n
}

}  // namespace heir::tools
