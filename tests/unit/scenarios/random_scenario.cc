#include "random_scenario.h"

#include <algorithm>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/names.h"
#include "scenarios/policy_switches.h"

namespace heir::scenarios {
namespace {

Duration duration(Dice& dice, Duration low, Duration high) {
  static constexpr std::int64_t grains[] = {1, 1'000, 1'000'000, 500'000'000, 1'000'000'000};
  const std::int64_t grain = grains[dice.between(0, 4)];
  const Duration drawn = Duration::nanoseconds(dice.between(low.ns(), high.ns()) / grain * grain);
  return std::clamp(drawn, low, high);
}

DurationRange range(Dice& dice, Duration low, Duration high) {
  const Duration first = duration(dice, low, high);
  return {first, dice.chance(30) ? first : duration(dice, first, high)};
}

Ratio ratio(Dice& dice, std::int64_t most) {
  static constexpr std::int64_t grains[] = {1, 1'000, 10'000'000};
  const std::int64_t grain = grains[dice.between(0, 2)];
  return Ratio::per_billion(dice.between(0, most) / grain * grain);
}

template <class E>
E any(Dice& dice) {
  const auto names = vocabulary<E>().names;
  return names[static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(names.size()) - 1))].value;
}

const Duration minute = Duration::seconds(60);

std::string text(Dice& dice) {
  static constexpr const char* pieces[] = {"a", "Z", " ", "\"", "\\", "\n", "\t", "\x01", "\x7f",
                                           "'", "#", "=", "ü",  "…",  "😀",  "[[", "\r"};
  std::string out = "t";
  for (std::int64_t i = dice.between(0, 12); i > 0; --i) out += pieces[dice.between(0, 16)];
  return out;
}

Target target(Dice& dice, int peers, std::initializer_list<TargetKind> kinds) {
  const TargetKind kind = kinds.begin()[dice.between(0, static_cast<std::int64_t>(kinds.size()) - 1)];
  return {kind, kind == TargetKind::host ? static_cast<int>(dice.between(1, peers)) : 0};
}

Target peer(Dice& dice, int peers) {
  using T = TargetKind;
  return target(dice, peers,
                {T::any, T::primary, T::sync, T::async, T::deposed, T::host, T::majority, T::minority, T::all});
}

Fault fault(Dice& dice, const Scenario& scenario) {
  using K = FaultKind;
  const int peers = scenario.cluster.peers;
  Fault f;
  do f.kind = any<K>(dice);
  while (f.kind == K::join);
  if (dice.chance(60)) f.at = range(dice, Duration::zero(), scenario.duration);
  if (!f.at || dice.chance(30)) f.every = range(dice, Duration::milliseconds(1), scenario.duration);
  if (f.every && dice.chance(50)) f.until = duration(dice, f.at ? f.at->low : Duration::zero(), scenario.duration);
  if (f.kind == K::random) {
    for (std::int64_t i = dice.between(1, 4); i > 0; --i) {
      const K kind = any<K>(dice);
      if (kind != K::random && kind != K::join && kind != K::wipe_store && kind != K::crash_store)
        f.among.push_back(kind);
    }
    if (f.among.empty()) f.among.push_back(K::crash);
  }
  const auto may_be = [&](K kind) { return f.kind == kind || f.kind == K::random; };
  const bool lasting =
      may_be(K::crash) || may_be(K::crash_database) || may_be(K::crash_agent) || may_be(K::pause) ||
      may_be(K::partition) || may_be(K::slow_link) || may_be(K::clock_rate) || may_be(K::slow_disk) ||
      may_be(K::power_off_all) || may_be(K::stop) || may_be(K::clog) || may_be(K::swizzle_clog) || may_be(K::flap) ||
      f.kind == K::crash_store || may_be(K::clock_slew) || may_be(K::clock_freeze) || may_be(K::suspend) ||
      may_be(K::out_of_memory) || may_be(K::out_of_files) || may_be(K::out_of_connections) || may_be(K::starve) ||
      may_be(K::restart_loop) || may_be(K::second_agent) || may_be(K::stuck_disk) || may_be(K::disk_full) ||
      may_be(K::read_only_disk) || may_be(K::bad_fsync) || may_be(K::bit_rot) || may_be(K::misdirected_write) ||
      may_be(K::misdirected_read) || may_be(K::swap_disk);
  const bool must_end =
      may_be(K::clog) || may_be(K::swizzle_clog) || may_be(K::flap) || may_be(K::pause) || may_be(K::suspend) ||
      may_be(K::power_off_all) || may_be(K::clock_slew) || may_be(K::clock_freeze) || may_be(K::out_of_memory) ||
      may_be(K::out_of_files) || may_be(K::out_of_connections) || may_be(K::starve) || may_be(K::restart_loop) ||
      may_be(K::second_agent) || may_be(K::stuck_disk) || may_be(K::disk_full) || may_be(K::read_only_disk) ||
      may_be(K::bad_fsync) || may_be(K::misdirected_read) || may_be(K::swap_disk);
  if (lasting && (must_end || dice.chance(60))) f.lasts = range(dice, Duration::milliseconds(1), minute);
  if (may_be(K::partition)) {
    f.shape = f.kind == K::random ? PartitionShape::random : any<PartitionShape>(dice);
    f.clients = any<ClientsDuringPartition>(dice);
    f.manner = any<PartitionManner>(dice);
    if (f.shape != PartitionShape::ring && f.shape != PartitionShape::bridge && dice.chance(50))
      f.direction = any<Direction>(dice);
  }
  const bool aimed = f.kind == K::random || (lasting && f.kind != K::power_off_all && f.kind != K::swizzle_clog) ||
                     f.kind == K::break_connections || f.kind == K::clock_step || f.kind == K::rebuild ||
                     f.kind == K::crash_backend || f.kind == K::promote_by_hand || f.kind == K::start_by_hand ||
                     f.kind == K::stop_by_hand || f.kind == K::cancel_by_hand;
  const bool drawn = f.kind == K::partition && draws_groups(f.shape);
  if (aimed && !drawn) {
    do f.target = peer(dice, peers);
    while (f.shape == PartitionShape::from_sync && f.target.kind == TargetKind::sync);
    if (f.shape == PartitionShape::from_members) f.target = {TargetKind::store_leader, 0};
  }
  if (f.kind == K::crash_store || f.kind == K::wipe_store) {
    f.target = target(dice, peers, {TargetKind::store, TargetKind::store_leader, TargetKind::store_majority});
  }
  if (dice.chance(20) && f.target.kind != TargetKind::majority && f.target.kind != TargetKind::minority &&
      !is_of_store(f.target.kind)) {
    f.on = any<Moment>(dice);
    if (dice.chance(50)) f.delay = range(dice, Duration::zero(), minute);
  }
  if (f.kind == K::slow_link && dice.chance(50))
    f.to = target(dice, peers, {TargetKind::store, TargetKind::clients, TargetKind::host});
  // The atlas would be left no copy.
  if (f.target.kind == TargetKind::all) {
    for (const K kind : possible_kinds(f))
      if (may_lose_data(f, kind) || kind == K::bad_fsync) f.target = Target{TargetKind::any, 0};
  }
  if (may_be(K::pause) || may_be(K::restart_loop)) f.process = any<ProcessKind>(dice);
  if (may_be(K::starve)) f.factor = static_cast<int>(dice.between(2, 100));
  if (may_be(K::freeze)) f.mode = any<FreezeMode>(dice);
  if (may_be(K::slow_link)) f.latency = range(dice, Duration::zero(), minute);
  if (may_be(K::partition) && f.kind != K::random && f.manner == PartitionManner::slowed && dice.chance(50))
    f.latency = range(dice, Duration::zero(), minute);
  if (may_be(K::slow_link) && dice.chance(30)) f.duplication = ratio(dice, Ratio::billion);
  if (may_be(K::slow_link) && dice.chance(30)) f.reordering = ratio(dice, Ratio::billion);
  if (may_be(K::slow_link) && dice.chance(30)) f.bandwidth = Rate{dice.between(1, 1'000'000), Duration::seconds(1)};
  if (may_be(K::slow_link) && dice.chance(30)) f.queue = static_cast<int>(dice.between(1500, 1'000'000'000));
  if (may_be(K::flap) || may_be(K::restart_loop)) {
    f.down = range(dice, Duration::milliseconds(1), minute);
    f.up = range(dice, Duration::milliseconds(1), minute);
  }
  if (may_be(K::break_connections)) f.told = any<ToldOfBreak>(dice);
  if (may_be(K::slow_link) && dice.chance(50)) f.loss = ratio(dice, Ratio::billion);
  if (may_be(K::slow_disk)) f.fsync = range(dice, Duration::zero(), minute);
  if ((may_be(K::slow_disk) || may_be(K::bad_fsync) || may_be(K::misdirected_read)) && dice.chance(50))
    f.chance = ratio(dice, Ratio::billion);
  if (may_be(K::bad_fsync)) f.answer = any<FsyncAnswer>(dice);
  if (may_be(K::bit_rot)) {
    f.where = any<RotPlace>(dice);
    if (f.where == RotPlace::agent && (!f.lasts || f.target.kind == TargetKind::rack)) f.where = RotPlace::table;
  }
  if (may_be(K::swap_disk)) {
    f.disk = any<SwappedDisk>(dice);
    if (f.disk == SwappedDisk::old && f.lasts->low <= Duration::milliseconds(1)) f.disk = SwappedDisk::empty;
    if (f.disk == SwappedDisk::old)
      f.age = range(dice, Duration::milliseconds(1), f.lasts->low - Duration::nanoseconds(1));
  }
  if (may_be(K::clock_slew)) {
    f.by = range(dice, -(f.lasts->low / 2), f.lasts->low / 2);
  } else if (may_be(K::clock_step)) {
    f.by = range(dice, -minute, minute);
  }
  if (may_be(K::clock_rate)) {
    const std::int64_t which = dice.between(0, 2);
    (which == 0 ? f.fast : which == 1 ? f.slow : f.within) = ratio(dice, Ratio::billion / 2);
  }
  if (may_be(K::clock_freeze) || may_be(K::suspend)) f.after = any<AfterFreeze>(dice);
  return f;
}

Workload workload(Dice& dice, const Scenario& scenario) {
  Workload w;
  w.kind = any<WorkloadKind>(dice);
  w.clients = static_cast<int>(dice.between(1, 1000));
  if (w.kind != WorkloadKind::set) w.keys = static_cast<int>(dice.between(1, 1000));
  w.rate = {dice.between(1, 1000), dice.chance(50) ? Duration::seconds(1) : minute};
  w.reads = ratio(dice, Ratio::billion);
  w.timeout = duration(dice, Duration::milliseconds(1), minute);
  if (w.reads > Ratio()) w.reads_from = any<ReadsFrom>(dice);
  w.start = duration(dice, Duration::zero(), scenario.duration - Duration::seconds(2));
  if (dice.chance(30)) w.stop = duration(dice, w.start + Duration::seconds(1), scenario.duration);
  return w;
}

Expect expectations(Dice& dice, const Scenario& scenario) {
  Expect e;
  if (dice.chance(30)) {
    e.verdict = any<FailureKind>(dice);
  } else {
    e.linearizable = dice.chance(80);
    e.lost_writes = dice.chance(80) ? 0 : static_cast<int>(dice.between(0, 100));
    if (!scenario.workloads.empty() && dice.chance(50))
      e.writable_within = duration(dice, Duration::milliseconds(1), scenario.duration);
    if (!scenario.workloads.empty() && dice.chance(50))
      e.max_unavailable = duration(dice, Duration::milliseconds(1), minute);
  }
  if (dice.chance(40)) e.min_failovers = static_cast<int>(dice.between(0, 5));
  if (dice.chance(40)) e.max_failovers = static_cast<int>(dice.between(5, 9));
  if (!scenario.workloads.empty() && dice.chance(40)) e.min_ok = static_cast<int>(dice.between(0, 100'000));
  if (dice.chance(40)) e.max_failed_requests = static_cast<int>(dice.between(0, 5));
  return e;
}

}  // namespace

Scenario random_scenario(Dice& dice) {
  Scenario s;
  s.title = text(dice);
  s.duration = duration(dice, Duration::seconds(10), Duration::seconds(1000));
  for (Duration at = Duration::zero(); dice.chance(30); at = at + duration(dice, Duration::zero(), minute))
    s.vary.push_back({at, static_cast<std::uint64_t>(dice.between(1, INT64_MAX))});
  s.cluster.peers = static_cast<int>(dice.between(3, 15));
  s.cluster.policy = any<PolicyPreset>(dice);
  s.cluster.system = any<SystemKind>(dice);
  for (const PolicySwitch& line : policy_switches()) {
    if (!dice.chance(15)) continue;
    const auto index = static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(line.values.size()) - 1));
    s.policy.push_back({std::string(line.name), std::string(line.values[index]), {}});
  }
  if (dice.chance(30))
    s.store.kind = StoreKind::ideal;
  else if (dice.chance(50))
    s.store.members = dice.chance(50) ? 3 : 5;
  s.store.election = duration(dice, Duration::seconds(1), Duration::seconds(30));
  s.store.heartbeat = duration(dice, Duration::milliseconds(1), Duration::milliseconds(500));
  s.store.snapshot_every = static_cast<int>(dice.between(1, 10'000));
  s.timing.session_ttl = duration(dice, Duration::seconds(3), Duration::seconds(30));
  s.timing.renewal = duration(dice, Duration::milliseconds(1), Duration::milliseconds(900));
  s.timing.clock_bound = ratio(dice, Ratio::billion / 10);
  s.timing.request_timeout = duration(dice, Duration::milliseconds(1), minute);
  s.timing.restart_attempts = static_cast<int>(dice.between(1, 100));
  s.network.latency = range(dice, Duration::zero(), minute);
  s.network.tail_chance = ratio(dice, Ratio::billion);
  s.network.loss = ratio(dice, Ratio::billion);
  for (std::int64_t i = dice.between(0, 2); i > 0; --i) {
    Link link{{TargetKind::host, static_cast<int>(dice.between(1, s.cluster.peers))},
              {TargetKind::store, 0},
              dice.chance(50),
              {},
              {}};
    if (dice.chance(50)) link.latency = range(dice, Duration::zero(), minute);
    if (!link.latency || dice.chance(50)) link.loss = ratio(dice, Ratio::billion);
    s.network.links.push_back(link);
  }
  s.clock.rate_error = ratio(dice, Ratio::billion / 2);
  for (int host = 1; host <= 2; ++host) {
    if (dice.chance(50))
      s.clock.hosts.push_back({host, {}, ratio(dice, Ratio::billion / 2), duration(dice, -minute, minute)});
  }
  s.disk.fsync = range(dice, Duration::zero(), minute);
  s.server.replay_delay = range(dice, Duration::zero(), minute);
  s.server.promote = range(dice, Duration::zero(), minute);
  for (std::int64_t i = dice.between(0, 3); i > 0; --i) s.workloads.push_back(workload(dice, s));
  for (std::int64_t i = dice.between(0, 5); i > 0; --i) s.faults.push_back(fault(dice, s));
  if (dice.chance(30)) {
    s.cluster.late = {s.cluster.peers};
    if (s.cluster.peers > 3) {
      Fault join;
      join.kind = FaultKind::join;
      join.at = range(dice, Duration::zero(), s.duration);
      join.target = {TargetKind::host, s.cluster.peers};
      s.faults.push_back(join);
    } else {
      s.cluster.late.clear();
    }
  }
  s.expect = expectations(dice, s);
  return s;
}

}  // namespace heir::scenarios
