#include "engine/base/position.h"

#include <algorithm>

namespace heir {

std::uint64_t end_of_branch(const Position& position, std::size_t index) {
  return index + 1 < position.lineage.size() ? position.lineage[index + 1].begin : position.offset;
}

bool goes_on_with_last_branch(const Position& log, const Position& prefix) {
  return !prefix.lineage.empty() && contains(log, prefix) &&
         prefix.offset < end_of_branch(log, prefix.lineage.size() - 1);
}

bool contains(const Position& log, const Position& prefix) {
  if (prefix.lineage.empty()) return prefix.offset == 0 || (log.lineage.empty() && prefix.offset <= log.offset);
  if (prefix.lineage.size() > log.lineage.size()) return false;
  const std::size_t last = prefix.lineage.size() - 1;
  for (std::size_t i = 0; i <= last; ++i)
    if (prefix.lineage[i] != log.lineage[i]) return false;
  return prefix.offset <= end_of_branch(log, last);
}

std::uint64_t common_offset(const Position& a, const Position& b) {
  std::uint64_t shared = 0;
  const std::size_t branches = std::min(a.lineage.size(), b.lineage.size());
  for (std::size_t i = 0; i < branches && a.lineage[i] == b.lineage[i]; ++i)
    shared = std::min(end_of_branch(a, i), end_of_branch(b, i));
  return shared;
}

std::string to_string(const Position& position) {
  std::string text;
  if (!position.lineage.empty()) {
    const Branch& branch = position.lineage.back();
    text = std::to_string(branch.timeline);
    if (branch.promotion != 0) text += "#" + std::to_string(branch.promotion);
    text += "@" + std::to_string(branch.begin) + "/";
  }
  return text + std::to_string(position.offset);
}

}  // namespace heir
