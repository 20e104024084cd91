// How the leader brings its log to one follower.

#include <algorithm>
#include <numeric>

#include "engine/base/mutant.h"
#include "engine/store/raft/rules.h"

namespace heir::raft::rules {

namespace {

using Stage = Progress::Stage;

Progress* progress_of(Context& c, MemberId id) {
  auto* leader = std::get_if<Leader>(&c.raft.role);
  if (!leader) return nullptr;
  const auto found = leader->progress.find(id);
  return found == leader->progress.end() ? nullptr : &found->second;
}

/// Rounds may end this leadership, or with it a membership: whoever goes on needs to look again.
Progress* answered(Context& c, MemberId id, std::uint64_t round) {
  if (Progress* progress = progress_of(c, id)) note_round(c, *progress, round);
  return progress_of(c, id);
}

void probe(Progress& progress, LogIndex next) {
  progress.stage = Stage::probe;
  progress.next = std::max(next, progress.match.next());
  progress.paused = false;
  progress.in_flight.clear();
}

bool is_full(const Options& options, const Progress& progress) {
  const std::size_t bytes = std::accumulate(progress.in_flight.begin(), progress.in_flight.end(), std::size_t{0},
                                            [](std::size_t sum, const Progress::InFlight& f) { return sum + f.bytes; });
  return progress.in_flight.size() >= options.in_flight_messages || bytes >= options.in_flight_bytes;
}

std::uint64_t round_of(Context& c) {
  return std::get<Leader>(c.raft.role).round;
}

void send_part(Context& c, MemberId to, const Progress& progress) {
  const Snapshot& snapshot = c.raft.log.snapshot();
  const std::uint64_t size = snapshot.state.size();
  c.send_at_once(to, InstallSnapshot{snapshot.last, snapshot.configuration, size, progress.offset,
                                     snapshot.state.substr(progress.offset, c.options().snapshot_part), round_of(c)});
}

void begin_snapshot(Context& c, MemberId to, Progress& progress) {
  progress.stage = Stage::snapshot;
  progress.snapshot = c.raft.log.snapshot().last;
  progress.offset = 0;
  progress.in_flight.clear();
  send_part(c, to, progress);
}

}  // namespace

void replicate(Context& c, MemberId to, Progress& progress) {
  const Log& log = c.raft.log;
  while (true) {
    if (progress.stage == Stage::snapshot || (progress.stage == Stage::probe && progress.paused) ||
        (progress.stage == Stage::replicate && (is_full(c.options(), progress) || progress.next > log.last_index())))
      return;
    const LogIndex previous = progress.next.previous();
    const std::optional<Term> term = log.term_at(previous);
    if (!term) {
      // Not to a member that does not answer: it would be sent for nothing.
      if (progress.active) begin_snapshot(c, to, progress);
      return;
    }
    std::vector<Entry> entries = log.slice(progress.next, c.options().append_bytes);
    const std::size_t bytes = std::accumulate(entries.begin(), entries.end(), std::size_t{0},
                                              [](std::size_t sum, const Entry& e) { return sum + size_of(e); });
    const LogIndex last = previous + entries.size();
    c.send_at_once(to, Append{{previous, *term}, std::move(entries), c.raft.commit, round_of(c)});
    if (progress.stage == Stage::probe) {
      progress.paused = true;
      return;
    }
    progress.in_flight.push_back({last, bytes});
    progress.next = last.next();
  }
}

void replicate_to_all(Context& c) {
  for (auto& [id, progress] : std::get<Leader>(c.raft.role).progress) replicate(c, id, progress);
}

void beat(Context& c, MemberId to, const Progress& progress) {
  c.send_at_once(
      to, Heartbeat{HEIR_MUTANT("raft-heartbeat-commits-all") ? c.raft.commit : std::min(c.raft.commit, progress.match),
                    round_of(c)});
}

void beat_and_repair(Context& c, MemberId to, Progress& progress) {
  const bool stuck = !std::exchange(progress.progressed, false);
  switch (progress.stage) {
    case Stage::probe: progress.paused = false; break;
    case Stage::replicate:
      if (stuck && !progress.in_flight.empty()) probe(progress, progress.match.next());
      break;
    case Stage::snapshot:
      if (!progress.active) break;
      if (progress.snapshot != c.raft.log.snapshot().last)
        begin_snapshot(c, to, progress);
      else if (stuck)
        send_part(c, to, progress);
      break;
  }
  beat(c, to, progress);
  if (progress.stage == Stage::probe) replicate(c, to, progress);
}

void on(Context& c, const Message& m, const Appended& reply) {
  Progress* progress = answered(c, m.from, reply.round);
  if (!progress) return;
  if (reply.match > progress->match) {
    progress->match = reply.match;
    progress->next = std::max(progress->next, reply.match.next());
    progress->progressed = true;
    std::erase_if(progress->in_flight, [&](const Progress::InFlight& f) { return f.last <= reply.match; });
  }
  if (progress->stage == Stage::snapshot && progress->match >= progress->snapshot.index)
    probe(*progress, progress->match.next());
  if (progress->stage == Stage::probe && progress->match.next() >= progress->next) {
    progress->stage = Stage::replicate;
    progress->progressed = true;
  }
  advance_commit(c);
  progress = progress_of(c, m.from);
  if (!progress) return;
  replicate(c, m.from, *progress);
  hand_over_if_ready(c);
}

void on(Context& c, const Message& m, const Rejected& reply) {
  Progress* progress = answered(c, m.from, reply.round);
  if (!progress || progress->stage == Stage::snapshot || reply.previous <= progress->match) return;
  // While probing, one question is open; an answer to another is an old one.
  if (progress->stage == Stage::probe && reply.previous != progress->next.previous()) return;
  const Log& log = c.raft.log;
  // What lies before our log is answered with a snapshot, without more questions.
  const LogIndex agrees = reply.hint.index < log.before().index
                              ? reply.hint.index
                              : log.last_not_above(reply.hint.index, reply.hint.term).index;
  probe(*progress, std::min(agrees.next(), reply.previous));
  replicate(c, m.from, *progress);
}

void on(Context& c, const Message& m, const HeartbeatReply& reply) {
  Progress* progress = answered(c, m.from, reply.round);
  if (progress && progress->stage == Stage::probe) replicate(c, m.from, *progress);
}

void on(Context& c, const Message& m, const Received& reply) {
  Progress* progress = answered(c, m.from, reply.round);
  if (!progress || progress->stage != Stage::snapshot || reply.snapshot != progress->snapshot) return;
  if (reply.snapshot != c.raft.log.snapshot().last) return begin_snapshot(c, m.from, *progress);
  if (reply.size > progress->offset) {
    progress->offset = reply.size;
    progress->progressed = true;
    send_part(c, m.from, *progress);
  } else {
    // A follower that began anew, or an old answer: the next heartbeat sends the part again, so that two answers to one
    // part do not make two streams.
    progress->offset = reply.size;
  }
}

}  // namespace heir::raft::rules
