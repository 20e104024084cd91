#include "sim/databases/postgresql/walsender.h"

#include <algorithm>

#include "sim/databases/postgresql/server.h"

namespace heir::sim {

namespace {

/// A standby that has not written so many chunks yet gets no more: they come together, later.
constexpr std::uint32_t most_in_flight = 64;
constexpr std::uint32_t most_records_in_chunk = 8192;

}  // namespace

const char* to_string(SenderState state) {
  switch (state) {
    case SenderState::startup: return "startup";
    case SenderState::catchup: return "catchup";
    case SenderState::streaming: return "streaming";
    case SenderState::backup: return "backup";
  }
  return "";
}

WalSenders::Sender* WalSenders::find(StreamId stream) {
  for (const auto& sender : senders_)
    if (sender->stream == stream) return sender.get();
  return nullptr;
}

WalSenders::Sender* WalSenders::find(std::uint32_t pid) {
  for (const auto& sender : senders_)
    if (sender->pid == pid) return sender.get();
  return nullptr;
}

void WalSenders::accept(StreamId stream, const Attachment& first) {
  auto sender = std::make_unique<Sender>();
  sender->stream = stream;
  sender->pid = server_.run().new_backend_pid();
  sender->last_reply = server_.process().kernel().now();
  server_.process().network().adopt(stream, *this);
  Sender& added = *sender;
  senders_.push_back(std::move(sender));
  progress_.emplace_back();
  reconsider_priorities();
  if (senders_.size() > server_.settings().max_wal_senders) {
    refuse(added, "FATAL:  number of requested standby connections exceeds max_wal_senders (currently " +
                      std::to_string(server_.settings().max_wal_senders) + ")");
    return;
  }
  const Duration timeout = server_.settings().wal_sender_timeout;
  if (timeout > Duration::zero())
    server_.process().clock().set_timer_after(timeout / 2, &server_.process(), *this,
                                              (std::uint64_t{added.pid} << 8) | timeout_check);
  handle(added, first);
}

void WalSenders::on_data(StreamId stream, Chunk chunk) {
  if (Sender* sender = find(stream)) handle(*sender, chunk.attachment);
}

void WalSenders::on_closed(StreamId stream) {
  remove(stream);
}
void WalSenders::on_reset(StreamId stream, StreamEnd) {
  remove(stream);
}

void WalSenders::handle(Sender& sender, const Attachment& message) {
  sender.last_reply = server_.process().kernel().now();
  if (const auto* report = message.get<StandbyStatus>())
    status(sender, *report);
  else if (const auto* hello = message.get<ReplicationHello>())
    welcome(sender, *hello);
  else if (const auto* from = message.get<StreamFrom>())
    start(sender, *from);
  else if (const auto* request = message.get<CopyRequest>())
    copy(sender, *request);
}

void WalSenders::welcome(Sender& sender, const ReplicationHello& hello) {
  const DataDirectory& d = server_.data();
  sender.application_name = hello.application_name.empty() ? "walreceiver" : hello.application_name;
  reconsider_priorities();
  server_.process().network().write(
      sender.stream, {},
      Attachment::make<ReplicationWelcome>(100,
                                           ReplicationWelcome{d.control.system_identifier, d.timeline(), d.histories}));
}

void WalSenders::take_slot(Sender& sender, const std::string& name) {
  ReplicationSlot* slot = server_.data().find_slot(name);
  if (!slot) return refuse(sender, "ERROR:  replication slot \"" + name + "\" does not exist");
  if (slot->active) return refuse(sender, "ERROR:  replication slot \"" + name + "\" is active");
  if (slot->lost)
    return refuse(sender, "ERROR:  cannot read from replication slot \"" + name + "\": it has been invalidated");
  slot->active = true;
  sender.slot = name;
}

void WalSenders::start(Sender& sender, const StreamFrom& from) {
  const DataDirectory& d = server_.data();
  const StreamId stream = sender.stream;
  if (!from.slot.empty() && sender.slot.empty()) {
    take_slot(sender, from.slot);
    if (find(stream) == nullptr) return;
  }
  const std::string place = to_string(from.from) + " on timeline " + std::to_string(from.timeline);
  const TimelineHistory history = d.history_of(d.timeline()).value_or(TimelineHistory{d.timeline(), {}});
  if (!history.has(from.timeline))
    return refuse(sender,
                  "ERROR:  requested timeline " + std::to_string(from.timeline) + " is not in this server's history");
  const auto left_at = history.left_at(from.timeline);
  if (left_at && *left_at < from.from)
    return refuse(sender, "ERROR:  requested starting point " + place + " is not in this server's history");
  if (!left_at && from.from > server_.flushed())
    return refuse(sender, "ERROR:  requested starting point " + to_string(from.from) +
                              " is ahead of the WAL flush position of this server " + to_string(server_.flushed()));
  // The receiver reads whole segments, from the beginning of the one that it is in.
  if (d.segment_begin(from.from) < d.oldest_kept)
    return refuse(sender, "ERROR:  requested WAL segment of " + place + " has already been removed");
  sender.timeline = from.timeline;
  sender.state = SenderState::catchup;
  sender.streaming = true;
  sender.sent = from.from;
  sender.in_flight = 0;
  sender.previous = server_.record_start_before(from.from);
  const auto found = d.wal.find(from.from);
  if (!found) {
    server_.process().network().write(
        stream, {}, Attachment::make<WalData>(8192, WalData{{}, from.from, sender.previous, false, false, false}));
    sender.streaming = false;
    return;
  }
  sender.place = *found;
  send_more(sender);
}

void WalSenders::send_more(Sender& sender) {
  if (!sender.streaming) return;
  const DataDirectory& d = server_.data();
  Lsn limit = server_.flushed();
  bool historic = false;
  TimelineHistory history;
  if (sender.timeline != d.timeline()) {
    history = d.history_of(d.timeline()).value_or(TimelineHistory{d.timeline(), {}});
    if (const auto left_at = history.left_at(sender.timeline)) {
      limit = std::min(limit, *left_at);
      historic = limit == *left_at;
    }
  }
  while (sender.sent < limit && sender.in_flight < most_in_flight) {
    sender.place = d.wal.settled(sender.place);
    const WalSpan& span = d.wal.spans()[sender.place.span];
    const auto& records = span.store->records;
    std::uint32_t to = std::min(span.to, sender.place.index + most_records_in_chunk);
    while (to > sender.place.index && records[to - 1].end_lsn() > limit) --to;
    if (to == sender.place.index) break;
    const Lsn end = records[to - 1].end_lsn();
    server_.process().network().write(sender.stream, {},
                                      Attachment::make<WalData>(static_cast<std::uint32_t>(end.since(sender.sent) + 40),
                                                                WalData{{span.store, sender.place.index, to},
                                                                        sender.sent,
                                                                        sender.previous,
                                                                        true,
                                                                        server_.reports_write(),
                                                                        server_.reports_apply()}));
    sender.previous = records[to - 1].start();
    sender.sent = end;
    sender.place.index = to;
    ++sender.in_flight;
  }
  if (sender.sent < limit) return;
  if (historic) {
    TimelineId next = d.timeline();
    for (std::size_t i = 0; i + 1 < history.ancestors.size(); ++i)
      if (history.ancestors[i].timeline == sender.timeline) next = history.ancestors[i + 1].timeline;
    sender.streaming = false;
    server_.process().network().write(sender.stream, {}, Attachment::make<TimelineEnd>(40, TimelineEnd{next, limit}));
  } else if (sender.state == SenderState::catchup) {
    sender.state = SenderState::streaming;
    reconsider_priorities();
  }
}

void WalSenders::status(Sender& sender, const StandbyStatus& report) {
  sender.written = report.written;
  sender.flushed = report.flushed;
  sender.applied = report.applied;
  if (report.written >= sender.sent) sender.in_flight = 0;
  if (!sender.slot.empty() && !sender.copying)
    if (ReplicationSlot* slot = server_.data().find_slot(sender.slot)) slot->restart = report.flushed;
  if (report.reply_now)
    server_.process().network().write(sender.stream, {},
                                      Attachment::make<Keepalive>(40, Keepalive{server_.flushed(), false}));
  if (sender.in_flight == 0) send_more(sender);
  if (sender.priority != 0) {
    for (std::size_t i = 0; i < senders_.size(); ++i) {
      if (senders_[i].get() != &sender) continue;
      progress_[i].reached = {sender.written, sender.flushed, sender.applied};
      progress_[i].streaming = sender.state == SenderState::streaming && sender.flushed.valid();
    }
    if (sender.state == SenderState::streaming) server_.release_sync_waiters();
  }
  server_.shutdown_progress();
}

void WalSenders::wake() {
  // Sending refuses nobody and removes nobody, so the list holds still.
  for (const auto& sender : senders_) send_more(*sender);
}

void WalSenders::reconsider_priorities() {
  const StandbyNames& names = server_.settings().synchronous_standby_names;
  for (std::size_t i = 0; i < senders_.size(); ++i) {
    Sender& sender = *senders_[i];
    // A cascading standby has no synchronous standbys, whatever its settings say.
    sender.priority = sender.copying || server_.in_recovery() ? 0 : names.priority_of(sender.application_name);
    progress_[i] = {sender.priority,
                    static_cast<std::uint32_t>(i),
                    sender.state == SenderState::streaming && sender.flushed.valid(),
                    {sender.written, sender.flushed, sender.applied}};
  }
}

std::optional<std::array<Lsn, sync_wait_modes>> WalSenders::synced() const {
  return synced_positions(server_.settings().synchronous_standby_names, progress_);
}

std::vector<WalSenders::Row> WalSenders::rows() const {
  const std::vector<SyncState> states = sync_states(server_.settings().synchronous_standby_names, progress_);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < senders_.size(); ++i) {
    const Sender& s = *senders_[i];
    rows.push_back({s.copying ? "pg_basebackup" : s.application_name, s.state, states[i], s.sent, s.written, s.flushed,
                    s.applied, s.pid});
  }
  return rows;
}

