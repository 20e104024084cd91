// hunt_mutants(): how many seeds it takes to find each mutant, by strategy.
//
// A trial hunts one mutant by one strategy with seeds of its own, in their order, until a run fails that passes without
// the mutant (a run that fails with none is a finding of another kind, and goes by). What a run says is judged as
// `heir hunt` judges it: no verdict is no find. Of several trials the median counts.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "tests/mutants/mutants.h"
#include "tools/hunt/recipe.h"

namespace heir::mutants {

/// A way to choose what is run.
struct Strategy {
  std::string_view name;
  /// The file of which a mutant's seeds are run.
  std::string_view (*scenario)(const Mutant& mutant);
  bool guided = false;  ///< Runs follow what earlier ones of the trial reached (tools/hunt/corpus.h).
};
/// `random`, `swarm` and `guided`, which goes on from the runs of the swarm that reached something rare.
std::span<const Strategy> strategies();

struct Find {
  tools::Recipe recipe;
  std::string kind;  ///< "lost-write"
  std::string message;
};

struct Trial {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 0;  ///< That it took, or that were run in vain.
  std::optional<Find> found;
  std::vector<std::uint64_t> noise;  ///< Seeds that do not pass without the mutant either.
};

/// One mutant, one strategy.
struct Hunted {
  const Mutant* mutant = nullptr;
  const Strategy* strategy = nullptr;
  std::string path;  ///< Of the scenario.
  /// Those that were run: fewer than wanted once most have missed, for then the median is known.
  std::vector<Trial> trials;

  std::size_t found() const;
  /// Of the trials; nothing: more than the cap.
  std::optional<std::uint64_t> median() const;
};

struct HuntMutantsOptions {
  std::vector<const Mutant*> mutants;
  std::vector<const Strategy*> strategies;
  std::uint64_t cap = 20'000;
  std::size_t repeats = 5;
  unsigned workers = 1;
  Duration patience = Duration::seconds(60);  ///< With a run that gets nowhere; then it is `stuck`.
  std::string root;                           ///< Where the folder scenarios/ is.
};

struct HuntMutantsProgress {
  std::size_t done = 0, wanted = 0;  ///< Trials.
  std::uint64_t runs = 0;
  const Hunted* at = nullptr;  ///< The first that is not done.
  std::uint64_t seeds = 0;     ///< Of its trial.
};

class HuntMutantsListener {
 public:
  virtual ~HuntMutantsListener() = default;
  /// A trial has ended; `number` is its place, from 0.
  virtual void on_trial(const Hunted& hunted, std::size_t number) = 0;
  /// All of one mutant and strategy.
  virtual void on_hunted(const Hunted& hunted) = 0;
  virtual void on_progress(const HuntMutantsProgress& progress) = 0;
};

struct HuntMutantsEnd {
  std::vector<Hunted> hunted;  ///< By mutant, then by strategy, as they were asked for.
  int signal = 0;              ///< That interrupted it.
};

/// Error: it could not begin.
Result<HuntMutantsEnd> hunt_mutants(const HuntMutantsOptions& options, HuntMutantsListener& listener);

}  // namespace heir::mutants
