// Adapter: drives one PostgreSQL 15 server and its copy of the data, through a Host only: files, programs, SQL
// sessions.
//
// Invariants:
//  - Every procedure may be destroyed at any await (the agent was killed) and started again later on whatever was left.
//  - The folder `data` is whole, or a mark beside it says that it is not (layout.h). Nothing else is ever started.
//  - A copy is replaced only by one that was verified; the old copy is deleted last, after the new one has streamed.
//  - Nothing is promoted except by promote(), which binds the new timeline to a generation.
//  - Every Error carries PostgreSQL's words and says what is done next.
//
// Procedures that change the server (all but the observations) are not run two at a time; the caller sees to it.
// Observations may run beside one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/identity.h"
#include "engine/base/position.h"
#include "engine/base/result.h"
#include "engine/base/task.h"
#include "engine/base/time.h"

namespace heir::postgresql {

/// The database of a peer: where the server itself listens, behind the gate.
struct Endpoint {
  PeerId peer;
  Address server;
  bool operator==(const Endpoint&) const = default;
};

/// What the sync must have done with a commit before it is acknowledged. Anything but `flushed` loses writes; a
/// scenario may want to see that.
enum class CommitLevel { flushed, written, local };

struct Config {
  PeerId self;
  std::string cluster;   ///< Name of the cluster; a copy of another cluster is never touched.
  std::string root;      ///< Folder that holds the data and what is kept beside it (layout.h); must exist.
  Address listen;        ///< Where the server listens.
  std::string binaries;  ///< Folder of initdb, pg_ctl, …; "" leaves it to the search path.
  std::string superuser = "heir";
  std::string password_file;        ///< Whose first line is the superuser's password in a new cluster; "": it has none.
  std::vector<std::string> access;  ///< Lines of pg_hba.conf. Empty: everyone by scram-sha-256.
  std::vector<std::string> settings;  ///< More lines for the settings file, which cannot override the adapter's own.
  /// As unix_socket_directories, for a gate beside the server; "" for none, "@name" for an abstract one.
  std::string socket_folder = {};
  CommitLevel commit_level = CommitLevel::flushed;
  bool fsync = true;                ///< Off loses writes; a scenario may want to see that.
  bool distrust_own_disk = true;    ///< Off: a copy is led by, or replaced, though others show that a disk lost log.
  bool sever_durably = true;        ///< Off: one that ran as it was severed has its upstream again if restarted.
  bool any_standby_counts = false;  ///< Commits wait for any standby instead of the named sync.
  Duration answer_limit = Duration::seconds(5);   ///< For one statement, or to open a session.
  Duration compare_limit = Duration::seconds(5);  ///< For the sync to say how far its log goes; then it is not asked.
  Duration start_limit = Duration::seconds(60);   ///< For the server to answer after a start.
  Duration lone_start_limit = Duration::seconds(5);  ///< Then a standby without an upstream is asked why.
  Duration stop_limit = Duration::seconds(60);       ///< For a fast stop; an immediate one has a quarter of it.
  Duration sever_limit = Duration::seconds(10);      ///< For the receiver to be gone and the log on disk to be read.
  Duration promote_limit = Duration::seconds(60);
  Duration stream_limit = Duration::seconds(5);  ///< For a standby to begin to stream; it goes on trying by itself.
  Duration retry_interval = Duration::milliseconds(100);  ///< Of recovery, for more log (wal_retrieve_retry_interval).
  Duration watch_interval = Duration::seconds(1);         ///< Between two looks at the source of a copy.
  Duration poll_interval = Duration::milliseconds(50);    ///< Of procedures that wait for a condition.
};

/// What the server is to be.
struct Primary {
  std::optional<PeerId> sync;       ///< Commits wait for exactly this peer; absent in singleton mode only.
  std::vector<PeerId> downstreams;  ///< A slot is kept for each (the sync need not be repeated).
  bool operator==(const Primary&) const = default;
};
struct Standby {
  Endpoint upstream;
  std::vector<PeerId> downstreams;
  bool operator==(const Standby&) const = default;
};
/// A standby without an upstream, in the settings on disk: a restarted server does not reconnect.
struct Severed {
  bool operator==(const Severed&) const = default;
};
using Role = std::variant<Primary, Standby, Severed>;

/// The store that this peer last obeyed, kept beside the data (FAILOVER.md section 8).
struct StoreMark {
  std::string store;      ///< Identity of the store; "" before the first.
  Generation generation;  ///< The highest seen.
  bool operator==(const StoreMark&) const = default;
};

/// With a peer that does not answer.
enum class Patience { none, some };

/// What is on disk, after interrupted swaps have been put right.
struct Disk {
  bool empty = true;     ///< No copy of any data, not even an unfinished rewind.
  bool whole = false;    ///< False also after an interrupted rewind, or if found damaged: only clone() helps.
  bool standby = false;  ///< A standby's copy, or one whose promotion did not end.
  std::uint64_t system_identifier = 0;  ///< PostgreSQL's identity of the cluster's data; 0 if empty or not readable.
  std::string cluster;                  ///< The cluster that the data belongs to; "" if it was never claimed.
  std::optional<PeerId> identity;       ///< Of the peer, as kept beside the data.
  StoreMark store;
  bool operator==(const Disk&) const = default;
};

/// What a running server shows (catalogue: observe).
struct Observation {
  bool in_recovery = false;
  std::int64_t started_us = 0;    ///< Identity of this start; compare with ==, never with a clock.
  std::int64_t processes_us = 0;  ///< Changes also when only the server's processes restarted after a crash of one.
  std::uint64_t system_identifier = 0;
  std::uint64_t flushed = 0;              ///< Primary: end of the flushed log.
  std::optional<std::uint64_t> received;  ///< Standby: since this start.
  std::uint64_t replayed = 0;             ///< Standby.
  bool streaming = false;                 ///< Standby: its receiver streams.
  std::optional<std::uint64_t>
      sync_flushed;             ///< Primary: what the named sync has flushed; absent if it is not connected.
  bool sync_streaming = false;  ///< Primary: the sync has caught up once and streams.
  bool sync_counts = false;     ///< Primary: the server itself waits for this sync (its sync state is "sync").
  std::uint64_t waiting_commits = 0;
  /// Commit waits cancelled since the observation before (or since cancelled_waits were last asked for): each shows a
  /// commit that nobody else may have.
  std::uint64_t cancelled_waits = 0;
  std::uint64_t checksum_failures = 0;  ///< Pages that did not pass their checksum, since the statistics began.
  /// The server, or all its processes, restarted since the observation before: close the gate until the sync has
  /// everything that recovery made visible (FAILOVER.md section 5).
  bool restarted = false;
};

/// For display: no procedure asks for it.
struct LogStream {
  std::optional<std::uint64_t> timeline;      ///< A standby's only as long as its receiver runs.
  std::optional<std::uint64_t> upstream_end;  ///< Standby: end of its upstream's log, as its receiver last heard of it.
};

/// Where the log of a running server ends, and which start of it said so (see Observation).
struct LogEnd {
  bool in_recovery = false;
  Branch branch;             ///< The last: its timeline's number alone may be another's, too.
  std::uint64_t offset = 0;  ///< Of what is flushed; in recovery of what is replayed.
  std::int64_t started_us = 0;
  std::int64_t processes_us = 0;
};

/// How far a standby has come towards what its primary shows.
struct CatchUp {
  std::uint64_t target = 0;
  std::uint64_t flushed = 0;  ///< 0 if it is not connected.
  bool connected = false;
  bool reached = false;
  MonotonicTime last_progress;  ///< When `flushed` last grew, as seen by this adapter.
};

enum class StopMode {
  fast,       ///< The shutdown record is written, and sent to connected standbys.
  immediate,  ///< As a crash; recovery at the next start.
};

/// May the only old copy be worked on in place? Only when the new generation has opened (FAILOVER.md section 7).
enum class Rebuild { beside, in_place };

/// Of whom a copy may be made: a peer that has one may be needed for what only a primary certainly holds.
enum class CloneOf { anybody, primary };

enum class Rejoined {
  followed,  ///< Nothing lay beyond the fork.
  rewound,
  cloned,
};

struct RejoinReport {
  Rejoined how = Rejoined::followed;
  std::uint64_t fork = 0;       ///< Last offset shared with the primary.
  std::uint64_t discarded = 0;  ///< Bytes of log beyond it.
  std::string tail;             ///< Folder with the report and the log set aside; "" if nothing was.
};

struct Context;  // internal: context.h

class Adapter {
 public:
  /// `host` outlives the adapter.
  Adapter(Host& host, Config config);
  ~Adapter();
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  const Config& config() const;

