// The scripted world around one real peer: a coordination store, the peer's database, and other peers that exist in
// name only. Whatever the peer asks for is done at once; time is virtual and moves only in wait(). Every operation
// returns when the peer has settled: nothing is pending but deadlines in the future. An operation that fails has
// changed nothing.
//
// While the primary is a scripted peer, the world does for it what a primary would: it lists joiners, and under a
// policy with a gate it opens the generation as soon as its sync is present and has everything.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/failover/peer.h"
#include "tools/shell/database.h"

namespace heir::shell {

struct Setup {
  failover::Policy policy;
  bool removals = false;  ///< Scripted primaries react to a removed peer, as in sirenia's simulator.
  bool singleton = false;
  PeerId peer;  ///< The one under test.
};

/// One version that the store has held.
struct Version {
  std::uint64_t index = 0;
  failover::ClusterState state;
};

class World {
 public:
  explicit World(Setup setup);

  // ---- The commands
  /// The peer that joined: `name`, or the next nodeN that nobody has had.
  Result<PeerId> add_peer(const std::optional<PeerId>& name);
  Result<> remove_peer(const PeerId& name);
  Result<> bootstrap(const std::optional<PeerId>& primary, const std::optional<PeerId>& sync);
  Result<> start_peer();
  Result<> catch_up();
  Result<> depose();
  Result<> rebuild(const PeerId& name);
  Result<> freeze();
  Result<> unfreeze();
  Result<> promote(failover::PromoteRequest request);
  Result<> set_state(failover::ClusterState state);
  void wait(Duration duration);

  // ---- What there is to see
  const Setup& setup() const { return setup_; }
  const failover::Peer& peer() const { return peer_; }
  const Database& database() const { return database_; }
  const std::optional<failover::ClusterState>& state() const { return state_; }
  std::uint64_t index() const { return index_; }
  const std::vector<failover::Member>& members() const { return members_; }
  bool is_alive(SessionId session) const;
  const std::vector<Version>& history() const { return history_; }
  /// Every name that ever joined, in order.
  const std::vector<PeerId>& seen() const { return seen_; }
  MonotonicTime now() const { return now_; }
  WallTime wall() const;
  bool started() const { return peer_.started; }
  /// False if the peer went on and on; then the rest of its inputs were dropped.
  bool settled() const { return settled_; }

 private:
  bool primary_is_scripted() const { return state_ && state_->primary != setup_.peer; }
  bool is_present(const PeerId& name) const;
  SessionId register_peer(const PeerId& name);
  void end_session(const PeerId& name);
  /// Brings the peer up to date and lets it settle.
  void settle();
  void tell();
  void write(failover::ClusterState state, std::string by, std::string why);
  /// A scripted primary opens the generation, if it can and has not yet.
  bool opens(failover::ClusterState& state) const;
  bool open_for_scripted_primary();
  void carry_out(const failover::Effect& effect);
  void answer_write(const failover::Write& write);
  void run_command(const failover::Command& command);
  void open_session();
  std::optional<MonotonicTime> next_deadline() const;
  failover::View view() const;

  Setup setup_;
  failover::Peer peer_;
  Database database_;
  MonotonicTime now_;
  bool settled_ = true;

  std::optional<failover::ClusterState> state_;
  std::uint64_t index_ = 0;
  std::uint64_t version_ = 0;
  std::vector<Version> history_;
  std::vector<failover::Member> members_;  ///< In order of joining.
  std::vector<PeerId> seen_;
  std::uint64_t last_session_ = 0;
  std::uint64_t last_node_ = 0;

  std::deque<failover::Input> inputs_;    ///< For the peer, not yet given.
  std::optional<failover::Prove> proof_;  ///< Asked for, and its sync is not present.
};

}  // namespace heir::shell
