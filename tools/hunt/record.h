// RunRecord: what a campaign keeps of one run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/verdict/verdict.h"
#include "scenarios/scenario.h"
#include "tools/hunt/recipe.h"
#include "tools/workers/pool.h"

namespace heir::tools {

struct RunFailure {
  std::string kind;  ///< By its name: "lost-write".
  std::string message;
  std::int64_t at_ns = 0;
  bool operator==(const RunFailure&) const = default;
};

/// A probe that the run asked for.
struct ProbeHits {
  std::string name;
  bool rare = false;
  std::uint64_t hits = 0;
  bool operator==(const ProbeHits&) const = default;
};

/// How near the run came to an edge.
struct Extreme {
  std::string name;
  std::int64_t value = 0;
  bool operator==(const Extreme&) const = default;
};

/// How long a step of a failover took (reports/timeline/timeline.h), or a time without an acknowledged write.
struct PhaseTime {
  std::string phase;
  std::int64_t ns = 0;
  bool operator==(const PhaseTime&) const = default;
};
inline constexpr const char* unavailable = "unavailable";  ///< The phase of the latter.

/// The faults of one kind that struck.
struct Endured {
  std::string fault;
  std::uint64_t strikes = 0;
  std::int64_t longest_ns = 0;  ///< 0: it struck once, and was over.
  std::int64_t greatest = 0;    ///< Of clocks: ns that they were set by, parts per billion that their rate was off.
  bool operator==(const Endured&) const = default;
};

struct RunRecord {
  std::uint64_t seed = 0;  ///< In guided search the number of the run, whose recipe may have another.
  Recipe recipe;           ///< Known to who asked for the run, and not sent back to it.
  reports::Outcome verdict = reports::Outcome::unknown;
  std::string reason;  ///< In one sentence.
  std::vector<RunFailure> failures;
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::int64_t virtual_ns = 0;
  std::int64_t wall_ns = 0;                       ///< Verdict included.
  std::uint64_t ok = 0, failed = 0, unknown = 0;  ///< Operations of clients.
  std::uint64_t failovers = 0;
  std::uint64_t generations = 0;
  std::uint64_t outages = 0;
  std::int64_t longest_outage_ns = 0;
  std::int64_t total_outage_ns = 0;
  std::vector<ProbeHits> probes;
  std::vector<Extreme> extremes;
  std::vector<PhaseTime> phases;
  std::vector<Endured> endured;
  bool operator==(const RunRecord&) const = default;
};

/// Nothing if it was interrupted.
std::optional<RunRecord> run_and_judge(const scenarios::Scenario& scenario, std::uint64_t seed,
                                       const TellProgress& tell);

/// Of a run without an answer: one that crashed or got stuck has failed; one that was killed for its memory has no
/// verdict.
RunRecord lost_record(std::uint64_t seed, const Lost& lost);

/// As bytes, between two processes of one program; nothing stands for an interrupted run.
std::string pack(const std::optional<RunRecord>& record);
std::optional<RunRecord> unpack(std::string_view bytes);

}  // namespace heir::tools
