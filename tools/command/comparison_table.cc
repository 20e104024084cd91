#include "tools/command/comparison_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "scenarios/names.h"
#include "tools/command/text.h"

namespace heir::tools {

namespace {

using on_hosts::ComparisonRow;
using on_hosts::Measurement;

using Cells = std::array<std::string, 10>;

const Cells heads{"system", "runs",        "no write: median", "longest",   "acknowledged",
                  "lost",   "stale reads", "split brain",      "undecided", "not back"};

std::string seconds(const std::optional<Duration>& time) {
  return time ? fmt::format("{:.3f} s", static_cast<double>(time->ns()) / 1e9) : "-";
}

/// Of what was not looked at nothing is said, least of all that it is 0.
std::string count(const ComparisonRow& row, std::size_t number) {
  return row.runs == 0 ? "-" : thousands(number);
}

/// Nor that what is not known is.
std::string lost_of(const ComparisonRow& row) {
  if (row.unknown.empty()) return count(row, row.lost);
  return row.unknown.size() == row.runs ? "?" : thousands(row.lost) + " + ?";
}

Cells cells_of(const ComparisonRow& row) {
  const std::size_t asked = row.runs + row.problems.size();
  return {to_string(row.system),
          row.problems.empty() ? std::to_string(row.runs) : fmt::format("{} of {}", row.runs, asked),
          seconds(row.median),
          seconds(row.longest),
          count(row, row.acknowledged),
          lost_of(row),
          count(row, row.stale_reads),
          count(row, row.split_brains),
          count(row, row.undecided),
          row.system.simulated ? "-" : count(row, row.not_back)};
}

constexpr const char* not_known = "no database took writes at the end; what was lost is not known";

std::string problems_of(const std::vector<ComparisonRow>& rows, const char* begin) {
  std::string text;
  for (const ComparisonRow& row : rows) {
    for (const std::uint64_t seed : row.unknown)
      text += fmt::format("{}{}, seed {}: {}\n", begin, to_string(row.system), seed, not_known);
    for (const std::string& problem : row.problems)
      text += fmt::format("{}could not be done: {}, {}\n", begin, to_string(row.system), problem);
  }
  return text;
}

/// How far the simulator is from hosts, if both were measured.
std::string distance_of(const std::vector<ComparisonRow>& rows) {
  const ComparisonRow* simulated = nullptr;
  const ComparisonRow* real = nullptr;
  for (const ComparisonRow& row : rows)
    if (row.median && row.system.simulated)
      simulated = &row;
    else if (row.median && row.system.kind == on_hosts::SystemKind::heir)
      real = &row;
  if (!simulated || !real || real->median->ns() == 0) return {};
  const double ratio = static_cast<double>(simulated->median->ns()) / static_cast<double>(real->median->ns());
  return fmt::format("the simulator's median is {:.1f} % {} that on hosts", std::abs(ratio - 1) * 100,
                     ratio < 1 ? "below" : "above");
}

std::string markdown_line(const Cells& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

nlohmann::ordered_json json_of(const Measurement& each) {
  nlohmann::ordered_json run{
      {"seed", each.seed},
      {"problem", each.problem.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(each.problem)}};
  if (!each.problem.empty()) return run;
  run["without_write_ns"] = each.without_write.ns();
  run["acknowledged"] = each.acknowledged;
  run["lost"] = each.lost ? nlohmann::ordered_json(*each.lost) : nlohmann::ordered_json();
  run["stale_reads"] = each.stale_reads;
  run["split_brain"] = each.split_brain;
  run["undecided"] = each.undecided;
  run["not_back"] = each.system.simulated ? nlohmann::ordered_json() : nlohmann::ordered_json(each.not_back);
  return run;
}

}  // namespace

const char* const comparison_json_help =
    "--json: {scenarios: [{file, title, systems: [{system, tuned, simulated, safe, median_ns, longest_ns, runs: "
    "[run]}]}]}\n"
    "  safe       every run could be done, and it is known that nothing was lost, stale or split\n"
    "  run        seed, problem (why it says nothing; null: it does, and then there are) without_write_ns,\n"
    "             acknowledged, lost (null: no database took writes at the end, so it is not known),\n"
    "             stale_reads, split_brain, undecided, not_back (hosts; null: in the simulator nobody looks)\n";

std::string line_of(const Measurement& measurement) {
  std::string line = fmt::format("{}, seed {}: ", to_string(measurement.system), measurement.seed);
  if (!measurement.problem.empty()) return line + "could not be done: " + measurement.problem;
  line += fmt::format("{} without a write, {} acknowledged, {} lost, {} stale reads",
                      seconds(measurement.without_write), thousands(measurement.acknowledged),
                      measurement.lost ? thousands(*measurement.lost) : "?", measurement.stale_reads);
  if (!measurement.lost) line += std::string(", ") + not_known;
  if (measurement.split_brain) line += ", split brain";
  if (measurement.undecided) line += ", not all decided";
  for (const std::string& host : measurement.not_back) line += ", " + host + " not back";
  return line;
}

std::string table_of(const ComparedScenario& scenario) {
  const std::vector<ComparisonRow> rows = on_hosts::rows_of(scenario.measurements);
  std::vector<Cells> lines{heads};
  for (const ComparisonRow& row : rows) lines.push_back(cells_of(row));
  std::array<std::size_t, heads.size()> widths{};
  for (const Cells& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string text = fmt::format("{} ({})\n", scenario.title, scenario.path);
  for (const Cells& line : lines) {
    text += fmt::format("  {:<{}}", line[0], widths[0]);
    for (std::size_t i = 1; i < line.size(); ++i) text += fmt::format("  {:>{}}", line[i], widths[i]);
    text += "\n";
  }
  if (const std::string distance = distance_of(rows); !distance.empty()) text += "  " + distance + "\n";
  return text + problems_of(rows, "  ");
}

std::string markdown_of(const std::vector<ComparedScenario>& scenarios) {
  std::string text;
  for (const ComparedScenario& scenario : scenarios) {
    const std::vector<ComparisonRow> rows = on_hosts::rows_of(scenario.measurements);
    text += fmt::format("{}### {}\n\n`{}`\n\n", text.empty() ? "" : "\n", scenario.title, scenario.path);
    text += markdown_line(heads) + "|---|---|---|---|---|---|---|---|---|---|\n";
    for (const ComparisonRow& row : rows) text += markdown_line(cells_of(row));
    if (const std::string distance = distance_of(rows); !distance.empty()) text += "\n" + distance + "\n";
    if (const std::string problems = problems_of(rows, "- "); !problems.empty()) text += "\n" + problems;
  }
  return text;
}

std::string json_of(const std::vector<ComparedScenario>& scenarios) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const ComparedScenario& scenario : scenarios) {
    nlohmann::ordered_json systems = nlohmann::ordered_json::array();
    for (const ComparisonRow& row : on_hosts::rows_of(scenario.measurements)) {
      nlohmann::ordered_json runs = nlohmann::ordered_json::array();
      for (const Measurement& each : scenario.measurements)
        if (each.system == row.system) runs.push_back(json_of(each));
      const auto time = [](const std::optional<Duration>& of) {
        return of ? nlohmann::ordered_json(of->ns()) : nlohmann::ordered_json();
      };
      systems.push_back({{"system", to_string(row.system.kind)},
                         {"tuned", row.system.tuned},
                         {"simulated", row.system.simulated},
                         {"safe", row.is_safe()},
                         {"median_ns", time(row.median)},
                         {"longest_ns", time(row.longest)},
                         {"runs", runs}});
    }
    all.push_back({{"file", scenario.path}, {"title", scenario.title}, {"systems", systems}});
  }
  return nlohmann::ordered_json{{"scenarios", all}}.dump();
}

}  // namespace heir::tools
