// Which runs of which campaigns a release's page counts: none twice, and apart from each other those of the rules that
// are under test, those of other rules, and those of known-bad designs.
#pragma once

#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "tools/command/release_source.h"

namespace heir::tools {

/// Whose rules: "heir", "manatee", "heir with lease = false".
std::string rules_of(const scenarios::Scenario& scenario);
/// Known to be bad: a run passes by catching it. It tests the checkers, which need to find it once.
bool is_known_bad(const scenarios::Scenario& scenario);

/// A scenario of a campaign.
struct Part {
  const ReleaseSource* source;
  const CampaignSummary* campaign;
  const Target* target;
  const ScenarioSummary* summary;
};

struct Parts {
  std::vector<Part> counted;
  std::vector<std::string> remarks;  ///< On what is not counted, or may be counted twice.
  bool may_count_twice = false;
};

/// Every scenario of every campaign that hunted, without what a later campaign has run again.
Parts parts_of(const std::vector<ReleaseSource>& sources);

/// Whose rules are under test: heir's, if any run had them.
std::string rules_under_test(const std::vector<Part>& parts);
bool is_under_test(const scenarios::Scenario& scenario, const std::string& rules);
std::vector<Part> parts_under_test(const std::vector<Part>& parts, const std::string& rules);

}  // namespace heir::tools
