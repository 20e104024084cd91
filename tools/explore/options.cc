#include "tools/explore/options.h"

#include <algorithm>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"

namespace heir::tools {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;
using scenarios::Target;
using scenarios::TargetKind;

/// The fault on each host that it can be on, or as it is where it names none.
void add_on_each(std::vector<Fault>& options, Fault fault, const scenarios::Scenario& scenario) {
  // Who comes late belongs to the world.
  if (fault.kind == FaultKind::join) return;
  fault.hosts.clear();
  fault.every.reset();
  fault.until.reset();
  fault.on.reset();
  fault.delay.reset();
  fault.at = {Duration::zero(), Duration::zero()};
  if (fault.lasts) {
    const Duration middle = fault.lasts->low + (fault.lasts->high - fault.lasts->low) / 2;
    fault.lasts = {middle, middle};
  }
  const auto add = [&](Target target) {
    fault.target = target;
    if (scenarios::has_target(fault) && !scenarios::impossible_target(fault.kind, fault).empty()) return;
    const Fault option = scenarios::only_what_its_kind_means(fault);
    if (std::find(options.begin(), options.end(), option) == options.end()) options.push_back(option);
  };
  if (scenarios::is_of_store(fault.target.kind) || fault.kind == FaultKind::crash_store ||
      fault.kind == FaultKind::wipe_store) {
    for (int n = 1; n <= scenarios::members_of(scenario.store); ++n) add({TargetKind::store_member, n});
    return;
  }
  if (!scenarios::has_target(fault)) return add(Target());
  for (int host = 1; host <= scenario.cluster.peers; ++host) add({TargetKind::host, host});
}

}  // namespace

std::vector<Fault> options_of(const scenarios::Scenario& scenario) {
  std::vector<Fault> options;
  for (const Fault& fault : scenario.faults) {
    const std::vector<FaultKind> kinds = fault.kind == FaultKind::random ? fault.among : std::vector{fault.kind};
    for (const FaultKind kind : kinds) {
      Fault one = fault;
      one.kind = kind;
      one.among.clear();
      add_on_each(options, one, scenario);
    }
  }
  return options;
}

std::vector<Fault> options_of(const scenarios::Scenario& scenario, const std::vector<FaultKind>& kinds,
                              Duration lasts) {
  std::vector<Fault> options;
  for (const FaultKind kind : kinds) {
    Fault fault;
    fault.kind = kind;
    fault.lasts = scenarios::DurationRange{lasts, lasts};
    add_on_each(options, fault, scenario);
  }
  return options;
}

}  // namespace heir::tools
