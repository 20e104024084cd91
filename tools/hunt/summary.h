// Summary: what a campaign says, from its results.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/hunt/results.h"

namespace heir::tools {

/// The runs of one scenario that failed in the same way.
struct KindSummary {
  std::string kind;
  std::uint64_t runs = 0;
  std::uint64_t seed = 0;  ///< The lowest of them,
  Recipe recipe;           ///< what it is made of,
  std::string message;     ///< what it said,
  std::int64_t at_ns = 0;  ///< and of which time.
};

struct ScenarioSummary {
  std::string path;
  std::string title;
  std::uint64_t passed = 0, failed = 0, unknown = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;
  std::uint64_t events = 0;
  std::uint64_t failovers = 0;
  std::int64_t longest_outage_ns = 0;
  std::vector<KindSummary> failures;
  std::string unknown_reason;  ///< Of the lowest seed without a verdict.
  Recipe unknown_recipe;

  std::uint64_t runs() const { return passed + failed + unknown; }
};

struct ProbeSummary {
  std::string name;
  bool rare = false;
  std::uint64_t runs = 0;
  std::uint64_t hits = 0;
};

struct CampaignSummary {
  Campaign campaign;
  std::string canary;
  std::vector<ScenarioSummary> scenarios;
  std::vector<ProbeSummary> probes;  ///< Of all scenarios, by name.

  /// All scenarios as one.
  ScenarioSummary total() const;
  /// Probes that no run ever hit; `rare` or not.
  std::vector<std::string> missed(bool rare) const;
};

Result<CampaignSummary> summarize(Results& results, const Campaign& campaign);

}  // namespace heir::tools
