#include "sim/faults/strike.h"

namespace heir::sim {

std::optional<Harm> strike_disk(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  for (const int host : s.hosts) s.world.set_sync_latency(host, s.fault.fsync);
  return Harm{"slow the disk of " + host_list(s.world, s.hosts), [&world = s.world, hosts = s.hosts] {
                for (const int host : hosts) world.set_sync_latency(host, std::nullopt);
              }};
}

}  // namespace heir::sim
