// The switches: every one can be set by name and read back, mistakes are told, and the presets differ where the systems
// do.
#include <set>

#include <catch2/catch.hpp>

#include "engine/failover/policy.h"

using namespace heir;
using namespace heir::failover;

TEST_CASE("every switch takes every one of its values by name and shows it again") {
  REQUIRE(policy_switches().size() == 39);
  std::set<std::string_view> names;
  for (const PolicySwitch& s : policy_switches()) {
    CAPTURE(std::string(s.name));
    CHECK(names.insert(s.name).second);
    REQUIRE(s.values.size() >= 2);
    for (const std::string_view value : s.values) {
      Policy policy;
      REQUIRE(set_switch(policy, s.name, value));
      CHECK(switch_value(policy, s.name) == value);
      // Nothing else has changed.
      for (const PolicySwitch& other : policy_switches())
        if (other.name != s.name) CHECK(switch_value(policy, other.name) == switch_value(Policy{}, other.name));
    }
  }
}

TEST_CASE("exactly one value of each switch is heir's own") {
  for (const PolicySwitch& s : policy_switches()) {
    CAPTURE(std::string(s.name));
    int same = 0;
    for (const std::string_view value : s.values) {
      Policy policy;
      REQUIRE(set_switch(policy, s.name, value));
      same += policy == heir_policy();
    }
    CHECK(same == 1);
  }
}

TEST_CASE("a switch that is not known, or a value that it does not take, is an error that changes nothing") {
  Policy policy;
  const Result<> unknown = set_switch(policy, "leases", "true");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == ErrorCode::invalid);
  CHECK(unknown.error().message == "policy switch 'leases' is not known");

  const Result<> two = set_switch(policy, "lease", "maybe");
  REQUIRE_FALSE(two);
  CHECK(two.error().message == "policy switch 'lease' is \"false\" or \"true\", not \"maybe\"");

  const Result<> three = set_switch(policy, "sever", "");
  REQUIRE_FALSE(three);
  CHECK(three.error().message == "policy switch 'sever' is \"durable\", \"until-restart\" or \"off\", not \"\"");
  CHECK_FALSE(set_switch(policy, "lease", "True"));
  CHECK_FALSE(set_switch(policy, "", "true"));
  CHECK(policy == heir_policy());
}

TEST_CASE("the presets are found by name, and no other") {
  CHECK(*policy_named("heir") == Policy{});
  CHECK(*policy_named("manatee") == manatee_policy());
  CHECK(*policy_named("sirenia") == sirenia_policy());
  const Result<Policy> bad = policy_named("Heir");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().code == ErrorCode::invalid);
  CHECK(bad.error().message == "policy 'Heir' is not known; expected \"heir\", \"manatee\" or \"sirenia\"");
}

TEST_CASE("Manatee and sirenia differ in what their documentation says they differ in") {
  std::set<std::string_view> different;
  for (const PolicySwitch& s : policy_switches())
    if (switch_value(manatee_policy(), s.name) != switch_value(sirenia_policy(), s.name)) different.insert(s.name);
  CHECK(different == std::set<std::string_view>{"primary_checks_position", "first_sync", "promotion", "frozen",
                                                "history", "downstream"});
  CHECK(switch_value(manatee_policy(), "promotion") == "takeover");
  CHECK(switch_value(sirenia_policy(), "promotion") == "ignored");
  CHECK(switch_value(manatee_policy(), "frozen") == "tracks-asyncs");
  CHECK(switch_value(sirenia_policy(), "frozen") == "nothing");
  CHECK(switch_value(manatee_policy(), "history") == "true");
  CHECK(switch_value(sirenia_policy(), "history") == "false");
}

TEST_CASE("the old systems keep the rules that they have") {
  for (const Policy& policy : {manatee_policy(), sirenia_policy()}) {
    CHECK(policy.check_initial_position);
    CHECK(policy.only_named_sync);
    CHECK(policy.acknowledge == Acknowledge::flushed);
    CHECK_FALSE(policy.gate);
    CHECK_FALSE(policy.lease);
    CHECK(policy.initial_position == PositionKind::replayed);
    CHECK(policy.sever == Severing::off);
  }
}
