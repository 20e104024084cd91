// World: the simulated hosts of one run with all that is on them, and the actions that the nemesis takes on them. Used
// by run() alone.
//
//   host1 … hostN  a peer each: agent (messages :5500), gate :5432, database :5433, all its files under /heir; where
//                  clients read from standbys, the read-only port :5434
//   store1 …       a member of the coordination store each :5600, its files under /store (`store` if it is one server)
//   client1 …      a client each, with the resolver that asks the store who leads
//   operator       where the operator's requests come from
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/databases/postgresql/postgresql.h"
#include "sim/faults/actions.h"
#include "sim/faults/atlas.h"
#include "sim/faults/nemesis.h"
#include "sim/process/machine.h"
#include "sim/workload/client.h"
#include "sim/world/coverage.h"
#include "sim/world/run.h"

namespace heir::sim {

inline constexpr std::uint16_t gate_port = 5432;
inline constexpr std::uint16_t database_port = 5433;
inline constexpr std::uint16_t read_only_port = 5434;
inline constexpr std::uint16_t agent_port = 5500;
inline constexpr std::uint16_t store_port = 5600;
inline constexpr const char* peer_root = "/heir";
inline constexpr const char* store_root = "/store";

/// The cluster, as its agents' log lines tell it. Lists are names with spaces between.
struct ClusterView {
  std::uint64_t index = 0;
  std::uint64_t generation = 0;
  std::string primary;
  std::string sync;
  std::string async;
  std::string deposed;
  std::string proven;
  std::string freeze;  ///< Its mode; empty: none.
  bool opened = false;
  std::uint64_t initial_offset = 0;  ///< Of the position that the generation was declared with.
  std::uint64_t last_opened = 0;     ///< The last generation before this one that opened its gate.
};

/// Of names, or of words, with spaces between.
inline std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

/// Hosts that suffice for a cluster that takes writes (recovery.cc).
struct Core {
  std::vector<int> peers;
  std::vector<int> leaders;  ///< Of the peers, those that could lead when they were healed.
  std::vector<int> members;  ///< Host numbers of the store's.
};

class World final : public Actions, public Glance, private ClientObserver, private CopyHolders, private EventTarget {
 public:
  World(Kernel& kernel, const scenarios::Scenario& scenario, Programs& programs, const RunOptions& options,
        RunResult& result);
  ~World() override;

  /// The faults begin and the clients start with the first event of the run; this ends both.
  void end_faults() { nemesis_->stop(); }
  bool clients_are_done() const;
  /// Whether the primary's database is up: then it can be said what became of the acknowledged writes.
  bool has_primary() const { return primary_server() != nullptr; }
  /// Each workload's keys are read once more, through the leader.
  void read_all(VirtualTime until);
  /// Fills in what is only known at the end.
  void conclude();

  // Recovery: recovery.cc.
  /// No fault strikes any more. A random core is healed, everything else stays broken for ever, each host in a way of
  /// its own, and the network between the core's hosts becomes kind.
  void heal_core();
  /// Since heal_core() a write was begun and acknowledged, and every peer of the core is primary, sync or async.
  bool core_has_recovered() const;
  /// When the cluster last got on: a version of its state, a role, a gate, a procedure that succeeded.
  VirtualTime last_progress() const { return last_progress_; }
  /// The rule by which the core, as it stands, can do no more; empty if there is none.
  std::string excuse() const;
  std::string core_text() const;
  /// What the core's peers say that they wait for.
  std::string complaints() const;
  /// The clients begin nothing more, and what heal_core() left broken is healed.
  void end_recovery();

  // The timeline: timeline.cc. Nothing of it changes anything.
  /// Notes how all hosts are.
  void sample();

  // Glance: glance.cc.
  VirtualTime now() const override { return kernel().now(); }
  std::uint64_t events() const override { return kernel().events(); }
  std::vector<std::string> everybody() const override;
  std::string state_of(std::string_view name) const override;
  const std::vector<StoryLine>& story() const override { return result_.story; }

