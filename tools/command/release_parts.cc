#include "tools/command/release_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/names.h"

namespace heir::tools {

using scenarios::Scenario;

namespace {

/// Whether a later campaign has run all that an earlier one had run of a scenario.
bool has_run_again(const Part& later, const Part& earlier) {
  const CampaignSettings &a = later.campaign->campaign.settings, &b = earlier.campaign->campaign.settings;
  // In guided search seeds only number the runs.
  if (later.target->text != earlier.target->text || a.guided || b.guided) return false;
  const Shard &x = a.seeds.shard, &y = b.seeds.shard;
  if (x.of != 1 && !(x == y && a.seeds.first == b.seeds.first)) return false;
  const ScenarioSummary &all = *later.summary, &few = *earlier.summary;
  const bool dense = (all.greatest_seed - all.least_seed) / x.of + 1 == all.runs();
  return dense && all.least_seed <= few.least_seed && all.greatest_seed >= few.greatest_seed;
}

/// Whether some seeds may have been run by both.
bool may_overlap(const Part& a, const Part& b) {
  const CampaignSettings &x = a.campaign->campaign.settings, &y = b.campaign->campaign.settings;
  if (a.target->text != b.target->text || x.guided || y.guided) return false;
  const bool other_parts = x.seeds.shard.of == y.seeds.shard.of && x.seeds.shard.index != y.seeds.shard.index &&
                           x.seeds.first == y.seeds.first;
  return !other_parts && a.summary->least_seed <= b.summary->greatest_seed &&
         b.summary->least_seed <= a.summary->greatest_seed;
}

}  // namespace

std::string rules_of(const Scenario& scenario) {
  std::string rules = scenarios::to_string(scenario.cluster.policy);
  for (std::size_t i = 0; i < scenario.policy.size(); ++i)
    rules += (i == 0 ? " with " : ", ") + scenario.policy[i].name + " = " + scenario.policy[i].value;
  return rules;
}

bool is_known_bad(const Scenario& scenario) {
  return scenario.expect.verdict.has_value();
}

Parts parts_of(const std::vector<ReleaseSource>& sources) {
  std::vector<Part> all;
  for (const ReleaseSource& source : sources)
    for (const CampaignSummary& campaign : source.campaigns)
      if (campaign.total().runs() > 0)
        for (std::size_t i = 0; i < campaign.scenarios.size(); ++i)
          all.push_back({&source, &campaign, &campaign.campaign.targets[i], &campaign.scenarios[i]});
  std::stable_sort(all.begin(), all.end(), [](const Part& a, const Part& b) {
    return a.campaign->campaign.began < b.campaign->campaign.began;
  });
  Parts parts;
  // From the last to the first: what is counted itself may take the place of an earlier one.
  for (auto part = all.rbegin(); part != all.rend(); ++part) {
    const auto again = std::find_if(parts.counted.begin(), parts.counted.end(), [&](const Part& later) {
      return later.target->path == part->target->path && part->summary->runs() > 0 && has_run_again(later, *part);
    });
    if (again != parts.counted.end()) {
      parts.remarks.push_back(
          fmt::format("Runs of {} in campaign {} of {} are not counted: campaign {} of {} ran all of them again.",
                      part->target->path, part->campaign->campaign.id, part->source->path, again->campaign->campaign.id,
                      again->source->path));
      continue;
    }
    for (const Part& later : parts.counted) {
      if (later.target->path != part->target->path || later.summary->runs() == 0 || part->summary->runs() == 0 ||
          !may_overlap(later, *part))
        continue;
      parts.may_count_twice = true;
      parts.remarks.push_back(
          fmt::format("Some seeds of {} may count twice: campaign {} of {} and campaign {} of {} ran some of the same.",
                      part->target->path, part->campaign->campaign.id, part->source->path, later.campaign->campaign.id,
                      later.source->path));
    }
    parts.counted.push_back(*part);
  }
  std::reverse(parts.counted.begin(), parts.counted.end());
  return parts;
}

std::string rules_under_test(const std::vector<Part>& parts) {
  std::string first;
  for (const Part& part : parts) {
    if (is_known_bad(part.target->scenario)) continue;
    const std::string rules = rules_of(part.target->scenario);
    if (rules == "heir") return rules;
    if (first.empty()) first = rules;
  }
  return first.empty() ? "heir" : first;
}

bool is_under_test(const Scenario& scenario, const std::string& rules) {
  return rules_of(scenario) == rules && !is_known_bad(scenario);
}

std::vector<Part> parts_under_test(const std::vector<Part>& parts, const std::string& rules) {
  std::vector<Part> tested;
  for (const Part& part : parts)
    if (is_under_test(part.target->scenario, rules)) tested.push_back(part);
  return tested;
}

}  // namespace heir::tools
