#include "tools/hosted/refusals.h"

#include <algorithm>
#include <functional>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/names.h"

namespace heir::hosted {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;
using scenarios::Scenario;

constexpr const char* one_clock = "all hosts have this machine's clocks, but for steps of wall clocks";
constexpr const char* no_other_cluster = "there is no other cluster whose data could be put there";
constexpr const char* stores_word =
    "what a member of the store may forget or misread nobody can tell on hosts, so its disk keeps what it says it "
    "holds";

/// Why a kind of fault cannot be done; empty if it can.
std::string why_not(FaultKind kind) {
  switch (kind) {
    case FaultKind::suspend:
    case FaultKind::clock_rate:
    case FaultKind::clock_slew:
    case FaultKind::clock_freeze: return one_clock;
    case FaultKind::clock_step:
    case FaultKind::bit_rot:
    case FaultKind::misdirected_write:
    case FaultKind::misdirected_read:
    case FaultKind::swap_disk:
    case FaultKind::slow_disk:
    case FaultKind::stuck_disk:
    case FaultKind::disk_full:
    case FaultKind::read_only_disk:
    case FaultKind::bad_fsync:
    case FaultKind::switchover:
    case FaultKind::freeze:
    case FaultKind::unfreeze:
    case FaultKind::rebuild:
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
    case FaultKind::power_off_all:
    case FaultKind::crash_store:
    case FaultKind::wipe_store:
    case FaultKind::promote_by_hand:
    case FaultKind::start_by_hand:
    case FaultKind::stop_by_hand:
    case FaultKind::cancel_by_hand:
    case FaultKind::second_agent:
    case FaultKind::stop:
    case FaultKind::join:
    case FaultKind::random: return {};
  }
  return {};
}

class Refusals {
 public:
  std::vector<Refusal> all;
  void add(std::string table, int number, std::string key, std::string why) {
    all.push_back({std::move(table), number, std::move(key), std::move(why)});
  }
};

bool is_of_store(const scenarios::Target& target) {
  using scenarios::TargetKind;
  switch (target.kind) {
    case TargetKind::store:
    case TargetKind::store_leader:
    case TargetKind::store_follower:
    case TargetKind::store_member:
    case TargetKind::store_majority:
    case TargetKind::store_minority:
    case TargetKind::rack: return true;
    default: return false;
  }
}

/// A disk that has something else than it said.
bool breaks_its_word(const Fault& fault, FaultKind kind) {
  return kind == FaultKind::bit_rot || kind == FaultKind::misdirected_write || kind == FaultKind::misdirected_read ||
         kind == FaultKind::swap_disk || (kind == FaultKind::bad_fsync && fault.answer == scenarios::FsyncAnswer::lie);
}

void check_disk_fault(const Fault& fault, const std::function<void(const char* key, const std::string& why)>& refuse) {
  const std::vector<FaultKind> kinds = scenarios::possible_kinds(fault);
  const auto has = [&](FaultKind kind) { return std::find(kinds.begin(), kinds.end(), kind) != kinds.end(); };
  if (has(FaultKind::swap_disk) && fault.disk == scenarios::SwappedDisk::foreign) refuse("disk", no_other_cluster);
  if (std::none_of(kinds.begin(), kinds.end(), [&](FaultKind kind) { return breaks_its_word(fault, kind); })) return;
  if (is_of_store(fault.target))
    refuse("target", stores_word);
  else if (std::any_of(fault.hosts.begin(), fault.hosts.end(), is_of_store))
    refuse("hosts", stores_word);
}

void check_faults(const Scenario& scenario, Refusals& refusals) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const Fault& fault = scenario.faults[i];
    const auto refuse = [&](const char* key, const std::string& why) {
      refusals.add("fault", static_cast<int>(i), key, why);
    };
    for (const FaultKind kind : scenarios::possible_kinds(fault))
      if (const std::string why = why_not(kind); !why.empty())
        refuse(fault.kind == FaultKind::random ? "among" : "kind", scenarios::to_string(kind) + ": " + why);
    check_disk_fault(fault, refuse);
    const auto hosts = static_cast<int>(fault.hosts.size());
    if (fault.kind == FaultKind::wipe_store &&
        (fault.target.kind == scenarios::TargetKind::store || hosts == members_of(scenario.store)))
      refuse("target", "a whole new store needs its operator's word on hosts; single members can be wiped");
  }
}

}  // namespace

std::vector<Refusal> refusals(const Scenario& scenario) {
  Refusals refusals;
  if (!scenario.vary.empty())
    refusals.add("vary", 0, "", "draws that change in the middle of a run are the simulator's");
  if (scenario.store.kind == scenarios::StoreKind::ideal)
    refusals.add("store", 0, "kind", "an ideal store exists in the simulator only; real hosts run a raft store");
  if (!scenario.clock.hosts.empty()) refusals.add("clock", 0, "hosts", one_clock);
  check_faults(scenario, refusals);
  if (scenario.expect.recovers_within)
    refusals.add("expect", 0, "recovers_within", "no random core is healed on hosts");
  if (scenario.expect.verdict == scenarios::FailureKind::copy_destroyed)
    refusals.add("expect", 0, "verdict", "nobody looks into the copies on hosts' disks");
  return refusals.all;
}

bool steps_clocks(const Scenario& scenario) {
  return std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
    const std::vector<FaultKind> kinds = scenarios::possible_kinds(fault);
    return std::find(kinds.begin(), kinds.end(), FaultKind::clock_step) != kinds.end();
  });
}

std::vector<std::string> limits_of_hosts(const Scenario& scenario) {
  std::vector<std::string> limits;
  limits.push_back(steps_clocks(scenario)
                       ? "a host's wall clock is stepped for its programs; all else of clocks is this machine's"
                       : "all hosts have this machine's clocks; [clock] says nothing of them");
  limits.push_back("nobody looks into the copies on the hosts' disks, nor into the members of the store");
  if (scenario.server != scenarios::Server())
    limits.push_back("[server] sets the sessions of real databases; how fast they are is theirs");
  return limits;
}

}  // namespace heir::hosted
