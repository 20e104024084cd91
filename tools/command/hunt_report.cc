#include "tools/command/hunt_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tools/command/json.h"
#include "tools/hunt/statistics.h"

namespace heir::tools {

namespace {

std::string first_words(const RunRecord& record) {
  if (record.failures.empty()) return record.reason;
  return record.failures.front().kind + ": " + record.failures.front().message;
}

std::string replace_each(std::string_view text, char what, std::string_view by) {
  std::string replaced;
  for (const char c : text)
    if (c == what)
      replaced += by;
    else
      replaced += c;
  return replaced;
}

std::string seeds_text(const CampaignSettings& settings) {
  const WantedSeeds& seeds = settings.seeds;
  std::string text = settings.guided ? "guided, " : "";
  text +=
      seeds.last ? fmt::format("seeds {}..{}", seeds.first, *seeds.last) : fmt::format("seeds from {} on", seeds.first);
  if (seeds.shard.of > 1) text += fmt::format(", shard {}/{}", seeds.shard.index, seeds.shard.of);
  return text;
}

std::map<std::string, std::uint64_t> kinds_of(const CampaignSummary& summary) {
  std::map<std::string, std::uint64_t> kinds;
  for (const ScenarioSummary& scenario : summary.scenarios)
    for (const KindSummary& kind : scenario.failures) kinds[kind.kind] += kind.runs;
  return kinds;
}

std::string coverage_text(const Coverage& coverage) {
  if (coverage.families.empty()) return {};
  std::string text = fmt::format("{:<24}", "faults that struck, in");
  for (const std::string& phase : coverage.phases) text += fmt::format("{:>12}", phase);
  text += "\n";
  for (const std::string& family : coverage.families) {
    text += fmt::format("  {:<22}", family);
    for (const std::string& phase : coverage.phases) {
      const auto hits = coverage.hits.find({family, phase});
      text += fmt::format("{:>12}", thousands(hits == coverage.hits.end() ? 0 : hits->second));
    }
    text += "\n";
  }
  return text;
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// The matrix shows the others.
std::vector<std::string> without_phases(std::vector<std::string> names) {
  std::erase_if(names, is_of_coverage);
  return names;
}

std::string probes_text(const CampaignSummary& summary) {
  if (summary.probes.empty()) return {};
  std::size_t asked = 0, hit = 0;
  for (const ProbeSummary& probe : summary.probes)
    if (!is_of_coverage(probe.name)) {
      ++asked;
      hit += probe.hits > 0 ? 1 : 0;
    }
  std::string text = fmt::format("probes       {} of {} reached\n", hit, asked);
  if (const auto missed = without_phases(summary.missed(false)); !missed.empty())
    text += "  missed     " + list_text(missed) + "\n";
  if (const auto missed = without_phases(summary.missed(true)); !missed.empty())
    text += "  rare       " + list_text(missed) + "\n";
  return text;
}

std::string bound_json(const ScenarioSummary& scenario, const Campaign& campaign) {
  return bounds_failures(scenario, campaign) ? fmt::format("{:.6g}", failure_bound(scenario.passed)) : "null";
}

std::string meaning_text(const ScenarioSummary& total, const Campaign& campaign) {
  if (campaign.settings.guided)
    return "Guided: the runs were chosen by what earlier ones reached, so how many are clean bounds no probability.\n";
  if (!bounds_failures(total, campaign)) return {};
  return fmt::format(
      "With 95% confidence a run of these scenarios with a random seed fails with a probability below {}: "
      "1 - 0.05^(1/{}).\n",
      percent_below(failure_bound(total.passed)), total.passed);
}

}  // namespace

const char* const hunt_json_help =
    "One object a line. As they come, runs that failed or have no verdict:\n"
    "  type          \"run\"\n"
    "  scenario      the file, as it was named\n"
    "  seed\n"
    "  verdict       \"fail\" or \"unknown\"\n"
    "  reason        why, in one sentence\n"
    "  failures      [{kind, message, at_ns}], as of heir run --json\n"
    "  trace_hash    of every event of the run\n"
    "  replay        the command that does this run again\n"
    "At the end, the campaign:\n"
    "  type          \"campaign\"\n"
    "  database      the file of results; null if there is none\n"
    "  campaign      its number in there\n"
    "  ended         \"complete\", \"stopped\" (--stop-on), \"interrupted\", \"out-of-space\", \"canary-lived\"; null: "
    "not "
    "yet\n"
    "  first_seed, last_seed, shard, shards, guided\n"
    "  canary        what became of it\n"
    "  runs, passed, failed, unknown\n"
    "  virtual_ns    simulated time of all runs together\n"
    "  run_ns        real time of all runs together, verdicts included\n"
    "  seconds       that the campaign took\n"
    "  bound         if all passed, not guided, and no canary lives: with 95% confidence a random seed fails with a "
    "probability below this; "
    "else null\n"
    "  scenarios     [{scenario, title, runs, passed, failed, unknown, virtual_ns, run_ns, failovers,\n"
    "                longest_outage_ns, bound, failures: [{kind, runs, seed, message, at_ns, replay}]}]\n"
    "  probes        [{name, rare, runs, hits}]: rare branches, in how many runs and how often they were reached\n"
    "  missed        names of those never reached that should be; --gate fails if there is one\n";

std::string replay_command(const Campaign& campaign, const std::string& path, const Recipe& recipe) {
  std::string line = command_words() + " run " + shell_word(path) + " --seed " + std::to_string(recipe.seed);
  for (const std::string& override_ : campaign.settings.overrides) line += " --set " + shell_word(override_);
  if (const std::string vary = vary_override(recipe); !vary.empty()) line += " --set " + shell_word(vary);
  return line;
}

std::string bad_run_text(const Campaign& campaign, const Target& target, const RunRecord& record, const Style& style) {
  const bool failed = record.verdict == reports::Outcome::fail;
  return fmt::format(
      "{}  {}  seed {}  {}\n         {}\n",
      failed ? style.paint(Style::Colour::red, "FAIL   ") : style.paint(Style::Colour::yellow, "unknown"), target.path,
      record.seed, first_words(record), replay_command(campaign, target.path, record.recipe));
}

std::string bad_run_json(const Campaign& campaign, const Target& target, const RunRecord& record) {
  return fmt::format(
      "{{\"type\":\"run\",\"scenario\":{},\"seed\":{},\"verdict\":\"{}\",\"reason\":{},\"failures\":{},"
      "\"trace_hash\":\"{}\",\"replay\":{}}}\n",
      json_string(target.path), record.seed, reports::to_string(record.verdict), json_string(record.reason),
      json_array(record.failures,
                 [](const RunFailure& failure) {
                   return fmt::format("{{\"kind\":{},\"message\":{},\"at_ns\":{}}}", json_string(failure.kind),
                                      json_string(failure.message), failure.at_ns);
                 }),
      hash_text(record.trace_hash), json_string(replay_command(campaign, target.path, record.recipe)));
}

std::string bad_run_annotation(const Campaign& campaign, const Target& target, const RunRecord& record) {
  const auto escaped = [](std::string_view text) {
    return replace_each(replace_each(replace_each(text, '%', "%25"), '\r', "%0D"), '\n', "%0A");
  };
  const auto property = [&](std::string_view text) {
    return replace_each(replace_each(escaped(text), ':', "%3A"), ',', "%2C");
  };
  const bool failed = record.verdict == reports::Outcome::fail;
  const std::string title = (failed && !record.failures.empty() ? record.failures.front().kind : "no verdict") +
                            " with seed " + std::to_string(record.seed);
  return fmt::format("::{} file={},title={}::{}\n", failed ? "error" : "warning", property(target.path),
                     property(title),
                     escaped(first_words(record) + "\n" + replay_command(campaign, target.path, record.recipe)));
}

std::string failed_text(std::uint64_t failed, const std::map<std::string, std::uint64_t>& by_kind) {
  if (failed == 0) return "none failed";
  std::string kinds;
  for (const auto& [kind, runs] : by_kind)
    kinds += fmt::format("{}{} {}", kinds.empty() ? "" : ", ", thousands(runs), kind);
  return thousands(failed) + " failed" + (kinds.empty() ? "" : " (" + kinds + ")");
}

std::string progress_text(const HuntProgress& progress) {
  std::string text = thousands(progress.runs);
  if (progress.wanted) text += " of " + thousands(*progress.wanted);
  text += fmt::format(" runs, {:.1f}/s, {}", progress.runs_per_second,
                      failed_text(progress.failed, progress.failed_by_kind));
  if (progress.unknown > 0) text += ", " + thousands(progress.unknown) + " without a verdict";
  if (progress.probes > 0) text += fmt::format(", {} of {} probes", progress.probes_hit, progress.probes);
  if (progress.seconds_left)
    text += ", " + to_string(Duration::seconds(static_cast<std::int64_t>(*progress.seconds_left))) + " left";
  return text;
}

std::string summary_text(const CampaignSummary& summary, const Style& style) {
  const CampaignSettings& settings = summary.campaign.settings;
  const ScenarioSummary total = summary.total();
  std::size_t width = 8;
  for (const ScenarioSummary& scenario : summary.scenarios) width = std::max(width, scenario.path.size());
  std::string text = fmt::format("{:<{}} {:>9} {:>7} {:>8} {:>8} {:>8} {:>9} {:>10}\n", "scenario", width, "runs",
                                 "failed", "unknown", "virtual", "runs/s", "failovers", "fails");
  text += fmt::format("{:<{}} {:>9} {:>7} {:>8} {:>8} {:>8} {:>9} {:>10}\n", "", width, "", "", "", "hours", "a core",
                      "", "below");
  for (const ScenarioSummary& scenario : summary.scenarios) {
    const double seconds = static_cast<double>(std::max<std::int64_t>(scenario.wall_ns, 1)) / 1e9;
    text += fmt::format(
        "{:<{}} {:>9} {:>7} {:>8} {:>8} {:>8.1f} {:>9} {:>10}\n", scenario.path, width, thousands(scenario.runs()),
        thousands(scenario.failed), thousands(scenario.unknown), hours_text(scenario.virtual_ns),
        static_cast<double>(scenario.runs()) / seconds, thousands(scenario.failovers),
        bounds_failures(scenario, summary.campaign) ? percent_below(failure_bound(scenario.passed)) : "-");
  }
  for (const ScenarioSummary& scenario : summary.scenarios) {
    for (const KindSummary& kind : scenario.failures)
      text += fmt::format("{} in {} of {}, first: {}\n  {}\n", style.paint(Style::Colour::red, kind.kind),
                          kind.runs == 1 ? "a run" : thousands(kind.runs) + " runs", scenario.path, kind.message,
                          replay_command(summary.campaign, scenario.path, kind.recipe));
    if (scenario.unknown > 0)
      text += fmt::format("{} in {} of {}, first: {}\n  {}\n", style.paint(Style::Colour::yellow, "no verdict"),
                          scenario.unknown == 1 ? "a run" : thousands(scenario.unknown) + " runs", scenario.path,
                          scenario.unknown_reason,
                          replay_command(summary.campaign, scenario.path, scenario.unknown_recipe));
  }
  text += coverage_text(coverage_of(summary.probes)) + probes_text(summary);
  if (!summary.canary.empty()) text += "canary       " + summary.canary + "\n";
  text += fmt::format("{} of {} ({}): {} passed, {}", counted(total.runs(), "run", "runs"),
                      counted(summary.scenarios.size(), "scenario", "scenarios"), seeds_text(settings),
                      thousands(total.passed), failed_text(total.failed, kinds_of(summary)));
  if (total.unknown > 0) text += ", " + thousands(total.unknown) + " without a verdict";
  text += fmt::format("; {} virtual hours in {:.1f}s\n", hours_text(total.virtual_ns), summary.campaign.active_seconds);
  return text + meaning_text(total, summary.campaign);
}

std::string summary_json(const CampaignSummary& summary, const std::string& database) {
  const Campaign& campaign = summary.campaign;
  const WantedSeeds& seeds = campaign.settings.seeds;
  const ScenarioSummary total = summary.total();
  const auto runs = [](const ScenarioSummary& scenario) {
    return fmt::format("\"runs\":{},\"passed\":{},\"failed\":{},\"unknown\":{},\"virtual_ns\":{},\"run_ns\":{}",
                       scenario.runs(), scenario.passed, scenario.failed, scenario.unknown, scenario.virtual_ns,
                       scenario.wall_ns);
  };
  const auto scenario_json = [&](const ScenarioSummary& scenario) {
    const auto kind_json = [&](const KindSummary& kind) {
      return fmt::format("{{\"kind\":{},\"runs\":{},\"seed\":{},\"message\":{},\"at_ns\":{},\"replay\":{}}}",
                         json_string(kind.kind), kind.runs, kind.seed, json_string(kind.message), kind.at_ns,
                         json_string(replay_command(campaign, scenario.path, kind.recipe)));
    };
    return fmt::format(
        "{{\"scenario\":{},\"title\":{},{},\"failovers\":{},\"longest_outage_ns\":{},\"bound\":{},\"failures\":{}}}",
        json_string(scenario.path), json_string(scenario.title), runs(scenario), scenario.failovers,
        scenario.longest_outage_ns, bound_json(scenario, campaign), json_array(scenario.failures, kind_json));
  };
  return fmt::format(
      "{{\"type\":\"campaign\",\"database\":{},\"campaign\":{},\"ended\":{},\"first_seed\":{},\"last_seed\":{},"
      "\"shard\":{},\"shards\":{},\"guided\":{},\"canary\":{},{},\"seconds\":{:.3f},\"bound\":{},\"scenarios\":{},"
      "\"probes\":{},"
      "\"missed\":{}}}\n",
      database.empty() ? "null" : json_string(database), campaign.id,
      campaign.end ? json_string(to_string(*campaign.end)) : "null", seeds.first,
      seeds.last ? std::to_string(*seeds.last) : "null", seeds.shard.index, seeds.shard.of, campaign.settings.guided,
      json_string(summary.canary), runs(total), campaign.active_seconds, bound_json(total, campaign),
      json_array(summary.scenarios, scenario_json),
      json_array(summary.probes,
                 [](const ProbeSummary& probe) {
                   return fmt::format("{{\"name\":{},\"rare\":{},\"runs\":{},\"hits\":{}}}", json_string(probe.name),
                                      probe.rare, probe.runs, probe.hits);
                 }),
      json_strings(summary.missed(false)));
}

}  // namespace heir::tools
