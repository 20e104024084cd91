// HostedWorld: a scenario's hosts as namespaces of this machine, with real agents, members of the store and databases,
// and the actions that the nemesis takes on them. Of one thread.
//
//   host1 … hostN  a peer each: `heir agent`, or another system's (system.h), with PostgreSQL; its disk is /srv
//   store1 …       a member of the store each: `heir store` (`store` if there is one)
//   operator       where the operator's requests come from
//   client1 …      a client each; what it does runs on a thread of the harness in that host's network
//
// refusals.h says which faults cannot be done; an action for one of those is a bug of the caller.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/faults/actions.h"
#include "sim/faults/atlas.h"
#include "sim/kernel/random.h"
#include "tools/on_hosts/copies.h"
#include "tools/on_hosts/crowd.h"
#include "tools/on_hosts/host_clock.h"
#include "tools/on_hosts/log_lines.h"
#include "tools/on_hosts/observer.h"
#include "tools/on_hosts/processes.h"
#include "tools/on_hosts/session.h"
#include "tools/on_hosts/system.h"
#include "tools/testbed/world.h"

namespace heir::on_hosts {

struct HostedWorldOptions {
  std::uint64_t seed = 1;
  std::string keep;      ///< An existing folder for the logs of all programs; empty: they are not kept.
  bool capture = false;  ///< All frames too, there.
  SystemChoice system = {};
};

class HostedWorld final : public sim::Actions {
 public:
  static Result<std::unique_ptr<HostedWorld>> make(const scenarios::Scenario& scenario,
                                                   const HostedWorldOptions& options, Observer& observer);
  ~HostedWorld() override;

  /// Agents and members of the store, but on hosts that come late.
  void start_programs();
  /// From now on the power takes what is not synced: what the set-up has written is durable. `strikes_alone` says
  /// whether nothing else is broken than what strikes this host now.
  void begin(std::function<bool(int host)> strikes_alone);
  /// Reads what programs said, sees which ended, does what is due. Often: every few milliseconds.
  void turn();
  /// What to wait for until the next turn, and how long at most.
  std::vector<pollfd> waits_for() const;
  Instant next_turn() const;
  /// The first thing that could not be done, and makes the run worthless.
  const std::optional<std::string>& problem() const { return problem_; }

  const System& system() const { return *system_; }
  /// Where that user looks for the one that takes writes, of host1 first.
  std::vector<Access> gates(const std::string& user, const std::string& password = {}) const;
  /// Where that user reads what need not be fresh, of host1 first.
  std::vector<Access> standbys(const std::string& user) const;
  /// The databases themselves, for a superuser, of host1 first.
  std::vector<Access> databases() const;
  /// From where the databases let their superuser in; null: from nowhere that is up. heir's let in whoever comes from a
  /// peer's host only.
  testbed::Container* lookout();
  const testbed::Container& client(std::size_t number) { return world_->host(client_nodes()[number]); }
  testbed::Switch& network() { return world_->network(); }
  /// Copies the databases' own logs beside those of the agents.
  void keep_database_logs() const;

  // Actions
  int peers() const override { return static_cast<int>(peers_.size()); }
  int store_members() const override { return static_cast<int>(members_.size()); }
  int host_in_role(scenarios::TargetKind role) const override { return observer_.host_in_role(role); }
  bool is_up(int host) const override { return world_->is_up(node(host)); }
  sim::NodeId node(int host) const override;
  std::vector<sim::NodeId> client_nodes() const override;
  int racks() const override { return scenario_.cluster.racks; }
  void watch_moments(MomentSink sink) override { observer_.watch_moments(std::move(sink)); }
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
  sim::LinkFaultId lay_on(sim::LinkFault fault) override { return world_->network().apply(std::move(fault)); }
  void lift(sim::LinkFaultId fault) override { world_->network().lift(fault); }
  std::size_t break_connections(sim::NodeId a, sim::NodeId b, scenarios::ToldOfBreak told) override;
  void step_wall_clock(int host, Duration by) override;
  void change_clock_rate(int host, std::int64_t by_ppb) override;
  void freeze_clocks(int host) override;
  void thaw_clocks(int host, scenarios::AfterFreeze after) override;
  sim::DiskFaultId lay_on(int host, const sim::DiskFault& fault) override;
  std::optional<sim::DiskFaultId> rot(int host, scenarios::RotPlace where, sim::RandomStream& random) override;
  std::optional<sim::DiskFaultId> misdirect_write(int host, sim::RandomStream& random) override;
  std::optional<sim::DiskFaultId> misdirect_reads(int host, sim::Ratio chance, sim::RandomStream& random) override;
  void lift(int host, sim::DiskFaultId fault) override;
  bool may_lose(int host) override;
  bool is_repairing() override { return atlas_.is_repairing(); }
  sim::DiskImage disk_image(int host) const override;
  sim::DiskImage with_foreign_data(sim::DiskImage image) override;
  void replace_disk(int host, const sim::DiskImage& image) override;
  void request(const scenarios::Fault& operator_request, int host) override;
  /// Up to now; what is under way has not succeeded.
  sim::Requests requests() const { return {requests_ok_, requests_made_ - requests_ok_}; }
  void run_pg_ctl(int host, std::string_view action) override;
  void start_second_agent(int host) override;
  void kill_second_agent(int host) override;

