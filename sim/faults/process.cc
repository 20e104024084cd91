#include <memory>

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

/// Takes down those that are up; they boot when it is over.
std::optional<Harm> take_down(Actions& world, std::vector<int> hosts, void (Actions::*how)(int), std::string what) {
  std::erase_if(hosts, [&](int host) { return !world.is_up(host); });
  if (hosts.empty()) return std::nullopt;
  if (what.ends_with(' ')) what += host_list(world, hosts);
  for (const int host : hosts) (world.*how)(host);
  return Harm{std::move(what), [&world, hosts] {
                for (const int host : hosts) world.boot(host);
              }};
}

std::vector<int> everybody(const Actions& world) {
  std::vector<int> hosts;
  for (int n = 1; n <= world.store_members(); ++n) hosts.push_back(store_member(n));
  for (int host = 1; host <= world.peers(); ++host) hosts.push_back(host);
  return hosts;
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

std::optional<Harm> crash_backend(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  const std::string what = "kill a backend of " + host_list(s.world, s.hosts);
  for (const int host : s.hosts) s.world.crash_backend(host);
  return Harm{what, {}};
}

/// Lasts as long as what `set` switches on; `set(host, false)` ends it.
std::optional<Harm> switched(const Strike& s, const std::string& what, void (Actions::*set)(int, bool)) {
  if (s.hosts.empty()) return std::nullopt;
  for (const int host : s.hosts) (s.world.*set)(host, true);
  return Harm{what + host_list(s.world, s.hosts), [&world = s.world, hosts = s.hosts, set] {
                for (const int host : hosts) (world.*set)(host, false);
              }};
}

std::optional<Harm> out_of_memory(const Strike& s) {
  constexpr DurationRange between_kills{Duration::milliseconds(200), Duration::seconds(3)};
  if (s.hosts.empty()) return std::nullopt;
  Harm harm{"out of memory on " + host_list(s.world, s.hosts), [] {}};
  for (Duration at; at < s.lasts; at += s.random.between(between_kills.low, between_kills.high)) {
    const int host = s.random.pick(s.hosts);
    harm.steps.push_back({at, [&world = s.world, host, draw = s.random.next()] { world.kill_one(host, draw); }});
  }
  return harm;
}

std::string whose(ProcessKind process) {
  return process == ProcessKind::host ? "" : process == ProcessKind::agent ? "the agent of " : "the database of ";
}

/// As a CPU quota does it: of every period the processes run for the first part only.
std::optional<Harm> starve(const Strike& s) {
  constexpr Duration period = Duration::milliseconds(100);
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  auto stands_still = std::make_shared<bool>(false);
  const auto go_on = [&world = s.world, hosts, stands_still] {
    if (!std::exchange(*stands_still, false)) return;
    for (const int host : hosts) world.resume(host, ProcessKind::host);
  };
  const auto stop = [&world = s.world, hosts, stands_still] {
    if (std::exchange(*stands_still, true)) return;
    for (const int host : hosts) world.pause(host, ProcessKind::host);
  };
  Harm harm{"starve " + host_list(s.world, hosts) + ", one part in " + std::to_string(*s.fault.factor), go_on};
  for (Duration at; at < s.lasts; at += period) {
    harm.steps.push_back({at, go_on});
    harm.steps.push_back({at + period / *s.fault.factor, stop});
  }
  return harm;
}

std::optional<Harm> restart_loop(const Strike& s) {
  constexpr scenarios::DurationRange default_down{Duration::seconds(1), Duration::seconds(1)};
  if (s.hosts.empty()) return std::nullopt;
  const ProcessKind process = s.fault.process;
  const scenarios::DurationRange down = s.fault.down.value_or(default_down);
  auto is_down = std::make_shared<bool>(false);
  const auto fall = [&world = s.world, hosts = s.hosts, process, is_down] {
    *is_down = true;
    for (const int host : hosts) {
      if (process == ProcessKind::host) {
        world.power_off(host);
        continue;
      }
      if (process == ProcessKind::agent) world.hold_agent(host, true);
      world.crash_process(host, process);
    }
  };
  const auto rise = [&world = s.world, hosts = s.hosts, process, is_down] {
    if (!std::exchange(*is_down, false)) return;
    for (const int host : hosts) {
      if (process == ProcessKind::host) world.boot(host);
      if (process == ProcessKind::agent) world.hold_agent(host, false);
    }
  };
  Harm harm{"restart loop of " + whose(process) + host_list(s.world, s.hosts), rise};
  for (Duration at; at < s.lasts;) {
    harm.steps.push_back({at, fall});
    at += s.random.between(down.low, down.high);
    harm.steps.push_back({at, rise});
    at += s.random.between(s.fault.up->low, s.fault.up->high);
  }
  return harm;
}

std::optional<Harm> pause(const Strike& s) {
  const std::vector<int> hosts = up(s);
  if (hosts.empty()) return std::nullopt;
  const ProcessKind process = s.fault.process;
  for (const int host : hosts) s.world.pause(host, process);
  return Harm{"pause " + whose(process) + host_list(s.world, hosts), [&world = s.world, hosts, process] {
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
    case FaultKind::crash: return take_down(s.world, s.hosts, &Actions::power_off, "power off ");
    case FaultKind::stop: return take_down(s.world, s.hosts, &Actions::shut_down, "shut down ");
    case FaultKind::power_off_all:
      return take_down(s.world, everybody(s.world), &Actions::power_off, "power off everything");
    case FaultKind::crash_agent: return crash_agent(s);
    case FaultKind::crash_database: return crash_database(s);
    case FaultKind::crash_backend: return crash_backend(s);
    case FaultKind::out_of_memory: return out_of_memory(s);
    case FaultKind::out_of_files: return switched(s, "no more open files on ", &Actions::use_up_files);
    case FaultKind::out_of_connections:
      return switched(s, "strangers hold the sessions of ", &Actions::use_up_connections);
    case FaultKind::starve: return starve(s);
    case FaultKind::restart_loop: return restart_loop(s);
    case FaultKind::pause: return pause(s);
    case FaultKind::suspend: return suspend(s);
    case FaultKind::join: return join(s);
    default: ASSERT(false, "not of this family");
  }
  return std::nullopt;
}

}  // namespace heir::sim
