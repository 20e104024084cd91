// Delta debugging as a function: what it keeps, what it asks, and what it leaves when it is over.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "tools/shrink/ddmin.h"

using heir::tools::ddmin;
using heir::tools::Items;

namespace {

/// Fails if all of these are there.
struct Needs {
  std::set<std::size_t> needed;
  std::size_t asked = 0;
  std::set<Items> seen{};
  bool holds(const Items& part) const { return std::includes(part.begin(), part.end(), needed.begin(), needed.end()); }
  heir::tools::TryParts trying() {
    return [this](const std::vector<Items>& parts) -> std::optional<std::size_t> {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        CHECK(std::is_sorted(parts[i].begin(), parts[i].end()));
        ++asked;
        seen.insert(parts[i]);
        if (holds(parts[i])) return i;
      }
      return std::nullopt;
    };
  }
};

}  // namespace

TEST_CASE("exactly what is needed is left") {
  for (const std::set<std::size_t>& needed :
       std::vector<std::set<std::size_t>>{{}, {0}, {99}, {3, 4}, {0, 99}, {1, 17, 56, 98}, {10, 11, 12, 13, 14, 15}}) {
    Needs needs{needed};
    CHECK(ddmin(100, needs.trying()) == Items(needed.begin(), needed.end()));
  }
}

TEST_CASE("all is left of what can lose nothing, and nothing of nothing") {
  Needs all{{0, 1, 2, 3, 4}};
  CHECK(ddmin(5, all.trying()) == Items{0, 1, 2, 3, 4});
  Needs nothing;
  CHECK(ddmin(0, nothing.trying()).empty());
  CHECK(nothing.asked == 0);
  Needs one{{0}};
  CHECK(ddmin(1, one.trying()) == Items{0});
}

TEST_CASE("of one that is needed among many it asks about as often as a bisection") {
  Needs needs{{700}};
  CHECK(ddmin(1000, needs.trying()) == Items{700});
  CHECK(needs.asked <= 2 * 10 + 2);
}

TEST_CASE("where all but a few are left out one by one it goes on behind the last, not at the first again") {
  // Only one at a time can be left out, as where each strike changes what those behind it do.
  std::size_t left = 40, asked = 0;
  const Items result = ddmin(40, [&](const std::vector<Items>& parts) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      ++asked;
      const bool keeps_the_first = parts[i].size() >= 20 && parts[i][19] == 19;
      if (parts[i].size() != left - 1 || !keeps_the_first) continue;
      left = parts[i].size();
      return i;
    }
    return std::nullopt;
  });
  CHECK(result.size() == 20);
  CHECK(asked < 200);  // From the first again each time: 20 that are needed, 20 times over, and more.
}

TEST_CASE("what is left cannot lose any single item, also where the parts are not independent") {
  // Fails with 2 and 5, or with 7, 8 and 9.
  const auto holds = [](const Items& part) {
    const auto has = [&](std::size_t item) { return std::binary_search(part.begin(), part.end(), item); };
    return (has(2) && has(5)) || (has(7) && has(8) && has(9));
  };
  const Items left = ddmin(10, [&](const std::vector<Items>& parts) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < parts.size(); ++i)
      if (holds(parts[i])) return i;
    return std::nullopt;
  });
  REQUIRE(holds(left));
  for (std::size_t i = 0; i < left.size(); ++i) {
    Items without = left;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK_FALSE(holds(without));
  }
}

TEST_CASE("when it is over, what was reached is left") {
  std::size_t calls = 0;
  Items reached;
  const Items left = ddmin(64, [&](const std::vector<Items>& parts) -> std::optional<std::size_t> {
    // The first two questions after the empty list are answered, then the time is up.
    if (++calls == 1 || calls > 3) return std::nullopt;
    reached = parts[0];
    return 0;
  });
  CHECK(left == reached);
  CHECK(left.size() == 16);
}
