// Summary: what a campaign says, from its results.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/hunt/distribution.h"
#include "tools/hunt/results.h"

namespace heir::tools {

/// The runs of one scenario that failed in the same way.
struct KindSummary {
  std::int64_t failure = 0;  ///< Its row of table failures.
  std::string kind;
  std::uint64_t runs = 0;
  std::uint64_t seed = 0;  ///< The lowest of them,
  Recipe recipe;           ///< what it is made of,
  std::string message;     ///< what it said,
  std::int64_t at_ns = 0;  ///< and of which time.
};

/// Faults of one kind, in runs that passed.
struct EnduredSummary {
  std::string fault;
  std::uint64_t runs = 0;
  std::uint64_t strikes = 0;
  std::int64_t longest_ns = 0;
  std::int64_t greatest = 0;  ///< As Endured::greatest.
};

struct ProbeSummary {
  std::string name;
  bool rare = false;
  std::uint64_t runs = 0;
  std::uint64_t hits = 0;
};

struct ScenarioSummary {
  std::string path;
  std::string title;
  std::uint64_t passed = 0, failed = 0, unknown = 0;
  std::uint64_t least_seed = 0, greatest_seed = 0;  ///< Of those that were run, if any was.
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t events = 0;
  std::uint64_t failovers = 0;
  std::int64_t longest_outage_ns = 0;
  std::vector<KindSummary> failures;
  std::map<std::string, Distribution> phases;
  std::vector<EnduredSummary> endured;  ///< By the name of the fault.
  std::vector<ProbeSummary> probes;     ///< By name.
  std::string unknown_reason;           ///< Of the lowest seed without a verdict.
  Recipe unknown_recipe;

  std::uint64_t runs() const { return passed + failed + unknown; }
};

struct CampaignSummary {
  Campaign campaign;
  std::string canary;
  std::vector<ScenarioSummary> scenarios;
  std::vector<ProbeSummary> probes;  ///< Of all scenarios, by name.

  /// All scenarios as one: the numbers.
  ScenarioSummary total() const;
  /// Probes that no run ever hit; `rare` or not.
  std::vector<std::string> missed(bool rare) const;
};

/// Adds those of one more scenario; by name.
void add_probes(std::vector<ProbeSummary>& probes, const std::vector<ProbeSummary>& more);

/// How often faults of each family struck in each phase of the cluster: probes "phase/FAMILY/PHASE".
struct Coverage {
  std::vector<std::string> families;
  std::vector<std::string> phases{"founding", "takeover", "steady", "repairing"};
  std::map<std::pair<std::string, std::string>, std::uint64_t> hits;  ///< By family and phase; none where it is 0.
};
Coverage coverage_of(const std::vector<ProbeSummary>& probes);
/// Whether it is one of those, which are told as a table.
bool is_of_coverage(const std::string& probe);

/// Whether clean runs bound the probability of a failure: all are clean, nobody chose them, and no canary lives, which
/// would mean that failures are not found.
bool bounds_failures(const ScenarioSummary& scenario, const Campaign& campaign);

Result<CampaignSummary> summarize(Results& results, const Campaign& campaign);

}  // namespace heir::tools
