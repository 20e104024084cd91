#include "tools/command/report_markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/command/story.h"
#include "tools/command/text.h"

namespace heir::tools {

using reports::Claim;
using reports::Failure;
using reports::Outcome;

namespace {

/// One line, of which nothing is markup.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '\n':
      case '\r': out += ' '; break;
      case '\\':
      case '`':
      case '*':
      case '[':
      case ']':
      case '|': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
  return out;
}

using Systems = reports::ReleaseSystems;

/// "5", "**5**" where there should be none, "0 (in 3 of 5 runs)", "–" for what is not known.
std::string counted(const Systems::Row& row, const Systems::Count& count, bool should_be_none = false) {
  if (count.runs == 0) return "–";
  std::string text = thousands(count.sum);
  if (should_be_none && count.sum > 0) text = "**" + text + "**";
  if (count.runs < row.runs) text += fmt::format(" (in {} of {} runs)", count.runs, row.runs);
  return text;
}

std::string name_of(const Systems::Row& row) {
  return row.system + (row.tuned ? ", tuned" : "") + (row.simulated ? ", simulated" : "");
}

std::string markdown_of(const Systems::Row& row) {
  const auto time = [](const std::optional<std::int64_t>& ns) {
    return ns ? rounded(Duration::nanoseconds(*ns)) : "–";
  };
  const std::string verdict = to_string(row.verdict);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", plain(name_of(row)),
                     row.verdict == Outcome::fail ? "**" + verdict + "**" : verdict,
                     row.runs == row.asked ? thousands(row.runs) : fmt::format("{} of {}", row.runs, row.asked),
                     time(row.median_ns), time(row.max_ns), counted(row, row.acknowledged),
                     counted(row, row.lost, true), counted(row, row.stale_reads, true),
                     counted(row, row.split_brains, true), counted(row, row.undecided), counted(row, row.not_back));
}

std::string markdown_of(const Systems& systems) {
  std::string text = "\n## Beside other systems\n\n" + plain(systems.method) + "\n";
  for (const Systems::Scenario& scenario : systems.scenarios) {
    text += fmt::format("\n### {}\n\n{}\n\n", plain(scenario.title), plain(scenario.path));
    text +=
        "| system | verdict | runs | no write: median | longest | acknowledged | lost | stale reads | split brain | "
        "undecided | not back |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (const Systems::Row& row : scenario.rows) text += markdown_of(row);
    std::string problems;
    for (const Systems::Row& row : scenario.rows)
      for (const std::string& problem : row.problems)
        problems += fmt::format("- could not be done: {}, {}\n", plain(name_of(row)), plain(problem));
    if (!problems.empty()) text += "\n" + problems;
  }
  return text;
}

/// As it stands, in a fence that is longer than any in it.
std::string fenced(std::string_view text, const char* language) {
  std::size_t longest = 2, run = 0;
  for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
  const std::string fence(longest + 1, '`');
  return fence + language + "\n" + std::string(text) + (text.ends_with('\n') ? "" : "\n") + fence + "\n";
}

}  // namespace

std::string markdown_of(const reports::Report& report) {
  std::string text = "# " + plain(report.title) + "\n\n**" + plain(report.summary) + "**\n";
  text += "\n| claim | outcome | |\n|---|---|---|\n";
  for (const Claim& claim : report.claims)
    text += fmt::format("| {} | {} | {} |\n", plain(claim.claim),
                        claim.outcome == Outcome::pass   ? "holds"
                        : claim.outcome == Outcome::fail ? "**violated**"
                                                         : "undecided",
                        plain(claim.detail));
  if (!report.failures.empty()) text += "\n## What failed\n\n";
  for (const Failure& failure : report.failures) {
    text += fmt::format("- **{}** at {}: {}\n", to_string(failure.kind), moment(*report.history, failure.at),
                        plain(failure.message));
    for (const reports::Operation& op : failure.ops) {
      const std::string line = operation_line(*report.history, op).substr(6);
      text += "  -" + plain(line.substr(0, line.find_last_not_of('\n') + 1)) + "\n";
    }
  }
  if (report.more_failures > 0) text += fmt::format("- and {} more\n", thousands(report.more_failures));
  for (const std::string& reason : report.undecided) text += "\nNot decided: " + plain(reason) + "\n";
  text += "\n## Not tested\n\n";
  for (const std::string& words : report.not_tested) text += "- " + plain(words) + "\n";
  std::string story;
  for (const reports::ReportedLine& line : report.story)
    if (line.kind != "command")
      story += fmt::format("{:>9}  {:<8} {}\n", clock_text(line.at.ns()), line.who, line.what);
  if (!story.empty()) text += "\n## What happened\n\n" + fenced(story, "");
  text += "\n## Numbers\n\n| | |\n|---|---|\n";
  for (const auto& [name, value] : report.numbers) text += fmt::format("| {} | {} |\n", name, value);
  if (report.run) text += "\nTo see it again:\n\n" + fenced(report.run->replay, "sh");
  return text;
}

