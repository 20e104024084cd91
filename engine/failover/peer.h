// A peer as a value: what it knows, what it is doing, and step(), which is the whole protocol.
//
// step(peer, now, input) changes the peer and returns what its agent must do, in that order. Nothing else changes a
// peer. A peer has no clock, no I/O and no randomness of its own, so it can be copied, compared, hashed, snapshotted,
// explored.
//
// Duties of the agent:
// - feed inputs one at a time, in the order in which they came;
// - carry out effects in their order; each Read, Write, Command and Prove is answered exactly once, by its id, unless
// the peer
//   is destroyed (a later Prove replaces an earlier one, which is then not answered);
// - run at most one database command at a time (the peer asks for no second one);
// - ask gate_mode() before every byte that it lets pass, and call step(Tick) when next_deadline() has come.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/failover/cluster_state.h"
#include "engine/failover/policy.h"

namespace heir::failover {

enum class Role { unknown, unassigned, primary, sync, async, deposed };
const char* to_string(Role role);

// ---- Why nothing more happens
// -------------------------------------------------------------------------------------------

enum class Reason {
  no_session,      ///< The coordination store has not given a session yet.
  resigned,        ///< This peer stepped back so that another may take over.
  store_not_read,  ///< A linearizable read is under way.
  write_in_flight,
  retrying,            ///< Something failed; it is tried again at a known time.
  not_set_up,          ///< There is no cluster yet: waiting for another peer, or for the first of them.
  data_not_empty,      ///< A peer holds data: only an operator may say whose is adopted.
  singleton_mismatch,  ///< Configured as singleton, but the cluster is not.
  store_lost,          ///< Another store, or an older state, than this peer remembers.
  duplicate_identity,  ///< Two live peers have this peer's identity.
  frozen,
  not_listed,     ///< The primary has not listed this peer yet.
  database_busy,  ///< A database procedure is running.
  database_failed,
  no_candidate,   ///< Nobody present could be the next sync.
  not_caught_up,  ///< This peer's log does not contain the generation's initial position.
  copy_damaged,   ///< The copy here is damaged; another must lead.
  no_position,    ///< The copy here is not proven complete.
  lease_lost,
  proving_sync,  ///< The gate opens when the sync has flushed all that the database shows.
  sync_absent,   ///< The sync is gone or stalled and nobody can replace it.
  deposed,       ///< Waiting for an operator, or for the primary to list this peer again.
  rejoin_waits,  ///< The peer to compare logs with is not present.
  switchover,    ///< A switchover is under way.
};
const char* to_string(Reason reason);

struct Refusal {
  Reason reason;
  std::string detail;
  bool operator==(const Refusal&) const = default;
};

// ---- The database, as the protocol sees it
// -------------------------------------------------------------------------------

/// Be the primary of `generation`: promote if need be; wait for `sync` alone; let `downstreams` connect.
struct Lead {
  std::string cluster;
  Generation generation;
  std::optional<PeerId> sync;
  std::vector<PeerId> downstreams;
  bool may_initialize = false;  ///< The cluster is new: an empty peer makes the first copy of its data.
  bool opened = false;          ///< The generation has opened: its primary's copy is a standby's no more.
  Position from;                ///< Where the generation began: what is promoted into it has that.
  bool operator==(const Lead&) const = default;
};
/// Whether a log holds where a generation began.
bool has_beginning(const Policy& policy, const Position& log, Position beginning, Generation generation);
/// Be a standby of `upstream`; an empty peer clones it, a copy that is not whole is replaced by one that holds all that
/// was acknowledged. Ends with `diverged`, replication stopped, if the log here is
/// not contained in the upstream's.
struct Follow {
  std::string cluster;
  Generation generation;
  PeerId upstream;
  std::vector<PeerId> downstreams;
  bool operator==(const Follow&) const = default;
};
/// Stop replication from any upstream, and run from the own disk; then tell the position.
struct Sever {
  bool operator==(const Sever&) const = default;
};
/// Stop the database. `clean`: with a shutdown record that the standbys receive; then tell the position.
struct Stop {
  bool clean = false;
  bool operator==(const Stop&) const = default;
};
/// Tell the flushed position of the running primary.
struct ReadPosition {
  bool operator==(const ReadPosition&) const = default;
};
/// Wait until clients' transactions have ended, `limit` at most.
struct Drain {
  Duration limit;
  bool operator==(const Drain&) const = default;
};
/// Section 7: find the fork with `against`; set the diverged tail aside; rewind or clone; ready to follow.
struct Rejoin {
  std::string cluster;
  Generation generation;
  PeerId against;
  bool in_place = false;  ///< The old copy may be rewound where it is.
  bool clone = false;     ///< The operator wants a fresh copy.
  bool operator==(const Rejoin&) const = default;
};
using DatabaseCommand = std::variant<Lead, Follow, Sever, Stop, ReadPosition, Drain, Rejoin>;
std::string to_string(const DatabaseCommand& command);

/// What the agent observes of its database.
struct DatabaseStatus {
  bool running = false;
  std::uint64_t incarnation = 0;      ///< Grows with every start of the server, also by itself.
  std::uint64_t cancelled_waits = 0;  ///< Grows when a commit became visible although its wait was cut short.
  std::uint64_t link_failures = 0;    ///< Grows while a standby follows and yet does not stream.
  std::vector<PeerId> streaming;      ///< Downstreams that stream, sorted.
  std::uint64_t sync_flushed = 0;     ///< How far the sync has flushed; for progress only.
  std::uint64_t copied = 0;           ///< Bytes that copies being made from here have sent; for progress only.
  bool damaged = false;               ///< The copy is never led by again: bad pages, or log of its own that is lost.
  bool sync_lacks = false;            ///< The sync has not flushed all that is flushed here.
  bool operator==(const DatabaseStatus&) const = default;
};

enum class Outcome { done, diverged, failed };

// ---- Inputs
// --------------------------------------------------------------------------------------------------------------

struct Now {
  MonotonicTime monotonic;
  WallTime wall;
};

/// The agent has started. First input, once.
struct Started {
  bool has_data = false;
  bool adopt = false;       ///< The operator said that this peer's data is the cluster's.
  std::string new_cluster;  ///< An identity for the cluster, should this peer bootstrap it.
  std::string store;        ///< The store that was last trusted here; empty: none.
  Generation generation;    ///< The highest generation seen of it.
  std::uint64_t jitter_seed = 0;
  bool operator==(const Started&) const = default;
};
struct SessionOpened {
  SessionId session;
};
/// The session is known to be over.
struct SessionOver {};
/// The lease now ends at `until`, on this host's monotonic clock (section 5).
struct LeaseRenewed {
  MonotonicTime until;
};
/// A watch delivered a view; it may be old.
struct ViewChanged {
  View view;
};
/// Answers Read; no view: it failed.
struct ReadDone {
  std::uint64_t id = 0;
  std::optional<View> view;
};
enum class WriteOutcome { written, refused, unknown };
struct WriteDone {
  std::uint64_t id = 0;
  WriteOutcome outcome = WriteOutcome::unknown;
  std::uint64_t index = 0;  ///< Of the new version, if written.
};
/// Answers Command.
struct CommandDone {
  std::uint64_t id = 0;
  Outcome outcome = Outcome::done;
  std::optional<Position> position;  ///< For commands that tell one.
  std::string message;               ///< Why it failed.
  /// With the position, of a copy that was made of another than a primary's: the last generation that had opened then.
  std::optional<Generation> rebuilt{};
};
struct DatabaseChanged {
  DatabaseStatus status;
};
/// Answers Prove: the sync has flushed all that the database showed when the proof was asked for.
struct Proved {
  std::uint64_t id = 0;
};
/// The operator accepts to lose what this peer lacks of the generation that he typed.
struct AcceptLoss {
  Generation generation;
  std::string by;
  bool operator==(const AcceptLoss&) const = default;
};
/// The operator wants this peer's copy made anew.
struct Rebuild {};
/// A deadline has come.
struct Tick {};

using Input = std::variant<Started, SessionOpened, SessionOver, LeaseRenewed, ViewChanged, ReadDone, WriteDone,
                           CommandDone, DatabaseChanged, Proved, AcceptLoss, Rebuild, Tick>;

// ---- Effects
// -------------------------------------------------------------------------------------------------------------

/// Open a session and register; try until it succeeds.
struct OpenSession {
  bool operator==(const OpenSession&) const = default;
};
struct EndSession {
  SessionId session;
  bool operator==(const EndSession&) const = default;
};
/// Read the store, linearizably.
struct Read {
  std::uint64_t id = 0;
  bool operator==(const Read&) const = default;
};
/// Compare-and-swap the state and, in the same command, the leader pointer.
struct Write {
  std::uint64_t id = 0;
  SessionId session;
  std::uint64_t expected_index = 0;
  ClusterState state;
  std::optional<PeerId> leader;
  bool operator==(const Write&) const = default;
};
struct Command {
  std::uint64_t id = 0;
  DatabaseCommand command;
  bool operator==(const Command&) const = default;
};
/// Give up the command under way, unless it is copying data: something else is wanted. It is answered all the same.
struct Cancel {
  std::uint64_t id = 0;  ///< Of the Command.
  bool operator==(const Cancel&) const = default;
};
/// Tell when `sync` has flushed everything that the database shows now.
struct Prove {
  std::uint64_t id = 0;
  PeerId sync;
  bool operator==(const Prove&) const = default;
};
/// Keep durably, beside the data, that this generation of this store was seen.
struct Remember {
  std::string store;
  Generation generation;
  bool operator==(const Remember&) const = default;
};
using Effect = std::variant<OpenSession, EndSession, Read, Write, Command, Cancel, Prove, Remember>;

// ---- The peer
// ------------------------------------------------------------------------------------------------------------

enum class GateMode {
  closed,  ///< Connections are cut, new ones refused.
  held,    ///< Answers wait.
  open,
};
const char* to_string(GateMode mode);

/// Why a write of the cluster state is under way.
enum class Purpose { bootstrap, takeover, replace_sync, open, async_list, switchover, operator_request };

struct Peer {
  // Configuration
  PeerId id;
  bool singleton = false;
  Policy policy;
  Timing timing;

