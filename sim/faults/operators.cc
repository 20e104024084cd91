#include "scenarios/names.h"
#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;

namespace {

/// What somebody does on the target's first host, past its agent.
std::optional<Harm> by_hand(const Strike& s, std::string_view action) {
  if (s.hosts.empty()) return std::nullopt;
  const int host = s.hosts.front();
  const std::string what = "by hand: pg_ctl " + std::string(action) + " on " + host_list(s.world, {host});
  s.world.run_pg_ctl(host, action);
  return Harm{what, {}};
}

std::optional<Harm> cancel_by_hand(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  for (const int host : s.hosts) s.world.cancel_sessions(host);
  return Harm{"by hand: cancel all clients' sessions on " + host_list(s.world, s.hosts), {}};
}

std::optional<Harm> second_agent(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  const int host = s.hosts.front();
  s.world.start_second_agent(host);
  return Harm{"by hand: a second agent on " + host_list(s.world, {host}),
              [&world = s.world, host] { world.kill_second_agent(host); }};
}

}  // namespace

std::optional<Harm> strike_operators(const Strike& s) {
  const std::string what = "operator: " + scenarios::to_string(s.fault.kind);
  switch (s.fault.kind) {
    case FaultKind::promote_by_hand: return by_hand(s, "promote");
    case FaultKind::start_by_hand: return by_hand(s, "start");
    case FaultKind::stop_by_hand: return by_hand(s, "stop");
    case FaultKind::cancel_by_hand: return cancel_by_hand(s);
    case FaultKind::second_agent: return second_agent(s);
    case FaultKind::rebuild:
      if (s.hosts.empty()) return std::nullopt;
      s.world.request(s.fault, s.hosts.front());
      return Harm{what + " " + host_list(s.world, s.hosts), {}};
    default: s.world.request(s.fault, 0); return Harm{what, {}};
  }
}

}  // namespace heir::sim