std::string markdown_of(const reports::Release& release) {
  std::string text =
      "# " + plain(release.title) + "\n\n**" + to_string(release.verdict) + ": " + plain(release.summary) + "**\n";
  const auto paragraphs = [&text](const char* heading, const std::vector<std::string>& sentences) {
    if (!sentences.empty()) text += fmt::format("\n## {}\n", heading);
    for (const std::string& each : sentences) text += "\n" + plain(each) + "\n";
  };
  paragraphs("Design under test", release.design);
  paragraphs("Method", release.method);
  text +=
      "\n## Results\n\n| scenario | claim | runs | failed | no verdict | simulated hours | failovers | fails below |\n"
      "|---|---|---:|---:|---:|---:|---:|---:|\n";
  for (const reports::ReleaseFamily& family : release.families)
    for (const reports::ReleaseScenario& each : family.scenarios)
      text += fmt::format("| {} | {} | {} | {} | {} | {:.1f} | {} | {} |\n", plain(each.path), plain(each.claim),
                          thousands(each.runs.runs()), thousands(each.runs.failed), thousands(each.runs.unknown),
                          static_cast<double>(each.runs.virtual_ns) / 3.6e12, thousands(each.runs.failovers),
                          each.runs.bound ? percent_below(*each.runs.bound) : "");
  for (const reports::ReleaseFinding& each : release.findings)
    text += fmt::format("\n### {} in {}\n\n{} of {} runs, first at {}s with seed {}: {}\n\n{}", each.kind,
                        plain(each.scenario), thousands(each.runs), thousands(each.of), clock_text(each.at_ns),
                        each.seed, plain(each.message), fenced(each.replay, "sh"));
  for (const reports::ReleaseUndecided& each : release.undecided)
    text += fmt::format("\n### No verdict in {}\n\n{} runs, the first: {}\n\n{}", plain(each.scenario),
                        thousands(each.runs), plain(each.reason), fenced(each.replay, "sh"));
  if (!release.phases.empty())
    text +=
        "\n## Failovers\n\n| step | count | median | 95 of 100 | 99 of 100 | longest | "
        "|\n|---|---:|---:|---:|---:|---:|---|\n";
  const auto time = [](std::int64_t ns) { return rounded(Duration::nanoseconds(ns)); };
  for (const reports::ReleasePhase& each : release.phases)
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", each.name, thousands(each.count), time(each.p50_ns),
                        time(each.p95_ns), time(each.p99_ns), time(each.max_ns), each.what);
  if (!release.margins.empty()) text += "\n## Survived\n\n| fault | | runs |\n|---|---|---:|\n";
  for (const reports::ReleaseMargin& each : release.margins)
    text += fmt::format("| {} | {} | {} |\n", each.what, each.value, thousands(each.runs));
  if (release.comparison) {
    text += "\n## Since " + plain(release.comparison->earlier) + "\n\n| | before | now | |\n|---|---|---|---|\n";
    for (const auto& row : release.comparison->rows)
      if (row.change != "same")
        text += fmt::format("| {} | {} | {} | {} |\n", plain(row.what), plain(row.before), plain(row.now), row.change);
  }
  if (release.policies) {
    text += "\n## Other rules\n\n| scenario |";
    for (const std::string& policy : release.policies->policies) text += " " + plain(policy) + " |";
    text += "\n|---|";
    for (std::size_t i = 0; i < release.policies->policies.size(); ++i) text += "---|";
    text += "\n";
    for (const auto& row : release.policies->rows) {
      text += "| " + plain(row.scenario) + " |";
      for (const auto& result : row.results) {
        text += result ? fmt::format(" {} of {} failed", result->failed, result->runs) : " not run";
        if (result)
          for (const auto& [kind, runs] : result->kinds) text += fmt::format(", {} {}", runs, kind);
        text += " |";
      }
      text += "\n";
    }
  }
  if (release.systems) text += markdown_of(*release.systems);
  paragraphs("Discussion", release.discussion);
  paragraphs("Known limits", release.limits);
  text += "\n## To do it again\n";
  for (const auto& [what, command] : release.reproduce) text += "\n" + plain(what) + ":\n\n" + fenced(command, "sh");
  return text;
}

}  // namespace heir::tools
