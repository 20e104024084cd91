#include "tools/command/release_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tools/command/text.h"

namespace heir::tools {

namespace {

using reports::Outcome;
using reports::Release;
using Row = reports::ReleaseComparison::Row;

constexpr std::uint64_t least_count = 20;             ///< For a median,
constexpr std::uint64_t least_count_of_tail = 1'000;  ///< and for 99 of 100.

/// One side of a row.
struct Side {
  std::string text;
  double badness = 0;       ///< Less is better.
  double tolerance = 0;     ///< A difference up to this counts as none; that of the better side is taken.
  bool is_missing = false;  ///< It is there, but says nothing that can be compared.
};
using Sides = std::map<std::string, Side>;

void add_rows(std::vector<Row>& rows, const std::string& kind, const Sides& before, const Sides& now) {
  std::set<std::string> names;
  for (const auto* sides : {&before, &now})
    for (const auto& [name, side] : *sides) names.insert(name);
  for (const std::string& name : names) {
    const auto was = before.find(name), is = now.find(name);
    Row& row = rows.emplace_back();
    row.what = name;
    row.kind = kind;
    if (was != before.end()) row.before = was->second.text;
    if (is != now.end()) row.now = is->second.text;
    if (was == before.end()) {
      row.change = "new";
    } else if (is == now.end()) {
      row.change = "gone";
    } else {
      const double change = is->second.badness - was->second.badness;
      const double tolerance = change < 0 ? is->second.tolerance : was->second.tolerance;
      const bool same =
          was->second.is_missing || is->second.is_missing || (change <= tolerance && -change <= tolerance);
      row.change = same ? "same" : change < 0 ? "better" : "worse";
    }
  }
}

Sides verdicts_of(const Release& release) {
  Sides sides;
  for (const reports::ReleaseFamily& family : release.families) {
    for (const reports::ReleaseScenario& each : family.scenarios) {
      std::set<std::string> kinds;
      for (const reports::ReleaseFinding& finding : release.findings)
        if (finding.scenario == each.path) kinds.insert(finding.kind);
      std::string text = fmt::format("{}, {} of {} runs failed", to_string(each.verdict), thousands(each.runs.failed),
                                     thousands(each.runs.runs()));
      for (const std::string& kind : kinds) text += (kind == *kinds.begin() ? ": " : ", ") + kind;
      // How often a bad run comes is not compared: with other seeds, or other runs of the same ones, that is chance.
      sides[each.path] = {text, each.verdict == Outcome::fail ? 2.0 : each.verdict == Outcome::unknown ? 1.0 : 0.0};
    }
  }
  return sides;
}

Sides times_of(const Release& release) {
  Sides sides;
  for (const reports::ReleasePhase& phase : release.phases) {
    const auto add = [&](const std::string& name, std::int64_t ns, std::uint64_t least) {
      const auto value = static_cast<double>(ns);
      sides[phase.name + ", " + name] = {rounded(Duration::nanoseconds(ns)) + " (" + thousands(phase.count) + ")",
                                         value, value / 10, phase.count < least};
    };
    add("median", phase.p50_ns, least_count);
    add("99 of 100", phase.p99_ns, least_count_of_tail);
  }
  return sides;
}

Sides probes_of(const Release& release) {
  Sides sides;
  for (const reports::ReleaseProbe& probe : release.probes)
    sides[probe.name] = {probe.hits == 0 ? "never reached" : "reached", probe.hits == 0 ? 1.0 : 0.0};
  return sides;
}

Sides mutants_of(const Release& release) {
  Sides sides;
  if (!release.mutants) return sides;
  for (const reports::ReleaseMutants::Mutant& mutant : release.mutants->list) {
    // By the best of the strategies.
    const reports::ReleaseMutants::Tried* best = nullptr;
    for (const auto& tried : mutant.tried)
      if (tried && tried->found * 2 > tried->trials && (!best || tried->seeds < best->seeds)) best = &*tried;
    const double seeds = best ? static_cast<double>(best->seeds) : 1e9;
    // Seeds to find are spread as a geometric distribution is: only what differs by far says something.
    sides[mutant.name] = {best ? thousands(best->seeds) + " seeds" : "not found", seeds, best ? seeds * 3 + 20 : 0};
  }
  return sides;
}

}  // namespace

reports::ReleaseComparison compare(const Release& now, const Release& earlier) {
  reports::ReleaseComparison comparison;
  std::set<std::string> versions;
  for (const reports::ReleaseCampaign& campaign : earlier.campaigns) versions.insert(campaign.heir);
  for (const std::string& version : versions)
    comparison.earlier += (comparison.earlier.empty() ? "heir " : ", ") + version;
  comparison.earlier += fmt::format(": {} runs, {:.1f} simulated hours", thousands(earlier.totals.runs()),
                                    static_cast<double>(earlier.totals.virtual_ns) / 3.6e12);
  add_rows(comparison.rows, "verdict", verdicts_of(earlier), verdicts_of(now));
  add_rows(comparison.rows, "time", times_of(earlier), times_of(now));
  add_rows(comparison.rows, "probe", probes_of(earlier), probes_of(now));
  add_rows(comparison.rows, "mutant", mutants_of(earlier), mutants_of(now));
  return comparison;
}

}  // namespace heir::tools
