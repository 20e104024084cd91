#include "tools/shrink/ddmin.h"

#include <algorithm>

namespace heir::tools {

namespace {

/// The items in so many parts of nearly the same size, in order.
std::vector<Items> divided(const Items& items, std::size_t parts) {
  std::vector<Items> all;
  for (std::size_t i = 0; i < parts; ++i) {
    const auto at = [&](std::size_t part) {
      return items.begin() + static_cast<std::ptrdiff_t>(items.size() * part / parts);
    };
    all.emplace_back(at(i), at(i + 1));
  }
  return all;
}

Items without(const Items& items, const Items& part) {
  Items rest;
  std::set_difference(items.begin(), items.end(), part.begin(), part.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

Items ddmin(std::size_t count, const TryParts& try_parts) {
  Items items(count);
  for (std::size_t i = 0; i < count; ++i) items[i] = i;
  if (items.empty() || try_parts({Items{}})) return {};
  std::size_t granularity = 2;
  std::size_t first = 0;  // The part that is left out first.
  while (items.size() >= 2) {
    const std::vector<Items> parts = divided(items, granularity);
    std::vector<Items> rests;
    for (std::size_t i = 0; i < granularity; ++i) rests.push_back(without(items, parts[(first + i) % granularity]));
    if (const auto found = try_parts(rests)) {
      items = rests[*found];
      const std::size_t left_out = (first + *found) % granularity;
      granularity = std::max<std::size_t>(granularity - 1, 2);
      first = left_out % granularity;
      continue;
    }
    if (granularity == items.size()) break;
    granularity = std::min(granularity * 2, items.size());
    first = 0;
  }
  return items;
}

}  // namespace heir::tools
