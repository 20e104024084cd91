// Groups: numbers grouped by another number, as two flat vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace heir::reports {

class Groups {
 public:
  Groups() = default;
  /// `each(emit)` calls emit(group, member) for all members; it is run twice, and each group keeps its members in the
  /// order in which they came.
  template <class Each>
  Groups(std::size_t groups, Each each) : begin_(groups + 1) {
    each([&](std::size_t group, std::uint32_t) { ++begin_[group + 1]; });
    for (std::size_t g = 0; g < groups; ++g) begin_[g + 1] += begin_[g];
    members_.resize(begin_.back());
    std::vector<std::uint32_t> next(begin_.begin(), begin_.end() - 1);
    each([&](std::size_t group, std::uint32_t member) { members_[next[group]++] = member; });
  }

  std::size_t size() const { return begin_.size() - 1; }
  std::span<const std::uint32_t> operator[](std::size_t group) const {
    return std::span(members_).subspan(begin_[group], begin_[group + 1] - begin_[group]);
  }

 private:
  std::vector<std::uint32_t> begin_ = {0};
  std::vector<std::uint32_t> members_;
};

}  // namespace heir::reports