  // Actions
  int peers() const override { return scenario_.cluster.peers; }
  int host_in_role(scenarios::TargetKind role) const override;
  bool is_up(int host) const override { return machine(host).is_up(); }
  int store_members() const override { return static_cast<int>(store_.size()); }
  NodeId node(int host) const override { return machine(host).node(); }
  std::vector<NodeId> client_nodes() const override;
  int racks() const override { return scenario_.cluster.racks; }
  void watch_moments(MomentSink sink) override;
  void power_off(int host) override;
  void shut_down(int host) override;
  void boot(int host) override;
  void wipe_store(const std::vector<int>& hosts) override;
  void crash_process(int host, scenarios::ProcessKind process) override;
  void crash_backend(int host) override;
  void cancel_sessions(int host) override;
  void kill_one(int host, std::uint64_t draw) override;
  void use_up_files(int host, bool used_up) override;
  void use_up_connections(int host, bool used_up) override;
  void hold_agent(int host, bool held) override;
  void pause(int host, scenarios::ProcessKind process) override;
  void resume(int host, scenarios::ProcessKind process) override;
  LinkFaultId lay_on(LinkFault fault) override { return network_.apply(std::move(fault)); }
  void lift(LinkFaultId fault) override { network_.lift(fault); }
  std::size_t break_connections(NodeId a, NodeId b, scenarios::ToldOfBreak told) override;
  void step_wall_clock(int host, Duration by) override { machine(host).clock().step_wall(by); }
  void change_clock_rate(int host, std::int64_t by_ppb) override;
  void freeze_clocks(int host) override { machine(host).clock().freeze(); }
  void thaw_clocks(int host, scenarios::AfterFreeze after) override;
  DiskFaultId lay_on(int host, const DiskFault& fault) override { return machine(host).disk().lay_on(fault); }
  std::optional<DiskFaultId> rot(int host, scenarios::RotPlace where, RandomStream& random) override;
  std::optional<DiskFaultId> misdirect_write(int host, RandomStream& random) override;
  std::optional<DiskFaultId> misdirect_reads(int host, Ratio chance, RandomStream& random) override;
  void lift(int host, DiskFaultId fault) override;
  bool may_lose(int host) override;
  bool is_repairing() override { return atlas_.is_repairing(); }
  DiskImage disk_image(int host) const override {
    return (host > 0 ? peer(host).machine : member(-host).machine)->disk().image();
  }
  DiskImage with_foreign_data(DiskImage image) override;
  void replace_disk(int host, const DiskImage& image) override;
  void request(const scenarios::Fault& operator_request, int host) override;
  void run_pg_ctl(int host, std::string_view action) override;
  void start_second_agent(int host) override;
  void kill_second_agent(int host) override;

