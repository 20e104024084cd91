// Corpus: what guided search has learnt, and the run that it wants next.
//
// A run is worth going on from if it reached something that few runs reach: a *feature*. Features are the probes that
// it hit, with how often, and how near it came to the edges (sim::Extremes, the longest time without a write), both in
// powers of two. The fewer runs had a feature, the more energy goes to those that had it (as in AFLFast: Böhme,
// Pham, Roychoudhury, "Coverage-based greybox fuzzing as Markov chain", CCS 2016). The next run is the same as one of
// them up to a time, and goes on otherwise from there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tools/hunt/recipe.h"
#include "tools/hunt/record.h"

namespace heir::tools {

/// What a run reached: "probe/takeover 2^1", "outage 2^33" (nanoseconds), "tail 2^9" (bytes).
std::vector<std::string> features_of(const RunRecord& record);

/// What there was to learn from a run.
struct Lesson {
  std::vector<std::string> features;  ///< That it had;
  std::vector<std::string> kept_for;  ///< those for which it is gone on from: few runs had them before.
};

class Corpus {
 public:
  /// The run of this number; the same for the same number after the same lessons.
  Recipe next(std::uint64_t number) const;
  Lesson learn(const Recipe& recipe, const RunRecord& record);
  // What an earlier session has learnt: a run that it kept, and how many had the feature. REQUIRES one kept of each.
  void keep(const std::string& feature, const Recipe& recipe, std::int64_t virtual_ns);
  void count(const std::string& feature, std::uint64_t runs) { features_.at(feature).runs = runs; }

  std::size_t features() const { return features_.size(); }

 private:
  struct Kept {
    Recipe recipe;
    std::int64_t virtual_ns = 0;
  };
  struct Feature {
    std::uint64_t runs = 0;
    std::vector<Kept> kept;
  };
  std::map<std::string, Feature> features_;
};

}  // namespace heir::tools
