// Scenario: what one run is made of, as a plain value: the cluster, the world that it lives in, its clients, what goes
// wrong, and what must come out. One file of the library (scenarios/*/*.toml) is one Scenario.
//
// Every member has the default that a file gets by not naming its key; scenarios/README.md lists the keys. A Scenario
// from scenarios/load.h is valid: ranges are ordered, hosts exist, and a fault has the members that its kind needs.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/time.h"
#include "scenarios/quantities.h"

namespace heir::scenarios {

/// A place in a scenario's text; line and column count from 1, 0 means that the value comes from elsewhere (`--set`).
/// A place is not part of the value: all places are equal.
struct SourcePosition {
  int line = 0;
  int column = 0;
  constexpr bool operator==(const SourcePosition&) const { return true; }
};

// ---- The cluster ----

enum class Database { postgresql };

/// What fails the databases over. Others than heir are there on real hosts only.
enum class SystemKind { heir, patroni, auto_failover, repmgr };

/// Whose rules the peers follow (FAILOVER.md section 10).
enum class PolicyPreset { heir, manatee, sirenia };

/// Peers run on hosts 1 to `peers`, one each; the store and the clients have hosts of their own.
struct Cluster {
  Database database = Database::postgresql;
  SystemKind system = SystemKind::heir;
  int peers = 3;  ///< 1 to 15; 1 only with `singleton`.
  PolicyPreset policy = PolicyPreset::heir;
  bool singleton = false;     ///< Configured for one-node writes.
  bool fenced_reads = false;  ///< FAILOVER.md section 5: every answer waits until the sync has all that it can show.
  Duration max_lag = Duration::seconds(10);  ///< Of what the read-only ports show (engine/agent/standby_reads.h).
  int racks = 3;          ///< The hosts of the peers, and those of the store, stand in so many racks by turns.
  std::vector<int> late;  ///< Hosts (from 1) that are off, with empty disks, until a `join` fault.
  bool operator==(const Cluster&) const = default;
};

/// One line of `[policy]`: a named switch of the rules and its value, as text ("false", "replayed"). Names and values
/// are those of scenarios/policy_switches.h. In the order of the file; no name twice.
struct PolicyOverride {
  std::string name;
  std::string value;
  SourcePosition at;
  bool operator==(const PolicyOverride&) const = default;
};

// ---- The coordination store ----

enum class StoreKind {
  raft,   ///< Our replicated store, on hosts of its own.
  ideal,  ///< One linearizable server that answers over the simulated network.
};

struct Store {
  StoreKind kind = StoreKind::raft;
  std::optional<int> members;  ///< Of kind `raft`: 3 or 5; 3 if absent.
  // Of kind `raft`.
  Duration heartbeat = Duration::milliseconds(100);  ///< Of the leader.
  Duration election = Duration::milliseconds(500);   ///< Without a leader for between one and two of it: an election.
  int snapshot_every = 1'000;                        ///< Entries of the log.
  bool operator==(const Store&) const = default;
};
constexpr int members_of(const Store& store) {
  return store.kind == StoreKind::ideal ? 1 : store.members.value_or(3);
}

// ---- What the peers are configured with ----

/// FAILOVER.md sections 3 and 5.
struct Timing {
  Duration session_ttl = Duration::seconds(2);
  Duration renewal = Duration::milliseconds(400);      ///< Time between two renewals of the session; below the ttl.
  Ratio clock_bound = Ratio::percent(1);               ///< e: how far the engine trusts any monotonic clock to be off.
  Duration request_timeout = Duration::seconds(1);     ///< A store request without an answer for so long is unknown.
  Duration sync_stall = Duration::seconds(5);          ///< A sync that lacks something and gains nothing is replaced.
  Duration resign_hold = Duration::seconds(10);        ///< A primary that resigned stays away for so long.
  Duration switchover_drain = Duration::seconds(2);    ///< Transactions get so long to end before a switchover.
  Duration retry_first = Duration::milliseconds(100);  ///< First pause before something is tried again; doubles,
  Duration retry_most = Duration::seconds(5);          ///< up to this.
  int restart_attempts = 4;  ///< Failed starts in a row after which a database counts as dead.
  bool operator==(const Timing&) const = default;
};

// ---- The physical world ----

/// One end of a link, or the one that a fault hits.
enum class TargetKind {
  any,      ///< One peer's host, drawn.
  primary,  ///< Who is primary, by the cluster state, when the fault strikes.
  sync,
  async,    ///< The first async.
  deposed,  ///< The first deposed peer.
  store,    ///< The hosts of all members of the store.
  store_leader,
  store_follower,  ///< One of the other members, drawn.
  store_member,    ///< The store's member of that number.
  store_majority,  ///< More than half of the members, drawn,
  store_minority,  ///< or less than half, at least one.
  clients,         ///< All hosts of clients.
  host,            ///< The peer's host of that number.
  majority,        ///< More than half of the peers' hosts, drawn.
  minority,        ///< Less than half of them, at least one, drawn.
  all,             ///< All peers' hosts.
  rack,            ///< The hosts of one rack (Cluster::racks), the store's too; drawn, or of that number.
};

struct Target {
  TargetKind kind = TargetKind::any;
  int host = 0;  ///< From 1, of `host`, `store_member` and `rack`; 0 for other kinds and a rack that is drawn.
  bool operator==(const Target&) const = default;
};

/// Overrides of one link, in both directions unless `one_way`.
struct Link {
  Target from;  ///< host:N, store, clients.
  Target to;
  bool one_way = false;
  std::optional<DurationRange> latency;
  std::optional<Ratio> loss;
  bool operator==(const Link&) const = default;
};

struct Network {
  DurationRange latency{Duration::microseconds(200), Duration::milliseconds(2)};  ///< One way, drawn for each message.
  DurationRange tail{Duration::milliseconds(10), Duration::milliseconds(100)};  ///< Latency of the unlucky few instead.
  Ratio tail_chance = Ratio::per_million(1'000);                                ///< How many are unlucky.
  Ratio loss;         ///< Of messages; connections retransmit.
  Ratio duplication;  ///< Of messages.
  Ratio reordering;   ///< Messages that later ones may overtake; the others keep their order on a link.
  std::vector<Link> links;
  bool operator==(const Network&) const = default;
};

/// A clock that is not drawn but fixed.
struct HostClock {
  int host = 1;                    ///< From 1.
  std::optional<Ratio> fast;       ///< Its clocks run fast by so much,
  std::optional<Ratio> slow;       ///< or slow by so much; not both.
  std::optional<Duration> offset;  ///< Wall clock ahead of true time by so much at the start; may be negative.
  bool operator==(const HostClock&) const = default;
};

struct Clock {
  Ratio rate_error = Ratio::per_million(50);          ///< Each host's clocks run fast or slow by up to this, drawn.
  Duration wall_offset = Duration::milliseconds(10);  ///< Each host's wall clock is off by up to this, either way.
  std::vector<HostClock> hosts;
  bool operator==(const Clock&) const = default;
};

struct Disk {
  DurationRange fsync{Duration::microseconds(200), Duration::milliseconds(4)};
  // Of the files of agents and of the store's members; PostgreSQL's own are part of its times.
  DurationRange write{};  ///< Into the page cache.
  DurationRange read{};
  // How often a loss of power leaves an unsynced page so, against each other; not all 0.
  int kept = 4;
  int dropped = 4;
  int torn = 1;
  int garbage = 1;
  bool atlas = true;  ///< Faults leave one good copy of whatever was acknowledged (sim/faults/atlas.h).
  bool operator==(const Disk&) const = default;
};

/// How the database servers behave on these hosts.
struct Server {
  DurationRange replay_delay{Duration::milliseconds(1), Duration::milliseconds(20)};  ///< Standby: flushed to visible.
  DurationRange start{Duration::milliseconds(200), Duration::seconds(1)};         ///< To start, crash recovery apart.
  DurationRange promote{Duration::milliseconds(20), Duration::milliseconds(60)};  ///< A standby, to be a primary.
  DurationRange clone{Duration::seconds(2), Duration::seconds(5)};                ///< To copy all data, once connected.
  int connections = 100;                                                          ///< Sessions at a time.
  bool operator==(const Server&) const = default;
};

// ---- Clients ----

enum class WorkloadKind {
  register_,  ///< Writes and reads of single values by key ("register").
  append,     ///< Appends to and reads of lists by key.
  set,        ///< Adds elements to one set; reads all of it.
};

enum class ReadsFrom { primary, standbys };

struct Workload {
  WorkloadKind kind = WorkloadKind::register_;
  int clients = 5;
  int keys = 16;                              ///< Not for `set`.
  Rate rate{200, Duration::seconds(1)};       ///< Of all clients of this workload together.
  Ratio reads = Ratio::percent(50);           ///< Share of reads among the operations.
  Duration timeout = Duration::seconds(5);    ///< A client gives an operation up, as unknown, after so long.
  ReadsFrom reads_from = ReadsFrom::primary;  ///< Standbys: by the read-only ports, within Cluster::max_lag.
  Duration start;                             ///< First operation not before.
  std::optional<Duration> stop;               ///< No operation begins after; at the end of the run if absent.
  bool operator==(const Workload&) const = default;
};

// ---- Faults ----

enum class FaultKind {
  crash,               ///< The host loses power: memory and what the disk had not synced is gone. Boots after `for`.
  crash_database,      ///< The database server is killed; its agent restarts it.
  crash_agent,         ///< The agent is killed, and started again by the host's service manager; the database lives on.
  crash_backend,       ///< One process of the database server dies: all its sessions end, and it recovers by itself.
  out_of_memory,       ///< Process after process of the host is killed.
  out_of_files,        ///< The agent opens no file and no connection, and starts no program.
  out_of_connections,  ///< Strangers hold every session of the database but the reserved ones.
  starve,              ///< The host's processes run only one part in `factor` of the time.
  restart_loop,        ///< A process dies again and again.
  pause,               ///< Processes stand still for `for` while time and peers go on.
  suspend,             ///< The host stands still, its clocks too.
  partition,           ///< Messages and connections between hosts are cut.
  slow_link,           ///< Latency and loss of links from `target` to `to` become worse.
  clog,                ///< What is sent to and from the target waits, and arrives at the end.
  swizzle_clog,        ///< Half of all hosts are clogged one by one, and freed in another order.
  flap,                ///< The target's links go down and up.
  break_connections,   ///< Established connections of the target are forgotten on the way.
  clock_step,          ///< The wall clock jumps by `by`.
  clock_rate,          ///< The host's clocks run fast or slow.
  clock_slew,          ///< The host's clocks gain or lose `by`, evenly over `for`.
  clock_freeze,        ///< The host's clocks stand still while its programs run.
  slow_disk,           ///< fsync takes `fsync`.
  stuck_disk,          ///< fsync does not end.
  disk_full,           ///< Nothing more can be written.
  read_only_disk,      ///< The file system refuses every change.
  bad_fsync,           ///< fsync ends as `answer` says.
  bit_rot,             ///< What was stored reads as something else, `where` it says.
  misdirected_write,   ///< A page went to another place.
  misdirected_read,    ///< Reads find another place's content.
  swap_disk,           ///< The host comes back with the disk that `disk` says.
  power_off_all,       ///< Every host at once, the store's too; all boot after `for`.
  crash_store,         ///< The store's server is killed, and started again by the host's service manager.
  wipe_store,          ///< The store's hosts come back with empty disks.
  switchover,          ///< Operator: promote the sync.
  freeze,              ///< Operator: `freeze` in `mode`.
  unfreeze,            ///< Operator.
  rebuild,             ///< Operator: rebuild the target.
  promote_by_hand,     ///< Operator: pg_ctl promote, past the agent.
  start_by_hand,       ///< Operator: pg_ctl start, past the agent.
  stop_by_hand,        ///< Operator: pg_ctl stop, past the agent.
  cancel_by_hand,      ///< Operator: pg_cancel_backend on every client's session, past the gate.
  second_agent,        ///< Operator: a second agent with the identity and the files of the first.
  stop,                ///< The host is shut down in order, and started after `for`.
  join,                ///< A host of `cluster.late` is switched on for the first time.
  random,              ///< One of `among`, drawn each time.
};

/// Something that a host does, at which a fault can strike it: in the middle of what follows.
enum class Moment {
  fsync,  ///< One of its processes begins an fsync.
  state,  ///< Its agent sees a new version of the cluster state.
  leads,  ///< Its agent takes the role of primary.
  gate_opens,
  gate_held,
  gate_closes,
  severed,       ///< It has cut its replication, to take over.
  promoted,      ///< Its database has been promoted.
  clone_begins,  ///< It begins to copy the data of another.
  rewound,       ///< Its copy is rewound, and lacks the log to be consistent.
  rejoined,      ///< Its data is back in the primary's history.
};

/// Where a fault happens; each has its file in sim/faults.
enum class FaultFamily { network, clock, disk, process, store, operators };

enum class PartitionShape {
  isolate,       ///< The target from every peer and the store. (A file may say isolate-primary, isolate-sync, ….)
  halves,        ///< All hosts in two groups, drawn, whose sizes differ by one at most.
  from_store,    ///< The target from the store only.
  from_sync,     ///< The target from the sync only.
  from_peers,    ///< The target from all peers; it still reaches the store.
  from_members,  ///< The target, of the store, from all other members; peers and clients still reach it.
  one_way,       ///< As isolate, but only `direction` is cut.
  ring,          ///< Each host reaches its two neighbours in a drawn ring only.
  bridge,        ///< Two halves that share only one host (`target`).
  sizes,         ///< Two groups, their sizes drawn.
  coin,          ///< Two groups, a coin tossed for each host.
  three,         ///< Three groups, drawn.
  random,        ///< One of the shapes above, drawn.
};

enum class Direction { both, outbound, inbound };
/// What becomes of messages that a partition stops.
enum class PartitionManner { dropped, slowed, jammed };
/// Which sides of a broken connection are told.
enum class ToldOfBreak { both, one, nobody, half };
/// Do the clients of an isolated host still reach it?
enum class ClientsDuringPartition {
  connected,  ///< Every client reaches every host.
  cut,        ///< No client reaches the isolated hosts; clients are with the store.
  random,     ///< Each client is on one side, drawn.
};
enum class ProcessKind { host, agent, database };
enum class FreezeMode { takeovers, all };

/// How a bad fsync ends.
enum class FsyncAnswer {
  error,          ///< It fails, what it was to write stays to be written.
  error_dropped,  ///< It fails, what it was to write is thrown away, and the next one succeeds.
  lie,            ///< It succeeds, and a loss of power takes it all the same.
};
/// What rots.
enum class RotPlace { log, table, agent };
/// The disk with which a host comes back.
enum class SwappedDisk {
  empty,
  old,      ///< Its own, as it was `age` ago.
  other,    ///< A copy of another peer's.
  foreign,  ///< Another cluster's data.
};

/// What a frozen clock shows afterwards.
enum class AfterFreeze {
  behind,           ///< Both clocks lack the time.
  wall_catches_up,  ///< The wall clock is right again, the monotonic one lacks the time.
  both_catch_up,    ///< Both jump.
};

/// Whether it names hosts of the store.
constexpr bool is_of_store(TargetKind kind) {
  return kind == TargetKind::store || kind == TargetKind::store_leader || kind == TargetKind::store_follower ||
         kind == TargetKind::store_member || kind == TargetKind::store_majority || kind == TargetKind::store_minority;
}

/// Something that goes wrong, or that an operator does. Members that mean nothing for the kind keep their defaults.
struct Fault {
  FaultKind kind = FaultKind::crash;
  std::optional<DurationRange> at;     ///< When it strikes first, since the start; drawn if a range.
  std::optional<DurationRange> every;  ///< Strikes again so long after each strike. At least one of at, every.
  std::optional<Moment> on;            ///< It waits then for that moment of a host of the target, and hits that host,
  std::optional<DurationRange> delay;  ///< so long after it; at once if absent.
  std::optional<Duration> until;       ///< No strike after; needs `every`. Default: three quarters of the duration.
  std::optional<DurationRange> lasts;  ///< Key "for". Absent: never heals, boots, wakes.
  Target target{TargetKind::primary, 0};
  std::vector<Target> hosts;  ///< These very hosts (host:N, store:N) instead of a target.
  std::optional<Target> to;   ///< slow-link: the other end; absent: all.
  PartitionShape shape = PartitionShape::isolate;
  std::optional<Direction> direction;  ///< Absent: outbound for `one_way`, both for the others.
  PartitionManner manner = PartitionManner::dropped;
  ToldOfBreak told = ToldOfBreak::both;
  ClientsDuringPartition clients = ClientsDuringPartition::connected;
  ProcessKind process = ProcessKind::host;  ///< pause, restart-loop: all of the host, its agent, its database.
  FreezeMode mode = FreezeMode::all;
  std::optional<DurationRange> latency;  ///< slow-link.
  std::optional<Ratio> loss;             ///< slow-link, as the next three.
  std::optional<Ratio> duplication;
  std::optional<Ratio> reordering;
  std::optional<Rate> bandwidth;      ///< In bytes.
  std::optional<int> queue;           ///< Bytes that may wait for the bandwidth.
  std::optional<int> factor;          ///< starve.
  std::optional<DurationRange> down;  ///< flap, restart-loop.
  std::optional<DurationRange> up;
  std::optional<DurationRange> fsync;  ///< slow-disk.
  std::optional<Ratio> chance;         ///< slow-disk, bad-fsync, misdirected-read: of one operation to be hit.
  FsyncAnswer answer = FsyncAnswer::error;
  RotPlace where = RotPlace::log;
  SwappedDisk disk = SwappedDisk::empty;
  std::optional<DurationRange> age;  ///< swap-disk, of an old one.
  std::optional<DurationRange> by;   ///< clock-step, clock-slew; may be negative.
  std::optional<Ratio> fast;         ///< clock-rate: one of the three.
  std::optional<Ratio> slow;
  std::optional<Ratio> within;              ///< Fast or slow by up to this, drawn.
  AfterFreeze after = AfterFreeze::behind;  ///< clock-freeze, suspend.
  std::vector<FaultKind> among;             ///< random.
  /// What the strike still draws comes from here, and not from the seed.
  std::optional<Draws> draws;
  bool operator==(const Fault&) const = default;
};

/// What a seed draws anew (sim/faults/swarm.h): which families of faults exist at all, and how often each kind of them
/// strikes; and the tables of which the file says nothing: cluster, network, clock, disk, workloads.
struct Swarm {
  std::vector<FaultFamily> families{FaultFamily::network, FaultFamily::clock, FaultFamily::disk,
                                    FaultFamily::process, FaultFamily::store, FaultFamily::operators};
  bool beyond_clock_bound = false;  ///< Clocks may break the bound that the lease allows for.
  bool operator==(const Swarm&) const = default;
};

/// A number of the scenario whose limits `heir margins` searches: how far can it go before something goes wrong? A run
/// takes the scenario as it stands.
struct Margin {
  std::string of;                ///< What the number is, in words.
  std::vector<std::string> set;  ///< The keys that take it, as in `--set`: "fault.0.for".
  Amount from;                   ///< Where all is well,
  Amount to;                     ///< and the farthest that is looked at; above or below.
  bool operator==(const Margin&) const = default;
};

// ---- What must come out ----

/// The closed list of ways in which a run fails (DESIGN.md section 5), spelled with '-' in files and reports.
enum class FailureKind {
  not_linearizable,
  lost_write,
  stale_read,
  dirty_read,
  split_brain,
  two_primaries,
  generation_regressed,
  copy_destroyed,
  not_writable,
  stuck,
  diverged,
  assertion,
};

struct Expect {
  bool linearizable = true;
  int lost_writes = 0;                      ///< Acknowledged writes that may be missing at the end, at most.
  std::optional<Duration> writable_within;  ///< After the last fault healed (or the start) a write succeeds within.
  /// After the run a random core is healed while the rest stays broken for ever; it gets on within so long of its last
  /// progress (sim/world/recovery.cc).
  std::optional<Duration> recovers_within;
  std::optional<FailureKind> verdict;       ///< A known-bad design: the run passes only if the harness finds this.
  std::optional<int> min_failovers;         ///< Changes of primary, at least,
  std::optional<int> max_failovers;         ///< and at most.
  std::optional<Duration> max_unavailable;  ///< The longest time without a successful write.
  std::optional<int> min_ok;                ///< Operations that succeeded, at least: the run did something.
  std::optional<int> max_failed_requests;   ///< Of operators, at most.
  bool operator==(const Expect&) const = default;
};

struct Scenario {
  std::string title;
  Duration duration = Duration::seconds(60);
  std::vector<Variation> vary;  ///< In the order of time.
  Cluster cluster;
  std::vector<PolicyOverride> policy;
  Store store;
  Timing timing;
  Network network;
  Clock clock;
  Disk disk;
  Server server;
  std::vector<Workload> workloads;
  std::vector<Fault> faults;
  std::optional<Swarm> swarm;
  std::vector<Margin> margins;
  Expect expect;
  bool operator==(const Scenario&) const = default;
};
static_assert(std::regular<Scenario>);

/// Whether clients read by the hosts' read-only ports; otherwise none is open.
inline bool reads_from_standbys(const Scenario& scenario) {
  return std::any_of(scenario.workloads.begin(), scenario.workloads.end(),
                     [](const Workload& workload) { return workload.reads_from == ReadsFrom::standbys; });
}

/// No strike of a repeated fault after this: its `until`, else three quarters of the duration, so that there is time to
/// heal.
inline Duration strikes_until(const Fault& fault, const Scenario& scenario) {
  return fault.until ? *fault.until : scenario.duration / 4 * 3;
}

}  // namespace heir::scenarios
