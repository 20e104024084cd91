// Levels, pruning and the shortest failure of an exploration, whose runs are made up.
#include <catch2/catch.hpp>

#include "tools/explore/explore.h"

using namespace heir;
using namespace heir::tools;

namespace {

scenarios::Fault crash(int host) {
  scenarios::Fault fault;
  fault.kind = scenarios::FaultKind::crash;
  fault.target = {scenarios::TargetKind::host, host};
  fault.lasts = {Duration::seconds(1), Duration::seconds(1)};
  return fault;
}

Moment moment(int at, const std::string& state, std::vector<std::string> twins = {}) {
  return {Duration::seconds(at), state, std::move(twins), ""};
}

Explored shows(std::vector<Moment> moments) {
  Explored explored;
  explored.moments = std::move(moments);
  return explored;
}

Explored fails(const std::string& kind) {
  Explored explored;
  explored.verdict = Explored::Verdict::fails;
  explored.failure = kind;
  return explored;
}

/// "host2@3" for each fault of each placement.
std::vector<std::string> told(const std::vector<Placement>& placements) {
  std::vector<std::string> all;
  for (const Placement& placement : placements) {
    std::string text;
    for (const scenarios::Fault& fault : placement.faults)
      text += (text.empty() ? "" : " ") + ("host" + std::to_string(fault.target.host)) + "@" +
              std::to_string((fault.at->low - Duration::nanoseconds(1)).ns() / 1'000'000'000);
    all.push_back(text);
  }
  return all;
}

using Told = std::vector<std::string>;
constexpr Duration end = Duration::seconds(100);

}  // namespace

TEST_CASE("every fault is put at every state, an instant after its first moment") {
  Exploration exploration({crash(1), crash(2)}, 1, end);
  std::vector<Placement> level = exploration.next_level();
  REQUIRE(level.size() == 1);
  CHECK(level.front().faults.empty());
  CHECK_FALSE(exploration.is_last_level());
  exploration.level_done(level, {shows({moment(1, "a"), moment(3, "b"), moment(5, "a"), moment(7, "b")})});
  CHECK(exploration.states() == 2);
  CHECK(boost::num_edges(exploration.graph()) == 2);

  CHECK(exploration.is_last_level());
  level = exploration.next_level();
  CHECK(told(level) == Told{"host1@1", "host2@1", "host1@3", "host2@3"});
  CHECK(level[0].faults[0].at->low == Duration::seconds(1) + Duration::nanoseconds(1));
  CHECK(level[2].place == "b");
  exploration.level_done(level, {{}, {}, {}, {}});
  CHECK(exploration.next_level().empty());
  CHECK_FALSE(exploration.failure());
  CHECK(exploration.levels().size() == 2);
  CHECK(exploration.levels()[1].runs == 4);
}

TEST_CASE("the next fault is put only at states that fewer faults did not show") {
  Exploration exploration({crash(1)}, 2, end);
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a"), moment(2, "b")})});
  level = exploration.next_level();
  REQUIRE(told(level) == Told{"host1@1", "host1@2"});
  exploration.level_done(level, {shows({moment(1, "down"), moment(4, "a")}),
                                 shows({moment(2, "down"), moment(3, "alone"), moment(6, "b")})});
  CHECK(exploration.levels()[1].new_states == 2);
  level = exploration.next_level();
  CHECK(told(level) == Told{"host1@1 host1@1", "host1@2 host1@3"});
  exploration.level_done(level, {shows({moment(5, "gone")}), {}});
  CHECK(exploration.next_level().empty());
  CHECK(exploration.states() == 5);
}

TEST_CASE("of hosts that are alike one is struck") {
  Exploration exploration({crash(1), crash(2), crash(3)}, 1, end);
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a", {"host2", "host3"}), moment(2, "b", {"host3"})})});
  level = exploration.next_level();
  CHECK(told(level) == Told{"host1@1", "host1@2", "host2@2"});
  exploration.level_done(level, {{}, {}, {}});
  CHECK(exploration.levels()[1].alike == 3);
}

TEST_CASE("nothing is placed after the end") {
  Exploration exploration({crash(1)}, 1, Duration::seconds(2));
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a"), moment(2, "b"), moment(3, "c")})});
  CHECK(told(exploration.next_level()) == Told{"host1@1"});
}

TEST_CASE("a fault that strikes nobody leads nowhere") {
  Exploration exploration({crash(1)}, 2, end);
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a")})});
  level = exploration.next_level();
  Explored nobody;
  nobody.struck = false;
  exploration.level_done(level, {nobody});
  CHECK(exploration.levels()[1].nobody == 1);
  CHECK(exploration.next_level().empty());
}

TEST_CASE("the failure with the fewest faults is the one, and the first of those") {
  Exploration exploration({crash(1), crash(2)}, 3, end);
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a"), moment(2, "b")})});
  level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "c")}), fails("lost-write"), fails("stale-read"), {}});
  REQUIRE(exploration.failure());
  CHECK(exploration.failure()->kind == "lost-write");
  CHECK(told({exploration.failure()->placement}) == Told{"host2@1"});
  CHECK(exploration.levels()[1].runs == 2);  // what came after it counts for nothing, whoever ran it
  CHECK(exploration.next_level().empty());
}

TEST_CASE("a world that fails without any fault has no next level") {
  Exploration exploration({crash(1)}, 1, end);
  const std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {fails("stuck")});
  CHECK(exploration.failure()->placement.faults.empty());
  CHECK(exploration.next_level().empty());
}

TEST_CASE("runs without a verdict are counted, and the first is kept") {
  Exploration exploration({crash(1), crash(2)}, 1, end);
  std::vector<Placement> level = exploration.next_level();
  exploration.level_done(level, {shows({moment(1, "a")})});
  level = exploration.next_level();
  Explored unknown;
  unknown.verdict = Explored::Verdict::unknown;
  unknown.message = "no primary";
  exploration.level_done(level, {{}, unknown});
  CHECK(exploration.levels()[1].unknown == 1);
  CHECK(told({exploration.unknown()->placement}) == Told{"host2@1"});
  CHECK(exploration.unknown()->message == "no primary");
  CHECK_FALSE(exploration.failure());
}

TEST_CASE("what a run showed comes through a pipe as it was") {
  Explored explored = fails("lost-write");
  explored.message = "a \"b\"\n\xff";
  explored.struck = false;
  explored.moments = {moment(1, "a", {"host2"}), {Duration::nanoseconds(2), "b", {}, "text"}};
  const Result<Explored> read = unpack_explored(pack(explored));
  REQUIRE(read);
  CHECK(read->verdict == Explored::Verdict::fails);
  CHECK(read->failure == "lost-write");
  CHECK(read->message.starts_with("a \"b\"\n"));
  CHECK_FALSE(read->struck);
  REQUIRE(read->moments.size() == 2);
  CHECK(read->moments[0].at == Duration::seconds(1));
  CHECK(read->moments[0].twins == Told{"host2"});
  CHECK(read->moments[1].text == "text");
  CHECK_FALSE(unpack_explored("{"));
}
