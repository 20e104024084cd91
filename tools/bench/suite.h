// A suite of benchmarks that measure ratios: our code and a baseline, run alternately in one process, so that whatever
// slows the machine down slows both. What is reported is the median over the rounds, and how far apart the rounds were.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace heir::bench {

/// Runs the work once and says how many operations it was. It must do the same work each time.
using Work = std::function<std::uint64_t()>;

struct Benchmark {
  std::string name;         ///< "queue/hold/1000": group, what, size.
  std::string description;  ///< One line: what an operation is, and of which baseline.
  Work measured;
  Work baseline;                           ///< Empty if there is nothing to compare with.
  std::optional<double> least_ratio = {};  ///< What we promise: baseline time / measured time.
  double given_baseline = 0;               ///< ns per operation, if it needs no measuring; else 0.
  bool real_time = false;                  ///< Of other processes; else CPU time of this thread.
};

/// Of the rounds of one side, in nanoseconds per operation: of CPU, unless the benchmark says real time.
struct Spread {
  double median = 0;
  double lowest = 0;
  double highest = 0;
};

struct Outcome {
  std::string name;
  std::string description;
  Spread measured;
  std::optional<Spread> baseline;
  std::optional<Spread> ratio;  ///< Of the pairs of one round: above 1, ours is faster.
  std::optional<double> least_ratio;
  bool kept() const { return !least_ratio || !ratio || ratio->median >= *least_ratio; }
};

/// Keeps the compiler from dropping a computation whose result nobody uses.
void keep(std::uint64_t value);

Outcome run(const Benchmark& benchmark, int rounds);

std::string table(const std::vector<Outcome>& outcomes);
std::string json(const std::vector<Outcome>& outcomes, int rounds);

}  // namespace heir::bench