 private:
  struct Host {
    int number = 0;  ///< As in sim::Actions.
    std::optional<LogPipe> log;
    ClusterHost site;
    std::vector<std::optional<testbed::ProgramId>> programs;  ///< As System::programs; those that run.
    std::optional<testbed::ProgramId> second_agent;
    int holds = 0;                ///< Faults that keep the program from being started.
    std::array<int, 3> pauses{};  ///< By scenarios::ProcessKind.
    int& pauses_of(scenarios::ProcessKind kind) { return pauses[static_cast<std::size_t>(kind)]; }
    int pauses_of(scenarios::ProcessKind kind) const { return pauses[static_cast<std::size_t>(kind)]; }
    int files_used_up = 0;   ///< Faults that leave its agent no descriptor,
    int sessions_taken = 0;  ///< and its clients no session.
    std::unique_ptr<Crowd> crowd;
    std::optional<HostClock> clock;  ///< Of its own, if the scenario says something of clocks.
    int boots = 0;                   ///< So often was it off: what is due for an earlier boot is not done.
  };
  struct Due {
    Instant at;
    std::function<void()> act;
  };

  HostedWorld(const scenarios::Scenario& scenario, const HostedWorldOptions& options, Observer& observer);
  Result<> set_up();
  Result<> make_clocks();
  Host& of(int host) {
    return host > 0 ? peers_[static_cast<std::size_t>(host - 1)] : members_[static_cast<std::size_t>(-host - 1)];
  }
  testbed::Container& container(int host) { return world_->host(node(host)); }
  std::vector<Host*> all_hosts();
  void start_programs_of(int host);
  void start_program(int host, std::size_t which);
  /// All that is started on a host, in its environment, with its output in the host's log.
  Result<testbed::ProgramId> start_on(int host, testbed::Command command);
  void switch_off(int host, sim::UnsyncedFate fate);
  void see_ends(Host& host);
  void see_requests_end();
  void hold_or_let_go(int host, scenarios::ProcessKind process, int number);
  void later(Duration in, std::function<void()> act) { due_.push_back({after(now_of_machine(), in), std::move(act)}); }
  /// The same, if the host is not switched off meanwhile.
  void later_on(int host, Duration in, std::function<void()> act);
  bool is_sound(int host);
  bool is_damaged(int host) const;
  void tell_of_loss(int host);
  void note(const Result<>& done, const std::string& what) const;
  void note_machine(int host);
  std::string disk_of(sim::NodeId node) const;
  std::size_t sockets_of(sim::NodeId on, sim::NodeId with, const std::string& options);
  std::size_t destroy_sockets(sim::NodeId on, sim::NodeId with);
  void limit_files(int host);
  void gather_crowd(int host);
  bool is_agent_of(int host, const HostProcess& process) const;
  std::optional<HostProcess> postmaster(int host);
  static testbed::Command with_output(testbed::Command command, const LogPipe& output);
  sim::NodeId operator_node() const;

  const scenarios::Scenario& scenario_;
  const HostedWorldOptions options_;
  Observer& observer_;
  sim::RandomStream random_;
  sim::Atlas atlas_;
  Copies copies_;
  std::function<bool(int)> strikes_alone_;
  std::string password_;
  std::unique_ptr<testbed::World> world_;
  std::unique_ptr<System> system_;
  std::vector<Host> members_;
  std::vector<Host> peers_;
  std::optional<LogPipe> operator_log_;
  std::vector<testbed::ProgramId> requests_;  ///< Those under way.
  int requests_made_ = 0;
  int requests_ok_ = 0;
  std::size_t clients_ = 0;
  std::vector<Due> due_;
  mutable std::optional<std::string> problem_;
  mutable int kept_disks_ = 0;  ///< Images of disks that were made.
};

}  // namespace heir::on_hosts
