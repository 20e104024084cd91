#include "scenarios/names.h"
#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;

namespace {

std::int64_t drawn_rate(const Strike& s) {
  scenarios::Fault& fault = s.fault;
  if (fault.within) {
    const std::int64_t ppb = s.random.between(-fault.within->ppb(), fault.within->ppb());
    (ppb < 0 ? fault.slow : fault.fast) = scenarios::Ratio::per_billion(ppb < 0 ? -ppb : ppb);
    fault.within.reset();
    s.settled = s.random.state();
    return ppb;
  }
  return fault.fast ? fault.fast->ppb() : -fault.slow->ppb();
}

Harm change_rate(const Strike& s, std::string what, std::int64_t ppb) {
  for (const int host : s.hosts) s.world.change_clock_rate(host, ppb);
  return Harm{std::move(what), [&world = s.world, hosts = s.hosts, ppb] {
                for (const int host : hosts) world.change_clock_rate(host, -ppb);
              }};
}

}  // namespace

std::optional<Harm> strike_clock(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  const std::string on = host_list(s.world, s.hosts);
  switch (s.fault.kind) {
    case FaultKind::clock_step: {
      const Duration by = settle(s, *s.fault.by);
      for (const int host : s.hosts) s.world.step_wall_clock(host, by);
      return Harm{"step the wall clock of " + on + " by " + to_string(by), {}};
    }
    case FaultKind::clock_slew: {
      const Duration by = settle(s, *s.fault.by);
      const std::int64_t ppb = by.ns() * 1000 / (s.lasts.ns() / 1'000'000);
      return change_rate(s, "slew the clocks of " + on + " by " + to_string(by), ppb);
    }
    case FaultKind::clock_freeze:
      for (const int host : s.hosts) s.world.freeze_clocks(host);
      return Harm{"freeze the clocks of " + on, [&world = s.world, hosts = s.hosts, after = s.fault.after] {
                    for (const int host : hosts) world.thaw_clocks(host, after);
                  }};
    default: {
      const std::int64_t ppb = drawn_rate(s);
      return change_rate(s, "change the clock rate of " + on + " by " + std::to_string(ppb / 1000) + " ppm", ppb);
    }
  }
}

}  // namespace heir::sim
