#include "reports/check/search/configurations.h"

#include <algorithm>

namespace heir::reports {

namespace {

constexpr std::size_t first_slots = 16;

}  // namespace

void Configurations::clear() {
  truncate(0);
  if (table_.empty()) table_.resize(first_slots);
  // Of a table that has been large only the beginning is used again.
  slots_ = first_slots;
  groups_ = 0;
  std::fill_n(table_.begin(), slots_, 0);
}

void Configurations::truncate(std::size_t count) {
  count_ = count;
  data_.resize(count * stride());
  dropped_.clear();
  next_.clear();
}

void Configurations::swap(Configurations& other) {
  std::swap(*this, other);
}

std::size_t Configurations::memory() const {
  return data_.capacity() * sizeof(std::uint64_t) + (next_.capacity() + table_.capacity()) * sizeof(std::uint32_t) +
         dropped_.capacity();
}

std::size_t Configurations::hash(const std::uint64_t* c) const {
  std::uint64_t hash = state(c);
  for (std::size_t i = 0; i < words_; ++i) hash = mix(hash ^ c[i]);
  return hash;
}

bool Configurations::same_group(const std::uint64_t* a, const std::uint64_t* b) const {
  return state(a) == state(b) && std::equal(a, a + words_, b);
}

bool Configurations::insert(const std::uint64_t* c, const SpareUses& uses) {
  std::size_t at = hash(c) & (slots_ - 1);
  while (table_[at] != 0 && !same_group((*this)[table_[at] - 1], c)) at = (at + 1) & (slots_ - 1);
  const std::uint32_t first = table_[at];
  for (std::uint32_t i = first; i != 0; i = next_[i - 1]) {
    if (dropped(i - 1)) continue;
    const std::uint32_t have = spares((*this)[i - 1]);
    if (uses.within(have, spares(c))) return false;
    if (!uses.within(spares(c), have)) continue;
    dropped_.resize(count_, 0);
    dropped_[i - 1] = 1;
  }
  data_.insert(data_.end(), c, c + stride());
  if (!dropped_.empty()) dropped_.resize(count_ + 1, 0);
  ++count_;
  if (first == 0) {
    next_.push_back(0);
    table_[at] = static_cast<std::uint32_t>(count_);
    if (++groups_ * 2 > slots_) grow();
  } else {
    next_.push_back(next_[first - 1]);
    next_[first - 1] = static_cast<std::uint32_t>(count_);
  }
  return true;
}

void Configurations::grow() {
  const std::vector<std::uint32_t> old(table_.begin(), table_.begin() + static_cast<std::ptrdiff_t>(slots_));
  slots_ *= 4;
  if (table_.size() < slots_) table_.resize(slots_);
  std::fill_n(table_.begin(), slots_, 0);
  for (const std::uint32_t first : old) {
    if (first == 0) continue;
    std::size_t at = hash((*this)[first - 1]) & (slots_ - 1);
    while (table_[at] != 0) at = (at + 1) & (slots_ - 1);
    table_[at] = first;
  }
}

}  // namespace heir::reports
