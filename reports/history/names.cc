#include "reports/history/names.h"

#include <functional>

namespace heir::reports {

std::uint32_t Names::number(std::string_view name) {
  if (2 * names_.size() >= slots_.size()) grow();
  const std::size_t hash = std::hash<std::string_view>{}(name);
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0) {
    const std::uint32_t number = slots_[at] - 1;
    if (hashes_[number] == hash && names_[number] == name) return number;
    at = (at + 1) & (slots_.size() - 1);
  }
  names_.emplace_back(name);
  hashes_.push_back(hash);
  slots_[at] = static_cast<std::uint32_t>(names_.size());
  return slots_[at] - 1;
}

void Names::grow() {
  slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), 0);
  for (std::uint32_t number = 0; number < names_.size(); ++number) {
    std::size_t at = hashes_[number] & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number + 1;
  }
}

}  // namespace heir::reports
