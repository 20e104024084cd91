#include "engine/databases/postgresql/restart.h"

#include <algorithm>
#include <vector>

#include "engine/base/files.h"
#include "engine/databases/postgresql/disk.h"
#include "engine/databases/postgresql/lineage.h"
#include "engine/databases/postgresql/server.h"
#include "engine/databases/postgresql/watch.h"

namespace heir::postgresql {

namespace {

/// A server that was shut down in order ends with one more record than the position that its control data name.
constexpr std::uint64_t shutdown_record_room = 512;

/// So long a standby that answers is waited for to replay what it has received; a query there may hold that up for
/// minutes.
constexpr Duration replay_patience = Duration::milliseconds(400);

/// What a server says of its log: how far it shows it, and how far it has it.
struct Heard {
  Source source;
  std::uint64_t received = 0;
};

Task<Result<Heard>> hear_of_log(Sessions& server, Endpoint peer) {
  Heard heard;
  const Result<Source> source = co_await source_of(server);
  if (!source) co_return source.error();
  heard.source = *source;
  heard.received = heard.source.position.offset;
  if (heard.source.primary) co_return heard;
  const Result<Observation> seen = co_await observe_remote(server);
  if (!seen) co_return explain(seen.error(), "asking " + peer.server.value());
  heard.received = std::max(heard.received, seen->received.value_or(0));
  co_return heard;
}

/// Asks a standby how far its log goes: what it has replayed, once that is all that it had received when it was asked.
/// What has only been received may be of a later timeline than its history shows, and may end within a record; but it
/// counts if it is not replayed in time, for what may have been lost is never taken for not lost.
Task<Result<Source>> log_of(Context& context, Endpoint peer, Duration limit) {
  Sessions server(context.host, peer.server, context.config.superuser, limit);
  const MonotonicTime give_up = context.host.monotonic_now() + std::min(limit, replay_patience);
  const Duration quiet = context.config.retry_interval * 5 / 2;
  const Result<Heard> heard = co_await hear_of_log(server, peer);
  if (!heard) co_return heard.error();
  if (heard->received <= heard->source.position.offset) co_return heard->source;
  std::uint64_t replayed = heard->source.position.offset;
  MonotonicTime waits_since = context.host.monotonic_now();
  while (replayed < heard->received && context.host.monotonic_now() - waits_since < quiet) {
    co_await context.host.sleep(context.config.poll_interval);
    const Result<RecoveryState> state = co_await recovery_state(server);
    if (!state || context.host.monotonic_now() >= give_up) {
      Source source = heard->source;
      source.position.offset = heard->received;
      co_return source;
    }
    // Of a record that was received in part no more will come.
    if (!state->waits_for_log() || state->replayed != replayed) waits_since = context.host.monotonic_now();
    replayed = state->replayed;
  }
  co_return co_await source_of(server);
}

/// Where the log of a server that has just started was found to end.
std::uint64_t recovered_end(const programs::ControlData& before, const programs::ControlData& after) {
  // A recovery ends with a checkpoint of its own, exactly there.
  return before.state == "shut down" ? before.checkpoint + shutdown_record_room : after.checkpoint;
}

/// Whether all the log is there that the copy needs to be consistent; if not, what is wrong with it.
Task<Result<std::string>> lacks_log(Context& context) {
  const Result<programs::ControlData> control = co_await control_data(context, context.layout.data());
  if (!control) co_return control.error();
  const std::uint64_t to = control->consistent_from;
  std::uint64_t from = control->redo;
  if (to <= from) co_return std::string();
  std::vector<programs::Ancestor> timelines;
  if (control->consistent_timeline > 1) {
    const std::string path =
        log_segments(context.layout.data()) + "/" + programs::history_file_name(control->consistent_timeline);
    const Result<Bytes> history = co_await context.host.read_file(path);
    if (!history) co_return explain(history.error(), "reading " + path);
    timelines = programs::parse_history(*history);
  }
  timelines.push_back({control->consistent_timeline, to});
  for (const programs::Ancestor& timeline : timelines) {
    const std::uint64_t end = std::min(timeline.left, to);
    if (from >= end) continue;
    Program program = programs::wal_check(context.config.binaries, context.layout.data(), timeline.timeline, from, end);
    const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
    if (!exit) co_return explain(exit.error(), "running pg_waldump");
    if (exit->status != 0)
      co_return "the copy is consistent only from " + programs::to_lsn(to) +
          " on, and its log ends before: " + exit->output;
    from = end;
  }
  co_return std::string();
}

Task<Result<>> refuse_to_lead(Context& context, Position ours, PeerId sync, Position theirs) {
  std::string finding = "the log here ends at " + programs::to_lsn(ours.offset) + ", but " + sync.value() +
                        " has received it up to " + programs::to_lsn(theirs.offset);
  std::string next = "the copy is not led by but cloned anew once another leads";
  co_return co_await refuse_copy(context, std::move(finding), std::move(next));
}

/// For a server that nobody compared before it ran: the sync did not answer, or the agent died in between. It may have
/// written since, so that a loss shows only as long as the sync has more.
Task<Result<>> compare_running(Context& context, Endpoint sync, MonotonicTime give_up) {
  if (context.compared || context.silent_syncs.contains(sync.peer)) co_return Result<>();
  for (;;) {
    const Duration left = give_up - context.host.monotonic_now();
    // Asked first: what it has came from here, so that our log, looked at later, can only be longer.
    Result<Source> theirs = Error{ErrorCode::timed_out, "no answer"};
    if (left > Duration()) theirs = co_await log_of(context, sync, left);
    if (theirs) {
      const Result<Source> ours = co_await source_of(context.sessions);
      if (!ours) co_return ours.error();
      const Result<bool> wrote = co_await wrote_last_branch(context, ours->position);
      if (!wrote) co_return wrote.error();
      const bool is_ours = !theirs->primary && theirs->system_identifier == ours->system_identifier;
      if (is_ours && *wrote && goes_on_with_last_branch(theirs->position, ours->position))
        co_return co_await refuse_to_lead(context, ours->position, sync.peer, theirs->position);
      context.compared = true;
      co_return Result<>();
    }
    if (context.host.monotonic_now() >= give_up) {
      context.host.log(LogLevel::warning, "own-log-not-compared",
                       {{"sync", sync.peer.value()}, {"error", to_string(theirs.error())}});
      context.silent_syncs.insert(sync.peer);
      co_return Result<>();
    }
    co_await context.host.sleep(context.config.poll_interval);
  }
}

}  // namespace

Task<Result<>> start_severed(Context& context) {
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.start_limit;
  const Role role = Severed();
  const Result<> started = co_await start(context, role, context.config.lone_start_limit);
  if (started || started.error().code != ErrorCode::failed) co_return started;
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (!*running) co_return started;
  const Result<std::string> lacking = co_await lacks_log(context);
  if (!lacking) co_return lacking.error();
  if (!lacking->empty()) {
    if (const Result<> stopped = co_await stop(context, StopMode::immediate); !stopped) co_return stopped;
    if (const Result<> marked = co_await mark_damaged(context, *lacking); !marked) co_return marked;
    co_return Error{ErrorCode::failed, *lacking};
  }
  // It only has much to replay.
  for (;;) {
    const Result<Observation> seen = co_await look(context, std::nullopt);
    if (seen) co_return Result<>();
    if (context.host.monotonic_now() >= give_up) co_return started;
    co_await context.host.sleep(context.config.poll_interval);
  }
}

Task<Result<>> mark_damaged(Context& context, std::string why) {
  context.host.log(LogLevel::error, "copy-damaged", {{"why", why}});
  context.damaged = why;
  co_return co_await replace_file(context.host, damaged_mark(context.layout.data()), std::move(why));
}

Task<Result<>> refuse_copy(Context& context, std::string finding, std::string next) {
  const std::string why = finding + ": this disk lost what it had synced";
  if (const Result<> stopped = co_await stop(context, StopMode::immediate); !stopped) co_return stopped;
  if (const Result<> marked = co_await mark_damaged(context, why); !marked) co_return marked;
  co_return Error{ErrorCode::refused, why + "; " + next};
}

Task<Result<>> start_again(Context& context, Primary role, std::optional<Endpoint> sync, Patience patience) {
  const Role wanted = role;
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  if (!*whole || !sync) co_return co_await start(context, wanted);
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.compare_limit;
  if (*running) {
    if (const Result<> configured = co_await start(context, wanted); !configured) co_return configured;
    if (patience == Patience::none) co_return Result<>();
    co_return co_await compare_running(context, *sync, give_up);
  }

  // Asked before our server runs: what the sync has then came from the one that ended.
  const Endpoint asked = *sync;
  Sessions there(context.host, asked.server, context.config.superuser, context.config.compare_limit);
  const Result<Heard> theirs = co_await hear_of_log(there, asked);
  const Result<programs::ControlData> before = co_await control_data(context, context.layout.data());
  if (!before) co_return before.error();
  if (const Result<> started = co_await start(context, wanted); !started) co_return started;
  if (!theirs && patience == Patience::some) co_return co_await compare_running(context, asked, give_up);
  if (theirs && !theirs->source.primary && theirs->source.system_identifier == before->system_identifier) {
    const Result<programs::ControlData> after = co_await control_data(context, context.layout.data());
    if (!after) co_return after.error();
    Result<Position> ours = co_await lineage_of(context.sessions);
    if (!ours) co_return ours.error();
    ours->offset = recovered_end(*before, *after);
    Position shown = theirs->source.position;
    const bool may_show_more = theirs->received > std::max(shown.offset, ours->offset);
    if (may_show_more) {
      // Our server, running, would have the sync write over that.
      if (const Result<> stopped = co_await stop(context, StopMode::immediate); !stopped) co_return stopped;
      shown.offset = theirs->received;
      const Result<Source> replayed = co_await log_of(context, asked, context.config.compare_limit);
      if (replayed && !replayed->primary) shown = replayed->position;
    }
    if (shows_loss(trimmed(*ours), shown, context.opened))
      co_return co_await refuse_to_lead(context, *ours, asked.peer, shown);
    if (may_show_more)
      if (const Result<> started = co_await start(context, wanted); !started) co_return started;
  }
  context.compared = true;
  co_return Result<>();
}

}  // namespace heir::postgresql