bool WalSenders::drained() {
  if (draining_) return false;
  draining_ = true;
  bool all = true;
  for (std::size_t i = senders_.size(); i-- > 0;) {
    const Sender& sender = *senders_[i];
    const StreamId stream = sender.stream;
    const bool done = !sender.streaming || (sender.sent >= server_.flushed() && sender.flushed >= sender.sent);
    if (done) {
      server_.process().network().close(stream);
      remove(stream);
    } else {
      all = false;
    }
  }
  draining_ = false;
  return all;
}

void WalSenders::cut_all() {
  while (!senders_.empty()) {
    const StreamId stream = senders_.back()->stream;
    server_.process().network().reset(stream);
    remove(stream);
  }
}

void WalSenders::refuse(Sender& sender, std::string message) {
  const StreamId stream = sender.stream;
  Network& network = server_.process().network();
  network.write(stream, {}, Attachment::make<ReplicationRefused>(120, ReplicationRefused{std::move(message)}));
  network.close(stream);
  remove(stream);
}

void WalSenders::remove(StreamId stream) {
  const auto at = std::find_if(senders_.begin(), senders_.end(), [&](const auto& s) { return s->stream == stream; });
  if (at == senders_.end()) return;
  if (!(*at)->slot.empty())
    if (ReplicationSlot* slot = server_.data().find_slot((*at)->slot)) slot->active = false;
  senders_.erase(at);
  progress_.pop_back();
  reconsider_priorities();
  if (!draining_) server_.shutdown_progress();
}

