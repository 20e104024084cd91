// Release: everything that a release's page says, from results of campaigns; as JSON (release.json), of which
// src/release.ts describes every key, and inside the page (page.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "reports/check/verdict/verdict.h"
#include "reports/page/report.h"

namespace heir::reports {

/// Of many runs; times are of the simulation unless said otherwise.
struct ReleaseRuns {
  std::uint64_t passed = 0, failed = 0, unknown = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;  ///< Real.
  std::uint64_t events = 0;
  std::uint64_t failovers = 0;
  /// With 95% confidence a random seed fails with a probability below this; nothing: not all passed, or the seeds were
  /// chosen.
  std::optional<double> bound;

  std::uint64_t runs() const { return passed + failed + unknown; }
};

struct ReleaseCampaign {
  std::string database;  ///< As it was named.
  std::int64_t campaign = 0;
  std::string heir;
  std::int64_t began = 0;  ///< Seconds since 1970.
  double seconds = 0;      ///< Real time that it has run.
  std::uint64_t first_seed = 0;
  std::optional<std::uint64_t> last_seed;
  std::uint64_t shard = 1, shards = 1;
  bool guided = false;
  std::vector<std::string> overrides;
  std::string canary;
  std::optional<std::string> ended;
  std::uint64_t runs = 0;
};

struct ReleaseScenario {
  std::string path;
  std::string title;
  std::string claim;
  Outcome verdict = Outcome::unknown;
  ReleaseRuns runs;
  std::int64_t longest_outage_ns = 0;
};

/// A folder of scenarios.
struct ReleaseFamily {
  std::string name;
  std::vector<ReleaseScenario> scenarios;
};

/// The runs of one scenario that failed in the same way.
struct ReleaseFinding {
  std::string kind;
  std::string scenario;
  std::string title;
  std::uint64_t runs = 0;
  std::uint64_t of = 0;
  std::uint64_t seed = 0;  ///< The first.
  std::string message;
  std::int64_t at_ns = 0;
  std::string replay;
  std::string page;          ///< Relative to this one; "": none.
  std::string failure_of;    ///< The database that has it,
  std::int64_t failure = 0;  ///< and its number in there.
};

struct ReleaseUndecided {
  std::string scenario;
  std::uint64_t runs = 0;
  std::string reason;
  std::string replay;
};

struct ReleaseProbe {
  std::string name;
  bool rare = false;
  std::uint64_t runs = 0;
  std::uint64_t hits = 0;
};

/// How often faults of each family struck in each phase of the cluster.
struct ReleaseCoverage {
  std::vector<std::string> families;
  std::vector<std::string> phases;
  std::vector<std::vector<std::uint64_t>> hits;  ///< By family, then by phase.
};

struct ReleasePhase {
  std::string name;
  std::string what;
  std::uint64_t count = 0;
  std::int64_t p50_ns = 0, p95_ns = 0, p99_ns = 0, max_ns = 0;
  std::vector<std::tuple<std::int64_t, std::int64_t, std::uint64_t>> buckets;  ///< From, to, how many.
};

struct ReleaseMargin {
  std::string what;
  std::string value;
  std::uint64_t runs = 0;
};

struct ReleaseMutants {
  struct Tried {
    std::uint64_t found = 0;
    std::uint64_t trials = 0;
    std::uint64_t seeds = 0;  ///< The median.
    std::string kind;
  };
  struct Mutant {
    std::string name;
    std::vector<std::optional<Tried>> tried;  ///< By strategy.
  };
  std::vector<std::string> strategies;
  std::vector<Mutant> list;
};

struct ReleaseComparison {
  struct Row {
    std::string what;
    std::string kind;  ///< "verdict", "time", "probe", "mutant".
    std::string before;
    std::string now;
    std::string change;  ///< "better", "worse", "new", "gone", "same".
  };
  std::string earlier;
  std::vector<Row> rows;
};

/// The same scenarios and seeds under other rules.
struct ReleasePolicies {
  struct Result {
    std::uint64_t runs = 0, failed = 0, unknown = 0;
    std::vector<std::pair<std::string, std::uint64_t>> kinds;  ///< Of failures, with runs.
  };
  struct Row {
    std::string scenario;
    std::vector<std::optional<Result>> results;  ///< By policy.
  };
  std::vector<std::string> policies;
  std::vector<Row> rows;
};

/// What `heir compare` has measured: the same scenarios with heir and with other systems, on real hosts.
struct ReleaseSystems {
  /// A sum over the runs of which it is known.
  struct Count {
    std::uint64_t sum = 0;
    std::uint64_t runs = 0;  ///< So many; 0: nothing is known, and the sum says nothing.
  };
  /// All runs of a scenario with one system.
  struct Row {
    std::string system;
    bool tuned = false, simulated = false;
    Outcome verdict = Outcome::unknown;
    std::uint64_t asked = 0;                        ///< Runs.
    std::uint64_t runs = 0;                         ///< Of them, that could be done; what follows is of those.
    std::optional<std::int64_t> median_ns, max_ns;  ///< The longest time of a run without an acknowledged write.
    Count acknowledged, lost, stale_reads;
    Count split_brains, undecided;      ///< Runs.
    Count not_back;                     ///< Hosts, of all runs.
    std::vector<std::string> problems;  ///< Why runs could not be done: "seed 3: …".
  };
  struct Scenario {
    std::string path;
    std::string title;
    std::vector<Row> rows;
  };
  std::string method;  ///< How it was measured, in sentences.
  std::vector<Scenario> scenarios;
};

struct Release {
  std::string heir;  ///< Its version.
  std::string title;
  bool live = false;  ///< A campaign is under way, and more comes.
  Outcome verdict = Outcome::unknown;
  std::string summary;
  std::uint64_t scenarios = 0;
  ReleaseRuns totals;
  std::vector<ReleaseCampaign> campaigns;
  std::vector<std::string> design;
  std::vector<std::string> method;
  std::vector<ReleaseFamily> families;
  std::vector<ReleaseFinding> findings;
  std::vector<ReleaseUndecided> undecided;
  std::vector<ReleaseProbe> probes;
  ReleaseCoverage coverage;
  std::vector<ReleasePhase> phases;
  std::vector<ReleaseMargin> margins;
  std::optional<ReleaseMutants> mutants;
  std::optional<ReleaseComparison> comparison;
  std::optional<ReleasePolicies> policies;
  std::optional<ReleaseSystems> systems;
  std::vector<std::string> discussion;
  std::vector<std::string> limits;
  std::vector<std::pair<std::string, std::string>> reproduce;  ///< What, and the command.
  std::vector<ReportedFile> files;
};

/// release.json: one object, with a newline behind it. No '<' is in it, so that it can stand in a page.
std::string release_json(const Release& release);

}  // namespace heir::reports
