#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;

using scenarios::ProcessKind;

namespace {

std::vector<int> up(const Strike& s) {
  std::vector<int> hosts = s.hosts;
  std::erase_if(hosts, [&](int host) { return !s.world.is_up(host); });
  return hosts;
}

std::optional<Harm> crash(const Strike& s) {
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  const std::string what = "power off " + host_list(s.world, hosts);
  for (const int host : hosts) s.world.power_off(host);
  return Harm{what, [&world = s.world, hosts] {
                for (const int host : hosts) world.boot(host);
              }};
}

std::optional<Harm> stop(const Strike& s) {
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  const std::string what = "shut down " + host_list(s.world, hosts);
  for (const int host : hosts) s.world.shut_down(host);
  return Harm{what, [&world = s.world, hosts] {
                for (const int host : hosts) world.boot(host);
              }};
}

Harm power_off_all(const Strike& s) {
  std::vector<int> hosts;
  for (int n = 1; n <= s.world.store_members(); ++n) hosts.push_back(store_member(n));
  for (int host = 1; host <= s.world.peers(); ++host) hosts.push_back(host);
  std::erase_if(hosts, [&](int host) { return !s.world.is_up(host); });
  for (const int host : hosts) s.world.power_off(host);
  return Harm{"power off everything", [&world = s.world, hosts] {
                for (const int host : hosts) world.boot(host);
              }};
}

std::optional<Harm> crash_agent(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  const std::string what = "kill the agent of " + host_list(s.world, s.hosts);
  for (const int host : s.hosts) {
    if (s.fault.lasts) s.world.hold_agent(host, true);
    s.world.crash_process(host, ProcessKind::agent);
  }
  return Harm{what, [&world = s.world, hosts = s.hosts] {
                for (const int host : hosts) world.hold_agent(host, false);
              }};
}

std::optional<Harm> crash_database(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  const std::string what = "kill the database of " + host_list(s.world, s.hosts);
  for (const int host : s.hosts) s.world.crash_process(host, ProcessKind::database);
  return Harm{what, {}};
}

std::optional<Harm> pause(const Strike& s) {
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  const ProcessKind process = s.fault.process;
  const std::string of = process == ProcessKind::host    ? ""
                         : process == ProcessKind::agent ? "the agent of "
                                                         : "the database of ";
  for (const int host : hosts) s.world.pause(host, process);
  return Harm{"pause " + of + host_list(s.world, hosts), [&world = s.world, hosts, process] {
                for (const int host : hosts) world.resume(host, process);
              }};
}

std::optional<Harm> suspend(const Strike& s) {
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  for (const int host : hosts) {
    s.world.pause(host, ProcessKind::host);
    s.world.freeze_clocks(host);
  }
  return Harm{"suspend " + host_list(s.world, hosts), [&world = s.world, hosts, after = s.fault.after] {
                for (const int host : hosts) {
                  world.thaw_clocks(host, after);
                  world.resume(host, ProcessKind::host);
                }
              }};
}

std::optional<Harm> join(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  for (const int host : s.hosts) s.world.boot(host);
  return Harm{"switch on " + host_list(s.world, s.hosts), {}};
}

}  // namespace

std::optional<Harm> strike_process(const Strike& s) {
  switch (s.fault.kind) {
    case FaultKind::crash: return crash(s);
    case FaultKind::stop: return stop(s);
    case FaultKind::power_off_all: return power_off_all(s);
    case FaultKind::crash_agent: return crash_agent(s);
    case FaultKind::crash_database: return crash_database(s);
    case FaultKind::pause: return pause(s);
    case FaultKind::suspend: return suspend(s);
    case FaultKind::join: return join(s);
    default: ASSERT(false, "not of this family");
  }
  return std::nullopt;
}

}  // namespace heir::sim
