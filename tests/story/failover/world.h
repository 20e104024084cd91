// The model world: real failover::Peer values with a model store, model databases and model clients, moved one step at
// a time by a script or by the explorer. Nothing happens by itself; after every step the world's own checkers look at
// everything.
//
// What the checkers watch (FAILOVER.md section 1): whatever opens a gate has every write that was acknowledged or read
// (LOST WRITE); a read has all that was known before it began (STALE READ); at most one gate is open (TWO GATES); no
// copy gives up an acknowledged write or another cluster's data (COPY DESTROYED); no deadline is due at once again for
// ever (HOT DEADLINE).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/failover/peer.h"
#include "tests/story/failover/model_database.h"
#include "tests/story/failover/model_store.h"

namespace heir::story {

struct WorldOptions {
  int peers = 3;
  failover::Policy policy;
  failover::Timing timing;
  bool clocks_bound = true;     ///< False: a session may end while its owner's lease still runs.
  bool second_wall = false;     ///< The store refuses writes of sessions that are over.
  std::uint32_t singleton = 0;  ///< Peers configured so, as bits.
};

/// One step, as a line of a story: a verb and its words.
struct Move {
  std::string verb;
  std::vector<std::string> words;
  std::string text() const;
};
Move parse_move(const std::string& line);

class World {
 public:
  explicit World(WorldOptions options);

  /// Carries out a step. Nothing: it is unknown or not possible now (then nothing has happened).
  bool move(const Move& move);
  /// Everything benign, in a fixed order, until nothing is left to do or `limit` steps are done; true if quiet.
  struct Settling {
    bool ticks = false;      ///< Time passes too.
    int without = nobody;    ///< This host hangs or is cut off.
    int agentless = nobody;  ///< Only this host's agent hangs or is cut off.
  };
  bool settle(int limit, const Settling& how);
  /// "ticks", "without PEER", "agentless PEER".
  Settling settling(const std::vector<std::string>& words) const;

  /// What happened since the last call, a line each.
  std::string take_trace();
  void set_trace(bool on, bool brief = false) { trace_on_ = on, brief_ = brief; }

  const std::vector<std::string>& violations() const { return violations_; }
  bool somebody_serves() const;
  int peers() const { return options_.peers; }
  std::uint64_t writes_begun() const { return last_write_; }
  std::vector<int> possible_ships() const;

 private:
  struct PendingRead {
    std::uint64_t id = 0;
    std::optional<failover::View> served;
  };
  struct PendingWrite {
    failover::Write write;
    bool applied = false;
    std::optional<std::uint64_t> index;
  };
  struct PendingProof {
    std::uint64_t id = 0;
    int sync = nobody;
    Position target;
    std::uint64_t incarnation = 0;
  };
  struct Held {
    enum class Kind { acknowledgement, read };
    Kind kind = Kind::read;
    std::uint8_t write = 0;
    Writes content = 0;
    Writes known = 0;  ///< What was known when the read began.
    bool slow = false;
  };
  struct Host {
    bool up = false;  ///< The agent runs.
    failover::Peer peer;
    MonotonicTime clock = MonotonicTime::from_ns(1'000'000'000);
    MonotonicTime lease_until;  ///< As granted to this agent's session.
    std::optional<PendingRead> read;
    std::optional<PendingWrite> write;
    std::optional<failover::Command> command;
    std::optional<Position> sampled;  ///< The position that the command has read, but not told yet.
    std::optional<PendingProof> proof;
    std::optional<std::uint64_t> asked_session;  ///< Set while the agent wants one.
    std::vector<SessionId> ending;               ///< Ends asked for, which the store has not seen.
    std::uint64_t seen_index = 0;
    std::uint64_t seen_members = 0;
    std::string remembered_store;
    Generation remembered;
    bool adopts = false;
    ModelDatabase database;
    std::string blank_cluster;
    failover::DatabaseStatus told;
    std::vector<Held> gate;
  };

  using Step = bool (World::*)(const Move&);
  static const std::map<std::string, Step>& steps();

