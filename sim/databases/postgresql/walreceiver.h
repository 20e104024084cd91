// WalReceiver: the receiving side of streaming replication on a standby.
//
// It connects to primary_conninfo, fetches timeline histories, decides with them which timeline to ask for, receives
// log, has it flushed, and reports. When the connection breaks, or the upstream refuses, it tries again after
// wal_retrieve_retry_interval, for ever. It never follows a timeline that left its own before the position that it has
// reached.
#pragma once

#include <optional>
#include <string>

#include "sim/databases/postgresql/replication_protocol.h"
#include "sim/process/machine.h"

namespace heir::sim {

class PostgresServer;

class WalReceiver final : private StreamHandler, private TimerHandler {
 public:
  enum class State : std::uint8_t {
    stopped,   ///< Not wanted: no standby, or no primary_conninfo.
    retrying,  ///< Waits before the next attempt.
    connecting,
    starting,  ///< Connected; the timeline is being agreed.
    streaming,
  };

  explicit WalReceiver(PostgresServer& server) : server_(server) {}

  /// Local log has been read: streaming may begin, if there is an upstream.
  void enable();
  /// Ends it for good: promotion, shutdown, crash of the server.
  void disable();
  /// The upstream in the settings changed.
  void reconnect();
  State state() const { return state_; }
  /// pg_stat_wal_receiver.status; null if no receiver runs.
  const char* status() const;
  /// 0 if no receiver runs.
  std::uint32_t pid() const { return status() ? pid_ : 0; }
  /// pg_last_wal_receive_lsn(): nothing until it has streamed since the server's start.
  std::optional<Lsn> received() const;
  /// pg_stat_wal_receiver.latest_end_lsn: the end of the upstream's log as last heard of. The real one tells it with
  /// all log that it sends; ours while it sends nothing, and else the end of what it sent.
  std::optional<Lsn> upstream_end() const { return upstream_end_; }
  /// pg_stat_wal_receiver.received_tli
  TimelineId timeline() const;
  /// The last thing that went wrong, in the server's words; for the curious.
  const std::string& last_error() const { return last_error_; }

  /// The server has flushed what was received, or replayed what somebody waits for: reports it.
  void report();

 private:
  enum Timer : std::uint64_t { retry, status_due };
  void on_connected(StreamId stream) override;
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_timer(std::uint64_t cookie) override;

  void stop();
  void connect();
  void welcomed(const ReplicationWelcome& welcome);
  void start_streaming();
  void take(const WalData& data);
  void heard_of(Lsn end);
  void timeline_ended(const TimelineEnd& end);
  void failed(std::string why);
  void send_status(bool reply_now);
  void arm_status();
  Duration status_interval() const;

  PostgresServer& server_;
  State state_ = State::stopped;
  bool enabled_ = false;
  StreamId stream_;
  std::uint32_t pid_ = 0;
  TimelineId timeline_ = 0;            ///< That is asked for.
  TimelineId ended_timeline_ = 0;      ///< That the upstream of this connection has left.
  std::optional<Lsn> first_streamed_;  ///< Where the first streaming of this timeline began: a segment's beginning.
  Lsn streamed_flushed_;               ///< Flushed while it streamed.
  std::optional<Lsn> upstream_end_;
  VirtualTime last_received_;
  VirtualTime last_sent_;
  bool pinged_ = false;
  bool all_reported_ = false;  ///< The upstream knows that everything received is flushed and replayed.
  bool report_write_ = false;
  TimerId retry_timer_;
  TimerId status_timer_;
  std::string last_error_;
};

}  // namespace heir::sim
