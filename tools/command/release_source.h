// What a release is told from: a file of results, read whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/hunt/summary.h"

namespace heir::tools {

/// How one strategy fared with one mutant.
struct MutantSummary {
  std::string mutant;
  std::string strategy;
  std::vector<std::uint64_t> seeds;  ///< Of each trial that found it,
  std::uint64_t trials = 0;          ///< of so many.
  std::uint64_t most_seeds = 0;      ///< That a trial ran.
  std::string kind;                  ///< Of the failure; "" if it was never found.
};

/// All that a file of results says.
struct ReleaseSource {
  std::string path;
  std::vector<CampaignSummary> campaigns;
  std::vector<MutantSummary> mutants;
  bool is_written = false;  ///< Somebody is adding to it.
};
Result<ReleaseSource> read_release_source(const std::string& path);

}  // namespace heir::tools
