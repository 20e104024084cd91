#include "tools/hunt/corpus.h"

#include <algorithm>
#include <bit>

#include "sim/kernel/random.h"

namespace heir::tools {

namespace {

/// So many runs are kept for one feature.
constexpr std::size_t most_kept = 4;
/// Of the runs: seeds of their own, so that the search does not only dig where it began.
const sim::Ratio fresh = sim::Ratio::percent(25);
/// Of the others: the same world from the start, with other dice.
const sim::Ratio from_the_start = sim::Ratio::percent(25);
/// Variations begin at whole multiples of it.
constexpr Duration grain = Duration::milliseconds(10);

/// "2^3" for 8 to 15; "0" and "-2^3" likewise.
std::string magnitude(std::int64_t value) {
  if (value == 0) return "0";
  const auto size = static_cast<std::uint64_t>(value < 0 ? -value : value);
  return (value < 0 ? "-2^" : "2^") + std::to_string(std::bit_width(size) - 1);
}

}  // namespace

std::vector<std::string> features_of(const RunRecord& record) {
  std::vector<std::string> features;
  for (const ProbeHits& probe : record.probes)
    if (probe.hits > 0)
      features.push_back("probe/" + probe.name + " " + magnitude(static_cast<std::int64_t>(probe.hits)));
  for (const Extreme& extreme : record.extremes) features.push_back(extreme.name + " " + magnitude(extreme.value));
  return features;
}

Recipe Corpus::next(std::uint64_t number) const {
  sim::RandomStream random(number, "guided");
  if (features_.empty() || random.chance(fresh)) return {number, {}};
  constexpr std::uint64_t whole = 1'000'000;
  std::uint64_t all = 0;
  for (const auto& [name, feature] : features_) all += whole / feature.runs + 1;
  std::uint64_t drawn = random.below(all);
  auto chosen = features_.begin();
  for (; drawn >= whole / chosen->second.runs + 1; ++chosen) drawn -= whole / chosen->second.runs + 1;
  const Kept& kept = random.pick(chosen->second.kept);
  Recipe recipe = kept.recipe;
  const Duration at =
      random.chance(from_the_start)
          ? Duration::zero()
          : random.between(Duration::zero(), Duration::nanoseconds(kept.virtual_ns)) / grain.ns() * grain.ns();
  std::erase_if(recipe.vary, [&](const scenarios::Variation& variation) { return variation.at >= at; });
  if (recipe.vary.size() == most_variations) recipe.vary.pop_back();
  recipe.vary.push_back({at, number});
  return recipe;
}

Lesson Corpus::learn(const Recipe& recipe, const RunRecord& record) {
  Lesson lesson{features_of(record), {}};
  for (const std::string& name : lesson.features) {
    Feature& feature = features_[name];
    ++feature.runs;
    if (feature.kept.size() == most_kept) continue;
    feature.kept.push_back({recipe, record.virtual_ns});
    lesson.kept_for.push_back(name);
  }
  return lesson;
}

void Corpus::keep(const std::string& feature, const Recipe& recipe, std::int64_t virtual_ns) {
  Feature& known = features_[feature];
  ++known.runs;
  if (known.kept.size() < most_kept) known.kept.push_back({recipe, virtual_ns});
}

}  // namespace heir::tools
