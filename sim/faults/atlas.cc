#include "sim/faults/atlas.h"

#include <algorithm>

namespace heir::sim {

namespace {

bool counts(const CopyHolders& group, int host) {
  const std::vector<int> holders = group.holders();
  return std::find(holders.begin(), holders.end(), host) != holders.end();
}

}  // namespace

bool Atlas::grant(int host, bool alone) {
  if (!on_) return true;
  forget_repaired();
  std::vector<Loss> losses;
  for (const CopyHolders* group : groups_) {
    if (!counts(*group, host)) continue;
    const bool is_open =
        std::any_of(losses_.begin(), losses_.end(), [group](const Loss& loss) { return loss.group == group; });
    if (is_open || (group->needs_quiet() && !alone)) return false;
    const std::vector<int> holders = group->holders();
    const auto good = std::count_if(holders.begin(), holders.end(),
                                    [&](int other) { return other != host && group->is_good(other); });
    if (static_cast<std::size_t>(good) < group->needed()) return false;
    losses.push_back({group, host});
  }
  losses_.insert(losses_.end(), losses.begin(), losses.end());
  return true;
}

void Atlas::forget_repaired() {
  std::erase_if(losses_,
                [](const Loss& loss) { return !counts(*loss.group, loss.host) || loss.group->has_all(loss.host); });
}

bool Atlas::is_repairing() {
  forget_repaired();
  return std::any_of(losses_.begin(), losses_.end(), [](const Loss& loss) { return loss.group->needs_quiet(); });
}

}  // namespace heir::sim