  // The beginning
  bool started = false;
  Started beginning;
  std::optional<Refusal> halted;  ///< Nothing but an operator helps.

  // Session and view
  std::optional<SessionId> session;
  bool session_requested = false;
  MonotonicTime lease_end;
  std::optional<MonotonicTime> resigned_until;
  View view;
  bool must_read = true;              ///< A linearizable read is needed before anything else.
  std::optional<std::uint64_t> read;  ///< The read under way.
  std::uint64_t read_floor =
      0;  ///< The index that was known when it was asked for: an older answer means a lost store.
  std::uint64_t read_index = 0;     ///< The index of the last linearizable read: its members were as new as its state.
  bool read_failed = false;         ///< The last one did; the next waits for the retry.
  bool read_began_stopped = false;  ///< It was asked for after this peer's replication had been stopped.
  struct PendingWrite {
    std::uint64_t id = 0;
    Purpose purpose = Purpose::async_list;
    ClusterState state;
    bool operator==(const PendingWrite&) const = default;
  };
  std::optional<PendingWrite> write;

  // Role
  Role role = Role::unknown;
  Generation generation;  ///< Whose role has been taken.
  std::optional<PeerId> upstream;
  std::optional<PeerId> downstream;

  // Database
  DatabaseStatus database;
  std::optional<Command> command;          ///< Under way.
  bool cancelled = false;                  ///< It was told to give up.
  std::optional<DatabaseCommand> applied;  ///< What the database was last brought to.
  std::uint32_t failures = 0;              ///< Of commands, in a row.
  std::optional<DatabaseCommand> failed;  ///< What failed last: only this waits for its retry, any other goal does not.
  std::string failure;                    ///< The last one's words.
  std::optional<Position> position;       ///< Valid for the plan under way: severed, held or stopped.
  std::optional<Generation> rebuilt;      ///< As the last command that told a position said.
  bool needs_rejoin = false;
  bool rejoin_by_clone = false;
  bool rejoined = false;  ///< Since it last followed: if it still diverges, it is the upstream that has yet to rejoin.
  bool read_after_stop = false;  ///< The view is from a linearizable read made after replication was stopped.