 private:
  struct PeerHost {
    std::unique_ptr<Machine> machine;
    PeerSetup setup;
    int agent_holds = 0;       ///< Faults that keep its agent from being started.
    int files_used_up = 0;     ///< Faults that leave its agent no descriptor.
    int sessions_taken = 0;    ///< Faults that leave its clients no session.
    bool shuts_down = false;   ///< In order, which takes a while,
    bool boots_again = false;  ///< and is switched on again as soon as it is off.
    std::string role;
    std::string gate = "closed";
    std::optional<MonotonicTime> lease_end;  ///< By its machine's clock; with a timeline only.
    std::string waits_for;                   ///< The last reason that it gave why it does no more.
    std::uint64_t role_generation = 0;
    std::uint64_t open_generation = 0;  ///< In which its gate was last open.
    // When the copies were looked at last:
    bool had_all = false;
    bool was_up = false;
    bool is_struck = false;  ///< A fault may have taken something of its copy since, or then.
    bool has_lost = false;   ///< A fault has taken something of its disk, since its copy was last made anew;
    bool is_cloned = false;  ///< it is another's since, but that has not shown yet.
  };
  struct StoreHost {
    std::unique_ptr<Machine> machine;
    bool has_run = false;             ///< Its server has kept something on its disk,
    bool is_lost = false;             ///< and refuses to start, because the disk has not all of it any more.
    bool may_have_forgotten = false;  ///< Its disk lost something, by leave, and it has not been seen whole since.
    int holds = 0;                    ///< Faults that keep its server from being started.
    std::string stopped;              ///< Why it last stopped by itself.
  };
  struct ClientHost {
    std::unique_ptr<Machine> machine;
    std::unique_ptr<Resolver> resolver;
    std::unique_ptr<Client> client;
    bool reads_all = false;
  };
  /// The members' logs and votes, for the atlas: disks.cc.
  class MemberCopies final : public CopyHolders {
   public:
    explicit MemberCopies(const World& world) : world_(world) {}
    std::vector<int> holders() const override;
    bool has_all(int host) const override;
    bool is_good(int host) const override { return has_all(host); }
    /// Of what the loser acknowledged, or voted, every majority that it may ever be part of has somebody who knows.
    std::size_t needed() const override { return world_.store_.size() / 2 + 1; }
    bool needs_quiet() const override { return false; }

   private:
    const World& world_;
  };
  enum Kind : std::uint32_t { kStartAgent, kPowerOff, kInspect, kStartStore };

  PeerHost& peer(int host) { return peers_[static_cast<std::size_t>(host - 1)]; }
  const PeerHost& peer(int host) const { return peers_[static_cast<std::size_t>(host - 1)]; }
  int host_named(std::string_view name) const;
  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  reports::Answerer answerer(AddressId gate) override;
  void on_write_acknowledged(const reports::Answerer& by, reports::HistoryTime invoked) override;

  void build_peers();
  void open_read_only_ports();
  void build_clients();
  std::unique_ptr<Machine> make_machine(std::string name, int peer);
  void start_agent(int host);
  void build_store();
  void found_store();
  PostgresServer* server(int host) const;
  void start_store(int member);
  StoreHost& member(int n) { return store_[static_cast<std::size_t>(n - 1)]; }
  const StoreHost& member(int n) const { return store_[static_cast<std::size_t>(n - 1)]; }
  int member_named(std::string_view name) const;
  Machine& machine(int host) { return host > 0 ? *peer(host).machine : *member(-host).machine; }
  const Machine& machine(int host) const { return host > 0 ? *peer(host).machine : *member(-host).machine; }
  void on_store_log(int n, const LogLine& line);
  void on_log(const LogLine& line);
  void on_state(const LogLine& line);
  void check_handover(const ClusterView& before);
  void on_gate_open(PeerHost& on, std::uint64_t generation);
  void note_handover(Duration margin);
  void tell(StoryLine::Kind kind, std::string host, std::string what);
  // The timeline: timeline.cc.
  reports::HistoryTime history_now() const { return reports::HistoryTime::from_ns(kernel().now().ns()); }
  void begin_timeline();
  void end_timeline();
  void note_fault(const FaultEvent& event);
  void note_declared(std::string_view why);
  void note_agent_gone(int host);
  /// Null if none is kept.
  reports::HostTimeline* timeline_of(int host);
  void note_message(const NetworkMessage& message);
  // Changes of the primary, step by step: failovers.cc.
  void note_failover(const ClusterView& before, std::string_view why);
  void note_severed(int host);
  void note_promoted(int host);
  void note_opened();
  /// "host1" of what the cluster's state calls it.
  std::string host_name(std::string_view name) const;
  /// With hosts where it names peers.
  std::string with_hosts(std::string_view text) const;
  void violation(scenarios::FailureKind kind, std::string message);
  void inspect_copies();
  /// What was acknowledged and is gone was not taken by a fault, but by an agent, and it was the last that could be
  /// had.
  void look_for_a_destroyed_copy();
  /// Its agent cannot read what it wrote itself, and takes no part before somebody has brought that back: what it does
  /// not know (which store it had seen, whose data this is) keeps it from replacing the data.
  bool waits_for_operator(int host) const;
  std::optional<DiskFaultId> rot_agent(int host, RandomStream& random);
  std::optional<DiskFaultId> rot_member(int host, scenarios::RotPlace where, RandomStream& random);
  // The peers' copies, for the atlas: disks.cc.
  std::vector<int> holders() const override;
  bool has_all(int host) const override;
  bool is_good(int host) const override;
  /// A whole copy on the host holds this log up to there.
  bool holds(int host, const Wal& log, Lsn end) const;
  bool may_have_been_struck(int host) const;
  void note_loss(int host);
  bool is_made_anew(int host) const;
  /// Its copy is marked as damaged, or its server has met a bad page.
  bool shows_damage(int host) const;
  std::shared_ptr<DataFolder> data_of(int host) const {
    return PostgreSql::folder(*peer(host).machine, std::string(peer_root) + "/data");
  }
  /// The database of who is primary, if it is one; else null.
  PostgresServer* primary_server() const;
  bool names(std::string_view list, int host) const;
  bool was_rebuilt(int host) const;
  bool may_lead(int host) const;
  bool has_initial_position(int host) const;
  void break_for_ever(int host);

