#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/sections.h"

// What the parts of a scenario must fulfil together: hosts that exist, strikes before the end.

namespace heir::scenarios {
namespace {

const Value* part(const Value& root, std::string_view name) {
  const Entry* entry = root.find(name);
  return entry ? &entry->value : nullptr;
}

class Checker {
 public:
  Checker(const Value& root, const Scenario& scenario, Reading& reading)
      : root_(root), scenario_(scenario), reading_(reading) {}

  void run() {
    const Entry* duration = root_.find("duration");
    duration_known_ = !duration || Codec<Duration>::read(duration->value).has_value();
    peers_known_ = reading_.good(part(root_, "cluster"));
    store_known_ = reading_.good(part(root_, "store"));
    if (const Value* network = part(root_, "network"); network && network->kind == Value::Kind::table)
      check_links(*network);
    if (const Value* clock = part(root_, "clock"); clock && clock->kind == Value::Kind::table) check_clocks(*clock);
    each("workload", scenario_.workloads,
         [this](const Value& table, const Workload& workload) { check_workload(table, workload); });
    each("fault", scenario_.faults, [this](const Value& table, const Fault& fault) { check_fault(table, fault); });
    if (duration_known_) check_expect();
    if (peers_known_) check_late();
  }

 private:
  /// Calls `check` with every well-read table of a list and the value that was read from it.
  template <class T, class Check>
  void each(std::string_view name, const std::vector<T>& values, Check check) {
    if (const Value* list = part(root_, name)) each(*list, values, check);
  }
  template <class T, class Check>
  void each(const Value& list, const std::vector<T>& values, Check check) {
    for (std::size_t i = 0; i < values.size() && i < list.items.size(); ++i) {
      if (list.items[i].kind == Value::Kind::table && reading_.good(&list.items[i])) check(list.items[i], values[i]);
    }
  }

  /// Refuses a target that this cluster cannot have.
  void check_target(const Value& table, std::string_view key, const Target& target) {
    if (store_known_) check_store_target(table, key, target);
    if (!peers_known_) return;
    const int peers = scenario_.cluster.peers;
    const std::string count = std::to_string(peers) + (peers == 1 ? " peer" : " peers");
    if (target.kind == TargetKind::host && target.host > peers) {
      reading_.report(table, place_of(table, key),
                      "there is no \"" + to_string(target) + "\": the cluster has " + count);
    }
    if (target.kind == TargetKind::rack && target.host > scenario_.cluster.racks) {
      reading_.report(table, place_of(table, key),
                      "there is no \"" + to_string(target) + "\": the cluster has " +
                          std::to_string(scenario_.cluster.racks) + " racks");
    }
    const bool missing = (target.kind == TargetKind::sync && peers < 2) ||
                         (target.kind == TargetKind::async && peers < 3) ||
                         (target.kind == TargetKind::minority && peers < 3);
    if (missing) {
      reading_.report(table, place_of(table, key),
                      "impossible target \"" + to_string(target) + "\": a cluster of " + count + " has none");
    }
  }

  void check_store_target(const Value& table, std::string_view key, const Target& target) {
    const int members = members_of(scenario_.store);
    const std::string of = "the store has " + std::to_string(members) + (members == 1 ? " member" : " members");
    if (target.kind == TargetKind::store_member && target.host > members)
      reading_.report(table, place_of(table, key), "there is no \"" + to_string(target) + "\": " + of);
    if (members == 1 && (target.kind == TargetKind::store_follower || target.kind == TargetKind::store_minority))
      reading_.report(table, place_of(table, key), "impossible target \"" + to_string(target) + "\": " + of);
  }

  /// Refuses what would be after the end.
  void check_before_end(const Value& table, std::string_view key, Duration at) {
    if (!duration_known_ || at <= scenario_.duration) return;
    reading_.report(table, place_of(table, key),
                    "'" + std::string(key) + "' (" + to_string(at) + ") is after the end of the run (" +
                        to_string(scenario_.duration) + ")");
  }

  void check_links(const Value& network) {
    const Value* links = part(network, "link");
    if (!links) return;
    each(*links, scenario_.network.links, [this](const Value& table, const Link& link) {
      check_target(table, "from", link.from);
      check_target(table, "to", link.to);
    });
  }

  void check_clocks(const Value& clock) {
    const Value* hosts = part(clock, "host");
    if (!hosts) return;
    std::vector<int> seen;
    each(*hosts, scenario_.clock.hosts, [this, &seen](const Value& table, const HostClock& host) {
      check_target(table, "host", Target{TargetKind::host, host.host});
      for (const int other : seen) {
        if (other == host.host)
          reading_.report(table, place_of(table, "host"),
                          "the clocks of host:" + std::to_string(other) + " are given twice");
      }
      seen.push_back(host.host);
    });
  }

