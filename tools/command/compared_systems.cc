#include "tools/command/compared_systems.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "scenarios/mistakes.h"
#include "tools/command/input_file.h"
#include "tools/command/text.h"

namespace heir::tools {

namespace {

using nlohmann::json;
using reports::Outcome;
using reports::ReleaseSystems;

constexpr std::size_t most_mib = 16;  ///< More than any comparison has.
/// What pages can count with: sums over all runs of a file are still below 2^53.
constexpr std::uint64_t most_count = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t most_ns = (std::uint64_t{1} << 53) - 1;

const char* const method =
    "Measured by heir compare on real hosts, which are namespaces of one machine with networks, disks and programs "
    "of "
    "their own: each scenario with each system and each seed, by turns, with the same workloads, faults, draws and "
    "judge. Rows that are called simulated are runs of the simulator. Times are the longest of a run, from the first "
    "fault on, without an acknowledged write that survived. Lost are acknowledged writes that were gone at the end; "
    "split brain is a run in which two databases acknowledged writes at a time; not back are hosts that did not follow "
    "the primary at the end. A dash stands for what is not known.";

/// Where a file is not what it should be; thrown inside this file only.
struct Wrong {
  std::string place;
  std::string found;
  std::string expected;
};

/// A value with its place in the file: "scenarios[0].systems[1].tuned".
class Value {
 public:
  Value(const json& value, std::string place) : value_(value), place_(std::move(place)) {}

  Value operator[](const char* key) const {
    expect(value_.is_object(), "an object");
    static const json nothing(json::value_t::discarded);
    const auto found = value_.find(key);
    return {found == value_.end() ? nothing : *found, place_.empty() ? key : place_ + "." + key};
  }
  /// One element at least.
  template <class Each>
  void each(const Each& body) const {
    expect(value_.is_array() && !value_.empty(), "a list that is not empty");
    for (std::size_t i = 0; i < value_.size(); ++i) body(Value(value_[i], fmt::format("{}[{}]", place_, i)));
  }
  bool is_null() const { return value_.is_null(); }
  std::string text() const {
    expect(value_.is_string(), "a text");
    return value_.get<std::string>();
  }
  bool flag() const {
    expect(value_.is_boolean(), "true or false");
    return value_.get<bool>();
  }
  std::uint64_t number(std::uint64_t most) const {
    expect(value_.is_number_unsigned() && value_.get<std::uint64_t>() <= most,
           "a whole number up to " + thousands(most));
    return value_.get<std::uint64_t>();
  }
  std::uint64_t length() const {
    expect(value_.is_array(), "a list");
    return value_.size();
  }

 private:
  void expect(bool right, std::string_view expected) const {
    if (!right) throw Wrong{place_, found(), std::string(expected)};
  }
  std::string found() const {
    if (value_.is_discarded()) return "nothing";
    if (value_.is_object()) return "an object";
    if (value_.is_array()) return value_.empty() ? "an empty list" : "a list";
    constexpr std::size_t longest = 40;
    const std::string text = value_.dump();
    return text.size() <= longest ? scenarios::printable(text) : "a text of " + thousands(text.size()) + " bytes";
  }

