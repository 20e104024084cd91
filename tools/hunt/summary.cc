#include "tools/hunt/summary.h"

#include <algorithm>

namespace heir::tools {

namespace {

/// Calls `take` with each row of the query, of which ?1 is `parameter`.
template <class Take>
Result<> each_row(Database& database, std::string_view query, std::int64_t parameter, const Take& take) {
  Result<Statement> statement = database.prepare(query);
  if (!statement) return statement.error();
  statement->bind(1, parameter);
  for (;;) {
    const Result<bool> row = statement->step();
    if (!row) return row.error();
    if (!*row) return {};
    take(*statement);
  }
}

/// Of the columns run_seed and vary.
Recipe recipe_at(const Statement& row, int column) {
  return {row.bits(column), parse_vary(row.text(column + 1)).value_or({})};
}

Result<ScenarioSummary> summarize_scenario(Database& database, const Target& target, std::int64_t id) {
  ScenarioSummary summary;
  summary.path = target.path;
  summary.title = target.scenario.title;
  Result<> done = each_row(
      database,
      "SELECT verdict, runs, virtual_ns, wall_ns, events, failovers, longest_outage_ns FROM tallies WHERE scenario = "
      "?1",
      id, [&](const Statement& row) {
        const std::string verdict = row.text(0);
        (verdict == "pass" ? summary.passed : verdict == "fail" ? summary.failed : summary.unknown) += row.bits(1);
        summary.virtual_ns += row.integer(2);
        summary.wall_ns += row.integer(3);
        summary.events += row.bits(4);
        summary.failovers += row.bits(5);
        summary.longest_outage_ns = std::max(summary.longest_outage_ns, row.integer(6));
      });
  if (!done) return done.error();
  if (summary.runs() > 0)
    done =
        each_row(database, "SELECT min(seed), max(seed) FROM runs WHERE scenario = ?1", id, [&](const Statement& row) {
          summary.least_seed = row.bits(0);
          summary.greatest_seed = row.bits(1);
        });
  if (!done) return done.error();
  // Of a kind's columns beside min(seed), SQLite takes the row that has the minimum.
  done = each_row(
      database,
      "SELECT kind, count(DISTINCT seed), min(seed), message, at_ns, run_seed, vary, failures.id FROM failures "
      "JOIN runs USING (scenario, seed) WHERE scenario = ?1 "
      "GROUP BY kind ORDER BY count(DISTINCT seed) DESC, kind",
      id, [&](const Statement& row) {
        summary.failures.push_back(
            {row.integer(7), row.text(0), row.bits(1), row.bits(2), recipe_at(row, 5), row.text(3), row.integer(4)});
      });
  if (!done) return done.error();
  done = each_row(
      database, "SELECT phase, bucket_ns, count, greatest_ns FROM phases WHERE scenario = ?1", id,
      [&](const Statement& row) { summary.phases[row.text(0)].add(row.integer(1), row.bits(2), row.integer(3)); });
  if (!done) return done.error();
  done = each_row(database,
                  "SELECT fault, runs, strikes, longest_ns, greatest FROM endured WHERE scenario = ?1 ORDER BY fault",
                  id, [&](const Statement& row) {
                    summary.endured.push_back({row.text(0), row.bits(1), row.bits(2), row.integer(3), row.integer(4)});
                  });
  if (!done) return done.error();
  done = each_row(database, "SELECT name, rare, runs, hits FROM probes WHERE scenario = ?1 ORDER BY name", id,
                  [&](const Statement& row) {
                    summary.probes.push_back({row.text(0), row.integer(1) != 0, row.bits(2), row.bits(3)});
                  });
  if (!done) return done.error();
  if (summary.unknown > 0)
    done = each_row(database,
                    "SELECT reason, run_seed, vary FROM runs WHERE scenario = ?1 AND verdict = 'unknown' "
                    "ORDER BY seed LIMIT 1",
                    id, [&](const Statement& row) {
                      summary.unknown_reason = row.text(0);
                      summary.unknown_recipe = recipe_at(row, 1);
                    });
  if (!done) return done.error();
  return summary;
}

}  // namespace

Result<CampaignSummary> summarize(Results& results, const Campaign& campaign) {
  CampaignSummary summary;
  summary.campaign = campaign;
  Database& database = results.database();
  Result<> done = each_row(database, "SELECT canary FROM campaigns WHERE id = ?1", campaign.id,
                           [&](const Statement& row) { summary.canary = row.text(0); });
  if (!done) return done.error();
  for (std::size_t i = 0; i < campaign.targets.size(); ++i) {
    Result<ScenarioSummary> scenario = summarize_scenario(database, campaign.targets[i], campaign.target_ids[i]);
    if (!scenario) return scenario.error();
    summary.scenarios.push_back(std::move(*scenario));
  }
  for (const ScenarioSummary& scenario : summary.scenarios) add_probes(summary.probes, scenario.probes);
  return summary;
}

void add_probes(std::vector<ProbeSummary>& probes, const std::vector<ProbeSummary>& more) {
  for (const ProbeSummary& each : more) {
    const auto place = std::lower_bound(probes.begin(), probes.end(), each,
                                        [](const ProbeSummary& a, const ProbeSummary& b) { return a.name < b.name; });
    if (place == probes.end() || place->name != each.name) {
      probes.insert(place, each);
      continue;
    }
    place->rare &= each.rare;
    place->runs += each.runs;
    place->hits += each.hits;
  }
}

namespace {
constexpr std::string_view coverage_prefix = "phase/";
}

bool is_of_coverage(const std::string& probe) {
  return probe.starts_with(coverage_prefix);
}

Coverage coverage_of(const std::vector<ProbeSummary>& probes) {
  Coverage coverage;
  const auto note = [](std::vector<std::string>& names, const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const ProbeSummary& probe : probes) {
    if (!is_of_coverage(probe.name)) continue;
    const std::size_t slash = probe.name.find('/', coverage_prefix.size());
    const std::string family = probe.name.substr(coverage_prefix.size(), slash - coverage_prefix.size());
    const std::string phase = probe.name.substr(slash + 1);
    note(coverage.families, family);
    note(coverage.phases, phase);
    coverage.hits[{family, phase}] = probe.hits;
  }
  return coverage;
}

bool bounds_failures(const ScenarioSummary& scenario, const Campaign& campaign) {
  const bool finds_something = campaign.end != CampaignEnd::canary_lived;
  return finds_something && scenario.passed > 0 && scenario.passed == scenario.runs() && !campaign.settings.guided;
}

ScenarioSummary CampaignSummary::total() const {
  ScenarioSummary total;
  for (const ScenarioSummary& scenario : scenarios) {
    total.passed += scenario.passed;
    total.failed += scenario.failed;
    total.unknown += scenario.unknown;
    total.virtual_ns += scenario.virtual_ns;
    total.wall_ns += scenario.wall_ns;
    total.events += scenario.events;
    total.failovers += scenario.failovers;
    total.longest_outage_ns = std::max(total.longest_outage_ns, scenario.longest_outage_ns);
  }
  return total;
}

std::vector<std::string> CampaignSummary::missed(bool rare) const {
  std::vector<std::string> names;
  for (const ProbeSummary& probe : probes)
    if (probe.hits == 0 && probe.rare == rare) names.push_back(probe.name);
  return names;
}

}  // namespace heir::tools
