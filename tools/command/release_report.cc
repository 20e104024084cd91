#include "tools/command/release_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "scenarios/fault_kinds.h"
#include "scenarios/names.h"
#include "scenarios/scenario.h"
#include "sim/world/run.h"
#include "tools/command/hunt_report.h"
#include "tools/command/release_comparison.h"
#include "tools/command/release_parts.h"
#include "tools/command/release_prose.h"
#include "tools/command/text.h"
#include "tools/hunt/statistics.h"

namespace heir::tools {

namespace {

using reports::Outcome;
using reports::Release;
using scenarios::Scenario;

std::string claim_of(const Scenario& scenario) {
  const scenarios::Expect& expect = scenario.expect;
  if (expect.verdict)
    return fmt::format("a known-bad design: {} is found in one run at least", scenarios::to_string(*expect.verdict));
  std::string claim;
  const auto add = [&claim](const std::string& words) { claim += (claim.empty() ? "" : "; ") + words; };
  if (!scenario.workloads.empty()) {
    if (expect.linearizable) add("linearizable");
    add(expect.lost_writes == 0 ? "no acknowledged write lost"
                                : "at most " + std::to_string(expect.lost_writes) + " acknowledged writes lost");
  }
  add("one primary a generation");
  if (expect.writable_within)
    add("a write succeeds within " + to_string(*expect.writable_within) + " of the last fault's end");
  if (expect.recovers_within) add("a core that suffices gets on within " + to_string(*expect.recovers_within));
  if (expect.max_unavailable) add("never " + to_string(*expect.max_unavailable) + " without a write");
  if (expect.min_failovers)
    add("at least " + counted(static_cast<std::uint64_t>(*expect.min_failovers), "failover", "failovers"));
  if (expect.max_failovers)
    add("at most " + counted(static_cast<std::uint64_t>(*expect.max_failovers), "failover", "failovers"));
  return claim;
}

/// The folder that it lies in.
std::string family_of(const std::string& path) {
  const std::string name = std::filesystem::path(path).parent_path().filename().string();
  return name.empty() ? "scenarios" : name;
}

void add_runs(reports::ReleaseRuns& runs, const ScenarioSummary& more) {
  runs.passed += more.passed;
  runs.failed += more.failed;
  runs.unknown += more.unknown;
  runs.virtual_ns += more.virtual_ns;
  runs.wall_ns += more.wall_ns;
  runs.events += more.events;
  runs.failovers += more.failovers;
}

std::optional<double> bound_of(const reports::ReleaseRuns& runs, bool bounds_nothing) {
  if (bounds_nothing || runs.passed == 0 || runs.passed != runs.runs()) return std::nullopt;
  return failure_bound(runs.passed);
}

Outcome verdict_of(const reports::ReleaseRuns& runs) {
  return runs.failed > 0 ? Outcome::fail : runs.unknown > 0 || runs.passed == 0 ? Outcome::unknown : Outcome::pass;
}

void add_campaigns(Release& release, const std::vector<ReleaseSource>& sources) {
  for (const ReleaseSource& source : sources) {
    for (const CampaignSummary& summary : source.campaigns) {
      const Campaign& campaign = summary.campaign;
      const std::uint64_t runs = summary.total().runs();
      if (runs == 0 && !source.mutants.empty()) continue;  // It hunted mutants, which are told apart.
      reports::ReleaseCampaign& told = release.campaigns.emplace_back();
      told.database = source.path;
      told.campaign = campaign.id;
      told.heir = campaign.settings.heir;
      told.began = campaign.began;
      told.seconds = campaign.active_seconds;
      told.first_seed = campaign.settings.seeds.first;
      told.last_seed = campaign.settings.seeds.last;
      told.shard = campaign.settings.seeds.shard.index;
      told.shards = campaign.settings.seeds.shard.of;
      told.guided = campaign.settings.guided;
      told.overrides = campaign.settings.overrides;
      told.canary = summary.canary;
      if (campaign.end) told.ended = to_string(*campaign.end);
      told.runs = runs;
    }
  }
}

/// What one campaign found in a scenario.
void add_found(Release& release, const Part& part) {
  const std::string& path = part.target->path;
  const Campaign& campaign = part.campaign->campaign;
  add_runs(release.totals, *part.summary);
  for (const KindSummary& kind : part.summary->failures)
    release.findings.push_back({kind.kind, path, part.target->scenario.title, kind.runs, part.summary->runs(),
                                kind.recipe.seed, kind.message, kind.at_ns, replay_command(campaign, path, kind.recipe),
                                "", part.source->path, kind.failure});
  if (part.summary->unknown > 0)
    release.undecided.push_back({path, part.summary->unknown, part.summary->unknown_reason,
                                 replay_command(campaign, path, part.summary->unknown_recipe)});
}

/// Scenarios in the order of their families and names, and what each found.
void add_scenarios(Release& release, const Parts& parts, const std::string& rules) {
  struct Counted {
    reports::ReleaseScenario told;
    std::vector<const Part*> parts;
    bool is_known_bad = false;
    bool bounds_nothing = false;
  };
  std::map<std::string, std::map<std::string, Counted>> families;
  for (const Part& part : parts.counted) {
    const Scenario& scenario = part.target->scenario;
    if (!is_under_test(scenario, rules) && !is_known_bad(scenario)) continue;
    const std::string& path = part.target->path;
    Counted& of = families[family_of(path)][path];
    of.told.path = path;
    of.told.title = scenario.title;
    of.told.claim = claim_of(scenario);
    of.told.longest_outage_ns = std::max(of.told.longest_outage_ns, part.summary->longest_outage_ns);
    add_runs(of.told.runs, *part.summary);
    of.is_known_bad = is_known_bad(scenario);
    const Campaign& campaign = part.campaign->campaign;
    of.bounds_nothing |= campaign.settings.guided || campaign.end == CampaignEnd::canary_lived;
    of.parts.push_back(&part);
  }
  bool bounded = !parts.may_count_twice;
  for (auto& [name, scenarios] : families) {
    reports::ReleaseFamily& family = release.families.emplace_back();
    family.name = name;
    for (auto& [path, of] : scenarios) {
      // Of a known-bad design one run that caught it is enough: then it is no part of what is tested.
      const bool is_caught = of.is_known_bad && of.told.runs.passed > 0;
      of.told.verdict = is_caught ? Outcome::pass : of.is_known_bad ? Outcome::fail : verdict_of(of.told.runs);
      if (of.is_known_bad && of.told.runs.runs() == 0) of.told.verdict = Outcome::unknown;
      if (!is_caught && of.told.runs.runs() > 0) {
        ++release.scenarios;
        for (const Part* part : of.parts) add_found(release, *part);
      }
      if (!of.is_known_bad) {
        of.told.runs.bound = bound_of(of.told.runs, of.bounds_nothing || parts.may_count_twice);
        bounded &= !of.bounds_nothing;
        if (of.told.runs.runs() == 0)
          release.undecided.push_back({path, 0, "it was not run", command_words() + " run " + shell_word(path)});
      }
      family.scenarios.push_back(std::move(of.told));
    }
  }
  release.totals.bound = bound_of(release.totals, !bounded);
}

void add_coverage(Release& release, const std::vector<Part>& tested) {
  std::vector<ProbeSummary> probes;
  for (const Part& part : tested) add_probes(probes, part.summary->probes);
  for (const ProbeSummary& probe : probes)
    if (!is_of_coverage(probe.name)) release.probes.push_back({probe.name, probe.rare, probe.runs, probe.hits});
  Coverage coverage = coverage_of(probes);
  if (coverage.families.empty()) return;
  for (const std::string& family : coverage.families) {
    std::vector<std::uint64_t>& row = release.coverage.hits.emplace_back();
    for (const std::string& phase : coverage.phases) row.push_back(coverage.hits[{family, phase}]);
  }
  release.coverage.families = std::move(coverage.families);
  release.coverage.phases = std::move(coverage.phases);
}

std::string rate_text(std::int64_t ppb) {
  return fmt::format("{:.3g}%", static_cast<double>(ppb) / 1e7);
}

/// "longest 41.2s", "by at most 3s", "off by at most 1.5%", or how often.
std::string margin_text(const EnduredSummary& endured) {
  std::string text;
  const auto add = [&text](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (endured.longest_ns > 0) add("longest " + rounded(Duration::nanoseconds(endured.longest_ns)));
  const auto is = [&](scenarios::FaultKind kind) { return endured.fault == scenarios::traits(kind).name; };
  if (endured.greatest > 0 && is(scenarios::FaultKind::clock_rate))
    add("off by at most " + rate_text(endured.greatest));
  else if (endured.greatest > 0)
    add("by at most " + rounded(Duration::nanoseconds(endured.greatest)));
  add(counted(endured.strikes, "strike", "strikes"));
  return text;
}

void add_margins(Release& release, const std::vector<Part>& tested) {
  std::map<std::string, EnduredSummary> endured;
  for (const Part& part : tested) {
    for (const EnduredSummary& each : part.summary->endured) {
      EnduredSummary& all = endured[each.fault];
      all.fault = each.fault;
      all.runs += each.runs;
      all.strikes += each.strikes;
      all.longest_ns = std::max(all.longest_ns, each.longest_ns);
      all.greatest = std::max(all.greatest, each.greatest);
    }
  }
  for (const scenarios::FaultTraits& traits : scenarios::fault_kinds())
    if (const auto found = endured.find(std::string(traits.name)); found != endured.end())
      release.margins.push_back({found->first, margin_text(found->second), found->second.runs});
}

void add_phases(Release& release, const std::map<std::string, Distribution>& phases) {
  const auto add = [&](std::string_view name, std::string_view what) {
    const auto found = phases.find(std::string(name));
    if (found == phases.end()) return;
    const Distribution& of = found->second;
    reports::ReleasePhase& told = release.phases.emplace_back();
    told.name = name;
    told.what = what;
    told.count = of.count();
    told.p50_ns = of.percentile(50);
    told.p95_ns = of.percentile(95);
    told.p99_ns = of.percentile(99);
    told.max_ns = of.greatest_ns();
    for (const auto& [bucket, count] : of.buckets()) told.buckets.emplace_back(bucket, end_of_bucket(bucket), count);
  };
  for (const reports::FailoverPhase& phase : reports::failover_phases()) add(phase.name, phase.what);
  add(unavailable, "any time of " + to_string(sim::shortest_outage) +
                       " or longer in which clients tried to write and no write was acknowledged");
}

std::uint64_t median(std::vector<std::uint64_t> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void add_mutants(Release& release, const std::vector<ReleaseSource>& sources) {
  std::map<std::string, std::map<std::string, const MutantSummary*>> mutants;
  std::set<std::string> strategies;
  for (const ReleaseSource& source : sources) {
    for (const MutantSummary& each : source.mutants) {
      mutants[each.mutant][each.strategy] = &each;
      strategies.insert(each.strategy);
    }
  }
  if (mutants.empty()) return;
  reports::ReleaseMutants& told = release.mutants.emplace();
  told.strategies.assign(strategies.begin(), strategies.end());
  for (const auto& [name, by_strategy] : mutants) {
    reports::ReleaseMutants::Mutant& mutant = told.list.emplace_back();
    mutant.name = name;
    for (const std::string& strategy : told.strategies) {
      const auto found = by_strategy.find(strategy);
      auto& tried = mutant.tried.emplace_back();
      if (found == by_strategy.end()) continue;
      const MutantSummary& of = *found->second;
      tried.emplace(reports::ReleaseMutants::Tried{of.seeds.size(), of.trials,
                                                   of.seeds.empty() ? of.most_seeds : median(of.seeds), of.kind});
    }
  }
}

/// The scenarios that more than one set of rules ran.
void add_policies(Release& release, const std::vector<Part>& parts, const std::string& tested) {
  using Result = reports::ReleasePolicies::Result;
  std::map<std::string, std::map<std::string, Result>> scenarios;
  std::set<std::string> others;
  for (const Part& part : parts) {
    if (is_known_bad(part.target->scenario)) continue;
    const std::string rules = rules_of(part.target->scenario);
    if (rules != tested) others.insert(rules);
    Result& result = scenarios[part.target->path][rules];
    result.runs += part.summary->runs();
    result.failed += part.summary->failed;
    result.unknown += part.summary->unknown;
    for (const KindSummary& kind : part.summary->failures) {
      const auto known = std::find_if(result.kinds.begin(), result.kinds.end(),
                                      [&](const auto& each) { return each.first == kind.kind; });
      if (known == result.kinds.end())
        result.kinds.emplace_back(kind.kind, kind.runs);
      else
        known->second += kind.runs;
    }
  }
  if (others.empty()) return;
  reports::ReleasePolicies& told = release.policies.emplace();
  told.policies = {tested};
  told.policies.insert(told.policies.end(), others.begin(), others.end());
  for (const auto& [path, by_rules] : scenarios) {
    if (by_rules.size() == 1 && by_rules.begin()->first == tested) continue;
    reports::ReleasePolicies::Row& row = told.rows.emplace_back();
    row.scenario = path;
    for (const std::string& rules : told.policies) {
      const auto found = by_rules.find(rules);
      row.results.push_back(found == by_rules.end() ? std::nullopt : std::optional(found->second));
    }
  }
}

}  // namespace

Release release_of(const std::vector<ReleaseSource>& sources, const std::vector<ReleaseSource>& earlier,
                   const std::string& title, const std::string& command) {
  Release release;
  for (const ReleaseSource& source : sources) release.live |= source.is_written;
  const Parts parts = parts_of(sources);
  const std::string rules = rules_under_test(parts.counted);
  const std::vector<Part> tested = parts_under_test(parts.counted, rules);
  add_campaigns(release, sources);
  std::set<std::string> versions;
  for (const reports::ReleaseCampaign& campaign : release.campaigns) versions.insert(campaign.heir);
  for (const std::string& version : versions) release.heir += (release.heir.empty() ? "" : ", ") + version;
  if (versions.empty()) release.heir = HEIR_VERSION;
  release.title = title.empty() ? "heir " + release.heir : title;
  add_scenarios(release, parts, rules);
  add_coverage(release, tested);
  std::map<std::string, Distribution> phases;
  for (const Part& part : tested)
    for (const auto& [name, of] : part.summary->phases) phases[name].add(of);
  add_phases(release, phases);
  add_margins(release, tested);
  add_mutants(release, sources);
  add_policies(release, parts.counted, rules);
  release.verdict = verdict_of(release.totals);
  if (release.verdict == Outcome::pass && !release.undecided.empty()) release.verdict = Outcome::unknown;
  for (const reports::ReleaseCampaign& campaign : release.campaigns) {
    if (campaign.ended != to_string(CampaignEnd::canary_lived)) continue;
    // Whoever is deaf has heard nothing.
    if (release.verdict == Outcome::pass) release.verdict = Outcome::unknown;
    release.totals.bound.reset();
    release.discussion.push_back(
        "The canary lives: a design that is known to be bad was not found out, so that the "
        "others passed says nothing.");
  }
  release.summary = summary_of(release);
  describe(release, tested, rules, parts.remarks);
  add_reproduction(release, sources, command);
  if (!earlier.empty()) {
    const Release before = release_of(earlier, {}, "", "");
    release.comparison = compare(release, before);
    const std::string old_rules = rules_under_test(parts_of(earlier).counted);
    if (old_rules != rules) release.comparison->earlier += ", under other rules: " + old_rules;
  }
  return release;
}

}  // namespace heir::tools