  const json& value_;
  std::string place_;
};

void add(ReleaseSystems::Count& count, std::uint64_t value) {
  count.sum += value;
  count.runs += 1;
}

void add_number(ReleaseSystems::Count& count, const Value& value) {
  if (!value.is_null()) add(count, value.number(most_count));
}

void add_flag(ReleaseSystems::Count& count, const Value& value) {
  if (!value.is_null()) add(count, value.flag() ? 1 : 0);
}

void add_run(ReleaseSystems::Row& row, const Value& run) {
  row.asked += 1;
  if (const Value problem = run["problem"]; !problem.is_null()) {
    row.problems.push_back(
        fmt::format("seed {}: {}", run["seed"].number(std::numeric_limits<std::uint64_t>::max()), problem.text()));
    return;
  }
  row.runs += 1;
  add_number(row.acknowledged, run["acknowledged"]);
  add_number(row.lost, run["lost"]);
  add_number(row.stale_reads, run["stale_reads"]);
  add_flag(row.split_brains, run["split_brain"]);
  add_flag(row.undecided, run["undecided"]);
  // Nobody asks simulated hosts whom they follow.
  if (const Value not_back = run["not_back"]; !not_back.is_null() && !row.simulated)
    add(row.not_back, not_back.length());
}

/// What is not known is no pass.
Outcome verdict_of(const ReleaseSystems::Row& row) {
  if (row.lost.sum + row.stale_reads.sum + row.split_brains.sum > 0) return Outcome::fail;
  bool known = row.runs > 0 && row.runs == row.asked && row.undecided.sum == 0;
  for (const ReleaseSystems::Count* count : {&row.lost, &row.stale_reads, &row.split_brains, &row.undecided})
    known = known && count->runs == row.runs;
  return known ? Outcome::pass : Outcome::unknown;
}

std::optional<std::int64_t> time_of(const Value& ns) {
  if (ns.is_null()) return std::nullopt;
  return static_cast<std::int64_t>(ns.number(most_ns));
}

ReleaseSystems::Row row_of(const Value& system) {
  ReleaseSystems::Row row;
  row.system = system["system"].text();
  row.tuned = system["tuned"].flag();
  row.simulated = system["simulated"].flag();
  row.median_ns = time_of(system["median_ns"]);
  row.max_ns = time_of(system["longest_ns"]);
  system["runs"].each([&](const Value& run) { add_run(row, run); });
  row.verdict = verdict_of(row);
  return row;
}

/// That measures them again. Values that were overridden, and the simulator's calibration, are not in the file.
std::string command_of(const ReleaseSystems& systems) {
  std::string line = command_words() + " compare", names;
  std::uint64_t repeat = 0;
  bool tuned = false, simulated = false;
  std::vector<std::string> known;
  for (const ReleaseSystems::Scenario& scenario : systems.scenarios) {
    line += " " + shell_word(scenario.path);
    for (const ReleaseSystems::Row& row : scenario.rows) {
      repeat = std::max(repeat, row.asked);
      tuned |= row.tuned;
      simulated |= row.simulated;
      if (row.simulated || std::find(known.begin(), known.end(), row.system) != known.end()) continue;
      names += (names.empty() ? "" : ",") + row.system;
      known.push_back(row.system);
    }
  }
  line += fmt::format(" --systems {} --repeat {}", shell_word(names), repeat);
  return line + (tuned ? " --tuned" : "") + (simulated ? " --simulated" : "") + " --json again.json";
}

/// What they say of heir, whom the release is about: it is as good as the worst of its rows.
void judge_heir(reports::Release& release, const ReleaseSystems& systems) {
  std::size_t failed = 0, unknown = 0;
  for (const ReleaseSystems::Scenario& scenario : systems.scenarios) {
    const auto is = [&](Outcome outcome) {
      return std::any_of(scenario.rows.begin(), scenario.rows.end(), [&](const ReleaseSystems::Row& row) {
        return row.system == "heir" && row.verdict == outcome;
      });
    };
    failed += is(Outcome::fail) ? 1 : 0;
    unknown += !is(Outcome::fail) && is(Outcome::unknown) ? 1 : 0;
  }
  const std::string of =
      " of " + counted(systems.scenarios.size(), "scenario", "scenarios") + " compared with other systems.";
  if (failed > 0) {
    release.verdict = Outcome::fail;
    release.summary += fmt::format(" heir lost a write, answered wrongly or was split in {}{}", failed, of);
  }
  if (unknown > 0) {
    if (release.verdict == Outcome::pass) release.verdict = Outcome::unknown;
    release.summary += fmt::format(" heir has no verdict in {}{}", unknown, of);
  }
}

}  // namespace

Result<ReleaseSystems> compared_systems_of(const std::string& path, const std::string& text) {
  const json all = json::parse(text, nullptr, false);
  ReleaseSystems systems;
  systems.method = method;
  try {
    if (all.is_discarded()) throw Wrong{"", text.empty() ? "nothing" : "no whole JSON", "an object"};
    Value(all, "")["scenarios"].each([&](const Value& scenario) {
      ReleaseSystems::Scenario& told = systems.scenarios.emplace_back();
      told.path = scenario["file"].text();
      told.title = scenario["title"].text();
      scenario["systems"].each([&](const Value& system) { told.rows.push_back(row_of(system)); });
    });
  } catch (const Wrong& wrong) {
    return Error{ErrorCode::invalid,
                 fmt::format("{}: {}found {}, expected {}, as `heir compare … --json FILE` writes it",
                             scenarios::printable(path), wrong.place.empty() ? "" : wrong.place + ": ", wrong.found,
                             wrong.expected)};
  }
  return systems;
}

Result<ReleaseSystems> read_compared_systems(const std::string& path) {
  const Result<std::string> text = read_input(path, most_mib, "comparison");
  if (!text) return text.error();
  return compared_systems_of(path, *text);
}

void add_systems(reports::Release& release, ReleaseSystems systems, const std::string& path) {
  release.reproduce.emplace_back(
      "Beside other systems: " + path + ", which does not tell of any --set and --calibration", command_of(systems));
  judge_heir(release, systems);
  release.systems = std::move(systems);
}

}  // namespace heir::tools
