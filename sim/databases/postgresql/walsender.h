// WalSenders: the sending side of streaming replication, one per connected standby, on a primary or (cascading) on a
// standby.
//
// A sender follows the flushed end of its server's log. On a timeline that its server has left it sends up to the
// switch, says so, and waits for the standby to ask for the next timeline. It refuses a position that its own history
// does not contain or that it has not reached itself, and log that has been removed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/databases/postgresql/replication_protocol.h"
#include "sim/databases/postgresql/sync_wait.h"
#include "sim/process/machine.h"

namespace heir::sim {

class PostgresServer;

enum class SenderState : std::uint8_t { startup, catchup, streaming, backup };
const char* to_string(SenderState state);

class WalSenders final : private StreamHandler, private TimerHandler {
 public:
  /// What pg_stat_replication shows of one.
  struct Row {
    std::string application_name;
    SenderState state = SenderState::startup;
    SyncState sync_state = SyncState::async;
    Lsn sent, written, flushed, replayed;  ///< 0/0: not known.
    std::uint32_t pid = 0;
  };

  explicit WalSenders(PostgresServer& server) : server_(server) {}

  /// Takes over a connection whose first attachment was a ReplicationHello or a CopyRequest.
  void accept(StreamId stream, const Attachment& first);
  /// There is more flushed log, or the timeline has changed.
  void wake();
  /// The settings or the set of standbys changed: works out priorities again.
  void reconsider_priorities();
  /// What the standbys have reached, for the commit queue; nothing while too few are synchronous.
  std::optional<std::array<Lsn, sync_wait_modes>> synced() const;
  std::vector<Row> rows() const;
  /// For a shutdown: true once every standby that streams has flushed all there is. Those that have are let go.
  bool drained();
  /// Cuts all connections.
  void cut_all();
  std::size_t size() const { return senders_.size(); }
  /// Bytes that the copies under way have sent so far.
  std::uint64_t copied() const;

 private:
  struct Sender {
    StreamId stream;
    std::uint32_t pid = 0;
    std::string application_name;
    std::string slot;
    SenderState state = SenderState::startup;
    std::uint32_t priority = 0;
    TimelineId timeline = 0;
    bool streaming = false;  ///< Between StreamFrom and the end of the timeline.
    bool copying = false;    ///< Serves a copy instead.
    std::optional<VirtualTime> copy_began;
    WalPlace place;  ///< Of the next record to send.
    Lsn previous;    ///< Where the record before it begins.
    Lsn sent, written, flushed, applied;
    std::uint32_t in_flight = 0;  ///< Chunks sent since the standby last had written all.
    VirtualTime last_reply;
  };

  void on_connected(StreamId) override {}
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_timer(std::uint64_t cookie) override;

  Sender* find(StreamId stream);
  Sender* find(std::uint32_t pid);
  void handle(Sender& sender, const Attachment& message);
  void welcome(Sender& sender, const ReplicationHello& hello);
  void start(Sender& sender, const StreamFrom& from);
  void status(Sender& sender, const StandbyStatus& report);
  void copy(Sender& sender, const CopyRequest& request);
  void answer_copy(Sender& sender, CopyStage stage);
  void take_slot(Sender& sender, const std::string& slot);
  void send_more(Sender& sender);
  void refuse(Sender& sender, std::string message);
  void remove(StreamId stream);
  enum Timer : std::uint64_t { timeout_check, copy_begun };

  PostgresServer& server_;
  std::vector<std::unique_ptr<Sender>> senders_;  // in the order of their arrival
  bool draining_ = false;
  std::vector<StandbyProgress> progress_;  // of senders_, in the same order, for the commit queue
};

}  // namespace heir::sim
