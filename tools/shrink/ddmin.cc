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
  while (items.size() >= 2) {
    const std::vector<Items> parts = divided(items, granularity);
    if (const auto found = try_parts(parts)) {
      items = parts[*found];
      granularity = 2;
      continue;
    }
    std::vector<Items> rests;
    if (granularity > 2)  // Of two parts each is the rest of the other.
      for (const Items& part : parts) rests.push_back(without(items, part));
    if (const auto found = rests.empty() ? std::nullopt : try_parts(rests)) {
      items = rests[*found];
      granularity = std::max<std::size_t>(granularity - 1, 2);
      continue;
    }
    if (granularity == items.size()) break;
    granularity = std::min(granularity * 2, items.size());
  }
  return items;
}

}  // namespace heir::tools