  const scenarios::Scenario& scenario_;
  Programs& programs_;
  const RunOptions& options_;
  RunResult& result_;
  RandomStream random_;
  Network network_;
  PostgreSql postgresql_;
  std::unique_ptr<StoreChecks> store_checks_;  ///< Outlives the store's processes.
  std::vector<StoreHost> store_;               ///< By member.
  std::vector<Address> store_addresses_;
  std::uint64_t stores_ = 0;  ///< So many were set up here.
  int store_leader_ = 0;      ///< Who said last that it leads, from 1; 0 if it does no more.
  std::uint64_t store_term_ = 0;
  std::unique_ptr<Machine> operator_;
  std::uint16_t operator_ports_ = 0;
  int requests_ = 0;
  std::vector<PeerHost> peers_;
  std::vector<ClientHost> clients_;
  UniqueValues values_;
  MomentSink moments_;
  MemberCopies member_copies_{*this};
  Atlas atlas_;
  std::unique_ptr<Nemesis> nemesis_;

  ClusterView cluster_;
  Coverage coverage_;
  VirtualTime last_progress_;
  Core core_;
  std::optional<VirtualTime> core_healed_at_;
  bool core_took_a_write_ = false;
  std::vector<std::function<void()>> ruins_;  ///< Undo what heal_core() broke.
  // What has been acknowledged, for the invariants.
  struct Acknowledged {
    std::uint16_t peer = 0;
    reports::HistoryTime first;
  };
  std::map<std::uint32_t, Acknowledged> by_generation_;
  std::optional<VirtualTime> last_write_;
  std::uint64_t opened_generation_ = 0;  ///< The last of which a gate opened,
  VirtualTime gate_opened_;              ///< and when.
  Wal acknowledged_log_;                 ///< Of the server that acknowledged last; all that was ever acknowledged lies
  Lsn acknowledged_end_;                 ///< before this.
  std::uint64_t acknowledging_system_ = 0;  ///< System identifier of the database that acknowledged last.
  // The same when the copies were looked at last.
  Wal inspected_log_;
  Lsn inspected_end_;
  std::uint64_t inspected_system_ = 0;
  bool copy_destroyed_ = false;
  bool split_brain_told_ = false;
  std::map<int, reports::HistoryTime> severed_;  ///< By peer: when its replication was severed last.
  // For the timeline:
  std::map<std::uint32_t, std::size_t> faults_under_way_;  ///< By id: its place.
  VirtualTime next_states_;
  std::vector<reports::StateLog::Keys> last_states_;  ///< By Timeline::states.
};

}  // namespace heir::sim