  // Gate
  GateMode gate = GateMode::closed;
  bool lets_out = false;  ///< See lets_out().
  struct Opening {
    enum class Stage { idle, reading, proving, writing };
    Stage stage = Stage::idle;
    bool operator==(const Opening&) const = default;
  };
  Opening opening;
  std::optional<std::uint64_t> proof;  ///< Asked for.
  struct ProofCovers {
    std::uint64_t incarnation = 0;
    std::uint64_t cancelled_waits = 0;
    bool operator==(const ProofCovers&) const = default;
  };
  ProofCovers proof_covers;  ///< What the database had been through when the last proof was asked for.
  std::uint64_t opened_incarnation = 0;
  std::uint64_t covered_cancels = 0;  ///< Cancelled waits up to here are proven to be on the sync.

  // The sync's progress
  MonotonicTime progress_at;
  std::uint64_t progress = 0;  ///< The farthest that this sync has flushed, and the most that it has copied.
  std::uint64_t copied = 0;
  std::vector<PeerId> stalled;  ///< Syncs of late that made no progress.

  // Plans
  bool handed_over = false;  ///< Primary by another's declaration; the log here is to be compared first.
  struct Replacement {
    PeerId candidate;
    std::string why;
    bool by_request = false;  ///< An operator promotes an async.
    bool operator==(const Replacement&) const = default;
  };
  std::optional<Replacement> replacement;
  struct Switchover {
    enum class Stage { draining, proving, stopping, writing };
    Stage stage = Stage::draining;
    bool operator==(const Switchover&) const = default;
  };
  std::optional<Switchover> switchover;
  std::optional<MonotonicTime> takeover_retry;
  std::string no_position;  ///< Why the copy here could last not tell where its log ends; empty: it could.
  std::optional<AcceptLoss> accepted_loss;

  // Retries
  std::optional<MonotonicTime> retry_at;
  std::uint32_t retries = 0;
  std::uint64_t jitter = 0;

  MonotonicTime evaluated_at;  ///< Deadlines up to here have been looked at.
  std::uint64_t last_id = 0;
  std::vector<Refusal> waiting_for;  ///< As of the last evaluation.

  bool operator==(const Peer&) const = default;
};

Peer make_peer(PeerId id, Policy policy, Timing timing = {}, bool singleton = false);

[[nodiscard]] std::vector<Effect> step(Peer& peer, Now now, const Input& input);

/// What the gate must do at this moment: the peer's decision, and the lease.
GateMode gate_mode(const Peer& peer, MonotonicTime now);
/// Whether what waits at a gate that a switchover has closed may still be told, at this moment: the sync has flushed
/// all of it, and nobody else leads while the lease lives. A planned handover leaves fewer clients in doubt then.
bool lets_out(const Peer& peer, MonotonicTime now);

/// When step(Tick) is due, if nothing else happens before.
std::optional<MonotonicTime> next_deadline(const Peer& peer);

}  // namespace heir::failover
