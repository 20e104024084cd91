#include "tools/hunt/seeds.h"

#include <limits>

namespace heir::tools {

namespace {
constexpr std::uint64_t last_of_all = std::numeric_limits<std::uint64_t>::max();
}  // namespace

void SeedSet::add(std::uint64_t seed) {
  if (contains(seed)) return;
  ++size_;
  auto after = runs_.upper_bound(seed);
  const bool joins_next = after != runs_.end() && seed != last_of_all && after->first == seed + 1;
  const std::uint64_t last = joins_next ? after->second : seed;
  if (joins_next) after = runs_.erase(after);
  if (after != runs_.begin()) {
    const auto before = std::prev(after);
    if (before->second != last_of_all && before->second + 1 == seed) {
      before->second = last;
      return;
    }
  }
  runs_.emplace(seed, last);
}

bool SeedSet::contains(std::uint64_t seed) const {
  const auto after = runs_.upper_bound(seed);
  return after != runs_.begin() && std::prev(after)->second >= seed;
}

std::optional<std::uint64_t> WantedSeeds::count() const {
  if (!last) return std::nullopt;
  const std::optional<std::uint64_t> begins = begin();
  if (!begins) return 0;
  return (*last - *begins) / shard.of + 1;
}

bool WantedSeeds::contains(std::uint64_t seed) const {
  return seed >= first && (!last || seed <= *last) && (seed - first) % shard.of == shard.index - 1;
}

std::optional<std::uint64_t> WantedSeeds::at_or_after(std::uint64_t seed) const {
  const std::uint64_t behind = (seed - first) % shard.of;
  const std::uint64_t ahead = (shard.index - 1 + shard.of - behind) % shard.of;
  if (ahead > last.value_or(last_of_all) - seed) return std::nullopt;
  return seed + ahead;
}

std::optional<std::uint64_t> WantedSeeds::after(std::uint64_t seed) const {
  if (seed >= last.value_or(last_of_all)) return std::nullopt;
  return at_or_after(seed + 1);
}

}  // namespace heir::tools
