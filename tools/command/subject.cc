#include "tools/command/subject.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "scenarios/codec.h"
#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "sim/faults/swarm.h"
#include "tools/command/plan.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

/// More than any capsule has.
constexpr std::size_t largest_capsule = 4 * 1024 * 1024;

Result<std::string> read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(largest_capsule + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (errno != 0 && in.gcount() == 0))
    return Error{ErrorCode::io_error,
                 scenarios::printable(path) + ": cannot be read: " + std::strerror(errno != 0 ? errno : EIO)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > largest_capsule)
    return Error{ErrorCode::invalid, scenarios::printable(path) + ": longer than 4 MiB, which no capsule is"};
  return text;
}

}  // namespace

std::optional<Subject> load_subject(const SubjectOptions& options, std::vector<std::string>& problems) {
  Subject subject;
  subject.path = options.path;
  subject.is_capsule = options.path.ends_with(".heir");
  if (subject.is_capsule) {
    if (options.seed)
      problems.push_back(options.path + " is a capsule, which has its seed; --seed belongs to a scenario");
    if (!options.overrides.empty())
      problems.push_back(options.path + " is a capsule, which has its scenario; --set belongs to a scenario");
    const Result<std::string> text = read_file(options.path);
    Result<Capsule> capsule = text ? read_capsule(options.path, *text) : Result<Capsule>(text.error());
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
  scenarios::Value value;
  value.kind = scenarios::Value::Kind::text;
  value.text = text;
  if (const Result<Duration> at = scenarios::Codec<Duration>::read(value); at && *at >= Duration::zero()) {
    limits.until = sim::VirtualTime() + *at;
    return limits;
  }
  SeedRange number;
  if (text.find("..") != std::string::npos || !parse_seeds(text, number) || number.first == 0) return std::nullopt;
  limits.events = number.first;
  return limits;
}

std::string told(const FoundFailure& failure) {
  return failure.kind + " at " + clock_text(failure.at.ns()) + "s: " + failure.message;
}

}  // namespace heir::tools
