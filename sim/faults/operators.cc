#include "scenarios/names.h"
#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;

std::optional<Harm> strike_operators(const Strike& s) {
  const std::string what = "operator: " + scenarios::to_string(s.fault.kind);
  if (s.fault.kind != FaultKind::rebuild) {
    s.world.request(s.fault, 0);
    return Harm{what, {}};
  }
  if (s.hosts.empty()) return std::nullopt;
  s.world.request(s.fault, s.hosts.front());
  return Harm{what + " " + host_list(s.world, s.hosts), {}};
}

}  // namespace heir::sim