  // --- The copy on disk
  // -------------------------------------------------------------------------------------------------

  /// Puts interrupted swaps right (an unfinished clone is thrown away, an interrupted one returns to the old copy) and
  /// tells what is there. Call it before anything else, with the server stopped. `refused` if the data is another
  /// cluster's.
  Task<Result<Disk>> inspect();
  /// True if there is no data at all (what bootstrap asks of every peer). Reads only.
  Task<Result<bool>> is_empty();
  /// Makes the first copy of a new cluster. Does nothing if this cluster's is there already; `refused` over other data.
  Task<Result<>> initialize();
  /// The operator's word that the data found here is this cluster's.
  Task<Result<>> adopt();
  /// Deletes the copy and whose it was, whatever it is. For systems that do not ask.
  Task<Result<>> erase();
  /// Where the shutdown record of a cleanly stopped server begins: all that it ever committed lies before. `refused` if
  /// it was not stopped cleanly.
  Task<Result<std::uint64_t>> shutdown_offset();
  Task<Result<>> keep_identity(PeerId identity);
  Task<Result<>> keep_store(StoreMark mark);

  // --- The server
  // -------------------------------------------------------------------------------------------------------

  /// Starts the server in a role, or, if it runs, configures it so. A Primary is `refused` where the disk says standby:
  /// promote() is the only way. `refused` on a copy that is not whole.
  Task<Result<>> start(Role role);
  /// The same for a primary that was one before its server, or its host, ended. If its disk has lost log that the sync
  /// holds, the copy is marked as damaged, the server stopped, and the answer `refused`. With some patience a sync that
  /// does not answer is asked again, up to Config::compare_limit; each is once.
  Task<Result<>> start_again(Primary role, std::optional<Endpoint> sync, Patience patience = Patience::some);
  /// From now on, durably, the copy is not whole: it is neither started nor believed, but cloned anew.
  Task<Result<>> mark_damaged(std::string why);
  /// The last generation that is known to have opened, which is kept with every copy that is made from now on of
  /// another than `primary`.
  void note_opened(Generation generation, PeerId primary);
  /// Whether the copy has led the branch that its log ends in: then whatever others have of that branch came from here,
  /// and a log that ends before it has lost some.
  Task<Result<bool>> wrote_last_branch(Position log);
  /// What was kept with this copy, if it was made of another than the primary.
  Task<Result<std::optional<Generation>>> rebuilt();
  /// Stops it; succeeds if it does not run. A fast stop that is not done in time goes on as an immediate one.
  Task<Result<>> stop(StopMode mode);
  /// Stops it by any means: immediate, then signals to the postmaster.
  Task<Result<>> kill();
  /// By its process, not by its answers.
  Task<Result<bool>> is_running();
  /// Changes the role of a running server: Primary -> Primary with another sync or slots, Standby <-> Standby or
  /// Severed. The settings are durable before the server is told, and in force when it returns. `refused`: primary ->
  /// standby (stop, rejoin), standby -> primary (promote).
  Task<Result<>> configure(Role role);
  /// Standby: the upstream is gone from the settings on disk, no receiver runs, none can start, and all log on disk has
  /// been replayed. Works also on a stopped server (then only the settings change). Before a position is read for a
  /// takeover.
  Task<Result<>> sever();
  /// Makes a severed or following standby a primary under `generation`: the new timeline is bound to it, and flushed.
  /// Also completes a promotion that was interrupted. `role` holds from the first moment.
  Task<Result<>> promote(Generation generation, Primary role);
  /// On a primary: binds the newest timeline to `generation` unless it is bound, as it is not if the agent died between
  /// the promotion and this. The row is in the log before anything that a client writes, if it is done before the gate
  /// opens; it waits for no standby, since the adapter's sessions do not.
  Task<Result<>> bind_timeline(Generation generation);
  /// Slots for `peers` exist, and no others of ours except active ones.
  Task<Result<>> keep_slots(std::vector<PeerId> peers);
  /// Ends every client's session. Answer: how many.
  Task<Result<std::uint64_t>> terminate_clients();
  /// Whether the session of this server process waits for a standby's acknowledgement, or is about to.
  Task<Result<bool>> waits_for_sync(std::uint32_t process);
  /// Clients' sessions that are inside a transaction.
  Task<Result<std::uint64_t>> busy_clients();

