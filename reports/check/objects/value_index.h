// ValueIndex: numbers the distinct values of one object 0, 1, 2 … in the order in which they are first seen.
//
// Clients choose small integers, so those index a flat array; whatever else is found by open addressing.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports::objects {

class ValueIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// `expected`: how many distinct values there may be; more are fine.
  explicit ValueIndex(std::size_t expected);

  /// The number of a value, or none.
  std::uint32_t find(Value value) const;
  /// The number of a value, a new one if it has none.
  std::uint32_t insert(Value value);

  std::size_t size() const { return values_.size(); }
  Value value(std::uint32_t number) const { return values_[number]; }

 private:
  bool is_direct(Value value) const {
    return value.kind() == ValueKind::integer && value.number() >= 0 &&
           static_cast<std::size_t>(value.number()) < direct_.size();
  }
  std::size_t place(Value value) const;
  void grow();

  std::vector<std::uint32_t> direct_;  ///< By small integer: its number.
  std::vector<std::uint32_t> table_;   ///< Numbers of all other values; its size is a power of two.
  std::vector<Value> values_;          ///< By number.
  std::size_t in_table_ = 0;
};

}  // namespace heir::reports::objects
