// Copies: which peers hold what was acknowledged, for the atlas. Nobody looks into the copies on real hosts, so it goes
// by what the agents say of the cluster and by what was done to the disks: a copy that has lost something counts again
// once it has led, or stood in the place of the sync, of a generation that is open, for so long that it must have
// caught up, and nothing on its disk reads as something else than what is stored.
#pragma once

#include <functional>
#include <map>

#include "sim/faults/atlas.h"
#include "tools/on_hosts/observer.h"

namespace heir::on_hosts {

class Copies final : public sim::CopyHolders {
 public:
  /// `is_sound`: the host runs, whole, and nothing that its disk says it holds is at risk. `is_damaged`: something on
  /// its disk reads, or may read, as something else than what is stored.
  Copies(const Observer& observer, std::function<bool(int host)> is_sound, std::function<bool(int host)> is_damaged)
      : observer_(observer), is_sound_(std::move(is_sound)), is_damaged_(std::move(is_damaged)) {}

  void lose(int host) { lost_[host] = {}; }
  /// Looks at the copies that were lost. Often.
  void look(Instant now);

  /// The primary and its sync, once their generation is open; before that the primary and who is proven.
  std::vector<int> holders() const override;
  /// It has lost nothing, or has been made good since.
  bool has_all(int host) const override { return !lost_.contains(host); }
  bool is_good(int host) const override {
    return has_all(host) && is_acknowledging() && is_sound_(host) && !is_damaged_(host);
  }

 private:
  /// The primary of an open generation lets clients in.
  bool is_acknowledging() const;
  bool takes_part(int host) const;

  const Observer& observer_;
  std::function<bool(int)> is_sound_;
  std::function<bool(int)> is_damaged_;
  std::map<int, Instant> lost_;  ///< Since when they take part again; the epoch: they do not.
};

}  // namespace heir::on_hosts