  // --- Observations
  // -----------------------------------------------------------------------------------------------------

  /// By the kept session. `sync` is the one whose progress is wanted.
  Task<Result<Observation>> observe(std::optional<PeerId> sync);
  /// The same by a session that is opened for it: a server may answer old sessions and refuse new ones, or the reverse.
  Task<Result<Observation>> observe_anew(std::optional<PeerId> sync);
  /// Cancelled commit waits since last told, by observe() or here.
  Task<Result<std::uint64_t>> cancelled_waits();

  /// The position that counts. Primary: flushed end of log. Standby: received and flushed end of the valid log; exact
  /// and final only when severed, `refused` otherwise. `refused` while the copy is being cloned, rewound, or is not
  /// whole.
  Task<Result<Position>> position();
  /// A standby's position by its stream, while it follows: flushed, not final. For display and catch-up, not for a
  /// takeover.
  Task<Result<Position>> received_position();
  /// What was replayed: the position that Manatee and sirenia use.
  Task<Result<Position>> replayed_position();
  /// Primary: an offset that covers everything that the database shows now.
  Task<Result<std::uint64_t>> visible_end();

  Task<Result<LogEnd>> log_end();

  /// Bytes that the copies being made from this server have sent: the progress of a standby that does not stream yet.
  Task<Result<std::uint64_t>> copied();
  /// What a server shows of its stream of log beside an observation.
  Task<Result<LogStream>> stream();
  /// Has exactly this peer flushed up to `target` on our current timeline?
  Task<Result<CatchUp>> sync_has_flushed(PeerId sync, std::uint64_t target);
  /// Waits for it. `timed_out` with the progress if the sync did not move for `stall`.
  Task<Result<>> await_sync_flush(PeerId sync, std::uint64_t target, Duration stall);

