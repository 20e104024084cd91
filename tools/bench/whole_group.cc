// The whole: the real agents and store on simulated hosts, judging included, against real time. An operation is a
// virtual second; the baseline is the real second that it takes on real hosts, so the ratio says how many times real
// time a run is.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "groups.h"
#include "scenarios/load.h"
#include "sim/world/run.h"
#include "tools/simulation/judge.h"
#include "tools/simulation/programs.h"

namespace heir::bench {

namespace {

constexpr double kRealSecond = 1e9;

/// One scenario of the library, with the first seed, over and over.
class Whole {
 public:
  explicit Whole(std::string file, std::vector<std::string> settings = {})
      : file_(std::move(file)), settings_(std::move(settings)) {}

  std::uint64_t run() {
    if (!scenario_) load();
    sim::RunOptions options;
    options.keep_story = false;
    const sim::RunResult result = sim::run(*scenario_, programs_, options);
    const tools::Judgement judgement = tools::judge(*scenario_, result);
    // A run that goes wrong may be quick; its speed is no promise kept.
    if (judgement.verdict != reports::Outcome::pass) give_up(judgement.sentence);
    keep(result.trace_hash);
    return static_cast<std::uint64_t>(result.ended.ns() / 1'000'000'000);
  }

 private:
  void load() {
    scenarios::Loaded loaded = scenarios::load_file(std::string(HEIR_SCENARIOS) + "/" + file_, settings_);
    if (!loaded) give_up(loaded.messages.front());
    scenario_ = std::move(loaded.scenario);
  }
  [[noreturn]] void give_up(const std::string& why) const {
    fmt::print(stderr, "heir-bench: {}: {}\n", file_, why);
    std::exit(2);
  }

  std::string file_;
  std::vector<std::string> settings_;
  std::optional<scenarios::Scenario> scenario_;
  tools::SimulatedPrograms programs_;
};

const std::vector<std::string> ideal_store{"store.kind=ideal"};

void add(std::vector<Benchmark>& benchmarks, const char* name, const char* description, const char* file,
         double promise, std::vector<std::string> settings = {}) {
  const auto whole = std::make_shared<Whole>(file, std::move(settings));
  benchmarks.push_back({name, description, [whole] { return whole->run(); }, {}, promise, kRealSecond});
}

}  // namespace

void add_whole_group(std::vector<Benchmark>& benchmarks) {
  add(benchmarks, "whole/primary-crash", "a virtual second of 3 peers, 5 clients and 200 operations; against real time",
      "first/primary-crash.toml", 1'000);
  add(benchmarks, "whole/idle", "a virtual second of 3 peers and 3 store members without clients; against real time",
      "first/idle.toml", 10'000);
  add(benchmarks, "whole/idle/ideal-store", "a virtual second of 3 peers and one server; against real time",
      "first/idle.toml", 50'000, ideal_store);
  // What the replicated store costs a run that does something.
  const auto replicated = std::make_shared<Whole>("first/primary-crash.toml");
  const auto ideal = std::make_shared<Whole>("first/primary-crash.toml", ideal_store);
  benchmarks.push_back({"whole/primary-crash/replicated-store", "a virtual second; against one with an ideal store",
                        [replicated] { return replicated->run(); }, [ideal] { return ideal->run(); }, 0.5});
}

}  // namespace heir::bench
