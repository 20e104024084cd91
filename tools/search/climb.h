// Climb: a search for the schedule that makes a number of a run as large as it can be.
//
// It keeps the best few worlds with their schedules. What is tried next is a variation of one of them, a better one
// more often (each is chosen half as often as the one before it); what turns out better than the worst of the few takes
// its place. Nothing is drawn but from its own stream, so a search is repeatable.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tools/search/schedule.h"

namespace heir::tools {

/// A scenario whose faults are the strikes themselves, and the seed of everything else in it.
struct World {
  scenarios::Scenario scenario;
  std::uint64_t seed = 1;
};

class Climb {
 public:
  explicit Climb(std::uint64_t seed, std::size_t keeps = 8) : random_(seed, "climb"), keeps_(keeps) {}

  /// A run as its seed drew it; `drawn_from`: the scenario without a [swarm] whose faults drew the strikes.
  void begin_with(World world, const scenarios::Scenario& drawn_from, std::int64_t value);

  struct Candidate {
    World world;
    std::size_t family = 0;  ///< All schedules of a family have the same world.
  };
  /// One that was not tried before, and is a valid scenario; of that family, if one is named. Nothing: none was found.
  std::optional<Candidate> propose(std::optional<std::size_t> family = std::nullopt);
  void tried(Candidate candidate, std::int64_t value);

  struct Kept {
    World world;
    std::int64_t value = 0;
    std::size_t family = 0;
  };
  /// The best first.
  const std::vector<Kept>& kept() const { return kept_; }

 private:
  struct Family {
    ScheduleBounds bounds;
    Schedule schedule;  ///< As the seed drew it.
  };
  void keep(Kept kept);

  sim::RandomStream random_;
  std::size_t keeps_;
  std::vector<Family> families_;
  std::vector<Kept> kept_;
  std::set<std::string> known_;
};

}  // namespace heir::tools
