// In which order the operations of each configuration took effect: paths in a tree. Costs nothing before begin().
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace heir::reports {

class Trace {
 public:
  void clear() {
    is_on_ = false;
    links_.clear();
  }
  void begin() {
    is_on_ = true;
    links_.assign(1, {});
  }
  bool is_on() const { return is_on_; }
  /// The path that goes on with `op` behind another one. 0 is the empty path.
  std::uint32_t with(std::uint32_t path, std::uint32_t op) {
    links_.push_back({path, op, links_[path].length + 1});
    return static_cast<std::uint32_t>(links_.size() - 1);
  }
  std::uint32_t length(std::uint32_t path) const { return links_[path].length; }
  std::vector<std::uint32_t> operations(std::uint32_t path) const {
    std::vector<std::uint32_t> order;
    for (; path != 0; path = links_[path].before) order.push_back(links_[path].op);
    std::ranges::reverse(order);
    return order;
  }
  std::size_t memory() const { return links_.capacity() * sizeof(Link); }

 private:
  struct Link {
    std::uint32_t before = 0;
    std::uint32_t op = 0;
    std::uint32_t length = 0;
  };
  bool is_on_ = false;
  std::vector<Link> links_;
};

}  // namespace heir::reports
