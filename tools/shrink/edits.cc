#include "tools/shrink/edits.h"

#include <algorithm>

#include "scenarios/codec.h"

namespace heir::tools {

namespace {

using scenarios::DurationRange;
using scenarios::Fault;
using scenarios::Scenario;
using scenarios::Workload;
using Candidates = std::vector<Scenario>;

/// Adds the scenario with something changed, if that changes it.
template <class Change>
void add(Candidates& out, const Scenario& from, Change change) {
  Scenario made = from;
  change(made);
  if (made != from) out.push_back(std::move(made));
}

/// From a number towards a smaller one: all of the way, half of it, one step.
std::vector<int> downwards(int from, int least) {
  std::vector<int> steps;
  for (const int to : {least, (from + least) / 2, from - 1})
    if (to < from && to >= least && (steps.empty() || steps.back() != to)) steps.push_back(to);
  return steps;
}

Candidates fewer_workloads(const Scenario& from) {
  Candidates out;
  for (std::size_t i = 0; i < from.workloads.size(); ++i)
    add(out, from, [i](Scenario& s) { s.workloads.erase(s.workloads.begin() + static_cast<std::ptrdiff_t>(i)); });
  return out;
}

template <class Each>
Candidates each_workload(const Scenario& from, Each each) {
  Candidates out;
  for (std::size_t i = 0; i < from.workloads.size(); ++i) each(out, i, from.workloads[i]);
  return out;
}

Candidates fewer_clients(const Scenario& from) {
  return each_workload(from, [&](Candidates& out, std::size_t i, const Workload& workload) {
    for (const int n : downwards(workload.clients, 1)) add(out, from, [&](Scenario& s) { s.workloads[i].clients = n; });
  });
}

Candidates fewer_keys(const Scenario& from) {
  return each_workload(from, [&](Candidates& out, std::size_t i, const Workload& workload) {
    if (workload.kind == scenarios::WorkloadKind::set) return;
    for (const int n : downwards(workload.keys, 1)) add(out, from, [&](Scenario& s) { s.workloads[i].keys = n; });
  });
}

Candidates fewer_operations(const Scenario& from) {
  return each_workload(from, [&](Candidates& out, std::size_t i, const Workload& workload) {
    for (const std::int64_t divisor : {20, 5, 2}) {
      const std::int64_t count = workload.rate.count / divisor;
      if (count < 1) continue;
      add(out, from, [&](Scenario& s) { s.workloads[i].rate.count = count; });
    }
  });
}

Candidates plainer_clients(const Scenario& from) {
  return each_workload(from, [&](Candidates& out, std::size_t i, const Workload& workload) {
    add(out, from, [&](Scenario& s) {
      s.workloads[i].start = {};
      s.workloads[i].stop.reset();
    });
    add(out, from, [&](Scenario& s) { s.workloads[i].timeout = Workload().timeout; });
    add(out, from, [&](Scenario& s) { s.workloads[i].reads_from = scenarios::ReadsFrom::primary; });
    if (workload.reads != Workload().reads && workload.reads != scenarios::Ratio::percent(100))
      add(out, from, [&](Scenario& s) { s.workloads[i].reads = Workload().reads; });
  });
}

Candidates fewer_peers(const Scenario& from) {
  Candidates out;
  for (const int n : downwards(from.cluster.peers, 2)) {
    add(out, from, [n](Scenario& s) {
      s.cluster.peers = n;
      std::erase_if(s.cluster.late, [n](int host) { return host > n; });
      std::erase_if(s.clock.hosts, [n](const scenarios::HostClock& clock) { return clock.host > n; });
    });
  }
  return out;
}

Candidates fewer_members(const Scenario& from) {
  Candidates out;
  add(out, from, [](Scenario& s) {
    s.store = {};
    s.store.kind = scenarios::StoreKind::ideal;
  });
  if (from.store.members.value_or(3) > 3) add(out, from, [](Scenario& s) { s.store.members.reset(); });
  return out;
}

Duration last_strike(const Scenario& scenario) {
  Duration last;
  for (const Fault& fault : scenario.faults) last = std::max(last, fault.at->high);
  return last;
}

Duration last_heal(const Scenario& scenario) {
  Duration last;
  for (const Fault& fault : scenario.faults)
    last = std::max(last, fault.at->high + (fault.lasts ? fault.lasts->high : Duration::zero()));
  return last;
}

/// Everything happens earlier, after the same beginning.
Candidates earlier(const Scenario& from) {
  Candidates out;
  if (from.faults.empty()) return out;
  Duration first = Duration::max();
  for (const Fault& fault : from.faults) first = std::min(first, fault.at->low);
  // Before a cluster has been set up there is nothing to break.
  for (const Duration at : {Duration::seconds(8), Duration::seconds(12), first / 2, first / 4 * 3}) {
    const Duration by = first - at;
    if (by < Duration::seconds(1)) continue;
    add(out, from, [by](Scenario& s) {
      for (Fault& fault : s.faults) fault.at = DurationRange{fault.at->low - by, fault.at->high - by};
      for (Workload& workload : s.workloads) {
        workload.start = std::max(Duration::zero(), workload.start - by);
        if (workload.stop) workload.stop = std::max(Duration::zero(), *workload.stop - by);
      }
      s.duration = s.duration - by;
    });
  }
  return out;
}

Candidates shorter(const Scenario& from) {
  Candidates out;
  const Duration least = least_duration(from);
  for (const Duration to : {least, whole_seconds((from.duration + least) / 2), whole_seconds(from.duration),
                            from.duration - Duration::seconds(1)}) {
    if (to == from.duration || to < least || to > whole_seconds(from.duration)) continue;
    add(out, from, [to](Scenario& s) {
      s.duration = to;
      for (Workload& workload : s.workloads)
        if (workload.stop && *workload.stop > to) workload.stop.reset();
    });
  }
  return out;
}

// What a world still draws, fixed: no messages that are late or lost, no clock or disk that is unlike another.
scenarios::Network quiet(scenarios::Network network) {
  network.latency = {Duration::milliseconds(1), Duration::milliseconds(1)};
  network.tail_chance = network.loss = network.duplication = network.reordering = {};
  return network;
}
scenarios::Clock right(scenarios::Clock clock) {
  clock.rate_error = {};
  clock.wall_offset = {};
  return clock;
}
scenarios::Disk even(scenarios::Disk disk) {
  disk.fsync = {Duration::milliseconds(1), Duration::milliseconds(1)};
  return disk;
}
scenarios::Server even(scenarios::Server server) {
  for (DurationRange* range : {&server.replay_delay, &server.start, &server.promote, &server.clone})
    range->low = range->high;
  return server;
}

void plain_network(Scenario& s) {
  if (s.network != quiet(s.network)) s.network = {};
}
void plain_clock(Scenario& s) {
  if (s.clock != right(s.clock)) s.clock = {};
}
void plain_disk(Scenario& s) {
  const bool atlas = s.disk.atlas;
  if (s.disk == even(s.disk)) return;
  s.disk = {};
  s.disk.atlas = atlas;
}
void plain_server(Scenario& s) {
  if (s.server != even(s.server)) s.server = {};
}
void plain_timing(Scenario& s) {
  s.timing = {};
}

/// Each table as if the file did not have it, but for what has been fixed already.
Candidates plainer_world(const Scenario& from) {
  Candidates out;
  const auto tables = {plain_network, plain_clock, plain_disk, plain_server, plain_timing};
  add(out, from, [&](Scenario& s) {
    for (const auto plain : tables) plain(s);
  });
  for (const auto plain : tables) add(out, from, plain);
  add(out, from, [](Scenario& s) { s.cluster.racks = scenarios::Cluster().racks; });
  add(out, from, [](Scenario& s) { s.cluster.fenced_reads = false; });
  add(out, from, [](Scenario& s) { s.cluster.max_lag = scenarios::Cluster().max_lag; });
  for (std::size_t i = 0; i < from.policy.size(); ++i)
    add(out, from, [i](Scenario& s) { s.policy.erase(s.policy.begin() + static_cast<std::ptrdiff_t>(i)); });
  for (std::size_t i = 0; i < from.network.links.size(); ++i)
    add(out, from,
        [i](Scenario& s) { s.network.links.erase(s.network.links.begin() + static_cast<std::ptrdiff_t>(i)); });
  for (std::size_t i = 0; i < from.clock.hosts.size(); ++i)
    add(out, from, [i](Scenario& s) { s.clock.hosts.erase(s.clock.hosts.begin() + static_cast<std::ptrdiff_t>(i)); });
  return out;
}

Candidates calmer_world(const Scenario& from) {
  Candidates out;
  add(out, from, [](Scenario& s) {
    s.network = quiet(s.network);
    s.clock = right(s.clock);
    s.disk = even(s.disk);
    s.server = even(s.server);
  });
  add(out, from, [](Scenario& s) { s.network = quiet(s.network); });
  add(out, from, [](Scenario& s) { s.clock = right(s.clock); });
  add(out, from, [](Scenario& s) { s.disk = even(s.disk); });
  add(out, from, [](Scenario& s) { s.server = even(s.server); });
  return out;
}

/// A time with fewer digits: to the second, to a tenth of one, and so on; the nearest such.
std::vector<Duration> rounder(Duration value) {
  std::vector<Duration> out;
  for (const std::int64_t unit : {1'000'000'000, 100'000'000, 10'000'000, 1'000'000}) {
    const std::int64_t ns = (value.ns() + (value.ns() < 0 ? -unit : unit) / 2) / unit * unit;
    if (ns == value.ns()) break;  // as round as that already
    out.push_back(Duration::nanoseconds(ns));
  }
  return out;
}

void round_each(Candidates& out, const Scenario& from, std::size_t i, std::optional<DurationRange> Fault::*member) {
  const std::optional<DurationRange>& value = from.faults[i].*member;
  if (!value) return;
  if (value->fixed()) {
    for (const Duration to : rounder(value->low))
      add(out, from, [&](Scenario& s) { s.faults[i].*member = DurationRange{to, to}; });
  } else {
    add(out, from, [&](Scenario& s) { s.faults[i].*member = DurationRange{value->high, value->high}; });
  }
}

Candidates plainer_faults(const Scenario& from) {
  Candidates out;
  for (std::size_t i = 0; i < from.faults.size(); ++i) {
    const Fault& fault = from.faults[i];
    if (fault.draws) add(out, from, [i](Scenario& s) { s.faults[i].draws.reset(); });
    if (fault.on) {
      add(out, from, [i](Scenario& s) {
        s.faults[i].on.reset();
        s.faults[i].delay.reset();
      });
    }
    // For ever is plainer than for a time (but what is to be writable after it has to end), and a partition that cuts a
    // host off from everybody than one in groups.
    if (fault.lasts && !from.expect.writable_within) add(out, from, [i](Scenario& s) { s.faults[i].lasts.reset(); });
    if (fault.hosts.size() > 1) {
      for (const scenarios::Target& host : fault.hosts) {
        add(out, from, [&](Scenario& s) {
          s.faults[i].hosts.clear();
          s.faults[i].target = host;
        });
      }
    }
    add(out, from, [i](Scenario& s) { s.faults[i].chance.reset(); });
    add(out, from, [i](Scenario& s) { s.faults[i].clients = {}; });
    add(out, from, [i](Scenario& s) { s.faults[i].manner = {}; });
    for (const auto member : {&Fault::at, &Fault::lasts, &Fault::delay, &Fault::latency, &Fault::down, &Fault::up,
                              &Fault::fsync, &Fault::age, &Fault::by})
      round_each(out, from, i, member);
    for (const auto member : {&Fault::fast, &Fault::slow}) {
      if (const auto& ratio = fault.*member) {
        for (const std::int64_t unit : {10'000'000, 1'000'000, 100'000, 1'000}) {
          const std::int64_t ppb = (ratio->ppb() + unit - 1) / unit * unit;
          if (ppb == ratio->ppb()) break;
          add(out, from, [&](Scenario& s) { s.faults[i].*member = scenarios::Ratio::per_billion(ppb); });
        }
      }
    }
  }
  return out;
}

std::string count(std::int64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

const std::vector<Pass>& passes() {
  static const std::vector<Pass> all{
      {"workloads", fewer_workloads},
      {"clients", fewer_clients},
      {"keys", fewer_keys},
      {"time", shorter},
      {"time", earlier},
      {"operations", fewer_operations},
      {"peers", fewer_peers},
      {"members of the store", fewer_members},
      {"the world's values", plainer_world},
      {"the clients' values", plainer_clients},
      {"the faults' values", plainer_faults},
      {"what the world draws", calmer_world},
  };
  return all;
}

std::vector<Scenario> cheaper_worlds(const Scenario& scenario) {
  const auto few_operations = [](Scenario& s) {
    for (Workload& workload : s.workloads) workload.rate.count = std::max<std::int64_t>(workload.rate.count / 16, 1);
  };
  const auto ideal_store = [](Scenario& s) {
    s.store = {};
    s.store.kind = scenarios::StoreKind::ideal;
  };
  Candidates out;
  add(out, scenario, [&](Scenario& s) {
    few_operations(s);
    ideal_store(s);
  });
  add(out, scenario, few_operations);
  add(out, scenario, ideal_store);
  return out;
}

Duration least_duration(const Scenario& scenario) {
  // A run that ends before has no write in time, whatever it does.
  if (scenario.expect.writable_within)
    return whole_seconds(last_heal(scenario) + *scenario.expect.writable_within + Duration::seconds(2));
  return whole_seconds(last_strike(scenario) + Duration::seconds(1));
}

Duration whole_seconds(Duration duration) {
  return Duration::seconds((duration.ns() + 999'999'999) / 1'000'000'000);
}

std::string size_of(const Scenario& scenario) {
  std::int64_t clients = 0, keys = 0;
  std::int64_t per_second = 0;
  for (const Workload& workload : scenario.workloads) {
    clients += workload.clients;
    keys += workload.kind == scenarios::WorkloadKind::set ? 1 : workload.keys;
    per_second += 1'000'000'000 / std::max<std::int64_t>(1, workload.rate.interval().ns());
  }
  return count(static_cast<std::int64_t>(scenario.faults.size()), "fault") + ", " + count(clients, "client") +
         " with " + count(keys, "key") + " at " + std::to_string(per_second) + "/s, " +
         count(scenario.cluster.peers, "peer") + ", " + count(scenarios::members_of(scenario.store), "member") +
         " of the store, " + to_string(scenario.duration);
}

}  // namespace heir::tools