  void check_workload(const Value& table, const Workload& workload) {
    check_before_end(table, "start", workload.start);
    if (workload.stop) check_before_end(table, "stop", *workload.stop);
    if (workload.reads_from == ReadsFrom::standbys && peers_known_ && scenario_.cluster.peers < 2) {
      reading_.report(table, place_of(table, "reads_from"), "a cluster of one peer has no standbys to read from");
    }
  }

  void check_fault(const Value& table, const Fault& fault) {
    if (fault.at) check_before_end(table, "at", fault.at->high);
    if (fault.until) check_before_end(table, "until", *fault.until);
    if (fault.every && !fault.at) check_before_end(table, "every", fault.every->low);
    if (table.find("target") || table.find("shape"))
      check_target(table, table.find("target") ? "target" : "shape", fault.target);
    for (const Target& host : fault.hosts) check_target(table, "hosts", host);
    if (fault.to) check_target(table, "to", *fault.to);
    if (!peers_known_) return;
    for (const FaultKind kind : possible_kinds(fault)) {
      if (kind == FaultKind::switchover && scenario_.cluster.peers < 2) {
        reading_.report(table, table.place, "impossible switchover: a cluster of one peer has no sync to promote");
      }
      if (scenario_.disk.atlas && may_lose_data(fault, kind) && leaves_none(fault.target)) {
        reading_.report(table, place_of(table, "target"),
                        "kind \"" + to_string(kind) +
                            "\" on every copy leaves the atlas none; name fewer hosts, or set "
                            "'atlas = false' in [disk]: then only safety is judged");
      }
      if (kind == FaultKind::swap_disk && fault.disk == SwappedDisk::other && !is_of_store(fault.target.kind) &&
          scenario_.cluster.peers < 2) {
        reading_.report(table, place_of(table, "disk"), "a cluster of one peer has no other disk");
      }
      if (kind == FaultKind::partition && fault.shape == PartitionShape::from_sync && scenario_.cluster.peers < 2) {
        reading_.report(table, place_of(table, "shape"),
                        "impossible shape \"from-sync\": a cluster of one peer has no sync");
      }
    }
    if (fault.kind == FaultKind::join) {
      bool late = false;
      for (const int host : scenario_.cluster.late) late = late || host == fault.target.host;
      if (!late && fault.target.host <= scenario_.cluster.peers) {
        reading_.report(table, place_of(table, "target"),
                        "\"" + to_string(fault.target) +
                            "\" is on from the start; a host that joins must be named in 'late' of [cluster]");
      }
      if (fault.every)
        reading_.report(table, table.find("every")->place, "a host joins once; 'every' means nothing here");
    }
  }

  /// Whether the target is every copy of something.
  bool leaves_none(const Target& target) const {
    if (is_of_store(target.kind))
      return target.kind == TargetKind::store || target.kind == TargetKind::store_majority ||
             members_of(scenario_.store) == 1;
    return target.kind == TargetKind::all || scenario_.cluster.peers == 1;
  }

  void check_late() {
    const Value* cluster = part(root_, "cluster");
    // A fault that could not be read might have been the join.
    if (!cluster || !reading_.good(&root_)) return;
    for (const int host : scenario_.cluster.late) {
      bool joins = false;
      for (const Fault& fault : scenario_.faults)
        joins = joins || (fault.kind == FaultKind::join && fault.target.host == host);
      if (!joins) {
        reading_.report(*cluster, place_of(*cluster, "late"),
                        "host:" + std::to_string(host) + " is late, but no fault of kind \"join\" switches it on");
      }
    }
  }

  void check_expect() {
    const Value* expect = part(root_, "expect");
    if (!expect || expect->kind != Value::Kind::table || !reading_.good(expect)) return;
    const Value* workloads = part(root_, "workload");
    const bool idle =
        scenario_.workloads.empty() && !root_.find("swarm") && (!workloads || workloads->kind == Value::Kind::array);
    for (const char* name : {"writable_within", "recovers_within", "min_ok", "max_unavailable"}) {
      if (idle && expect->find(name)) {
        reading_.report(*expect, expect->find(name)->place,
                        "'" + std::string(name) + "' cannot be judged without a [[workload]]");
      }
    }
    for (const char* name : {"writable_within", "recovers_within", "max_unavailable"}) {
      if (!scenario_.disk.atlas && expect->find(name)) {
        reading_.report(*expect, expect->find(name)->place,
                        "'" + std::string(name) +
                            "' cannot be judged with 'atlas = false' in [disk]: the last good copy "
                            "may be gone; only safety is");
      }
    }
    if (scenario_.expect.writable_within)
      check_before_end(*expect, "writable_within", *scenario_.expect.writable_within);
  }

  const Value& root_;
  const Scenario& scenario_;
  Reading& reading_;
  bool duration_known_ = true;
  bool peers_known_ = true;
  bool store_known_ = true;
};

}  // namespace

void check_scenario(const Value& root, const Scenario& scenario, Reading& reading) {
  Checker(root, scenario, reading).run();
}

}  // namespace heir::scenarios
