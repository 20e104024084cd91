#include "reports/check/objects/cover.h"

#include <algorithm>

namespace heir::reports::objects {

Cover::Cover(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  for (const Interval& interval : intervals) {
    if (longest_.empty() || interval.end > longest_.back().end) longest_.push_back(interval);
  }
  reach_.resize(longest_.size());
  for (std::size_t i = longest_.size(); i-- > 0;) {
    const bool joined = i + 1 < longest_.size() && longest_[i + 1].begin <= longest_[i].end;
    reach_[i] = joined ? reach_[i + 1] : longest_[i].end;
  }
}

std::vector<std::uint32_t> Cover::covering(Position begin, Position end) const {
  std::vector<std::uint32_t> ids;
  const auto last_from = [&](Position moment) {
    return std::upper_bound(longest_.begin(), longest_.end(), moment,
                            [](Position p, const Interval& interval) { return p < interval.begin; }) -
           longest_.begin() - 1;
  };
  std::ptrdiff_t at = last_from(begin);
  if (at < 0 || reach_[static_cast<std::size_t>(at)] < end) return ids;
  while (true) {
    const Interval& interval = longest_[static_cast<std::size_t>(at)];
    ids.push_back(interval.id);
    if (interval.end >= end) return ids;
    at = last_from(interval.end);
  }
}

}  // namespace heir::reports::objects
