#include "tools/command/subject.h"

#include <unistd.h>

#include <charconv>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "sim/faults/swarm.h"
#include "tools/command/hosted_run.h"
#include "tools/command/input_file.h"
#include "tools/command/option_types.h"
#include "tools/command/plan.h"
#include "tools/hunt/results.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

constexpr std::size_t most_mib = 4;  ///< More than any capsule has.

Result<Capsule> from_file(const std::string& path) {
  const Result<std::string> text = read_input(path, most_mib, "capsule");
  if (!text) return text.error();
  return read_capsule(path, *text);
}

/// "night.db:17".
struct ResultsEntry {
  std::string path;
  std::optional<std::int64_t> failure;  ///< Nothing: none is named.
};

std::optional<ResultsEntry> results_entry(const std::string& path) {
  if (path.ends_with(".db")) return ResultsEntry{path, std::nullopt};
  const std::size_t colon = path.rfind(':');
  if (colon == std::string::npos || colon == 0 || ::access(path.c_str(), F_OK) == 0) return std::nullopt;
  std::int64_t failure = 0;
  const char* end = path.data() + path.size();
  const auto [stop, error] = std::from_chars(path.data() + colon + 1, end, failure);
  if (error != std::errc() || stop != end) return std::nullopt;
  return ResultsEntry{path.substr(0, colon), failure};
}

Result<Capsule> from_results(const ResultsEntry& entry) {
  Result<Results> results = Results::open(entry.path, Results::Open::look);
  if (!results) return results.error();
  if (!entry.failure) {
    const Result<std::string> last = results->database().value("SELECT coalesce(max(id), 0) FROM failures");
    if (!last) return last.error();
    return Error{ErrorCode::invalid,
                 entry.path + (*last == "0" ? ": has no failure"
                                            : ": which failure? " + entry.path + ":1 to " + entry.path + ":" + *last)};
  }
  Result<FailedRun> run = results->failed_run(*entry.failure);
  if (!run) return run.error();
  const scenarios::Loaded loaded = scenarios::load_text(run->path, run->text);
  if (!loaded)
    return Error{ErrorCode::invalid,
                 entry.path + ": holds a scenario that this heir does not read: " + loaded.messages.front()};
  Capsule capsule;
  capsule.heir = run->heir;
  capsule.source = run->path;
  capsule.seed = run->recipe.seed;
  capsule.failure = {run->failure.kind, run->failure.message, Duration::nanoseconds(run->failure.at_ns)};
  capsule.trace_hash = run->trace_hash;
  capsule.scenario = sim::expand(varied(*loaded.scenario, run->recipe), capsule.seed);
  return capsule;
}

}  // namespace

std::string file_of(const SubjectOptions& options) {
  const std::optional<ResultsEntry> entry = results_entry(options.path);
  return entry ? entry->path : options.path;
}

std::optional<Subject> load_subject(const SubjectOptions& options, std::vector<std::string>& problems) {
  Subject subject;
  subject.path = options.path;
  const std::optional<ResultsEntry> entry = results_entry(options.path);
  subject.has_decisions = options.path.ends_with(".heir");
  subject.has_failure = subject.has_decisions || entry;
  if (subject.has_failure) {
    const std::string what = options.path + (entry ? " is a failure of results" : " is a capsule") + ", which has its ";
    if (options.seed) problems.push_back(what + "seed; --seed belongs to a scenario");
    if (!options.overrides.empty()) problems.push_back(what + "scenario; --set belongs to a scenario");
    Result<Capsule> capsule = entry ? from_results(*entry) : from_file(options.path);
    if (!capsule) problems.push_back(capsule.error().message);
    if (!problems.empty()) return std::nullopt;
    subject.capsule = std::move(*capsule);
    return subject;
  }
  const scenarios::Loaded loaded = scenarios::load_file(options.path, options.overrides);
  if (!loaded) {
    problems.insert(problems.end(), loaded.messages.begin(), loaded.messages.end());
    return std::nullopt;
  }
  if (const Result<agent::Config> config = agent_config(*loaded.scenario, {}); !config) {
    problems.push_back(scenarios::printable(options.path) + ": [policy]: " + config.error().message);
    return std::nullopt;
  }
  if (std::vector<std::string> refused = simulator_messages({options.path, *loaded.scenario}, options.overrides);
      !refused.empty()) {
    problems.insert(problems.end(), refused.begin(), refused.end());
    return std::nullopt;
  }
  subject.capsule.source = options.path;
  subject.capsule.seed = options.seed.value_or(1);
  subject.capsule.scenario = sim::expand(*loaded.scenario, subject.capsule.seed);
  return subject;
}

Seen see(const scenarios::Scenario& scenario, sim::RunOptions options) {
  SimulatedPrograms programs;
  Seen seen{sim::run(scenario, programs, options), {}};
  if (!seen.result.interrupted) seen.judgement = judge(scenario, seen.result);
  return seen;
}

std::optional<sim::Limits> parse_until(const std::string& text) {
  sim::Limits limits;
  if (const Result<Duration> at = read_duration(text); at && *at >= Duration::zero()) {
    limits.until = sim::VirtualTime() + *at;
    return limits;
  }
  SeedRange number;
  if (text.find("..") != std::string::npos || !parse_seeds(text, number) || number.first == 0) return std::nullopt;
  limits.events = number.first;
  return limits;
}

std::optional<std::pair<sim::VirtualTime, sim::VirtualTime>> parse_times(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  const Result<Duration> from = read_duration(text.substr(0, dots)), to = read_duration(text.substr(dots + 2));
  if (!from || !to || *from < Duration::zero() || *to <= *from) return std::nullopt;
  return std::pair(sim::VirtualTime() + *from, sim::VirtualTime() + *to);
}

std::string told(const FoundFailure& failure) {
  return failure.kind + " at " + clock_text(failure.at.ns()) + "s: " + failure.message;
}

}  // namespace heir::tools
