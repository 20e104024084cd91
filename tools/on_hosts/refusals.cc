#include "tools/on_hosts/refusals.h"

#include <algorithm>
#include <functional>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/names.h"
#include "tools/daemon/config.h"

namespace heir::on_hosts {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;
using scenarios::Scenario;

constexpr const char* stores_word =
    "what a member of the store may forget or misread nobody can tell on hosts, so its disk keeps what it says it "
    "holds";

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
  if (const auto wrong = tools::wrong_with_renewal(scenario.timing))
    refusals.add("timing", 0, "renewal", "an agent takes no such timing: " + *wrong);
  check_faults(scenario, refusals);
  if (scenario.expect.recovers_within)
    refusals.add(
        "expect", 0, "recovers_within",
        "which hosts suffice by the rules, and what excuses them, only a look into their copies tells, which nobody "
        "takes on hosts; `writable_within` is judged there");
  if (scenario.expect.verdict == scenarios::FailureKind::copy_destroyed)
    refusals.add("expect", 0, "verdict", "nobody looks into the copies on hosts' disks");
  return refusals.all;
}

namespace {

bool is_of_clocks(FaultKind kind) {
  return scenarios::traits(kind).family == scenarios::FaultFamily::clock || kind == FaultKind::suspend;
}

}  // namespace

bool has_own_clocks(const Scenario& scenario) {
  if (scenario.clock != scenarios::Clock()) return true;
  return std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) {
    const std::vector<FaultKind> kinds = scenarios::possible_kinds(fault);
    return std::any_of(kinds.begin(), kinds.end(), is_of_clocks);
  });
}

std::vector<std::string> limits_of_hosts(const Scenario& scenario) {
  std::vector<std::string> limits;
  limits.push_back(has_own_clocks(scenario)
                       ? "a host's clocks are its programs'; what the kernel waits for by itself is this machine's time"
                       : "all hosts have this machine's clocks, for the scenario says nothing of clocks");
  limits.push_back("nobody looks into the copies on the hosts' disks, nor into the members of the store");
  if (scenario.server != scenarios::Server())
    limits.push_back("[server] sets the sessions of real databases; how fast they are is theirs");
  return limits;
}

}  // namespace heir::on_hosts
