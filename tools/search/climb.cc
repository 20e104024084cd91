#include "tools/search/climb.h"

#include <algorithm>

#include "scenarios/load.h"

namespace heir::tools {

namespace {

/// All that a run depends on.
std::string identity(const World& world) {
  return std::to_string(world.seed) + "\n" + scenarios::write(world.scenario);
}

}  // namespace

void Climb::begin_with(World world, const scenarios::Scenario& drawn_from, std::int64_t value) {
  known_.insert(identity(world));
  families_.push_back({ScheduleBounds(drawn_from), world.scenario.faults});
  keep({std::move(world), value, families_.size() - 1});
}

std::optional<Climb::Candidate> Climb::propose(std::optional<std::size_t> family) {
  std::vector<const Kept*> parents;
  for (const Kept& kept : kept_)
    if (!family || kept.family == *family) parents.push_back(&kept);
  constexpr int most_attempts = 64;
  for (int attempt = 0; attempt < most_attempts && !parents.empty(); ++attempt) {
    std::size_t rank = 0;
    while (rank + 1 < parents.size() && random_.below(2) == 0) ++rank;
    const Kept& from = *parents[rank];
    const Family& drawn = families_[from.family];
    // Strikes may come from what was drawn, or from another schedule of the same world.
    const Kept& other = *parents[random_.below(parents.size())];
    const bool crosses = other.family == from.family && random_.below(2) == 0;
    const Schedule& source = crosses ? other.world.scenario.faults : drawn.schedule;
    Candidate candidate{from.world, from.family};
    candidate.world.scenario.faults = vary(from.world.scenario.faults, source, drawn.bounds, random_);
    // Two strikes that exclude each other are no valid scenario.
    if (known_.insert(identity(candidate.world)).second &&
        scenarios::load_text("candidate", scenarios::write(candidate.world.scenario)))
      return candidate;
  }
  return std::nullopt;
}

void Climb::tried(Candidate candidate, std::int64_t value) {
  keep({std::move(candidate.world), value, candidate.family});
}

void Climb::keep(Kept kept) {
  const auto behind =
      std::find_if(kept_.begin(), kept_.end(), [&](const Kept& other) { return other.value < kept.value; });
  kept_.insert(behind, std::move(kept));
  if (kept_.size() > keeps_) kept_.pop_back();
}

}  // namespace heir::tools
