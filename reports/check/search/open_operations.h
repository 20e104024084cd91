// The operations that must take effect and are open, and their bits in a configuration.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "reports/check/search/engine.h"

namespace heir::reports {

struct Open {
  std::uint32_t op = 0;
  std::uint32_t end = 0;
  std::uint32_t step = 0;
  std::uint32_t slot = Operation::never;  ///< Its bit; none for a spare.

  bool is_done(const std::uint64_t* bits) const { return (bits[slot / 64] >> (slot % 64) & 1) != 0; }
  void set_done(std::uint64_t* bits) const { bits[slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void clear(std::uint64_t* bits) const { bits[slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }
};

class OpenOperations {
 public:
  explicit OpenOperations(std::size_t words) : taken_(words, 0) {}

  void clear() {
    std::ranges::fill(taken_, 0);
    changes_.clear();
    reads_.clear();
  }
  bool empty() const { return changes_.empty() && reads_.empty(); }
  /// In order of their ends.
  const std::vector<Open>& changes() const { return changes_; }
  /// Observations, likewise.
  const std::vector<Open>& reads() const { return reads_; }

  Open begin(std::uint32_t op, const SearchedOperation& operation, bool observes) {
    std::uint32_t word = 0;
    while (~taken_[word] == 0) ++word;
    const Open open{op, operation.end, operation.step,
                    word * 64 + static_cast<std::uint32_t>(std::countr_one(taken_[word]))};
    open.set_done(taken_.data());
    std::vector<Open>& list = observes ? reads_ : changes_;
    list.insert(std::ranges::upper_bound(list, open.end, {}, &Open::end), open);
    return open;
  }
  /// The first to end, of all open ones.
  Open first(bool observes) const { return observes ? reads_.front() : changes_.front(); }
  void end_first(bool observes) {
    std::vector<Open>& list = observes ? reads_ : changes_;
    list.front().clear(taken_.data());
    list.erase(list.begin());
  }

  /// How many words of bits are needed for a history.
  static std::size_t words(std::span<const SearchedOperation> ops, std::span<const std::uint32_t> by_end) {
    std::size_t open = 0, most = 1, next = 0;
    for (const SearchedOperation& op : ops) {
      if (op.end == Operation::never) continue;
      for (; ops[by_end[next]].end < op.begin; ++next) --open;
      most = std::max(most, ++open);
    }
    return (most + 63) / 64;
  }

 private:
  std::vector<std::uint64_t> taken_;
  std::vector<Open> changes_, reads_;
};

}  // namespace heir::reports
