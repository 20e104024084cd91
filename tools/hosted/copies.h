// Copies: which peers hold what was acknowledged, for the atlas. Nobody looks into the copies on real hosts, so it goes
// by what the agents say, and is slower to take a copy for a good one than the simulator.
#pragma once

#include <functional>
#include <map>

#include "sim/faults/atlas.h"
#include "tools/hosted/observer.h"

namespace heir::hosted {

class Copies final : public sim::CopyHolders {
 public:
  /// `is_sound`: the host runs, whole, and nothing that its disk says it holds is at risk.
  Copies(const Observer& observer, std::function<bool(int host)> is_sound)
      : observer_(observer), is_sound_(std::move(is_sound)) {}

  void lose(int host) { lost_[host] = {}; }
  /// Looks at the copies that were lost. Often.
  void look();

  /// The primary and its sync, once their generation is open.
  std::vector<int> holders() const override;
  /// Not lost; or it has taken part in what was acknowledged since for so long that it must have caught up.
  bool has_all(int host) const override { return !lost_.contains(host); }
  bool is_good(int host) const override { return has_all(host) && is_acknowledging() && is_sound_(host); }

 private:
  bool is_acknowledging() const;

  const Observer& observer_;
  std::function<bool(int)> is_sound_;
  std::map<int, Instant> lost_;  ///< Since when it takes part again.
};

}  // namespace heir::hosted
