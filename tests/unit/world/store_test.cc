// The replicated store in the whole world: with every rule of it on nothing is ever seen; with one off, what that costs
// is seen by those who look at all members after each of their steps.
#include <catch2/catch.hpp>

#include <string>

#include "scenarios/load.h"
#include "sim/world/run.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;

namespace {

// A store whose members lose power, stand still and are cut off from each other, and a cluster whose state changes.
const std::string harsh = R"(
title = "x"
duration = "40s"
[store]
snapshot_every = 20
[network]
loss = "2%"
duplication = "5%"
reordering = "20%"
[disk]
fsync = "1ms..20ms"
[[workload]]
kind = "register"
rate = "20/s"
[[fault]]
kind = "crash"
target = "store-leader"
every = "1s..4s"
until = "35s"
for = "10ms..3s"
[[fault]]
kind = "crash"
target = "store"
every = "3s..8s"
until = "35s"
for = "10ms..1s"
[[fault]]
kind = "partition"
target = "store-leader"
shape = "from-members"
every = "1s..4s"
until = "35s"
for = "100ms..4s"
[[fault]]
kind = "partition"
target = "store-follower"
shape = "one-way"
every = "1s..4s"
until = "35s"
for = "100ms..4s"
[[fault]]
kind = "pause"
target = "store-leader"
every = "2s..6s"
until = "35s"
for = "100ms..3s"
[[fault]]
kind = "crash-agent"
target = "any"
every = "300ms..2s"
until = "35s"
for = "10ms..1s"
)";

/// What is seen of the store in a run, without numbers; empty for nothing.
std::string seen(raft::Rules rules, std::uint64_t seed) {
  const scenarios::Loaded loaded = scenarios::load_text("store", harsh);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  tools::SimulatedPrograms programs(rules);
  RunOptions options;
  options.seed = seed;
  options.keep_story = false;
  const RunResult result = run(*loaded.scenario, programs, options);
  for (const Violation& violation : result.violations) {
    if (violation.message.starts_with("the store: ")) return violation.message;
  }
  return {};
}

/// The first seed that shows it, and that it is what the rule is for.
void costs(raft::Rules rules, const std::string& what, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string found = seen(rules, seed);
    if (found.empty()) continue;
    CHECK(found.find(what) != std::string::npos);
    INFO(found);
    return;
  }
  FAIL("nothing was seen in " << seeds << " seeds");
}

}  // namespace

TEST_CASE("with every rule on, nothing is seen of the store") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) CHECK(seen({}, seed) == "");
}

TEST_CASE("a vote for everybody who asks in a term") {
  raft::Rules rules;
  rules.one_vote_a_term = false;
  costs(rules, "TWO VOTES", 60);
}

TEST_CASE("entries that are acknowledged before they are on disk") {
  raft::Rules rules;
  rules.entries_durable = false;
  costs(rules, "NOT DURABLE", 60);
}

TEST_CASE("a vote for whoever asks, whatever his log lacks") {
  raft::Rules rules;
  rules.compare_logs = false;
  costs(rules, "LEADER COMPLETENESS", 60);
}

TEST_CASE("reads by a leader that does not ask whether it still leads") {
  raft::Rules rules;
  rules.confirm_reads = false;
  costs(rules, "STALE READ", 60);
}
