// Schedules: lists of strikes (sim/faults/decisions.h), varied within what a scenario's faults could have drawn.
//
// A search for the worst schedule, or for rare branches, must not leave the world that the scenario describes: a host
// that is off for ever is no worse schedule of "power off for 3 s". So a variation keeps the kinds of strikes, and of
// each kind the most that there can be, and the ranges of their times and lengths. It does not keep how far apart the
// strikes of one kind are, nor what role their hosts have by then.
#pragma once

#include <map>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/kernel/random.h"

namespace heir::tools {

using Schedule = std::vector<scenarios::Fault>;

/// What strikes of one kind may be.
struct StrikeBounds {
  Duration earliest, latest;                      ///< When.
  std::optional<scenarios::DurationRange> lasts;  ///< Nothing: as it was drawn.
  std::size_t most = 0;                           ///< So many of them.
};

class ScheduleBounds {
 public:
  /// Of a scenario without a [swarm].
  explicit ScheduleBounds(const scenarios::Scenario& scenario);
  const StrikeBounds* of(scenarios::FaultKind kind) const;
  bool allow_more(const Schedule& schedule, scenarios::FaultKind kind) const;

 private:
  std::map<scenarios::FaultKind, StrikeBounds> by_kind_;
};

/// A neighbour of the schedule: strikes moved, longer or shorter, left out, or taken over from `other`, a schedule of
/// the same scenario. In the order of time.
Schedule vary(const Schedule& schedule, const Schedule& other, const ScheduleBounds& bounds, sim::RandomStream& random);

}  // namespace heir::tools
