// Configurations of the search, kept flat: bits of the open operations that have taken effect, state, spares used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/search/spares.h"

namespace heir::reports {

/// A set of configurations that remembers the order of insertion, and drops those that another one makes superfluous.
/// A configuration is an array: `words` of bits, then state and spares, then its place in the trace (which is not
/// compared).
class Configurations {
 public:
  explicit Configurations(std::size_t words) : words_(words) {}
  std::size_t stride() const { return words_ + 2; }

  void clear();
  /// Dropped ones count.
  std::size_t size() const { return count_; }
  std::uint64_t* operator[](std::size_t i) { return data_.data() + i * stride(); }
  bool dropped(std::size_t i) const { return !dropped_.empty() && dropped_[i] != 0; }
  /// False if the same, or one that used fewer spares, is there.
  bool insert(const std::uint64_t* configuration, const SpareUses& uses);
  /// Removes those dropped, and those for which `keep` is false. insert() may not be called any more before clear().
  template <class Keep>
  void filter(Keep keep) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (dropped(i) || !keep((*this)[i])) continue;
      if (kept != i) std::copy_n((*this)[i], stride(), (*this)[kept]);
      ++kept;
    }
    truncate(kept);
  }
  void swap(Configurations& other);
  std::size_t memory() const;

  // ---- The parts of a configuration.
  std::uint32_t state(const std::uint64_t* c) const { return static_cast<std::uint32_t>(c[words_]); }
  std::uint32_t spares(const std::uint64_t* c) const { return static_cast<std::uint32_t>(c[words_] >> 32); }
  void set(std::uint64_t* c, std::uint32_t state, std::uint32_t spares) const {
    c[words_] = std::uint64_t{spares} << 32 | state;
  }
  std::uint32_t trace(const std::uint64_t* c) const { return static_cast<std::uint32_t>(c[words_ + 1]); }
  void set_trace(std::uint64_t* c, std::uint32_t trace) const { c[words_ + 1] = trace; }

 private:
  void truncate(std::size_t count);
  std::size_t hash(const std::uint64_t* c) const;
  bool same_group(const std::uint64_t* a, const std::uint64_t* b) const;
  void grow();

  std::size_t words_;
  std::size_t count_ = 0;
  std::vector<std::uint64_t> data_;
  std::vector<std::uint8_t> dropped_;  ///< Empty if none is.
  /// Those that differ only in their spares are a group: chained, the table has the first one's index + 1.
  std::vector<std::uint32_t> next_;  ///< By configuration: index + 1.
  std::vector<std::uint32_t> table_;
  std::size_t slots_ = 0;  ///< Of the table, in use.
  std::size_t groups_ = 0;
};

}  // namespace heir::reports
