// A campaign in JUnit's XML, which CI systems read: a case for each scenario, a failure for each kind.
#include <fmt/format.h>

#include "scenarios/mistakes.h"
#include "tools/command/hunt_report.h"

namespace heir::tools {

namespace {

std::string xml(const std::string& text) {
  std::string escaped;
  for (const char c : scenarios::printable(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string case_of(const CampaignSummary& summary, const ScenarioSummary& scenario) {
  const auto seconds = [](std::int64_t ns) { return fmt::format("{:.3f}", static_cast<double>(ns) / 1e9); };
  std::string text = fmt::format("  <testcase classname=\"heir\" name=\"{}\" file=\"{}\" time=\"{}\">\n",
                                 xml(scenario.title), xml(scenario.path), seconds(scenario.wall_ns));
  for (const KindSummary& kind : scenario.failures)
    text += fmt::format("    <failure type=\"{}\" message=\"{}\">{} of {} runs&#10;{}</failure>\n", xml(kind.kind),
                        xml(kind.message), kind.runs, scenario.runs(),
                        xml(replay_command(summary.campaign, scenario.path, kind.recipe)));
  if (scenario.unknown > 0)
    text += fmt::format("    <error type=\"no-verdict\" message=\"{}\">{} of {} runs&#10;{}</error>\n",
                        xml(scenario.unknown_reason), scenario.unknown, scenario.runs(),
                        xml(replay_command(summary.campaign, scenario.path, scenario.unknown_recipe)));
  if (scenario.runs() == 0) text += "    <skipped message=\"no seed of it was run\"/>\n";
  return text + "  </testcase>\n";
}

}  // namespace

std::string summary_junit(const CampaignSummary& summary) {
  std::string cases;
  std::size_t failures = 0, errors = 0, skipped = 0;
  for (const ScenarioSummary& scenario : summary.scenarios) {
    cases += case_of(summary, scenario);
    if (!scenario.failures.empty())
      ++failures;
    else if (scenario.unknown > 0)
      ++errors;
    else if (scenario.runs() == 0)
      ++skipped;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"heir hunt\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3f}\">\n"
      "{}</testsuite>\n",
      summary.scenarios.size(), failures, errors, skipped, summary.campaign.active_seconds, cases);
}

}  // namespace heir::tools
