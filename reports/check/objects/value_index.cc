#include "reports/check/objects/value_index.h"

#include <algorithm>

namespace heir::reports::objects {

ValueIndex::ValueIndex(std::size_t expected) : direct_(2 * expected + 64, none), table_(64, none) {
  values_.reserve(expected);
}

/// Where the value is in the table, or would be put.
std::size_t ValueIndex::place(Value value) const {
  // Fibonacci hashing (Knuth, volume 3, 6.4): the high bits of the product depend on all bits of the value.
  const std::uint64_t product = static_cast<std::uint64_t>(value.bits()) * 0x9e3779b97f4a7c15U;
  std::size_t at = (product ^ (product >> 32)) & (table_.size() - 1);
  while (table_[at] != none && values_[table_[at]] != value) at = (at + 1) & (table_.size() - 1);
  return at;
}

std::uint32_t ValueIndex::find(Value value) const {
  return is_direct(value) ? direct_[static_cast<std::size_t>(value.number())] : table_[place(value)];
}

std::uint32_t ValueIndex::insert(Value value) {
  std::uint32_t* slot = nullptr;
  if (is_direct(value)) {
    slot = &direct_[static_cast<std::size_t>(value.number())];
  } else {
    if (2 * in_table_ >= table_.size()) grow();
    slot = &table_[place(value)];
    if (*slot == none) ++in_table_;
  }
  if (*slot == none) {
    *slot = static_cast<std::uint32_t>(values_.size());
    values_.push_back(value);
  }
  return *slot;
}

void ValueIndex::grow() {
  table_.assign(4 * table_.size(), none);
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    if (!is_direct(values_[i])) table_[place(values_[i])] = i;
  }
}

}  // namespace heir::reports::objects
