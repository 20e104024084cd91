// HostClock: the clocks of the programs of one host, by the simulator's rules (sim/clock/host_clock.h), while the
// machine's are left alone: they run fast, slow or stand still, and the wall clock is stepped.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "scenarios/scenario.h"
#include "tools/on_hosts/host_clock/page.h"

namespace heir::on_hosts {

/// Whether programs of this build can be preloaded with something. The error says what is in the way.
Result<> can_have_clocks();

/// Every change is in force at once, and for programs that start later.
class HostClock {
 public:
  /// `folder`: of this machine, which the host's programs see as `on_host`; it keeps what it holds when the power goes.
  static Result<HostClock> make(const std::string& folder, const std::string& on_host);

  /// All its clocks gain so many parts in 10^9 more than until now, within the bounds of sim/clock/clock_rate.h.
  void change_rate(std::int64_t by_ppb);
  /// The wall clock, and only it.
  void step_wall(Duration by);
  /// All stand still until as many thaws.
  void freeze();
  void thaw(scenarios::AfterFreeze after);
  /// For the environment of the host's programs, and of those that they start.
  std::vector<std::string> environment() const;

 private:
  struct Unmap {
    void operator()(ClockPage* page) const;
  };
  HostClock() = default;
  void settle(ClockState& state) const;

  std::unique_ptr<ClockPage, Unmap> page_;
  std::int64_t rate_ = 0;  ///< The sum of all changes.
  int freezes_ = 0;
  std::int64_t frozen_since_ = 0;  ///< Of the machine's monotonic clock.
  std::string on_host_;
};

}  // namespace heir::on_hosts
