#include "sim/faults/swarm.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "sim/kernel/random.h"

namespace heir::sim {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;
using scenarios::Moment;
using scenarios::PartitionShape;
using scenarios::Target;
using scenarios::TargetKind;
using scenarios::Workload;
using scenarios::WorkloadKind;

using Range = scenarios::DurationRange;

constexpr Duration us(std::int64_t n) {
  return Duration::microseconds(n);
}
constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

template <class T>
T pick(RandomStream& random, std::initializer_list<T> from) {
  return *(from.begin() + random.below(from.size()));
}

/// From a tenth of a thousandth up to `most`, or nothing, each time in another order of magnitude.
scenarios::Ratio chance(RandomStream& random, scenarios::Ratio most) {
  if (random.chance(Ratio::percent(40))) return {};
  const std::int64_t shrunk = most.ppb() >> random.below(10);
  return scenarios::Ratio::per_billion(random.between(0, shrunk) / 1000 * 1000);
}

/// Rounded to whole milliseconds, so that a saved scenario reads well.
Duration between(RandomStream& random, Duration low, Duration high) {
  return ms(random.between(low.ns() / 1'000'000, high.ns() / 1'000'000));
}
Range range(RandomStream& random, Duration low, Duration high) {
  const Duration a = between(random, low, high);
  const Duration b = between(random, low, high);
  return {std::min(a, b), std::max(a, b)};
}

// ---- The tables of which the file says nothing ----

scenarios::Cluster draw_cluster(scenarios::Cluster cluster, RandomStream random) {
  cluster.peers = pick(random, {3, 3, 3, 4, 5, 5});
  cluster.fenced_reads = random.chance(Ratio::percent(10));
  return cluster;
}

/// Of the cluster itself the file says nothing: of what no seed draws it may.
bool is_drawn(scenarios::Cluster cluster) {
  const scenarios::Cluster defaults;
  cluster.system = defaults.system;
  cluster.max_lag = defaults.max_lag;
  return cluster == defaults;
}

scenarios::Store draw_store(RandomStream random) {
  scenarios::Store store;
  if (random.chance(Ratio::percent(10))) {
    store.kind = scenarios::StoreKind::ideal;
    return store;
  }
  store.members = pick(random, {3, 3, 3, 5});
  store.heartbeat = pick(random, {ms(50), ms(100), ms(100), ms(200)});
  store.election = store.heartbeat * random.between(4, 10);
  store.snapshot_every = pick(random, {2, 10, 50, 1000});
  return store;
}

scenarios::Timing draw_timing(RandomStream random) {
  scenarios::Timing timing;
  if (random.chance(Ratio::percent(60))) return timing;
  timing.session_ttl = between(random, ms(1000), ms(6000));
  timing.renewal = timing.session_ttl / random.between(4, 8);
  timing.renewal = ms(timing.renewal.ns() / 1'000'000);
  timing.sync_stall = between(random, ms(2000), ms(10'000));
  timing.resign_hold = between(random, ms(3000), ms(15'000));
  return timing;
}

scenarios::Network draw_network(RandomStream random) {
  scenarios::Network network;
  network.latency =
      pick(random, {Range{us(100), us(500)}, Range{us(200), ms(2)}, Range{ms(1), ms(10)}, Range{ms(5), ms(40)}});
  network.tail_chance = chance(random, scenarios::Ratio::percent(2));
  network.loss = chance(random, scenarios::Ratio::percent(5));
  network.duplication = chance(random, scenarios::Ratio::percent(5));
  network.reordering = chance(random, scenarios::Ratio::percent(20));
  return network;
}

/// Together with what the faults of clocks add, within the default of `clock_bound`.
constexpr std::int64_t base_rate_ppm = 3000;
constexpr std::int64_t fault_rate_ppm = 3000;

scenarios::Clock draw_clock(RandomStream random) {
  scenarios::Clock clock;
  clock.rate_error = scenarios::Ratio::per_million(random.between(0, base_rate_ppm));
  clock.wall_offset = between(random, ms(0), ms(10'000));
  return clock;
}

scenarios::Disk draw_disk(RandomStream random) {
  scenarios::Disk disk;
  disk.fsync = pick(random, {Range{us(50), us(300)}, Range{us(200), ms(4)}, Range{ms(2), ms(20)}});
  disk.kept = static_cast<int>(random.between(0, 10));
  disk.dropped = static_cast<int>(random.between(1, 10));
  disk.torn = static_cast<int>(random.between(0, 5));
  disk.garbage = static_cast<int>(random.between(0, 5));
  disk.write = pick(random, {Range{}, Range{}, Range{us(5), us(50)}, Range{ms(1), ms(10)}});
  disk.read = pick(random, {Range{}, Range{}, Range{us(20), us(200)}, Range{ms(1), ms(20)}});
  return disk;
}

scenarios::Server draw_server(RandomStream random) {
  scenarios::Server server;
  server.replay_delay = pick(random, {Range{ms(0), ms(2)}, Range{ms(1), ms(20)}, Range{ms(50), ms(2000)}});
  server.clone = pick(random, {Range{ms(200), ms(1000)}, Range{ms(2000), ms(5000)}});
  return server;
}

std::vector<Workload> draw_workloads(RandomStream random) {
  std::vector<Workload> workloads;
  const std::uint64_t writers = 1 + random.below(2);
  for (std::uint64_t i = 0; i < writers; ++i) {
    Workload workload;
    workload.kind =
        pick(random, {WorkloadKind::register_, WorkloadKind::register_, WorkloadKind::append, WorkloadKind::set});
    workload.clients = static_cast<int>(random.between(1, 8));
    if (workload.kind != WorkloadKind::set) workload.keys = static_cast<int>(random.between(1, 6));
    workload.rate = {random.between(20, 200), Duration::seconds(1)};
    workload.reads = scenarios::Ratio::percent(random.between(10, 80));
    workload.timeout = between(random, ms(500), ms(4000));
    workloads.push_back(workload);
  }
  if (random.chance(Ratio::percent(30))) {
    Workload readers;
    readers.clients = static_cast<int>(random.between(1, 3));
    readers.keys = 2;
    readers.rate = {20, Duration::seconds(1)};
    readers.reads = scenarios::Ratio::percent(90);
    readers.reads_from = scenarios::ReadsFrom::standbys;
    workloads.push_back(readers);
  }
  return workloads;
}

// ---- Faults ----

/// How long something lasts: within one of four orders of magnitude around the lease.
Range draw_length(RandomStream& random) {
  switch (random.below(4)) {
    case 0: return range(random, ms(10), ms(200));
    case 1: return range(random, ms(100), ms(2000));
    case 2: return range(random, ms(1000), ms(6000));
    default: return range(random, ms(4000), ms(20'000));
  }
}

/// What takes every copy of the store's log would leave the atlas none.
bool takes_the_store(const Fault& fault, TargetKind target, int members) {
  return scenarios::may_lose_data(fault, fault.kind) &&
         (target == TargetKind::store || (members == 1 && scenarios::is_of_store(target)));
}

Target draw_target(const Fault& fault, int members, RandomStream& random) {
  constexpr std::array kinds{TargetKind::any,
                             TargetKind::any,
                             TargetKind::any,
                             TargetKind::primary,
                             TargetKind::primary,
                             TargetKind::primary,
                             TargetKind::sync,
                             TargetKind::async,
                             TargetKind::deposed,
                             TargetKind::minority,
                             TargetKind::store,
                             TargetKind::minority,
                             TargetKind::sync,
                             TargetKind::store_leader,
                             TargetKind::store_leader,
                             TargetKind::store_follower,
                             TargetKind::store_minority,
                             TargetKind::rack};
  for (;;) {
    Fault candidate = fault;
    candidate.target = {random.pick(kinds), 0};
    const bool exists = members > 1 || (candidate.target.kind != TargetKind::store_follower &&
                                        candidate.target.kind != TargetKind::store_minority);
    if (exists && !takes_the_store(fault, candidate.target.kind, members) &&
        scenarios::impossible_target(fault.kind, candidate).empty())
      return candidate.target;
  }
}

constexpr std::array moments{Moment::fsync,        Moment::state,       Moment::leads,   Moment::gate_opens,
                             Moment::gate_held,    Moment::gate_closes, Moment::severed, Moment::promoted,
                             Moment::clone_begins, Moment::rejoined};

PartitionShape draw_shape(RandomStream& random) {
  return pick(random, {PartitionShape::random, PartitionShape::isolate, PartitionShape::halves,
                       PartitionShape::from_store, PartitionShape::from_sync, PartitionShape::from_peers,
                       PartitionShape::one_way, PartitionShape::ring, PartitionShape::bridge, PartitionShape::sizes,
                       PartitionShape::coin, PartitionShape::three, PartitionShape::from_members});
}

/// Whether a seed may draw the kind: not what only one file means, nor what ends a cluster by its rules.
bool is_drawn(FaultKind kind, const scenarios::Swarm& swarm) {
  switch (kind) {
    case FaultKind::random:
    case FaultKind::join:
    case FaultKind::wipe_store: return false;
    // Until the next look at the database such a commit is shown, which section 5 leaves to reads = "fenced".
    case FaultKind::cancel_by_hand: return false;
    case FaultKind::clock_freeze: return swarm.beyond_clock_bound;
    default: return true;
  }
}

/// All but when it strikes.
Fault draw_fault(FaultKind kind, const scenarios::Swarm& swarm, int members, RandomStream& random) {
  Fault fault;
  fault.kind = kind;
  const std::int64_t ppm = swarm.beyond_clock_bound ? 200'000 : fault_rate_ppm;
  switch (kind) {
    case FaultKind::crash:
    case FaultKind::crash_database:
    case FaultKind::crash_agent:
    case FaultKind::crash_store:
    case FaultKind::out_of_memory:
    case FaultKind::out_of_files:
    case FaultKind::out_of_connections:
    case FaultKind::second_agent:
    case FaultKind::stop: fault.lasts = draw_length(random); break;
    case FaultKind::starve:
      fault.lasts = draw_length(random);
      fault.factor = static_cast<int>(random.between(2, 30));
      break;
    case FaultKind::restart_loop:
      fault.lasts = draw_length(random);
      fault.process =
          pick(random, {scenarios::ProcessKind::host, scenarios::ProcessKind::agent, scenarios::ProcessKind::database});
      fault.up = range(random, ms(20), ms(3000));
      fault.down = range(random, ms(20), ms(2000));
      break;
    case FaultKind::pause:
      fault.lasts = draw_length(random);
      fault.process =
          pick(random, {scenarios::ProcessKind::host, scenarios::ProcessKind::agent, scenarios::ProcessKind::database});
      break;
    case FaultKind::suspend:
      fault.lasts = draw_length(random);
      fault.after = swarm.beyond_clock_bound
                        ? pick(random, {scenarios::AfterFreeze::behind, scenarios::AfterFreeze::wall_catches_up,
                                        scenarios::AfterFreeze::both_catch_up})
                        : scenarios::AfterFreeze::both_catch_up;
      break;
    case FaultKind::power_off_all: fault.lasts = range(random, ms(100), ms(5000)); break;
    case FaultKind::partition:
      fault.lasts = draw_length(random);
      fault.shape = draw_shape(random);
      fault.clients = pick(random, {scenarios::ClientsDuringPartition::connected,
                                    scenarios::ClientsDuringPartition::cut, scenarios::ClientsDuringPartition::random});
      fault.manner = pick(random, {scenarios::PartitionManner::dropped, scenarios::PartitionManner::dropped,
                                   scenarios::PartitionManner::slowed, scenarios::PartitionManner::jammed});
      if (fault.shape != PartitionShape::ring && fault.shape != PartitionShape::bridge &&
          random.chance(Ratio::percent(30)))
        fault.direction = pick(random, {scenarios::Direction::outbound, scenarios::Direction::inbound});
      break;
    case FaultKind::slow_link:
      fault.lasts = draw_length(random);
      fault.latency = range(random, ms(1), ms(3000));
      if (random.chance(Ratio::percent(50))) fault.loss = chance(random, scenarios::Ratio::percent(30));
      break;
    case FaultKind::clog:
    case FaultKind::swizzle_clog: fault.lasts = draw_length(random); break;
    case FaultKind::flap:
      fault.lasts = draw_length(random);
      fault.down = range(random, ms(10), ms(2000));
      fault.up = range(random, ms(10), ms(2000));
      break;
    case FaultKind::break_connections:
      fault.told = pick(random, {scenarios::ToldOfBreak::both, scenarios::ToldOfBreak::one,
                                 scenarios::ToldOfBreak::nobody, scenarios::ToldOfBreak::half});
      break;
    case FaultKind::clock_step:
      fault.by = range(random, ms(1), ms(100'000));
      if (random.chance(Ratio::percent(50))) fault.by = Range{-fault.by->high, -fault.by->low};
      break;
    case FaultKind::clock_rate:
      fault.lasts = draw_length(random);
      fault.within = scenarios::Ratio::per_million(random.between(0, ppm));
      break;
    case FaultKind::clock_slew: {
      fault.lasts = draw_length(random);
      const Duration most = us(fault.lasts->low.ns() / 1000 * ppm / 1'000'000);
      fault.by = Range{-most, most};
      break;
    }
    case FaultKind::clock_freeze:
      fault.lasts = draw_length(random);
      fault.after = pick(random, {scenarios::AfterFreeze::behind, scenarios::AfterFreeze::wall_catches_up,
                                  scenarios::AfterFreeze::both_catch_up});
      break;
    case FaultKind::slow_disk:
      fault.lasts = draw_length(random);
      fault.fsync = range(random, ms(1), ms(3000));
      if (random.chance(Ratio::percent(30))) fault.chance = scenarios::Ratio::percent(random.between(1, 50));
      break;
    case FaultKind::stuck_disk:
    case FaultKind::disk_full:
    case FaultKind::read_only_disk: fault.lasts = draw_length(random); break;
    case FaultKind::bad_fsync:
      fault.lasts = draw_length(random);
      fault.answer = pick(
          random, {scenarios::FsyncAnswer::error, scenarios::FsyncAnswer::error_dropped, scenarios::FsyncAnswer::lie});
      if (random.chance(Ratio::percent(50))) fault.chance = scenarios::Ratio::percent(random.between(1, 50));
      break;
    case FaultKind::bit_rot:
      if (random.chance(Ratio::percent(50))) fault.lasts = draw_length(random);
      fault.where = pick(random, {scenarios::RotPlace::log, scenarios::RotPlace::table, scenarios::RotPlace::agent});
      if (fault.where == scenarios::RotPlace::agent && !fault.lasts) fault.lasts = draw_length(random);
      break;
    case FaultKind::misdirected_write:
      if (random.chance(Ratio::percent(50))) fault.lasts = draw_length(random);
      break;
    case FaultKind::misdirected_read:
      fault.lasts = draw_length(random);
      fault.chance = scenarios::Ratio::percent(random.between(1, 30));
      break;
    case FaultKind::swap_disk:
      // Another's identity or data is for an operator to put right.
      fault.disk = pick(random, {scenarios::SwappedDisk::empty, scenarios::SwappedDisk::old});
      if (fault.disk == scenarios::SwappedDisk::old) {
        fault.age = draw_length(random);
        fault.lasts = Range{fault.age->high + ms(100), fault.age->high + between(random, ms(200), ms(8000))};
      } else {
        fault.lasts = draw_length(random);
      }
      break;
    case FaultKind::freeze:
      fault.mode = pick(random, {scenarios::FreezeMode::takeovers, scenarios::FreezeMode::all});
      break;
    case FaultKind::crash_backend:
    case FaultKind::promote_by_hand:
    case FaultKind::start_by_hand:
    case FaultKind::stop_by_hand:
    case FaultKind::cancel_by_hand:
    case FaultKind::switchover:
    case FaultKind::unfreeze:
    case FaultKind::rebuild:
    case FaultKind::wipe_store:
    case FaultKind::join:
    case FaultKind::random: break;
  }
  if (!scenarios::has_target(fault)) return fault;
  // Now and then in the middle of what a peer does, on its host.
  Fault struck_then = fault;
  struck_then.target = {pick(random, {TargetKind::any, TargetKind::any, TargetKind::primary, TargetKind::sync}), 0};
  if (random.chance(Ratio::percent(25)) && scenarios::impossible_target(kind, struck_then).empty()) {
    struck_then.on = random.pick(moments);
    struck_then.delay = pick(random, {Range{}, range(random, ms(0), ms(20)), range(random, ms(0), ms(500))});
    return struck_then;
  }
  fault.target = draw_target(fault, members, random);
  return fault;
}

std::vector<FaultKind> draw_kinds(const scenarios::Swarm& swarm, RandomStream& random) {
  std::vector<FaultKind> kinds;
  while (kinds.empty()) {
    for (const scenarios::FaultFamily family : swarm.families) {
      if (!random.chance(Ratio::percent(60))) continue;
      for (const scenarios::FaultTraits& traits : scenarios::fault_kinds()) {
        if (traits.family != family || !is_drawn(traits.kind, swarm)) continue;
        if (random.chance(Ratio::percent(50))) kinds.push_back(traits.kind);
      }
    }
  }
  return kinds;
}

constexpr Duration first_strike = Duration::seconds(9);  ///< The cluster has begun by then, as a rule.

std::vector<Fault> draw_faults(const scenarios::Scenario& scenario, const scenarios::Swarm& swarm,
                               RandomStream random) {
  const std::vector<FaultKind> kinds = draw_kinds(swarm, random);
  std::vector<std::int64_t> weights;
  std::int64_t all_weights = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    weights.push_back(random.between(1, 100));
    all_weights += weights.back();
  }
  // The mean time between two strikes of any kind, each order of magnitude as likely.
  const Duration gap = ms(random.between(300, 1000) << random.below(5));
  std::vector<Fault> faults;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    Fault fault = draw_fault(kinds[i], swarm, members_of(scenario.store), random);
    const Duration every = ms(gap.ns() / 1'000'000 * all_weights / weights[i]);
    const Duration first = std::min(first_strike, scenario.duration / 4);
    const Duration last = scenario.duration / 4 * 3;
    fault.at = Range{first, std::max(first, std::min(last, first + every))};
    // Rates add up on a clock that is struck again before it was healed: the bound allows for one.
    const Duration least = scenarios::traits(kinds[i]).family == scenarios::FaultFamily::clock && fault.lasts
                               ? fault.lasts->high + ms(1)
                               : ms(1);
    const Duration low = std::max(least, every / 2);
    if (low <= last) fault.every = Range{low, std::max(low, every * 3 / 2)};
    faults.push_back(std::move(fault));
  }
  return faults;
}

}  // namespace

scenarios::Scenario expand(const scenarios::Scenario& scenario, std::uint64_t seed) {
  if (!scenario.swarm) return scenario;
  const auto stream = [seed](std::string_view part) { return RandomStream(seed, "swarm/" + std::string(part)); };
  const scenarios::Swarm swarm = *scenario.swarm;
  scenarios::Scenario plain = scenario;
  plain.swarm.reset();
  if (is_drawn(plain.cluster)) plain.cluster = draw_cluster(plain.cluster, stream("cluster"));
  if (plain.store == scenarios::Store{}) plain.store = draw_store(stream("store"));
  if (plain.timing == scenarios::Timing{}) plain.timing = draw_timing(stream("timing"));
  if (plain.network == scenarios::Network{}) plain.network = draw_network(stream("network"));
  if (plain.clock == scenarios::Clock{}) plain.clock = draw_clock(stream("clock"));
  if (plain.disk == scenarios::Disk{}) plain.disk = draw_disk(stream("disk"));
  if (plain.server == scenarios::Server{}) plain.server = draw_server(stream("server"));
  if (plain.workloads.empty()) plain.workloads = draw_workloads(stream("workload"));
  const std::vector<Fault> drawn = draw_faults(plain, swarm, stream("fault"));
  plain.faults.insert(plain.faults.end(), drawn.begin(), drawn.end());
  if (swarm.beyond_clock_bound) plain.expect.linearizable = false;
  return plain;
}

std::string summary(const scenarios::Scenario& expanded) {
  std::string faults;
  for (const Fault& fault : expanded.faults) faults += (faults.empty() ? "" : ", ") + scenarios::to_string(fault.kind);
  const int members = members_of(expanded.store);
  return std::to_string(expanded.cluster.peers) + " peers, " +
         (members == 1 ? "an ideal store" : std::to_string(members) + " members of the store") +
         "; faults: " + (faults.empty() ? "none" : faults);
}

}  // namespace heir::sim
