// The replicated store in the whole world: with every rule of it on nothing is ever seen; with one off, what that costs
// is seen by those who look at all members after each of their steps.
#include <catch2/catch.hpp>

#include <set>
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

// Members that stand for election together, on disks that take their time, and lose power as they begin to write.
const std::string split_votes = R"(
title = "x"
duration = "60s"
[store]
heartbeat = "20ms"
election = "40ms"
members = 5
[network]
latency = "2ms..30ms"
[disk]
fsync = "30ms..200ms"
kept = 0
dropped = 1
torn = 0
garbage = 0
[[workload]]
kind = "register"
rate = "20/s"
[[fault]]
kind = "crash"
target = "store-leader"
every = "300ms..900ms"
until = "55s"
for = "100ms..500ms"
[[fault]]
kind = "crash"
target = "store"
on = "fsync"
delay = "0s..30ms"
every = "100ms..300ms"
until = "55s"
for = "1ms..20ms"
)";

// Everything that can happen to a disk, on the members' disks, while they lose power, are killed and cut off.
const std::string bad_disks = R"(
title = "x"
duration = "75s"
[store]
snapshot_every = 10
[[workload]]
kind = "register"
rate = "20/s"
[[fault]]
kind = "random"
among = ["stuck-disk", "disk-full", "read-only-disk", "bad-fsync", "bit-rot", "misdirected-write", "misdirected-read", "swap-disk"]
target = "store-minority"
every = "1s..4s"
until = "50s"
for = "100ms..6s"
[[fault]]
kind = "random"
among = ["bad-fsync", "bit-rot"]
target = "store-minority"
answer = "lie"
where = "table"
every = "2s..6s"
until = "50s"
for = "500ms..6s"
[[fault]]
kind = "crash"
target = "store-minority"
every = "1s..5s"
until = "50s"
for = "10ms..2s"
[[fault]]
kind = "crash-store"
target = "store"
every = "3s..9s"
until = "50s"
[[fault]]
kind = "partition"
target = "store-leader"
shape = "from-members"
every = "4s..9s"
until = "50s"
for = "100ms..4s"
[[fault]]
kind = "crash-agent"
target = "any"
every = "300ms..2s"
until = "50s"
for = "10ms..1s"
)";

RunResult run_store(const std::string& scenario, raft::Rules rules, std::uint64_t seed, bool keep_story) {
  const scenarios::Loaded loaded = scenarios::load_text("store", scenario);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  tools::SimulatedPrograms programs(rules);
  RunOptions options;
  options.seed = seed;
  options.keep_story = keep_story;
  return run(*loaded.scenario, programs, options);
}

/// What is seen of the store in a run, without numbers; empty for nothing.
std::string seen(raft::Rules rules, std::uint64_t seed, const std::string& scenario = harsh) {
  const RunResult result = run_store(scenario, rules, seed, false);
  for (const Violation& violation : result.violations) {
    if (violation.message.starts_with("the store: ")) return violation.message;
  }
  return {};
}

/// The first seed that shows it, and that it is what the rule is for.
void costs(raft::Rules rules, const std::string& what, std::uint64_t seeds, const std::string& scenario = harsh) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::string found = seen(rules, seed, scenario);
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

TEST_CASE("a vote that is told before it is on disk, and forgotten at a loss of power") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) CHECK(seen({}, seed, split_votes) == "");
  raft::Rules rules;
  rules.vote_durable = false;
  costs(rules, "TWO VOTES", 20, split_votes);
}

TEST_CASE("whatever happens to the members' disks, a majority keeps what was promised, and who has not never votes") {
  int refused = 0;
  int repaired = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const RunResult result = run_store(bad_disks, {}, seed, true);
    for (const Violation& violation : result.violations) FAIL_CHECK(violation.message);
    // A sync that gets nowhere is replaced after 5 s, and the gate opens when the new one has everything.
    REQUIRE(result.first_write_after_heal);
    CHECK(*result.first_write_after_heal - result.healed_at < Duration::seconds(15));
    std::set<std::string> out;
    for (const StoryLine& line : result.story) {
      if (line.what.starts_with("store-refused")) {
        CHECK(line.what.find("Remedy: ") != std::string::npos);
        out.insert(line.host);
      }
      if (line.what.starts_with("store-file-repaired")) ++repaired;
    }
    refused += static_cast<int>(out.size());
  }
  CHECK(refused > 5);
  CHECK(repaired > 5);
}