  // Agents
  bool start(const Move&);
  bool session(const Move&);
  bool end(const Move&);
  bool over(const Move&);
  bool renew(const Move&);
  bool lapse(const Move&);
  bool expire(const Move&);
  bool tick(const Move&);
  bool advance(const Move&);
  bool crash(const Move&);
  bool restart_agent(const Move&);
  bool data(const Move&);
  // Store
  bool view(const Move&);
  bool view_state(const Move&);
  bool view_members(const Move&);
  bool old_view(const Move&);
  bool read(const Move&);
  bool serve(const Move&);
  bool answer(const Move&);
  bool fail_read(const Move&);
  bool write(const Move&);
  bool apply(const Move&);
  bool told(const Move&);
  bool unknown(const Move&);
  bool land(const Move&);
  bool drop(const Move&);
  bool store_older(const Move&);
  bool store_new(const Move&);
  // Databases
  bool complete(const Move&);
  bool sample(const Move&);
  bool fail(const Move&);
  bool ship(const Move&);
  bool ship_one(const Move&);
  bool flush(const Move&);
  bool replay(const Move&);
  bool ack(const Move&);
  bool proved(const Move&);
  bool status(const Move&);
  bool link(const Move&);
  bool cancel(const Move&);
  bool restart_database(const Move&);
  bool kill_database(const Move&);
  bool repair(const Move&);
  // Clients
  bool put(const Move&);
  bool get(const Move&);
  bool slow_get(const Move&);
  bool pass(const Move&);
  // Operator
  bool freeze(const Move&);
  bool unfreeze(const Move&);
  bool promote(const Move&);
  bool reap(const Move&);
  bool accept_loss(const Move&);
  bool rebuild(const Move&);
  // Looking
  bool show_state(const Move&);
  bool show_peers(const Move&);
  bool show_databases(const Move&);
  bool show_why(const Move&);

  int index_of(const std::string& name) const;
  std::string name(int peer) const;
  std::string names(Writes set) const;
  Host* host(const Move& move, std::size_t word = 0);
  int number(const Move& move, std::size_t word) const;
  failover::Now now(const Host& h) const;

  void feed(int self, const failover::Input& input);
  void carry_out(int self, const failover::Effect& effect);
  void forget_agent(Host& h);
  void stop_database(int self);
  void disconnect(int self);
  bool connected(int up, int down) const;
  bool ship_some(const Move& move, std::size_t limit);
  void release(int self);
  void answer_command(int self, failover::Outcome outcome, std::optional<Position> position,
                      const std::string& message);
  void run(int self, const failover::Lead& lead);
  void run(int self, const failover::Follow& follow);
  void run(int self, const failover::Sever& sever);
  void run(int self, const failover::Stop& stop);
  void run(int self, const failover::ReadPosition& read);
  void run(int self, const failover::Drain& drain);
  void run(int self, const failover::Rejoin& rejoin);
  void replace_copy(int self, const ModelDatabase& by, const char* how);
  std::optional<Position> counted_position(const ModelDatabase& db) const;
  failover::DatabaseStatus status_of(int self) const;
  void observe_at_once(int self);
  void deliver(int self, std::uint64_t index, std::uint64_t members);
  bool operator_write(failover::ClusterState state, const std::string& why);

  failover::GateMode gate_of(const Host& h) const;
  void pump_gates();
  void check();
  void violation(const std::string& what);
  void say(const std::string& line);
  void whisper(const std::string& line);

  WorldOptions options_;
  std::vector<Host> hosts_;
  ModelStore store_;
  std::vector<std::pair<int, PendingWrite>> floating_;  ///< Writes whose outcome nobody waits for any more.
  WallTime wall_ = WallTime::from_ns(1'000'000'000'000);
  std::uint64_t last_write_ = 0;
  Writes known_ = 0;  ///< Acknowledged, or seen by a read that completed.
  std::vector<std::string> violations_;
  bool trace_on_ = false;
  bool brief_ = false;
  std::string trace_;
  std::vector<failover::GateMode> gates_before_;
};

std::string to_text(const failover::ClusterState& state);
std::string to_text(const failover::Effect& effect);

}  // namespace heir::story
