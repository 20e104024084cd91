#include "tools/on_hosts/system_refusals.h"

#include <algorithm>

#include "scenarios/fault_section.h"
#include "scenarios/names.h"
#include "tools/on_hosts/disks.h"

namespace heir::on_hosts {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;

bool is_of_store(const Fault& fault) {
  if (fault.kind == FaultKind::crash_store || fault.kind == FaultKind::wipe_store) return true;
  if (fault.hosts.empty()) return scenarios::is_of_store(fault.target.kind);
  return std::any_of(fault.hosts.begin(), fault.hosts.end(),
                     [](const scenarios::Target& host) { return scenarios::is_of_store(host.kind); });
}

/// Of the store, or perhaps.
bool may_hit_store(const Fault& fault, FaultKind kind) {
  return is_of_store(fault) || fault.target.kind == scenarios::TargetKind::rack || kind == FaultKind::power_off_all;
}

bool is_a_lie(const Fault& fault, FaultKind kind) {
  return kind == FaultKind::bad_fsync && fault.answer == scenarios::FsyncAnswer::lie;
}

std::string no_clocks(const std::string& name) {
  return "the library by which a host's programs have clocks of their own is preloaded with heir's only, not those "
         "of " +
         name;
}

/// Empty: it can be done.
std::string why_not(SystemKind system, FaultKind kind) {
  const std::string name = to_string(system);
  switch (kind) {
    case FaultKind::switchover:
      return system == SystemKind::repmgr
                 ? "a switchover of repmgr logs in to the other hosts by SSH, which hosts here do not have"
                 : "";
    case FaultKind::freeze:
    case FaultKind::unfreeze:
    case FaultKind::rebuild: return "only heir's operator can be asked for that, not that of " + name;
    case FaultKind::promote_by_hand:
    case FaultKind::start_by_hand:
    case FaultKind::stop_by_hand:
    case FaultKind::second_agent: return "it acts on files of heir's agent, which " + name + " has not";
    case FaultKind::bit_rot:
    case FaultKind::misdirected_write:
    case FaultKind::misdirected_read:
    case FaultKind::swap_disk: return "it is for files where heir has them, which those of " + name + " are not";
    case FaultKind::clock_step:
    case FaultKind::clock_rate:
    case FaultKind::clock_slew:
    case FaultKind::clock_freeze:
    case FaultKind::suspend: return no_clocks(name);
    case FaultKind::wipe_store: return "a wiped member of the store of " + name + " needs its operator's hand";
    case FaultKind::join:
      return system == SystemKind::repmgr ? "the first host of repmgr is the primary of a new cluster" : "";
    case FaultKind::crash:
    case FaultKind::crash_database:
    case FaultKind::crash_agent:
    case FaultKind::crash_backend:
    case FaultKind::out_of_memory:
    case FaultKind::out_of_files:
    case FaultKind::out_of_connections:
    case FaultKind::starve:
    case FaultKind::restart_loop:
    case FaultKind::pause:
    case FaultKind::partition:
    case FaultKind::slow_link:
    case FaultKind::clog:
    case FaultKind::swizzle_clog:
    case FaultKind::flap:
    case FaultKind::break_connections:
    case FaultKind::slow_disk:
    case FaultKind::stuck_disk:
    case FaultKind::disk_full:
    case FaultKind::read_only_disk:
    case FaultKind::bad_fsync:
    case FaultKind::power_off_all:
    case FaultKind::crash_store:
    case FaultKind::cancel_by_hand:
    case FaultKind::stop:
    case FaultKind::random: return {};
  }
  return {};
}

/// The same, of what depends on more than the kind.
std::string why_not(SystemKind system, const scenarios::Scenario& scenario, const Fault& fault, FaultKind kind) {
  const std::string name = to_string(system);
  const bool spares_all =
      system == SystemKind::repmgr && kind == FaultKind::power_off_all;  // Nothing of it runs there.
  if (!spares_all && needs_disk(fault, kind) && may_hit_store(fault, kind))
    return "the store's hosts have folders for disks with " + name +
           ", which forget nothing when the power goes and have no faults (etcd maps its file, which disks that forget "
           "refuse); it can strike peers";
  if (is_a_lie(fault, kind) && scenario.disk.atlas)
    return "which copies hold what " + name + " has acknowledged nobody tells the atlas, so it would spare them all; " +
           "without it ([disk] atlas = false) it can";
  return why_not(system, kind);
}

}  // namespace

std::vector<Refusal> refusals_of(SystemKind system, const scenarios::Scenario& scenario) {
  std::vector<Refusal> refused;
  if (system == SystemKind::heir) return refused;
  const std::string name = to_string(system);
  const scenarios::Cluster defaults;
  if (scenario.cluster.policy != defaults.policy)
    refused.push_back({"cluster", 0, "policy", "it is heir's, not one of " + name});
  if (scenario.cluster.singleton)
    refused.push_back({"cluster", 0, "singleton", "it is heir's; " + name + " has no such setting"});
  if (scenario.cluster.fenced_reads)
    refused.push_back({"cluster", 0, "fenced_reads", "it is heir's; " + name + " has no such setting"});
  if (!scenario.policy.empty()) refused.push_back({"policy", 0, "", "it changes heir's rules, not those of " + name});
  if (scenario.clock != scenarios::Clock()) refused.push_back({"clock", 0, "", no_clocks(name)});
  if (system == SystemKind::auto_failover && scenario.server.connections != scenarios::Server().connections)
    refused.push_back({"server", 0, "connections", "pg_auto_failover makes its databases itself, with 100 sessions"});
  const bool has_quorum_store = system == SystemKind::patroni;
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const Fault& fault = scenario.faults[i];
    const auto number = static_cast<int>(i);
    for (const FaultKind kind : scenarios::possible_kinds(fault))
      if (const std::string why = why_not(system, scenario, fault, kind); !why.empty())
        refused.push_back({"fault", number, fault.kind == FaultKind::random ? "among" : "kind",
                           std::string(scenarios::to_string(kind)) + ": " + why});
    if (fault.on) refused.push_back({"fault", number, "on", "the log of " + name + " does not tell its moments"});
    if (!has_quorum_store && is_of_store(fault))
      refused.push_back({"fault", number, "", name + " has no store with members"});
    if (!has_quorum_store && fault.kind == FaultKind::partition && fault.shape == scenarios::PartitionShape::from_store)
      refused.push_back({"fault", number, "shape", name + " has no store with members"});
    if (fault.target.kind == scenarios::TargetKind::deposed)
      refused.push_back({"fault", number, "target", "nobody knows whom " + name + " has deposed"});
    if (fault.target.kind == scenarios::TargetKind::store_leader ||
        fault.target.kind == scenarios::TargetKind::store_follower)
      refused.push_back({"fault", number, "target", "nobody knows who leads the store of " + name});
  }
  return refused;
}

}  // namespace heir::on_hosts
