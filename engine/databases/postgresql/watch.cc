#include "engine/databases/postgresql/watch.h"

#include <utility>

#include "engine/base/mutant.h"
#include "engine/databases/postgresql/catalogue.h"
#include "engine/databases/postgresql/programs.h"

namespace heir::postgresql {

namespace {

Result<Reading> read_observation(const Rows& rows) {
  constexpr std::string_view statement = catalogue::name::observe;
  const Result<const Row*> single = single_row(rows, 16, statement);
  if (!single) return single.error();
  const Row& row = **single;
  const auto recovering = flag_at(row, 0, statement);
  const auto started = signed_at(row, 1, statement);
  const auto system = number_at(row, 2, statement);
  const auto flushed = optional_number_at(row, 3, statement);
  const auto received = optional_number_at(row, 4, statement);
  const auto replayed = optional_number_at(row, 5, statement);
  const auto sync_flushed = optional_number_at(row, 7, statement);
  const auto waiting = number_at(row, 10, statement);
  const auto size = optional_number_at(row, 12, statement);
  const auto cancelled = number_at(row, 13, statement);
  const auto bad_pages = number_at(row, 15, statement);
  if (!recovering) return recovering.error();
  if (!started) return started.error();
  if (!system) return system.error();
  for (const auto* number : {&flushed, &received, &replayed, &sync_flushed, &size})
    if (!*number) return number->error();
  if (!waiting) return waiting.error();
  if (!cancelled) return cancelled.error();
  if (!bad_pages) return bad_pages.error();
  Reading reading;
  Observation& seen = reading.seen;
  seen.in_recovery = *recovering;
  seen.started_us = *started;
  if (row[14]) {  // absent for a moment while the processes restart
    const auto processes = signed_at(row, 14, statement);
    if (!processes) return processes.error();
    seen.processes_us = *processes;
  }
  seen.system_identifier = *system;
  seen.flushed = flushed->value_or(0);
  seen.received = *received;
  seen.replayed = replayed->value_or(0);
  seen.streaming = row[6] == "streaming";
  seen.sync_flushed = *sync_flushed;
  seen.sync_streaming = row[8] == "streaming";
  seen.sync_counts = row[9] == "sync";
  seen.waiting_commits = *waiting;
  seen.cancelled_waits = *cancelled;
  seen.checksum_failures = *bad_pages;
  reading.log_file = text_at(row, 11);
  reading.log_size = size->value_or(0);
  return reading;
}

/// Compares the last reading with what was seen before, and remembers. `asked` is the log file whose cancellations were
/// counted.
Observation compare(Memory& memory, const std::string& asked) {
  const Reading& reading = memory.reading;
  Observation seen = reading.seen;
  if (memory.known)
    seen.restarted =
        seen.started_us != memory.started_us || (seen.processes_us != 0 && seen.processes_us != memory.processes_us);
  memory.known = true;
  memory.started_us = seen.started_us;
  if (seen.processes_us != 0) memory.processes_us = seen.processes_us;
  if (asked.empty()) {
    // The first look: what was cancelled before is covered by the proof that every opening needs.
    memory.log_file = reading.log_file;
    memory.log_offset = reading.log_size;
    seen.cancelled_waits = 0;
  } else if (reading.log_file == asked) {
    if (memory.log_file == asked && reading.log_size > memory.log_offset) memory.log_offset = reading.log_size;
  } else if (memory.log_file == asked) {
    // Another file was begun: the old one has been counted to its end, the new one is counted from its beginning.
    memory.log_file = reading.log_file;
    memory.log_offset = 0;
  }
  memory.untold_cancelled += seen.cancelled_waits;
  memory.untold_restart = memory.untold_restart || seen.restarted;
  return seen;
}

Observation tell(Memory& memory, Observation seen) {
  seen.cancelled_waits = std::exchange(memory.untold_cancelled, 0);
  seen.restarted = std::exchange(memory.untold_restart, false);
  return seen;
}

enum class Telling { untold, told };

Task<Result<Observation>> look(Context& context, std::optional<PeerId> sync, bool anew, Telling telling) {
  const std::string asked = context.memory.log_file;
  const std::string_view name = sync ? std::string_view(sync->value()) : std::string_view();
  Statement statement = catalogue::observe(name, asked, context.memory.log_offset);
  // Two statements, not one with "? :": GCC 12 miscompiles co_await inside that.
  Result<Rows> rows = Error{};
  if (anew)
    rows = co_await context.sessions.ask_anew(std::move(statement));
  else
    rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  if (rows->empty() || *rows != context.memory.rows) {
    Result<Reading> reading = read_observation(*rows);
    if (!reading) co_return reading.error();
    context.memory.reading = std::move(*reading);
    context.memory.rows = std::move(*rows);
  }
  Observation seen = compare(context.memory, asked);
  co_return telling == Telling::told ? tell(context.memory, seen) : seen;
}

}  // namespace

Task<Result<Observation>> look(Context& context, std::optional<PeerId> sync) {
  return look(context, std::move(sync), false, Telling::untold);
}

Task<Result<Observation>> observe(Context& context, std::optional<PeerId> sync) {
  return look(context, std::move(sync), false, Telling::told);
}

Task<Result<Observation>> observe_anew(Context& context, std::optional<PeerId> sync) {
  return look(context, std::move(sync), true, Telling::told);
}

Task<Result<Observation>> observe_remote(Sessions& server) {
  Statement statement = catalogue::observe("", "", 0);
  const Result<Rows> rows = co_await server.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const Result<Reading> reading = read_observation(*rows);
  if (!reading) co_return reading.error();
  co_return reading->seen;
}

Task<Result<std::uint64_t>> copied(Context& context) {
  Statement statement = catalogue::copied();
  const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const auto row = single_row(*rows, 1, catalogue::name::copied);
  if (!row) co_return row.error();
  co_return number_at(**row, 0, catalogue::name::copied);
}

Task<Result<LogStream>> stream(Context& context) {
  constexpr std::string_view name = catalogue::name::stream;
  Statement statement = catalogue::stream();
  const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const auto row = single_row(*rows, 2, name);
  if (!row) co_return row.error();
  const auto timeline = optional_number_at(**row, 0, name);
  if (!timeline) co_return timeline.error();
  const auto upstream_end = optional_number_at(**row, 1, name);
  if (!upstream_end) co_return upstream_end.error();
  co_return LogStream{*timeline, *upstream_end};
}

Task<Result<CatchUp>> sync_has_flushed(Context& context, PeerId sync, std::uint64_t target) {
  const Result<Observation> seen = co_await look(context, sync, false, Telling::untold);
  if (!seen) co_return seen.error();
  if (seen->in_recovery) co_return Error{ErrorCode::refused, "this server is a standby: nobody is its sync"};
  Progress& progress = context.progress;
  const std::uint64_t flushed = seen->sync_flushed.value_or(0);
  if (progress.sync != sync || flushed > progress.flushed) {
    progress.sync = sync;
    progress.flushed = flushed;
    progress.since = context.host.monotonic_now();
  }
  CatchUp state;
  state.target = target;
  state.flushed = flushed;
  state.connected = seen->sync_flushed.has_value();
  state.reached = state.connected && (flushed >= target || HEIR_MUTANT("proof-by-connection"));
  state.last_progress = progress.since;
  co_return state;
}

Task<Result<>> await_sync_flush(Context& context, PeerId sync, std::uint64_t target, Duration stall) {
  MonotonicTime moved = context.host.monotonic_now();
  std::uint64_t furthest = 0;
  for (;;) {
    const Result<CatchUp> state = co_await sync_has_flushed(context, sync, target);
    const MonotonicTime now = context.host.monotonic_now();
    if (state) {
      if (state->reached) co_return Result<>();
      if (state->flushed > furthest) {
        furthest = state->flushed;
        moved = now;
      }
    } else if (state.error().code == ErrorCode::refused) {
      co_return state.error();
    }
    if (now - moved >= stall) {
      if (!state) co_return explain(state.error(), "waiting for " + sync.value());
      co_return Error{ErrorCode::timed_out, sync.value() +
                                                (state->connected ? " has flushed " + programs::to_lsn(state->flushed)
                                                                  : " is not connected, nothing is known of it,") +
                                                " and did not move for " + to_string(stall) + "; it lacks log up to " +
                                                programs::to_lsn(target)};
    }
    co_await context.host.sleep(context.config.poll_interval);
  }
}

Result<RecoveryState> recovery_state_in(const Result<Rows>& rows) {
  constexpr std::string_view name = catalogue::name::recovery_state;
  if (!rows) return rows.error();
  const Result<const Row*> single = single_row(*rows, 7, name);
  if (!single) return single.error();
  const Row& row = **single;
  const auto recovering = flag_at(row, 0, name);
  const auto received = optional_number_at(row, 2, name);
  const auto replayed = number_at(row, 3, name);
  const auto paused = flag_at(row, 5, name);
  if (!recovering) return recovering.error();
  if (!received) return received.error();
  if (!replayed) return replayed.error();
  if (!paused) return paused.error();
  RecoveryState state;
  state.in_recovery = *recovering;
  state.receiver = row[1].has_value();
  state.received = *received;
  state.replayed = *replayed;
  state.waits_for = text_at(row, 4);
  state.paused = *paused;
  state.conninfo = text_at(row, 6);
  return state;
}

Task<Result<RecoveryState>> recovery_state(Sessions& server) {
  Statement statement = catalogue::recovery_state();
  const Result<Rows> rows = co_await server.ask(std::move(statement));
  co_return recovery_state_in(rows);
}

// The startup process re-reads its settings between two looks for more log, so a single look is not enough: it may
// still start a receiver with the old ones. Found in the same wait twice, further apart than two such looks, with no
// receiver and nothing replayed in between, it has read them, and has found the end of the log on disk. A record of
// which only a part was received has no end, hence is not waited for.
Task<Result<std::uint64_t>> await_severed(Context& context) {
  const Duration apart = context.config.retry_interval * 5 / 2;
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.sever_limit;
  std::optional<std::uint64_t> quiet_at;
  MonotonicTime quiet_since;
  for (;;) {
    const Result<RecoveryState> state = co_await recovery_state(context.sessions);
    const MonotonicTime now = context.host.monotonic_now();
    bool quiet = false;
    if (state) {
      if (!state->in_recovery) co_return Error{ErrorCode::refused, "this server is not a standby"};
      quiet = state->conninfo.empty() && !state->receiver && !state->paused &&
              state->waits_for == "RecoveryRetrieveRetryInterval";
      if (quiet && quiet_at == state->replayed) {
        if (now - quiet_since >= apart) co_return state->replayed;
      } else if (quiet) {
        quiet_at = state->replayed;
        quiet_since = now;
      }
    }
    if (!quiet) quiet_at.reset();
    if (now >= give_up) {
      if (!state) co_return explain(state.error(), "severing from the upstream");
      if (!state->conninfo.empty())
        co_return Error{ErrorCode::refused, "this standby is not severed: it is set to follow " + state->conninfo};
      co_return Error{ErrorCode::timed_out,
                      "after " + to_string(context.config.sever_limit) +
                          (state->receiver ? " the WAL receiver still runs"
                           : state->paused ? " replay is paused (pg_wal_replay_resume() ends that)"
                                           : " the log on disk is not replayed: the startup process " +
                                                 (state->waits_for.empty() ? std::string("works")
                                                                           : "waits for " + state->waits_for)) +
                          ", replayed to " + programs::to_lsn(state->replayed) + "; no position can be told yet"};
    }
    // While quiet, look again when it can be decided; otherwise soon.
    const Duration pause =
        quiet && apart > context.config.poll_interval ? apart - (now - quiet_since) : context.config.poll_interval;
    const Duration wait = pause > Duration::zero() ? pause : context.config.poll_interval;
    co_await context.host.sleep(wait);
  }
}

}  // namespace heir::postgresql
