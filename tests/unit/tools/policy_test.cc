// The scenarios' list of policy switches is the engine's: same names, same values, same order; heir's value first.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/failover/policy.h"
#include "scenarios/policy_switches.h"

TEST_CASE("scenario files know exactly the switches that the engine has") {
  const auto files = heir::scenarios::policy_switches();
  const auto engine = heir::failover::policy_switches();
  REQUIRE(files.size() == engine.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    INFO(files[i].name);
    CHECK(files[i].name == engine[i].name);
    std::vector<std::string_view> a(files[i].values.begin(), files[i].values.end());
    std::vector<std::string_view> b(engine[i].values.begin(), engine[i].values.end());
    CHECK(a.front() == heir::failover::switch_value(heir::failover::heir_policy(), engine[i].name));
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    CHECK(a == b);
  }
}
