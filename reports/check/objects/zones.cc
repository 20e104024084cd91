#include "reports/check/objects/zones.h"

#include <algorithm>

namespace heir::reports::objects {

std::vector<Contradiction> contradictions(std::vector<Zone>& zones, std::size_t most) {
  // By where a zone begins, forward or backward. Then a zone contradicts one before it exactly if it ends its first
  // operation before a forward zone that is already under way lets its last operation begin.
  std::sort(zones.begin(), zones.end(), [](const Zone& a, const Zone& b) {
    return std::min(a.earliest_end, a.latest_begin) < std::min(b.earliest_end, b.latest_begin);
  });
  std::vector<Contradiction> found;
  const Zone* reaching = nullptr;  // the farthest of the forward zones
  for (const Zone& zone : zones) {
    if (reaching && zone.is_before(*reaching)) {
      if (found.size() == most) break;
      found.push_back({reaching->cluster, zone.cluster});
    }
    const bool forward = zone.earliest_end < zone.latest_begin;
    if (forward && (!reaching || reaching->latest_begin < zone.latest_begin)) reaching = &zone;
  }
  return found;
}

void RangeMaximum::push_back(Point value) {
  if (size_ == capacity_) {
    const std::vector<Point> old = std::move(tree_);
    const std::size_t old_capacity = capacity_;
    capacity_ = std::max<std::size_t>(2 * capacity_, 16);
    tree_.assign(2 * capacity_, 0);
    for (std::size_t i = 0; i < size_; ++i) raise(i, old[old_capacity + i]);
  }
  raise(size_++, value);
}

void RangeMaximum::raise(std::size_t index, Point value) {
  for (std::size_t node = capacity_ + index; node > 0 && tree_[node] < value; node /= 2) tree_[node] = value;
}

Point RangeMaximum::maximum(std::size_t begin, std::size_t end) const {
  Point best = 0;
  for (std::size_t low = capacity_ + begin, high = capacity_ + end; low < high; low /= 2, high /= 2) {
    if (low % 2 == 1) best = std::max(best, tree_[low++]);
    if (high % 2 == 1) best = std::max(best, tree_[--high]);
  }
  return best;
}

}  // namespace heir::reports::objects
