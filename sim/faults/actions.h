// What can be done to a world, simulated or real. The nemesis turns a scenario's faults into these.
//
// Hosts are numbered: the peers' from 1 up, the store's members' from -1 down (store_member). Nodes name hosts on the
// network: those and the clients'.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/disk/disk.h"
#include "sim/network/partition.h"

namespace heir::sim {

/// The host number of the store's n-th member, from 1.
constexpr int store_member(int n) {
  return -n;
}

class Actions {
 public:
  virtual ~Actions() = default;

  // Who is who.
  virtual int peers() const = 0;
  virtual int store_members() const = 0;
  /// The host that has the role now, by the cluster state, or that leads the store; 0 if nobody has.
  virtual int host_in_role(scenarios::TargetKind role) const = 0;
  virtual bool is_up(int host) const = 0;
  virtual NodeId node(int host) const = 0;
  virtual std::vector<NodeId> client_nodes() const = 0;
  /// The racks that the hosts of peers and store stand in, by turns.
  virtual int racks() const = 0;

  /// Calls back, within the event, whenever a host has one of these moments. Set once, before the run.
  using MomentSink = std::function<void(scenarios::Moment, int host)>;
  virtual void watch_moments(MomentSink sink) = 0;

  // Hosts and processes. Doing what is done already does nothing.
  virtual void power_off(int host) = 0;
  virtual void shut_down(int host) = 0;
  virtual void boot(int host) = 0;
  /// These members come back with empty disks, at once; all of them as a new store.
  virtual void wipe_store(const std::vector<int>& hosts) = 0;
  // On a host of the store, its server stands in the agent's place.
  virtual void crash_process(int host, scenarios::ProcessKind process) = 0;
  /// A process of the database server dies; the server goes on.
  virtual void crash_backend(int host) = 0;
  /// What every session of a client does there is cancelled.
  virtual void cancel_sessions(int host) = 0;
  /// What the out-of-memory killer does: one of the processes of a peer's host, or a backend; `draw` says which.
  virtual void kill_one(int host, std::uint64_t draw) = 0;
  /// While set, the agent of a peer's host opens nothing and starts nothing. Adds up.
  virtual void use_up_files(int host, bool used_up) = 0;
  /// While set, strangers hold the sessions of the peer's database. Adds up.
  virtual void use_up_connections(int host, bool used_up) = 0;
  /// While held, the service manager of the host does not start the agent again.
  virtual void hold_agent(int host, bool held) = 0;
  /// Pauses add up; each needs its own resume.
  virtual void pause(int host, scenarios::ProcessKind process) = 0;
  virtual void resume(int host, scenarios::ProcessKind process) = 0;

  // Network: laid on until lifted, and adding up.
  virtual LinkFaultId lay_on(LinkFault fault) = 0;
  virtual void lift(LinkFaultId fault) = 0;
  /// The number of connections broken between two nodes.
  virtual std::size_t break_connections(NodeId a, NodeId b, scenarios::ToldOfBreak told) = 0;

  // Clocks.
  virtual void step_wall_clock(int host, Duration by) = 0;
  virtual void change_clock_rate(int host, std::int64_t by_ppb) = 0;
  /// Freezes add up; each needs its own thaw.
  virtual void freeze_clocks(int host) = 0;
  virtual void thaw_clocks(int host, scenarios::AfterFreeze after) = 0;

  // Disks: laid on until lifted.
  virtual DiskFaultId lay_on(int host, const DiskFault& fault) = 0;
  /// Something that is stored on the host rots: a record of its log, a page of a table. Nothing if there is none, or if
  /// the atlas spares it.
  virtual std::optional<DiskFaultId> rot(int host, scenarios::RotPlace where, RandomStream& random) = 0;
  /// The page of log that was synced last is in a table's place.
  virtual std::optional<DiskFaultId> misdirect_write(int host, RandomStream& random) = 0;
  virtual std::optional<DiskFaultId> misdirect_reads(int host, Ratio chance, RandomStream& random) = 0;
  virtual void lift(int host, DiskFaultId fault) = 0;
  /// Whether the atlas lets the host lose what its disk holds. If so, the loss counts as done.
  virtual bool may_lose(int host) = 0;
  /// A loss that the atlas allowed is not made good yet: until then nothing else may strike.
  virtual bool is_repairing() = 0;
  virtual DiskImage disk_image(int host) const = 0;
  /// The same disk with the data of another cluster.
  virtual DiskImage with_foreign_data(DiskImage image) = 0;
  /// The host is off.
  virtual void replace_disk(int host, const DiskImage& image) = 0;

  // The operator, through the store and the agents; and by hand, past them.
  virtual void request(const scenarios::Fault& operator_request, int host) = 0;
  /// pg_ctl with this action: "promote", "start", "stop".
  virtual void run_pg_ctl(int host, std::string_view action) = 0;
  virtual void start_second_agent(int host) = 0;
  virtual void kill_second_agent(int host) = 0;
};

}  // namespace heir::sim