void WalSenders::on_timer(std::uint64_t cookie) {
  Sender* sender = find(static_cast<std::uint32_t>(cookie >> 8));
  if (!sender) return;
  if ((cookie & 0xff) == copy_begun) return answer_copy(*sender, CopyStage::begin);
  const Duration timeout = server_.settings().wal_sender_timeout;
  if (timeout == Duration::zero()) return;
  const Duration silent = server_.process().kernel().now() - sender->last_reply;
  if (silent >= timeout) {
    const StreamId stream = sender->stream;
    server_.process().network().reset(stream);
    remove(stream);
    return;
  }
  Duration next = timeout / 2 - silent;
  if (silent >= timeout / 2) {
    if (!sender->copying)
      server_.process().network().write(sender->stream, {},
                                        Attachment::make<Keepalive>(40, Keepalive{server_.flushed(), true}));
    next = timeout - silent;
  }
  server_.process().clock().set_timer_after(std::max(next, Duration::milliseconds(1)), &server_.process(), *this,
                                            cookie);
}

// --- Copies
// -------------------------------------------------------------------------------------------------------------

void WalSenders::copy(Sender& sender, const CopyRequest& request) {
  if (!sender.copying) {
    sender.copying = true;
    sender.state = SenderState::backup;
    reconsider_priorities();
  }
  if (request.stage != CopyStage::begin) return answer_copy(sender, request.stage);
  const StreamId stream = sender.stream;
  if (!request.slot.empty()) {
    take_slot(sender, request.slot);
    if (find(stream) == nullptr) return;
    ReplicationSlot* slot = server_.data().find_slot(request.slot);
    if (!slot->restart.valid()) slot->restart = server_.data().control.redo;
  }
  const std::uint32_t pid = sender.pid;
  server_.checkpoint();
  server_.process().clock().set_timer_after(server_.run().draw(server_.run().timings().checkpoint), &server_.process(),
                                            *this, (std::uint64_t{pid} << 8) | copy_begun);
}

