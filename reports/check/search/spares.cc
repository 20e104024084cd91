#include "reports/check/search/spares.h"

#include <algorithm>

namespace heir::reports {

std::uint32_t SpareUses::with(std::uint32_t used, std::uint32_t spare) {
  const std::vector<std::uint32_t>& before = table_[used];
  const auto at = std::ranges::lower_bound(before, spare);
  std::vector<std::uint32_t> after;
  after.reserve(before.size() + 1);
  after.insert(after.end(), before.begin(), at);
  after.push_back(spare);
  after.insert(after.end(), at, before.end());
  return number(std::move(after));
}

std::uint32_t SpareUses::count(std::uint32_t used, std::uint32_t spare) const {
  return used == 0 ? 0 : static_cast<std::uint32_t>(std::ranges::equal_range(table_[used], spare).size());
}

bool SpareUses::within(std::uint32_t a, std::uint32_t b) const {
  return a == b || a == 0 || (table_[a].size() <= table_[b].size() && std::ranges::includes(table_[b], table_[a]));
}

std::uint32_t SpareUses::number(std::vector<std::uint32_t> sorted) {
  largest_ = std::max(largest_, sorted.size());
  return table_.number(std::move(sorted));
}

Spares::Spares(std::span<const SearchedOperation> ops) {
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    if (ops[i].end == Operation::never) ops_.push_back(i);
  }
  std::ranges::stable_sort(ops_, {}, [&](std::uint32_t i) { return ops[i].step; });
  for (std::uint32_t i = 0; i < ops_.size(); ++i) {
    const std::uint32_t step = ops[ops_[i]].step;
    if (step >= of_step_.size()) of_step_.resize(step + 1, Operation::never);
    if (of_step_[step] == Operation::never) {
      of_step_[step] = static_cast<std::uint32_t>(at_first_.size());
      at_first_.push_back({step, i, i});
    }
    ++at_first_[of_step_[step]].last;
  }
}

void Spares::restart() {
  spares_ = at_first_;
  begun_.clear();
  idle_.clear();
}

bool Spares::begin(std::uint32_t step) {
  const std::uint32_t number = of_step_[step];
  Spare& spare = spares_[number];
  if (spare.begun++ != 0) return false;
  begun_.push_back(number);
  return true;
}

void Spares::settle(std::uint32_t spare) {
  ++spares_[spare].first;
  --spares_[spare].begun;
}

}  // namespace heir::reports
