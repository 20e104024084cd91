// Recipe: what a run is made of, besides its scenario: a seed, and in guided search how it varies from that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "scenarios/scenario.h"
#include "tools/workers/pool.h"

namespace heir::tools {

struct Recipe {
  std::uint64_t seed = 1;
  std::vector<scenarios::Variation> vary;  ///< `most_variations` at most.
  bool operator==(const Recipe&) const = default;
};

/// What a task has room for.
inline constexpr std::size_t most_variations = Task::most_details / 2;

/// The scenario that varies so.
scenarios::Scenario varied(scenarios::Scenario scenario, const Recipe& recipe);

/// "41.2s/9 50s/3": the variations, as results keep them.
std::string vary_text(const Recipe& recipe);
Result<std::vector<scenarios::Variation>> parse_vary(std::string_view text);

/// `vary=["41.2s/9"]`, as --set takes it; empty if it does not vary.
std::string vary_override(const Recipe& recipe);

/// A task of this recipe, and back.
Task task_of(std::uint64_t what, std::uint64_t number, const Recipe& recipe);
Recipe recipe_of(const Task& task);

}  // namespace heir::tools
