#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;
using scenarios::ProcessKind;

std::optional<Harm> strike_store(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  if (s.fault.kind == FaultKind::wipe_store) {
    s.world.wipe_store(s.hosts);
    return Harm{"wipe " + host_list(s.world, s.hosts), {}};
  }
  const std::string what = "kill the server of " + host_list(s.world, s.hosts);
  for (const int host : s.hosts) {
    if (s.fault.lasts) s.world.hold_agent(host, true);
    s.world.crash_process(host, ProcessKind::agent);
  }
  return Harm{what, [&world = s.world, hosts = s.hosts] {
                for (const int host : hosts) world.hold_agent(host, false);
              }};
}

}  // namespace heir::sim
