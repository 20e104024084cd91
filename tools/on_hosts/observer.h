// Observer: what the log lines of a running cluster tell: the story, who is who, changes of the primary, the moments
// that faults wait for. As the simulated world does from the same lines (sim/world/observation.cc); nothing here looks
// into a host. Of other systems than heir, whose lines say nothing to it, it is told who is who (see()).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/actions.h"
#include "sim/world/run.h"
#include "tools/on_hosts/log_lines.h"

namespace heir::on_hosts {

/// The cluster's state, by the agents' lines, or by what its databases say of themselves: then their timeline is the
/// generation. Lists are names with spaces between.
struct ClusterView {
  std::uint64_t index = 0;
  std::uint64_t generation = 0;
  std::string primary;
  std::string sync;
  std::string async;
  std::string deposed;
  bool opened = false;
  std::string proven;  ///< Who may lead the next generation while this one has not opened.
  bool operator==(const ClusterView&) const = default;
};

class Observer {
 public:
  /// Hosts have the numbers of sim::Actions. `result` gets story, timeline, violations and changes of the primary.
  Observer(const RealClock& clock, int peers, int members, sim::RunResult& result);

  void watch_moments(sim::Actions::MomentSink sink) { moments_ = std::move(sink); }
  void on_line(int host, const LogEntry& entry);
  /// Of another system's program: told as it is.
  void on_foreign_line(int host, const LogEntry& entry);
  /// What the databases say of themselves; `index` is not theirs.
  void see(ClusterView seen);
  /// Its agent, or its member of the store, is no more.
  void on_program_gone(int host);
  /// A program of the host has begun a sync.
  void on_sync(int host) {
    if (moments_) moments_(scenarios::Moment::fsync, host);
  }
  void on_fault(const sim::FaultEvent& event);
  void tell(sim::StoryLine::Kind kind, std::string host, std::string what) {
    tell_at(clock_.now(), kind, std::move(host), std::move(what));
  }
  reports::HostTimeline& lane(int host);
  reports::HistoryTime now() const;

  const ClusterView& cluster() const { return cluster_; }
  /// As sim::Actions::host_in_role.
  int host_in_role(scenarios::TargetKind role) const;
  /// Those that the state calls proven.
  std::vector<int> proven_hosts() const;
  /// The host of that name, or of the peer of that identity; 0: none.
  int host_named(std::string_view name) const;
  std::string host_name(int host) const;
  /// By what the host's agent said last.
  bool has_open_gate(int host) const { return open_gates_.contains(host); }
  /// How many of the peers the cluster's state has as primary, sync or async.
  int placed() const;
  /// The generation in which the peer's gate was open last by then.
  std::uint64_t generation_at(int peer, VirtualTime at) const;

  /// The run is over: orders the story, ends the timeline.
  void conclude();

 private:
  VirtualTime time_of(const LogEntry& entry) const;
  void tell_at(VirtualTime at, sim::StoryLine::Kind kind, std::string host, std::string what);
  void on_state(const LogEntry& entry);
  /// `from`: where the generation begins in the log; empty if that is not known.
  void take(ClusterView next, VirtualTime at, const std::string& from, const std::string& why);
  void on_gate(int host, const LogEntry& entry);
  void on_store_role(int host, const LogEntry& entry);
  void note_failover(const ClusterView& before, VirtualTime at, const std::string& why);
  void note_opened(std::uint64_t generation, VirtualTime at);
  std::string name_of(std::string_view name) const;
  std::string named(std::string_view words) const;

  const RealClock& clock_;
  const int peers_;
  const int members_;
  sim::RunResult& result_;
  sim::Actions::MomentSink moments_;
  ClusterView cluster_;
  int store_leader_ = 0;  ///< Host number.
  std::uint64_t store_term_ = 0;
  std::map<std::string, int, std::less<>> identities_;  ///< Of peers.
  struct Opening {
    VirtualTime at;
    std::uint64_t generation = 0;
  };
  std::map<int, std::vector<Opening>> openings_;  ///< By peer, in order.
  std::uint64_t opened_generation_ = 0;
  std::set<int> open_gates_;
  std::map<int, VirtualTime> severed_;
  std::map<std::uint32_t, std::size_t> faults_under_way_;
};

}  // namespace heir::on_hosts
