// Database: what the agent needs of the database beside it, whichever it is. Commands and observations in the
// protocol's own terms (engine/failover/peer.h); how a database is driven is its adapter's business (engine/databases).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/base/host.h"
#include "engine/base/task.h"
#include "engine/failover/peer.h"

namespace heir::agent {

/// What lies on this host's disk when the agent starts.
struct Beginning {
  PeerId identity;  ///< Made now, if there was none.
  bool has_data = false;
  std::string store;  ///< The store last obeyed; "" for none.
  Generation generation;
};

struct CommandResult {
  failover::Outcome outcome = failover::Outcome::done;
  std::optional<Position> position;
  std::string message;
  std::optional<Generation> rebuilt{};  ///< See failover::CommandDone.
};

/// A standby follows, and yet receives no log.
struct BrokenLink {
  std::string why;  ///< What it waits for, or what its last attempt met with.
  WallTime since;
  bool operator==(const BrokenLink&) const = default;
};

/// How far the log here has come, as last observed; for who looks from outside, no rule asks. Offsets in bytes of the
/// log, comparable within one timeline.
struct LogStatus {
  bool is_standby = false;                ///< The server replays another's log.
  std::optional<std::uint64_t> timeline;  ///< Standby: as long as it is connected to its upstream.
  std::optional<std::uint64_t> flushed;   ///< Of a primary.
  std::optional<std::uint64_t> received;  ///< Of a standby: received and flushed since its server started.
  std::optional<std::uint64_t> replayed;  ///< Of a standby.
  /// Of a standby: the end of its upstream's log, as that last told it. Old by as much as the upstream has been silent.
  std::optional<std::uint64_t> upstream_end;
  bool is_streaming = false;                  ///< A standby receives log from its upstream.
  std::optional<BrokenLink> broken_link;      ///< Why it does not, once it has tried to.
  std::optional<std::uint64_t> sync_flushed;  ///< Of a primary: as far as the sync has flushed; nothing: it is away.
  std::uint64_t waiting_commits = 0;          ///< Of a primary: that wait for the sync.
  bool operator==(const LogStatus&) const = default;
};

/// Where the log of a server ends that runs.
struct LogEnd {
  bool in_recovery = false;
  Branch branch;                  ///< The last: its timeline's number alone may be another's, too.
  std::uint64_t offset = 0;       ///< Of what is flushed; in recovery of what is replayed.
  std::uint64_t incarnation = 0;  ///< See failover::DatabaseStatus; 0: of one that was not observed yet.
};

/// Where the databases of the other peers listen, as far as they were ever seen.
using Endpoints = std::map<PeerId, Address>;

/// What a command needs to know of the cluster.
struct KnownCluster {
  Endpoints endpoints;
  Generation opened;   ///< The last generation that has; noted in a copy that is not made of the primary's.
  PeerId primary;      ///< Of the generation, and
  Position beginning;  ///< its initial position.
  std::function<Endpoints()> endpoints_now = {};  ///< Those by now, for who waits for one.
};

class Database {
 public:
  virtual ~Database() = default;
  virtual Task<Result<Beginning>> begin() = 0;
  /// One at a time; may be destroyed at any moment and asked again.
  virtual Task<CommandResult> run(failover::DatabaseCommand command, KnownCluster cluster) = 0;
  /// The command under way copies data: what it has done so far would be lost with it.
  virtual bool is_copying() const = 0;
  /// `downstreams`: of whom to tell whether they stream. Beside a command or not.
  virtual Task<failover::DatabaseStatus> observe(std::optional<PeerId> sync, std::vector<PeerId> downstreams) = 0;
  /// The last observation was the server's own word, not a conclusion from its silence.
  virtual bool has_answered() const = 0;
  /// As the last answered observation saw it; nothing before the first, or when the server does not run.
  virtual std::optional<LogStatus> log_status() const = 0;
  /// True once the sync has flushed all that the database showed when this was asked; false if the database failed.
  virtual Task<bool> prove(PeerId sync) = 0;
  /// Whether the client session of this process number waits for the sync.
  virtual Task<bool> waits_for_sync(std::uint32_t process) = 0;
  /// All that the server shows lies before, and in recovery it shows all that does.
  virtual Task<Result<LogEnd>> log_end() = 0;
  virtual Task<Result<>> remember(std::string store, Generation generation) = 0;
};

}  // namespace heir::agent
