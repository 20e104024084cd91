// A run with its decision list for faults is the same run: the same strikes, the same story, the same answers.
#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "sim/faults/decisions.h"
#include "sim/faults/swarm.h"
#include "sim/world/run.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;

namespace {

scenarios::Scenario load(const std::string& path, const std::vector<std::string>& overrides = {}) {
  const scenarios::Loaded loaded = scenarios::load_file(std::string(HEIR_SOURCE_DIR "/scenarios/") + path, overrides);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}

/// All that a reader of the run sees, but for who stands where in the list of faults.
std::vector<std::string> lines(const RunResult& result) {
  std::vector<std::string> all;
  for (const StoryLine& line : result.story)
    if (line.what != "the atlas spares this copy")  // A strike that did nothing is no decision.
      all.push_back(std::to_string(line.at.ns()) + " " + line.host + " " + line.what);
  const reports::History& history = result.history;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const reports::Event event = history.event(i);
    all.push_back(std::to_string(event.time.ns()) + " " + std::to_string(event.process.value()) + " " +
                  reports::to_string(event.type));
  }
  return all;
}

void check_decisions_of(const scenarios::Scenario& given, std::uint64_t seed) {
  INFO(given.title << ", seed " << seed);
  tools::SimulatedPrograms programs;
  RunOptions options;
  options.seed = seed;
  const scenarios::Scenario scenario = expand(given, seed);
  const RunResult first = run(scenario, programs, options);
  const scenarios::Scenario decided = with_decisions(scenario, first.decisions);
  // It is a scenario that a file can hold.
  const scenarios::Loaded loaded = scenarios::load_text("decided.toml", scenarios::write(decided));
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  REQUIRE(*loaded.scenario == decided);
  const RunResult second = run(*loaded.scenario, programs, options);
  const std::vector<std::string> a = lines(first), b = lines(second);
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    if (a[i] != b[i]) {
      FAIL(a[i] << "\n" << b[i]);
    }
  REQUIRE(a.size() == b.size());
  // And it decides nothing anew.
  REQUIRE(second.decisions.size() == first.decisions.size());
  for (std::size_t i = 0; i < first.decisions.size(); ++i)
    REQUIRE(with_decisions({}, {second.decisions[i]}) == with_decisions({}, {first.decisions[i]}));
  for (const scenarios::Fault& fault : decided.faults) {
    CHECK(fault.at->fixed());
    CHECK_FALSE(fault.every);
    CHECK(fault.kind != scenarios::FaultKind::random);
  }
}

}  // namespace

TEST_CASE("a run with its decision list is the same run") {
  for (const char* file : {"first/mixed.toml", "known-bad/position-before-gate.toml", "network/swizzle-clog.toml"})
    check_decisions_of(load(file), 1);
}

TEST_CASE("every kind of fault that a swarm draws is decided by its decision alone") {
  const scenarios::Scenario swarm = load("swarm/everything.toml");
  for (std::uint64_t seed = 1; seed <= 12; ++seed) check_decisions_of(swarm, seed);
}

TEST_CASE("a decision list survives another seed for the strikes, which draw nothing from it") {
  const scenarios::Scenario scenario = load("first/mixed.toml");
  tools::SimulatedPrograms programs;
  RunOptions options;
  options.seed = 3;
  const RunResult first = run(scenario, programs, options);
  REQUIRE_FALSE(first.decisions.empty());
  const scenarios::Scenario decided = with_decisions(scenario, first.decisions);
  options.seed = 4;
  const RunResult second = run(decided, programs, options);
  // Some strike nobody: who is up is another question under another seed.
  std::size_t same = 0;
  for (const scenarios::Fault& fault : with_decisions(scenario, second.decisions).faults)
    same += std::count(decided.faults.begin(), decided.faults.end(), fault) > 0;
  CHECK(same == second.decisions.size());
  CHECK(same * 2 >= first.decisions.size());
}
