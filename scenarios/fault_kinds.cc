#include "scenarios/fault_kinds.h"

#include <array>

namespace heir::scenarios {
namespace {

using F = FaultFamily;
using K = FaultKind;

constexpr std::array kinds{
    FaultTraits{K::crash, "crash", F::process,
                "The host loses power: its memory and what its disk had not synced is gone. It boots after `for`.",
                "A power supply, a kernel panic, a hypervisor that dies."},
    FaultTraits{K::crash_database, "crash-database", F::process,
                "The database server is killed. Its agent may start it again after `for` (default: at once).",
                "The out-of-memory killer, a bug in the server, kill -9."},
    FaultTraits{K::crash_agent, "crash-agent", F::process,
                "The agent is killed; the database lives on. The host starts the agent again after `for` (default: at "
                "once).",
                "An agent's bug or upgrade, the out-of-memory killer."},
    FaultTraits{K::crash_backend, "crash-backend", F::process,
                "One process of the database server dies. The server ends every session, goes through crash recovery "
                "and takes new ones, without a word to its agent.",
                "A bug in an extension, a killed backend: what the out-of-memory killer hits first."},
    FaultTraits{K::out_of_memory, "out-of-memory", F::process,
                "For `for`, processes of the target's host are killed one after the other, drawn: the agent, the "
                "database server, one of its backends, a program that runs.",
                "The out-of-memory killer on a host that somebody else's program fills."},
    FaultTraits{K::out_of_files, "out-of-files", F::process,
                "The agent of the target opens no file and no connection, and starts no program, until it is over; "
                "what is open stays so.",
                "EMFILE: a leak, a limit that is too low, a flood of connections."},
    FaultTraits{K::out_of_connections, "out-of-connections", F::process,
                "Programs that are no part of the cluster hold every session of the target's database but the "
                "superuser's reserved ones, over its restarts too.",
                "A connection pool that leaks, a stampede after a failover."},
    FaultTraits{K::starve, "starve", F::process,
                "The processes of the target's host run for one part in `factor` of every 100 ms.",
                "A CPU quota, a noisy neighbour, a host that swaps."},
    FaultTraits{K::restart_loop, "restart-loop", F::process,
                "`process` of the target dies whenever it has been up for `up`, until it is over; agents and hosts "
                "stay down for `down` (default: 1 s).",
                "A process that fails at start, a bad configuration, a health check that kills."},
    FaultTraits{K::pause, "pause", F::process,
                "Processes stand still for `for`, while time and everyone else go on; then they continue unaware.",
                "Garbage collection, swapping, SIGSTOP, a snapshot of the virtual machine."},
    FaultTraits{K::suspend, "suspend", F::process,
                "The target's host stands still for `for`, its clocks too; then `after`.",
                "A live migration or a suspended virtual machine."},
    FaultTraits{K::partition, "partition", F::network,
                "Messages and connections between hosts are cut, as `shape` says, until it heals after `for`.",
                "A switch, a firewall rule, a routing mistake."},
    FaultTraits{K::slow_link, "slow-link", F::network,
                "Links between the target and `to` take on `latency` and `loss`.",
                "A congested or half-broken link, a duplex mismatch."},
    FaultTraits{K::clog, "clog", F::network, "What is sent to and from the target waits, and arrives when it is over.",
                "A full buffer that drains: a switch, a hypervisor's network card, a stalled tunnel."},
    FaultTraits{K::swizzle_clog, "swizzle-clog", F::network,
                "Half of the hosts of peers and store, drawn, are clogged one by one, and freed one by one in another "
                "order.",
                "A network that comes apart and together in pieces (FoundationDB's best finder of deep bugs)."},
    FaultTraits{K::flap, "flap", F::network, "The target's links go `down` and `up` again and again.",
                "A loose cable, a routing protocol that flaps."},
    FaultTraits{K::break_connections, "break-connections", F::network,
                "Connections between the target and `to` are forgotten on the way; `told` says who notices.",
                "A firewall or address translator that restarts or runs out of table."},
    FaultTraits{K::clock_step, "clock-step", F::clock, "The target's wall clock jumps by `by`.",
                "ntpd's step, an operator's `date -s`, a leap second."},
    FaultTraits{
        K::clock_rate, "clock-rate", F::clock,
        "The target's clocks, the monotonic one too, run `fast` or `slow`. Rates at a time add up, from standing still "
        "to ten-fold.",
        "A bad oscillator, heat, a virtual machine's clock source."},
    FaultTraits{K::clock_slew, "clock-slew", F::clock,
                "The target's clocks gain `by` on true time, or lose it, evenly over `for`.",
                "ntpd or chrony correcting an offset, a smeared leap second."},
    FaultTraits{K::clock_freeze, "clock-freeze", F::clock,
                "The target's clocks stand still for `for` while its programs run on; then `after`.",
                "A virtual machine's clock source that stalls."},
    FaultTraits{K::slow_disk, "slow-disk", F::disk, "fsync on the target takes as long as `fsync` says.",
                "A full write cache, a rebuilding array, a noisy neighbour."},
    FaultTraits{K::stuck_disk, "stuck-disk", F::disk, "No fsync on the target ends before the fault does.",
                "A controller that resets, a network file system whose server is gone, a hung hypervisor queue."},
    FaultTraits{
        K::disk_full, "disk-full", F::disk,
        "Nothing on the target's disk can grow, and what is freed is taken too, until space is given back after "
        "`for`.",
        "Somebody else's log files, a quota, a forgotten replication slot."},
    FaultTraits{K::read_only_disk, "read-only-disk", F::disk,
                "The target's file system refuses every change and every fsync.",
                "ext4's errors=remount-ro after a failed journal write, a volume attached read-only."},
    FaultTraits{
        K::bad_fsync, "bad-fsync", F::disk, "fsync on the target ends as `answer` says.",
        "A failing drive; Linux that forgets dirty pages after a failed write (PostgreSQL's fsyncgate); a drive "
        "or hypervisor that answers from a volatile cache."},
    FaultTraits{K::bit_rot, "bit-rot", F::disk,
                "Something that was stored on the target reads as something else, `where` it says, until it is written "
                "anew or the fault is over.",
                "A decaying cell or platter, a flipped bit on the way to it."},
    FaultTraits{K::misdirected_write, "misdirected-write", F::disk,
                "The page of log that was last synced on the target went to the place of a table's (of a member of the "
                "store: of its snapshot's): the log is without the one, the table without the other.",
                "A drive's or a volume manager's firmware that writes to the wrong address."},
    FaultTraits{
        K::misdirected_read, "misdirected-read", F::disk,
        "Each read of a table's page, of a recovery, or of a file of a member of the store finds another place's "
        "content, with this `chance`.",
        "Firmware that reads from the wrong address, a broken cache of a storage array."},
    FaultTraits{K::swap_disk, "swap-disk", F::disk,
                "The target's host loses power and comes back after `for`, with the disk that `disk` says.",
                "A volume attached to the wrong machine, a restored snapshot, a replaced drive."},
    FaultTraits{K::power_off_all, "power-off-all", F::process,
                "Every host of a peer and of the store loses power in the same instant; all boot after `for`.",
                "The data centre's power."},
    FaultTraits{
        K::crash_store, "crash-store", F::store,
        "The store's server on the target is killed; the host lives on, and starts it again after `for` (default: "
        "at once).",
        "A bug, an upgrade, the out-of-memory killer."},
    FaultTraits{K::wipe_store, "wipe-store", F::store,
                "The target comes back with an empty disk: all of the store as if it had been set up anew, a single "
                "member as one that does not start, because it may have forgotten what it promised.",
                "A coordination store reinstalled, or restored from nothing; a disk replaced."},
    FaultTraits{K::switchover, "switchover", F::operators, "The operator asks for the sync to become primary.",
                "Planned maintenance."},
    FaultTraits{K::freeze, "freeze", F::operators, "The operator freezes the cluster, in `mode`.",
                "Planned maintenance."},
    FaultTraits{K::unfreeze, "unfreeze", F::operators, "The operator unfreezes it.", "The end of it."},
    FaultTraits{K::rebuild, "rebuild", F::operators, "The operator has the target rebuilt.",
                "A deposed peer that cannot come back by itself."},
    FaultTraits{K::promote_by_hand, "promote-by-hand", F::operators,
                "Somebody runs `pg_ctl promote` on the target, past the agent.",
                "A runbook from before there was automatic failover; the right command on the wrong host."},
    FaultTraits{K::start_by_hand, "start-by-hand", F::operators,
                "Somebody runs `pg_ctl start` on the target, past the agent, with the settings that lie there.",
                "\"The database is down, I started it.\""},
    FaultTraits{K::stop_by_hand, "stop-by-hand", F::operators,
                "Somebody runs `pg_ctl stop -m fast` on the target, past the agent.",
                "Maintenance without a freeze; a script of the distribution."},
    FaultTraits{K::cancel_by_hand, "cancel-by-hand", F::operators,
                "Somebody cancels what every session of a client does on the target, past the gate: "
                "`pg_cancel_backend`.",
                "\"Everything hangs, I cancelled it\": commits that wait for a sync are shown, though nobody else has "
                "them."},
    FaultTraits{K::second_agent, "second-agent", F::operators,
                "A second agent is started on the target with the configuration, identity and files of the first; it "
                "is killed after `for`.",
                "An agent started by hand beside the service; Q-12."},
    FaultTraits{K::stop, "stop", F::process, "The target's host is shut down in order, and started again after `for`.",
                "A reboot for an upgrade."},
    FaultTraits{K::join, "join", F::process, "A host of `cluster.late` is switched on for the first time.",
                "A peer added to the cluster."},
    FaultTraits{K::random, "random", F::process, "One of `among`, drawn at each strike.", "Any of these."},
};
static_assert([] {
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i].kind != static_cast<FaultKind>(i)) return false;
  }
  return true;
}());

constexpr std::array vocabulary_of_kinds = [] {
  std::array<Name<FaultKind>, kinds.size()> names{};
  for (std::size_t i = 0; i < kinds.size(); ++i) names[i] = {kinds[i].kind, kinds[i].name, kinds[i].meaning};
  return names;
}();

}  // namespace

template <>
Vocabulary<FaultKind> vocabulary() {
  return {vocabulary_of_kinds, {}};
}

std::span<const FaultTraits> fault_kinds() {
  return kinds;
}

bool may_lose_data(const Fault& fault, FaultKind kind) {
  return (kind == K::bit_rot && fault.where != RotPlace::agent) || kind == K::misdirected_write ||
         kind == K::misdirected_read || kind == K::swap_disk ||
         (kind == K::bad_fsync && fault.answer == FsyncAnswer::lie);
}

bool takes_target(FaultKind kind) {
  return kind != K::swizzle_clog && kind != K::power_off_all && kind != K::switchover && kind != K::freeze &&
         kind != K::unfreeze;
}

const FaultTraits& traits(FaultKind kind) {
  return kinds[static_cast<std::size_t>(kind)];
}

}  // namespace heir::scenarios