std::uint64_t WalSenders::copied() const {
  std::uint64_t sum = 0;
  const PostgresTimings& timings = server_.run().timings();
  for (const auto& sender : senders_) {
    if (!sender->copy_began) continue;
    const auto microseconds =
        static_cast<std::uint64_t>((server_.process().kernel().now() - *sender->copy_began).ns() / 1000);
    sum += std::min(timings.base_size, microseconds * timings.copy_bytes_per_second / 1'000'000);
  }
  return sum;
}

void WalSenders::answer_copy(Sender& sender, CopyStage stage) {
  if (stage == CopyStage::begin) sender.copy_began = server_.process().kernel().now();
  const bool is_backup = sender.copy_began.has_value();
  if (stage == CopyStage::end) sender.copy_began.reset();
  // A base backup reads every page.
  if (stage == CopyStage::end && is_backup && !server_.pages_are_good())
    return refuse(sender, "ERROR:  checksum verification failed during base backup");
  CopyAnswer answer;
  const DataDirectory& d = server_.data();
  answer.data.control = d.control;
  answer.data.histories = d.histories;
  answer.data.segment_size = d.segment_size;
  answer.data.oldest_kept = d.oldest_kept;
  answer.in_recovery = server_.in_recovery();
  std::uint32_t size = 8192;
  if (stage == CopyStage::end) {
    answer.data.wal = d.wal;
    answer.data.wal.truncate(server_.flushed());
    answer.insert_end = answer.in_recovery ? server_.flushed() : d.wal.end();
    const Disk& disk = server_.process().disk();
    if (const auto names = disk.list(server_.folder())) {
      for (const std::string& name : *names) {
        if (name == "postmaster.pid" || name == "postmaster.opts" || disk.is_directory(server_.folder() + "/" + name))
          continue;
        if (auto content = disk.read(server_.folder() + "/" + name))
          answer.files.emplace_back(name, std::move(*content));
      }
    }
    if (ReplicationSlot* slot = server_.data().find_slot(sender.slot)) slot->restart = answer.data.wal.end();
  }
  server_.process().network().write(sender.stream, {}, Attachment::make<CopyAnswer>(size, std::move(answer)));
}

}  // namespace heir::sim
