// Cover: the union of intervals, and which of them cover a given one. Inside this folder only.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/check/objects/position.h"

namespace heir::reports::objects {

class Cover {
 public:
  struct Interval {
    Position begin = 0;
    Position end = 0;
    std::uint32_t id = 0;
  };
  explicit Cover(std::vector<Interval> intervals);

  /// The fewest intervals that leave no moment between `begin` and `end` uncovered, by id in order; none if it cannot
  /// be covered. O(log n) if it cannot.
  std::vector<std::uint32_t> covering(Position begin, Position end) const;

 private:
  std::vector<Interval> longest_;  ///< Without those inside others, in order: begins and ends increase.
  std::vector<Position> reach_;    ///< Of each: how far the union goes without a gap.
};

}  // namespace heir::reports::objects