  // --- Following, cloning, coming back
  // ----------------------------------------------------------------------------------

  /// Points a standby at an upstream and waits until it streams. The caller knows that the upstream contains its log;
  /// if it does not, `refused` names the fork: rejoin().
  Task<Result<>> follow(Endpoint upstream, std::vector<PeerId> downstreams);
  /// Asks the server there something; `unreachable`, `refused` or `timed_out` if it does not answer.
  Task<Result<>> reach(Endpoint other);
  /// Does a standby stream from its upstream now?
  Task<Result<bool>> is_streaming();
  /// A first copy for an empty peer, beside, verified, then in place; not started. `refused` over data of another
  /// cluster, or of a standby in its primary's place; over a copy of the same one it is a rebuild: the old copy is kept
  /// until the new one has streamed.
  Task<Result<>> clone(Endpoint source, CloneOf whom = CloneOf::anybody);
  /// A clone or a rewind is under way.
  bool is_rebuilding() const;
  /// FAILOVER.md section 7: whatever this copy holds, make it follow `upstream` in the history of `primary`, setting
  /// aside what lies beyond the fork. The caller has read the state after replication stopped. Ends streaming.
  Task<Result<RejoinReport>> rejoin(Endpoint primary, Endpoint upstream, Rebuild rebuild,
                                    std::vector<PeerId> downstreams);

 private:
  std::unique_ptr<Context> context_;
};

}  // namespace heir::postgresql
