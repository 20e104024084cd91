// What `replay`, `shrink` and `why` are about: a failure in a capsule, or in results of a hunt, or a scenario under a
// seed.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/command/text.h"
#include "tools/replay/capsule.h"

namespace heir::tools {

struct SubjectOptions {
  std::string path;
  std::optional<std::uint64_t> seed;  ///< Of a scenario; a failure has its own.
  std::vector<std::string> overrides;
};

struct Subject {
  std::string path;
  bool has_failure = false;    ///< A capsule's, or that of results: what it is about has failed, and is known how.
  bool has_decisions = false;  ///< A capsule's; results keep none.
  Capsule capsule;             ///< Of a scenario: scenario and seed only, until somebody has run it.
};

/// The file that it stands in: of "night.db:17" the results.
std::string file_of(const SubjectOptions& options);

/// What is wrong goes to `problems`.
std::optional<Subject> load_subject(const SubjectOptions& options, std::vector<std::string>& problems);

/// A run and what was said of it.
struct Seen {
  sim::RunResult result;
  Judgement judgement;
};
Seen see(const scenarios::Scenario& scenario, sim::RunOptions options);

/// A time, "25s", or the number of an event, from 1; nothing if it is neither.
std::optional<sim::Limits> parse_until(const std::string& text);

/// Two times, "12s..17s", the second behind the first; nothing if it is not that.
std::optional<std::pair<sim::VirtualTime, sim::VirtualTime>> parse_times(const std::string& text);

/// "lost-write at 47.017s: write of …"
std::string told(const FoundFailure& failure);

}  // namespace heir::tools
