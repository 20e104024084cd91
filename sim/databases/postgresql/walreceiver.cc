#include "sim/databases/postgresql/walreceiver.h"

#include <algorithm>

#include "sim/databases/postgresql/server.h"

namespace heir::sim {

namespace {

/// An idle standby that has reported all repeats it no more often than this: the real one would, at its status
/// interval, and nobody would learn anything. Short enough for a wal_sender_timeout of 10 s.
constexpr Duration idle_status_interval = Duration::seconds(4);

}  // namespace

const char* WalReceiver::status() const {
  switch (state_) {
    case State::stopped:
    case State::retrying: return nullptr;
    case State::connecting:
    case State::starting: return "starting";
    case State::streaming: return "streaming";
  }
  return nullptr;
}

std::optional<Lsn> WalReceiver::received() const {
  if (!first_streamed_) return std::nullopt;
  return std::max(*first_streamed_, streamed_flushed_);
}

TimelineId WalReceiver::timeline() const {
  return state_ == State::streaming ? timeline_ : server_.data().timeline();
}

void WalReceiver::heard_of(Lsn end) {
  upstream_end_ = std::max(upstream_end_.value_or(end), end);
}

void WalReceiver::enable() {
  enabled_ = true;
  first_streamed_.reset();
  streamed_flushed_ = Lsn();
  upstream_end_.reset();
  connect();
}

void WalReceiver::disable() {
  enabled_ = false;
  stop();
}

void WalReceiver::reconnect() {
  if (!enabled_) return;
  stop();
  connect();
}

void WalReceiver::stop() {
  HostClock& clock = server_.process().clock();
  clock.cancel_timer(retry_timer_);
  clock.cancel_timer(status_timer_);
  server_.process().network().close(stream_);
  stream_ = StreamId();
  state_ = State::stopped;
}

void WalReceiver::connect() {
  state_ = State::stopped;
  const Settings& settings = server_.settings();
  if (!enabled_ || settings.primary_conninfo.empty()) return;
  const auto info = parse_connection_info(settings.primary_conninfo);
  if (!info) return failed(info.error().message);
  const auto address = server_.process().network().resolve(Address(info->host + ":" + info->port));
  if (!address)
    return failed("could not connect to the primary server: could not translate host name \"" + info->host +
                  "\" to address");
  state_ = State::connecting;
  ended_timeline_ = 0;
  pinged_ = false;
  pid_ = server_.run().new_backend_pid();
  StreamOptions options;
  options.connect_timeout = Duration::seconds(5);
  stream_ = server_.process().network().connect(server_.process().machine().node(), *address, *this, &server_.process(),
                                                options);
}

void WalReceiver::on_connected(StreamId stream) {
  if (stream != stream_) return;
  state_ = State::starting;
  last_received_ = last_sent_ = server_.process().kernel().now();
  std::string name;
  if (const auto info = parse_connection_info(server_.settings().primary_conninfo)) name = info->application_name;
  server_.process().network().write(stream_, {},
                                    Attachment::make<ReplicationHello>(80, ReplicationHello{std::move(name)}));
  arm_status();
}

void WalReceiver::on_closed(StreamId stream) {
  if (stream != stream_) return;
  failed("replication terminated by primary server");
}

void WalReceiver::on_reset(StreamId stream, StreamEnd end) {
  if (stream != stream_) return;
  failed(std::string(state_ == State::connecting ? "could not connect to the primary server: "
                                                 : "could not receive data from WAL stream: ") +
         to_string(end));
}

void WalReceiver::failed(std::string why) {
  last_error_ = std::move(why);
  stop();
  state_ = State::retrying;
  retry_timer_ = server_.process().clock().set_timer_after(server_.settings().wal_retrieve_retry_interval,
                                                           &server_.process(), *this, retry);
}

void WalReceiver::on_data(StreamId stream, Chunk chunk) {
  if (stream != stream_) return;
  last_received_ = server_.process().kernel().now();
  const Attachment& message = chunk.attachment;
  if (const auto* data = message.get<WalData>()) {
    take(*data);
  } else if (const auto* keepalive = message.get<Keepalive>()) {
    heard_of(keepalive->end);
    if (keepalive->reply_now) send_status(false);
  } else if (const auto* welcome = message.get<ReplicationWelcome>()) {
    welcomed(*welcome);
  } else if (const auto* end = message.get<TimelineEnd>()) {
    timeline_ended(*end);
  } else if (const auto* refused = message.get<ReplicationRefused>()) {
    failed("could not receive data from WAL stream: " + refused->message);
  }
}

void WalReceiver::welcomed(const ReplicationWelcome& welcome) {
  DataDirectory& d = server_.data();
  if (welcome.system_identifier != d.control.system_identifier)
    return failed("database system identifier differs between the primary and standby");
  if (welcome.timeline < d.timeline())
    return failed("highest timeline " + std::to_string(welcome.timeline) +
                  " of the primary is behind recovery timeline " + std::to_string(d.timeline()));
  // The files decide: somebody may have removed one.
  Disk& disk = server_.process().disk();
  const std::string folder = server_.folder() + "/pg_wal";
  std::erase_if(d.histories, [&](const TimelineHistory& history) {
    return history.timeline > d.timeline() && !disk.exists(folder + "/" + history_file_name(history.timeline));
  });
  for (const TimelineHistory& history : welcome.histories) {
    if (history.timeline < d.timeline() || history.timeline > welcome.timeline || d.history_of(history.timeline))
      continue;
    d.keep_history(history);
    static_cast<void>(disk.write(folder + "/" + history_file_name(history.timeline), to_string(history)));
    static_cast<void>(disk.sync_tree_now(folder));
  }
  start_streaming();
}

void WalReceiver::start_streaming() {
  const DataDirectory& d = server_.data();
  const Lsn end = d.wal.end();
  const TimelineId own = d.timeline();
  timeline_ = own;
  if (server_.settings().recovery_target_latest) {
    // The newest timeline that is known, if it left ours at or after the position that was reached; else ours.
    const TimelineId newest = d.newest_timeline(own);
    const auto history = d.history_of(newest);
    if (newest != own && history) {
      const auto left_at = history->left_at(own);
      if (!left_at) {
        last_error_ = "new timeline " + std::to_string(newest) + " is not a child of database system timeline " +
                      std::to_string(own);
      } else if (*left_at < end) {
        last_error_ = "new timeline " + std::to_string(newest) + " forked off current database system timeline " +
                      std::to_string(own) + " before current recovery point " + to_string(end);
      } else {
        timeline_ = history->timeline;
        // The first timeline in that history on which there is something to read after our end.
        for (const TimelineSwitch& left : history->ancestors) {
          if (left.timeline >= own && end < left.left_at) {
            timeline_ = left.timeline;
            break;
          }
        }
      }
    }
  }
  // The timeline has ended at the upstream and may not be left here: nothing will come.
  if (timeline_ == ended_timeline_) return failed(last_error_);
  server_.process().network().write(
      stream_, {}, Attachment::make<StreamFrom>(80, StreamFrom{server_.settings().primary_slot_name, timeline_, end}));
  state_ = State::streaming;
  if (!first_streamed_) first_streamed_ = d.segment_begin(end);
  send_status(false);
}

void WalReceiver::take(const WalData& data) {
  const DataDirectory& d = server_.data();
  if (state_ != State::streaming) return;
  const Lsn end = d.wal.end();
  // What is received must continue what is there: each record links to the one before it.
  const Lsn own_previous = d.wal.last_record_start().value_or(Lsn());
  if (!data.readable || data.from != end || data.previous != own_previous) {
    failed((data.readable ? "record with incorrect prev-link " + to_string(data.previous) + " at "
                          : "invalid record length at ") +
           to_string(data.from));
    return;
  }
  report_write_ = data.report_write;
  if (const Result<> received = server_.receive(data.span, data.report_apply); !received)
    return failed(received.error().message);
  heard_of(server_.data().wal.end());
  if (report_write_ && state_ == State::streaming) send_status(false);
}

void WalReceiver::timeline_ended(const TimelineEnd& end) {
  ended_timeline_ = timeline_;
  // The sender has left this timeline. Its history may be news: ask again, on the same connection.
  state_ = State::starting;
  last_error_ = "replication terminated by primary server: end of WAL reached on timeline " +
                std::to_string(timeline_) + " at " + to_string(end.at);
  std::string name;
  if (const auto info = parse_connection_info(server_.settings().primary_conninfo)) name = info->application_name;
  if (server_.data().wal.end() < end.at) return failed(last_error_);
  server_.process().network().write(stream_, {},
                                    Attachment::make<ReplicationHello>(80, ReplicationHello{std::move(name)}));
}

void WalReceiver::report() {
  if (state_ != State::streaming) return;
  streamed_flushed_ = server_.flushed();
  send_status(false);
}

void WalReceiver::send_status(bool reply_now) {
  last_sent_ = server_.process().kernel().now();
  const Lsn applied = server_.replayed();
  all_reported_ = applied == server_.data().wal.end();
  server_.process().network().write(
      stream_, {},
      Attachment::make<StandbyStatus>(40,
                                      StandbyStatus{server_.data().wal.end(), server_.flushed(), applied, reply_now}));
}

Duration WalReceiver::status_interval() const {
  const Duration interval = server_.settings().wal_receiver_status_interval;
  if (interval == Duration::zero() || !all_reported_) return interval;
  return std::max(interval, idle_status_interval);
}

void WalReceiver::arm_status() {
  const Settings& settings = server_.settings();
  const VirtualTime now = server_.process().kernel().now();
  VirtualTime due = now + Duration::seconds(60);
  if (status_interval() > Duration::zero()) due = std::min(due, last_sent_ + status_interval());
  if (settings.wal_receiver_timeout > Duration::zero())
    due = std::min(due, last_received_ + (pinged_ ? settings.wal_receiver_timeout : settings.wal_receiver_timeout / 2));
  status_timer_ = server_.process().clock().set_timer_after(std::max(due - now, Duration::milliseconds(1)),
                                                            &server_.process(), *this, status_due);
}

void WalReceiver::on_timer(std::uint64_t cookie) {
  if (cookie == retry) {
    connect();
    return;
  }
  const Settings& settings = server_.settings();
  const VirtualTime now = server_.process().kernel().now();
  const Duration silent = now - last_received_;
  if (settings.wal_receiver_timeout > Duration::zero()) {
    if (silent >= settings.wal_receiver_timeout) return failed("terminating walreceiver due to timeout");
    if (silent < settings.wal_receiver_timeout / 2) {
      pinged_ = false;
    } else if (!pinged_ && state_ == State::streaming) {
      pinged_ = true;
      send_status(true);
    }
  }
  if (state_ == State::streaming && status_interval() > Duration::zero() && now - last_sent_ >= status_interval())
    send_status(false);
  arm_status();
}

}  // namespace heir::sim
