#include "scenarios/names.h"

#include <array>

namespace heir::scenarios {
namespace {

constexpr std::array databases{
    Name<Database>{Database::postgresql, "postgresql", "PostgreSQL, streaming replication."}};
constexpr std::array<std::string_view, 2> databases_later{"mariadb", "mongodb"};

constexpr std::array systems{
    Name<SystemKind>{SystemKind::heir, "heir", "This one."},
    Name<SystemKind>{SystemKind::patroni, "patroni", "Patroni on etcd. On real hosts only, as all that follow."},
    Name<SystemKind>{SystemKind::auto_failover, "pg_auto_failover", "pg_auto_failover and its monitor."},
    Name<SystemKind>{SystemKind::repmgr, "repmgr", "repmgr and its daemons."},
};

constexpr std::array presets{
    Name<PolicyPreset>{PolicyPreset::heir, "heir", "Every rule on."},
    Name<PolicyPreset>{PolicyPreset::manatee, "manatee", "The rules of Manatee."},
    Name<PolicyPreset>{PolicyPreset::sirenia, "sirenia", "The rules of Flynn's sirenia."},
};

constexpr std::array stores{
    Name<StoreKind>{StoreKind::raft, "raft", "heir's replicated store: `members` servers, each on a host of its own."},
    Name<StoreKind>{StoreKind::ideal, "ideal", "One linearizable server, reached over the simulated network."},
};

constexpr std::array targets{
    Name<TargetKind>{TargetKind::any, "any", "One peer's host, drawn."},
    Name<TargetKind>{TargetKind::primary, "primary",
                     "The host of who is primary, by the cluster state, at that moment."},
    Name<TargetKind>{TargetKind::sync, "sync", "The host of the sync at that moment."},
    Name<TargetKind>{TargetKind::async, "async", "The host of the first async at that moment."},
    Name<TargetKind>{TargetKind::deposed, "deposed", "The host of the first deposed peer at that moment."},
    Name<TargetKind>{TargetKind::store, "store", "The hosts of all members of the store."},
    Name<TargetKind>{TargetKind::store_leader, "store-leader", "The host of the member that leads at that moment."},
    Name<TargetKind>{TargetKind::store_follower, "store-follower", "The host of one of the other members, drawn."},
    Name<TargetKind>{TargetKind::store_member, "store:N", "The host of member N of the store, from 1."},
    Name<TargetKind>{TargetKind::store_majority, "store-majority", "More than half of the store's members, drawn."},
    Name<TargetKind>{TargetKind::store_minority, "store-minority",
                     "At least one, but less than half of the store's members, drawn."},
    Name<TargetKind>{TargetKind::clients, "clients", "The hosts of all clients."},
    Name<TargetKind>{TargetKind::host, "host:N", "The host of peer N, from 1."},
    Name<TargetKind>{TargetKind::majority, "majority", "More than half of the peers' hosts, drawn."},
    Name<TargetKind>{TargetKind::minority, "minority", "At least one, but less than half of the peers' hosts, drawn."},
    Name<TargetKind>{TargetKind::all, "all", "Every peer's host."},
    Name<TargetKind>{TargetKind::rack, "rack",
                     "The hosts of one rack, drawn, the store's too; `rack:N`: of that one, from 1. See `racks`."},
};

constexpr std::array workloads{
    Name<WorkloadKind>{WorkloadKind::register_, "register",
                       "Writes and reads of single values by key; every value is written once."},
    Name<WorkloadKind>{WorkloadKind::append, "append",
                       "Appends to and reads of lists by key; every element is appended once."},
    Name<WorkloadKind>{WorkloadKind::set, "set", "Adds elements to one set, and reads all of it."},
};
constexpr std::array<std::string_view, 3> workloads_later{"cas-register", "bank", "counter"};

constexpr std::array reads_from{
    Name<ReadsFrom>{ReadsFrom::primary, "primary", "Through the gate: linearizable."},
    Name<ReadsFrom>{ReadsFrom::standbys, "standbys",
                    "By the read-only port of a host, drawn each time; through the gate if it lets nobody in. May lack "
                    "what was acknowledged in the last `max_lag`, and is judged as such."},
};

constexpr std::array shapes{
    Name<PartitionShape>{PartitionShape::isolate, "isolate",
                         "The target is cut off from every peer and the store. `isolate-primary`, `isolate-sync`, "
                         "`isolate-async`, `isolate-store` name the target too. The members of an isolated store still "
                         "reach each other."},
    Name<PartitionShape>{PartitionShape::halves, "halves", "The hosts of peers and store fall into two groups, drawn."},
    Name<PartitionShape>{PartitionShape::from_store, "from-store", "The target and the store do not reach each other."},
    Name<PartitionShape>{PartitionShape::from_sync, "from-sync", "The target and the sync do not reach each other."},
    Name<PartitionShape>{PartitionShape::from_peers, "from-peers", "The target reaches the store, but no other peer."},
    Name<PartitionShape>{PartitionShape::from_members, "from-members",
                         "The target, a member of the store, does not reach the other members; peers and clients reach "
                         "it."},
    Name<PartitionShape>{
        PartitionShape::one_way, "one-way",
        "As isolate, but only what the target sends (`direction` outbound) or is sent (inbound) is lost."},
    Name<PartitionShape>{PartitionShape::ring, "ring", "Each host reaches only its two neighbours in a ring, drawn."},
    Name<PartitionShape>{PartitionShape::bridge, "bridge",
                         "Two halves that share one host, the target, which reaches both."},
    Name<PartitionShape>{PartitionShape::sizes, "sizes", "Two groups, drawn, of drawn sizes."},
    Name<PartitionShape>{PartitionShape::coin, "coin", "Two groups; a coin is tossed for each host."},
    Name<PartitionShape>{PartitionShape::three, "three", "Three groups, drawn."},
    Name<PartitionShape>{PartitionShape::random, "random", "One of the others, drawn at each strike."},
};

constexpr std::array directions{
    Name<Direction>{Direction::both, "both", "Both ways."},
    Name<Direction>{Direction::outbound, "outbound", "What the target, or the first group, sends."},
    Name<Direction>{Direction::inbound, "inbound", "What the target, or the first group, is sent."},
};

constexpr std::array manners{
    Name<PartitionManner>{PartitionManner::dropped, "dropped", "Messages are lost."},
    Name<PartitionManner>{PartitionManner::slowed, "slowed",
                          "Messages take seconds: `latency`, by default 1 s to 5 s."},
    Name<PartitionManner>{PartitionManner::jammed, "jammed", "Messages wait, and all arrive at the end."},
};

constexpr std::array told_of_break{
    Name<ToldOfBreak>{ToldOfBreak::both, "both", "Both sides see a reset."},
    Name<ToldOfBreak>{ToldOfBreak::one, "one", "One side, drawn, sees a reset; the other learns it when it speaks."},
    Name<ToldOfBreak>{ToldOfBreak::nobody, "nobody", "Nobody is told: the connection hangs until somebody gives up."},
    Name<ToldOfBreak>{ToldOfBreak::half, "half",
                      "Nobody is told, and one direction, drawn, goes on: one side hears the other and is not heard."},
};

constexpr std::array clients{
    Name<ClientsDuringPartition>{ClientsDuringPartition::connected, "connected", "Every client reaches every host."},
    Name<ClientsDuringPartition>{ClientsDuringPartition::cut, "cut",
                                 "No client reaches a host that does not reach the store."},
    Name<ClientsDuringPartition>{ClientsDuringPartition::random, "random", "Each client is on one side, drawn."},
};

constexpr std::array processes{
    Name<ProcessKind>{ProcessKind::host, "host", "All processes of the host."},
    Name<ProcessKind>{ProcessKind::agent, "agent", "The agent, its gate included."},
    Name<ProcessKind>{ProcessKind::database, "database", "The database server."},
};

constexpr std::array modes{
    Name<FreezeMode>{FreezeMode::takeovers, "takeovers", "No takeover; the primary still keeps the list of asyncs."},
    Name<FreezeMode>{FreezeMode::all, "all", "Nobody changes the cluster state."},
};

constexpr std::array after_freezes{
    Name<AfterFreeze>{AfterFreeze::behind, "behind", "Both clocks lack the time that they stood still."},
    Name<AfterFreeze>{AfterFreeze::wall_catches_up, "wall-catches-up",
                      "The wall clock is right again; the monotonic one lacks the time, as on Linux after a suspend."},
    Name<AfterFreeze>{AfterFreeze::both_catch_up, "both-catch-up", "Both clocks jump over it."},
};

constexpr std::array fsync_answers{
    Name<FsyncAnswer>{FsyncAnswer::error, "error", "It fails; what it was to write stays to be written."},
    Name<FsyncAnswer>{FsyncAnswer::error_dropped, "error-dropped",
                      "It fails, and the page cache forgets what it was to write: the next one succeeds without it."},
    Name<FsyncAnswer>{FsyncAnswer::lie, "lie",
                      "It succeeds at once; until the fault is over or an fsync is honest again, a loss of power takes "
                      "what it claimed to hold."},
};

constexpr std::array rot_places{
    Name<RotPlace>{
        RotPlace::log, "log",
        "A record of the log since the last checkpoint: recovery ends before it. Of a member of the store: some "
        "pages of its vote or of a record of its log."},
    Name<RotPlace>{RotPlace::table, "table",
                   "A page of a table: who reads a row of it gets an error. Of a member: some pages of its snapshot."},
    Name<RotPlace>{
        RotPlace::agent, "agent",
        "A byte of one of the agent's own files: who it is, whose data it holds, which store it has seen, its "
        "session."},
};

constexpr std::array swapped_disks{
    Name<SwappedDisk>{SwappedDisk::empty, "empty", "A new one."},
    Name<SwappedDisk>{SwappedDisk::old, "old", "Its own, as it was when the fault struck; it dies `age` later."},
    Name<SwappedDisk>{SwappedDisk::other, "other", "A copy of another's, drawn: its identity too."},
    Name<SwappedDisk>{SwappedDisk::foreign, "foreign", "Its own, but with the data of another cluster."},
};

constexpr std::array moments{
    Name<Moment>{Moment::fsync, "fsync", "One of the host's processes has begun an fsync."},
    Name<Moment>{Moment::state, "state", "Its agent sees a new version of the cluster state."},
    Name<Moment>{Moment::leads, "leads", "Its agent takes the role of primary."},
    Name<Moment>{Moment::gate_opens, "gate-opens", "Its gate opens."},
    Name<Moment>{Moment::gate_held, "gate-held", "Its gate holds what clients ask."},
    Name<Moment>{Moment::gate_closes, "gate-closes", "Its gate closes."},
    Name<Moment>{Moment::severed, "severed", "It has cut its replication, to take over."},
    Name<Moment>{Moment::promoted, "promoted", "Its database has been promoted."},
    Name<Moment>{Moment::clone_begins, "clone-begins", "It begins to copy the data of another."},
    Name<Moment>{Moment::rewound, "rewound", "Its copy has been rewound; the log to be consistent is not yet there."},
    Name<Moment>{Moment::rejoined, "rejoined", "Its data is back in the primary's history."},
};

constexpr std::array families{
    Name<FaultFamily>{FaultFamily::network, "network", "Links, partitions, connections."},
    Name<FaultFamily>{FaultFamily::clock, "clock", "Clocks that run apart, step, stand still."},
    Name<FaultFamily>{FaultFamily::disk, "disk", "Disks."},
    Name<FaultFamily>{FaultFamily::process, "process", "Hosts and programs that die, stand still, come back."},
    Name<FaultFamily>{FaultFamily::store, "store", "The coordination store as a whole."},
    Name<FaultFamily>{FaultFamily::operators, "operators", "What operators ask for, in the middle of it."},
};

constexpr std::array failures{
    Name<FailureKind>{FailureKind::not_linearizable, "not-linearizable",
                      "No order of the operations explains all answers."},
    Name<FailureKind>{FailureKind::lost_write, "lost-write", "An acknowledged write is gone."},
    Name<FailureKind>{FailureKind::stale_read, "stale-read",
                      "A read missed a write that was acknowledged before the read began."},
    Name<FailureKind>{FailureKind::dirty_read, "dirty-read", "A read saw a write that never was."},
    Name<FailureKind>{FailureKind::split_brain, "split-brain", "Two histories, both acknowledged."},
    Name<FailureKind>{FailureKind::two_primaries, "two-primaries", "Two peers answered as primary at the same time."},
    Name<FailureKind>{FailureKind::generation_regressed, "generation-regressed", "The generation went back."},
    Name<FailureKind>{FailureKind::copy_destroyed, "copy-destroyed",
                      "The last good copy of acknowledged data was overwritten."},
    Name<FailureKind>{FailureKind::not_writable, "not-writable", "No write succeeded in time after the last fault."},
    Name<FailureKind>{FailureKind::stuck, "stuck", "Nothing would ever happen again although it could."},
    Name<FailureKind>{FailureKind::diverged, "diverged", "A peer that follows holds what its upstream does not."},
    Name<FailureKind>{FailureKind::assertion, "assertion", "An assertion of the system under test failed."},
};

}  // namespace

template <>
Vocabulary<Database> vocabulary() {
  return {databases, databases_later};
}
template <>
Vocabulary<SystemKind> vocabulary() {
  return {systems, {}};
}
template <>
Vocabulary<PolicyPreset> vocabulary() {
  return {presets, {}};
}
template <>
Vocabulary<StoreKind> vocabulary() {
  return {stores, {}};
}
template <>
Vocabulary<TargetKind> vocabulary() {
  return {targets, {}};
}
template <>
Vocabulary<WorkloadKind> vocabulary() {
  return {workloads, workloads_later};
}
template <>
Vocabulary<ReadsFrom> vocabulary() {
  return {reads_from, {}};
}
template <>
Vocabulary<FaultFamily> vocabulary() {
  return {families, {}};
}
template <>
Vocabulary<PartitionShape> vocabulary() {
  return {shapes, {}};
}
template <>
Vocabulary<Direction> vocabulary() {
  return {directions, {}};
}
template <>
Vocabulary<ClientsDuringPartition> vocabulary() {
  return {clients, {}};
}
template <>
Vocabulary<ProcessKind> vocabulary() {
  return {processes, {}};
}
template <>
Vocabulary<FreezeMode> vocabulary() {
  return {modes, {}};
}
template <>
Vocabulary<AfterFreeze> vocabulary() {
  return {after_freezes, {}};
}
template <>
Vocabulary<FsyncAnswer> vocabulary() {
  return {fsync_answers, {}};
}
template <>
Vocabulary<RotPlace> vocabulary() {
  return {rot_places, {}};
}
template <>
Vocabulary<SwappedDisk> vocabulary() {
  return {swapped_disks, {}};
}
template <>
Vocabulary<PartitionManner> vocabulary() {
  return {manners, {}};
}
template <>
Vocabulary<ToldOfBreak> vocabulary() {
  return {told_of_break, {}};
}
template <>
Vocabulary<Moment> vocabulary() {
  return {moments, {}};
}
template <>
Vocabulary<FailureKind> vocabulary() {
  return {failures, {}};
}

std::string to_string(const Target& target) {
  if (target.kind == TargetKind::host) return "host:" + std::to_string(target.host);
  if (target.kind == TargetKind::store_member) return "store:" + std::to_string(target.host);
  if (target.kind == TargetKind::rack && target.host != 0) return "rack:" + std::to_string(target.host);
  return to_string<TargetKind>(target.kind);
}

}  // namespace heir::scenarios
