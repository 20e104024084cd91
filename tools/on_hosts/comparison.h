// Comparison: the same scenarios with several systems, measured alike: what each run came to, and rows of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "tools/on_hosts/run.h"

namespace heir::on_hosts {

/// What one run came to. With a `problem` there was none that says anything, and the rest means nothing.
struct Measurement {
  SystemChoice system;
  std::uint64_t seed = 1;
  std::string problem;
  /// The longest time, from the first strike on, without an acknowledged write that survived. Of sets and lists it is
  /// known which writes did; those of registers count in scenarios that have nothing else. If it is not known what was
  /// lost, none is known to have survived that was acknowledged since: then it lasts until the end.
  Duration without_write;
  std::size_t acknowledged = 0;     ///< Writes.
  std::optional<std::size_t> lost;  ///< Of them; of registers as far as the judge can tell. Nothing: nobody took
                                    ///< writes at the end, so it is not known.
  /// Stale, dirty and unexplained ones that the judge tells of, and of standbys those that lack more than was promised:
  /// at least so many.
  std::size_t stale_reads = 0;
  bool split_brain = false;  ///< Two databases acknowledged writes at a time.
  bool undecided = false;    ///< The judge could not say of all of it whether it is right.
  std::vector<std::string> not_back;
  /// False, too, if it is not known.
  bool is_safe() const { return problem.empty() && lost == 0U && stale_reads == 0 && !split_brain && !undecided; }
};

/// Of a run to its end.
Measurement measure(const scenarios::Scenario& scenario, const SystemChoice& system, const Outcome& outcome);

/// All runs of one scenario with one system.
struct ComparisonRow {
  SystemChoice system;
  std::size_t runs = 0;  ///< That could be done; what follows is of those.
  std::optional<Duration> median;
  std::optional<Duration> longest;
  std::size_t acknowledged = 0;  ///< In all; the next two, too.
  std::size_t lost = 0;          ///< Without those of `unknown`.
  std::size_t stale_reads = 0;
  std::size_t split_brains = 0;        ///< Runs.
  std::size_t undecided = 0;           ///< Runs.
  std::size_t not_back = 0;            ///< Hosts, of all runs.
  std::vector<std::uint64_t> unknown;  ///< Seeds of runs after which nobody took writes: what they lost is not known.
  std::vector<std::string> problems;   ///< Of those that could not be done: "seed 3: …".
  /// All runs could be done, and it is known that nothing was lost, stale or split.
  bool is_safe() const {
    return runs > 0 && problems.empty() && unknown.empty() && lost == 0 && stale_reads == 0 && split_brains == 0 &&
           undecided == 0;
  }
};

/// A row for each system that was measured, in the order of its first measurement.
std::vector<ComparisonRow> rows_of(const std::vector<Measurement>& measurements);

}  // namespace heir::on_hosts
