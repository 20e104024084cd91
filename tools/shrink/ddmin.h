// Delta debugging: from a list of which something follows to a part of it of which it still follows, and of which every
// single item is needed (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). Parts are
// left out and never tried alone, and after one could be left out it goes on with the next and not with the first again
// (Hodovan and Kiss, Practical Improvements to the Minimizing Delta Debugging Algorithm, 2016).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace heir::tools {

/// Items by number, ascending.
using Items = std::vector<std::size_t>;

/// Which of these parts, by index, still does it; the first one that does. Nothing: none of them, or it is over. Parts
/// of one call do not depend on each other, so they can be tried side by side.
using TryParts = std::function<std::optional<std::size_t>(const std::vector<Items>& parts)>;

/// What is left of the items 0 … count - 1, of which it is known that all together do it.
Items ddmin(std::size_t count, const TryParts& try_parts);

}  // namespace heir::tools
