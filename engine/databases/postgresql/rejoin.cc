#include "engine/databases/postgresql/rejoin.h"

#include <algorithm>
#include <charconv>

#include "engine/base/files.h"
#include "engine/base/mutant.h"
#include "engine/base/sync.h"
#include "engine/databases/postgresql/catalogue.h"
#include "engine/databases/postgresql/disk.h"
#include "engine/databases/postgresql/lineage.h"
#include "engine/databases/postgresql/programs.h"
#include "engine/databases/postgresql/restart.h"
#include "engine/databases/postgresql/server.h"
#include "engine/databases/postgresql/settings.h"
#include "engine/databases/postgresql/tail.h"

namespace heir::postgresql {

namespace {

Sessions sessions_with(Context& context, const Endpoint& endpoint) {
  return Sessions(context.host, endpoint.server, context.config.superuser, context.config.answer_limit);
}

Role standby_of(const Endpoint& upstream, const std::vector<PeerId>& downstreams) {
  Standby role;
  role.upstream = upstream;
  role.downstreams = downstreams;
  return role;
}

/// Waits until the receiver streams; then the copy is proven.
Task<Result<>> await_streaming(Context& context, Address upstream) {
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.stream_limit;
  for (;;) {
    const Result<Observation> seen = co_await look(context, std::nullopt);
    const bool proven = seen && seen->in_recovery && (seen->streaming || HEIR_MUTANT("copy-proven-before-it-streams"));
    if (proven) co_return co_await prove_copy(context);
    if (context.host.monotonic_now() >= give_up) {
      if (!seen) co_return explain(seen.error(), "waiting to stream from " + upstream.value());
      co_return Error{ErrorCode::timed_out, "no stream from " + upstream.value() + " in " +
                                                to_string(context.config.stream_limit) + ", replayed to " +
                                                programs::to_lsn(seen->replayed) + "; the server's log in " +
                                                context.layout.log_folder() + " says why"};
    }
    co_await context.host.sleep(context.config.poll_interval);
  }
}

/// The same data to begin with?
Result<> check_system(std::uint64_t ours, const Source& source, const Endpoint& endpoint) {
  if (ours == source.system_identifier) return {};
  return {ErrorCode::refused, "the data here has the system identifier " + std::to_string(ours) + ", that of " +
                                  endpoint.server.value() + " has " + std::to_string(source.system_identifier) +
                                  ": another cluster's is never replaced or followed"};
}

struct Comparison {
  Source source;
  Relation relation = Relation::contained;
  bool primary_lacks = false;  ///< The primary has not all that we have of its branch, or of one that has opened.
};

/// Compares with a running server; waits, within bounds, while that shows a history not yet bound to generations.
Task<Result<Comparison>> compare_with(Context& context, Sessions& server, Position ours) {
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.answer_limit;
  for (;;) {
    const Result<Source> source = co_await source_of(server);
    if (!source) co_return source.error();
    Comparison comparison;
    comparison.source = *source;
    comparison.relation = relate(ours, source->position);
    // What a primary lacks it will write anew: there is no mere lag behind it.
    if (comparison.relation == Relation::behind && source->primary) {
      comparison.relation = Relation::diverged;
      // We may have left it where it ends, promoted by hand or in a generation that never opened: then it lacks
      // nothing.
      comparison.primary_lacks = shows_loss(source->position, ours, context.opened);
    }
    // A standby that is not on the timeline where we end may get there, or be promoted to another of that number, which
    // would be written over ours in silence (P-08).
    const bool lacks_our_timeline = ours.lineage.size() > source->position.lineage.size();
    if (comparison.relation == Relation::behind && !source->primary && lacks_our_timeline &&
        !HEIR_MUTANT("follows-who-lacks-our-timeline"))
      comparison.relation = Relation::unknown;
    if (comparison.relation != Relation::unknown) co_return comparison;
    if (context.host.monotonic_now() >= give_up && lacks_our_timeline)
      co_return Error{ErrorCode::timed_out, server.server().value() + " is not on timeline " +
                                                std::to_string(ours.lineage.back().timeline) +
                                                ", on which our log ends; asked again later"};
    if (context.host.monotonic_now() >= give_up)
      co_return Error{ErrorCode::timed_out,
                      server.server().value() + " does not show to which generation its timeline " +
                          std::to_string(source->position.lineage.back().timeline) + " belongs; asked again later"};
    co_await context.host.sleep(context.config.poll_interval);
  }
}

Task<Result<>> run_severed(Context& context) {
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (*running) {
    const Result<Observation> seen = co_await look(context, std::nullopt);
    if (seen && seen->in_recovery) co_return co_await sever(context);
    // A primary, or a server that does not answer.
    if (const Result<> stopped = co_await stop(context, StopMode::fast); !stopped) co_return stopped;
  }
  co_return co_await start_severed(context);
}

/// Does what needs `server` for long (a copy, a checkpoint, the log to become consistent) for as long as that answers,
/// in the role that it had: with one that stands still it would never end, or late; and a primary that has become a
/// standby keeps slots for its own downstreams alone, and sends the log to nobody else.
template <class T>
Task<Result<T>> while_it_serves(Context& context, Sessions& server, bool as_primary, Task<Result<T>> work) {
  struct Attended {
    explicit Attended(Executor& executor) : over(executor) {}
    std::optional<Result<T>> result;
    Signal over;
    void end(Result<T> how) {
      if (result) return;
      result.emplace(std::move(how));
      over.notify();
    }
    static Task<void> run(Attended& attended, Task<Result<T>> work) {
      Result<T> result = co_await std::move(work);
      attended.end(std::move(result));
    }
    static Task<void> watch(Attended& attended, Context& context, Sessions& server, bool as_primary) {
      // A server that restarts does not answer for some seconds either.
      const Duration patience = context.config.answer_limit * 2;
      MonotonicTime answered = context.host.monotonic_now();
      while (context.host.monotonic_now() - answered < patience) {
        co_await context.host.sleep(context.config.watch_interval);
        Statement question = catalogue::recovery_state();
        const Result<Rows> answer = co_await server.ask_anew(std::move(question));
        const Result<RecoveryState> state = recovery_state_in(answer);
        if (state && state->in_recovery == as_primary) {
          attended.end(Error{ErrorCode::unreachable, server.server().value() + " is no longer a " +
                                                         (as_primary ? "primary" : "standby") + "; it is given up"});
          co_return;
        }
        const bool silent =
            !state && (state.error().code == ErrorCode::timed_out || state.error().code == ErrorCode::unreachable);
        if (!silent) answered = context.host.monotonic_now();
      }
      attended.end(Error{ErrorCode::unreachable, server.server().value() + " no longer answers; it is given up"});
    }
  };
  Attended attended(context.host.executor());
  Scope scope;
  scope.spawn(Attended::run(attended, std::move(work)));
  if (!attended.result) scope.spawn(Attended::watch(attended, context, server, as_primary));
  while (!attended.result) co_await attended.over.wait();
  scope.cancel();
  co_return std::move(*attended.result);
}

/// Nothing is made anew from a standby in its primary's place: it may hold less, and of an older time.
Error no_primary(const Sessions& server) {
  return {ErrorCode::refused, server.server().value() + " is not a primary, or not yet (P-10); asked again later"};
}

bool leads(const Source& source) {
  return source.primary || HEIR_MUTANT("rebuilt-from-a-standby");
}

Task<Result<>> check_primary(Sessions& server) {
  const Result<Observation> there = co_await observe_remote(server);
  if (!there) co_return explain(there.error(), "asking the primary " + server.server().value());
  if (there->in_recovery && !HEIR_MUTANT("rebuilt-from-a-standby")) co_return no_primary(server);
  co_return Result<>();
}

Task<Result<ProgramExit>> run_program(Host& host, Program program) {
  Result<ProgramExit> exit = co_await host.run(std::move(program));
  co_return exit;
}

/// A verified copy of a running server in place of ours; the old copy stays until prove_copy(). The server ends
/// stopped.
Task<Result<>> clone_beside(Context& context, Endpoint from, Source source) {
  const Layout& layout = context.layout;
  Sessions server = sessions_with(context, from);
  const std::string slot = slot_name(context.config.self);
  if (const Result<> kept = co_await ensure_slot(server, slot); !kept) co_return kept;
  const Result<std::string> info = conninfo(from.server, context.config.superuser, "heir_clone");
  if (!info) co_return info.error();
  if (const Result<bool> left = co_await folder_exists(context, layout.next()); !left) {
    co_return left.error();
  } else if (*left) {
    if (const Result<> removed = co_await delete_folder(context, layout.next()); !removed) co_return removed;
  }
  if (HEIR_MUTANT("old-copy-deleted-first")) {
    if (const Result<> stopped = co_await stop(context, StopMode::fast); !stopped) co_return stopped;
    if (const Result<> gone = co_await delete_folder(context, layout.data()); !gone) co_return gone;
  }
  context.host.log(LogLevel::info, "clone-begun", {{"from", from.peer.value()}, {"server", from.server.value()}});
  Program program = programs::base_backup(context.config.binaries, *info, layout.next(), slot);
  Task<Result<ProgramExit>> copying = run_program(context.host, std::move(program));
  const Result<ProgramExit> exit = co_await while_it_serves(context, server, source.primary, std::move(copying));
  if (!exit)
    co_return explain(exit.error(), "running pg_basebackup", "the copy in place is untouched; the clone is begun anew");
  if (exit->status != 0)
    co_return Error{ErrorCode::failed,
                    "pg_basebackup: " + exit->output + "; the copy in place is untouched; the clone is begun anew"};

  // pg_basebackup has verified every page, so what its source was marked for is not in the copy.
  if (const Result<> clean = co_await remove_file(context.host, damaged_mark(layout.next())); !clean) co_return clean;
  if (const Result<> noted = co_await note_rebuilt(context, layout.next(), from.peer); !noted) co_return noted;
  const auto control = co_await control_data(context, layout.next());
  if (!control) co_return explain(control.error(), "verifying the clone");
  if (control->system_identifier != source.system_identifier)
    co_return Error{ErrorCode::failed, "the clone has the system identifier " +
                                           std::to_string(control->system_identifier) + ", its source " +
                                           std::to_string(source.system_identifier) + "; it is thrown away"};
  const auto& lineage = source.position.lineage;
  if (std::none_of(lineage.begin(), lineage.end(),
                   [&](const Branch& branch) { return branch.timeline == control->timeline; }))
    co_return Error{ErrorCode::failed, "the clone is on timeline " + std::to_string(control->timeline) +
                                           ", which is not in its source's history; it is thrown away"};
  if (const Result<> made = co_await make_standby(context, layout.next()); !made) co_return made;
  if (const Result<> stopped = co_await stop(context, StopMode::fast); !stopped) co_return stopped;
  if (const Result<> claimed = co_await claim_cluster(context, control->system_identifier); !claimed) co_return claimed;
  if (const Result<> swapped = co_await swap_in_next(context); !swapped) co_return swapped;
  context.host.log(LogLevel::info, "clone-in-place", {{"from", from.peer.value()}});
  co_return Result<>();
}

/// pg_rewind in place; until prove_copy() the copy counts as damaged.
Task<Result<>> rewind_in_place(Context& context, Endpoint primary) {
  const Layout& layout = context.layout;
  if (const Result<> stopped = co_await stop(context, StopMode::fast); !stopped) co_return stopped;
  // pg_rewind reads the source's timeline from its last checkpoint (P-10).
  Sessions server = sessions_with(context, primary);
  Statement checkpoint = catalogue::checkpoint();
  Task<Result<Rows>> writing = server.ask(std::move(checkpoint), context.config.promote_limit);
  const Result<Rows> done = co_await while_it_serves(context, server, true, std::move(writing));
  if (!done) co_return explain(done.error(), "checkpoint of the primary");
  const Result<std::string> info =
      conninfo(primary.server, context.config.superuser, std::string(our_application_name));
  if (!info) co_return info.error();
  const std::string source = *info + " dbname='postgres'";
  if (!HEIR_MUTANT("rewind-not-marked"))
    if (const Result<> marked = co_await replace_file(context.host, layout.rewinding(), Bytes()); !marked)
      co_return marked;
  Program program = programs::rewind(context.config.binaries, layout.data(), source, layout.settings());
  Task<Result<ProgramExit>> rewinding = run_program(context.host, std::move(program));
  const Result<ProgramExit> exit = co_await while_it_serves(context, server, true, std::move(rewinding));
  if (!exit) co_return explain(exit.error(), "running pg_rewind");
  if (exit->status != 0) co_return Error{ErrorCode::failed, "pg_rewind: " + exit->output};
  context.host.log(LogLevel::info, "copy-rewound", {{"from", primary.peer.value()}});
  if (const Result<> noted = co_await note_rebuilt(context, layout.data(), primary.peer); !noted) co_return noted;
  co_return co_await make_standby(context, layout.data());
}

/// Whether the history file of a timeline says what `lineage` says of it: which timeline it left, and where.
bool tells_of(std::string_view file, std::uint64_t timeline, const std::vector<Branch>& lineage) {
  const auto branch =
      std::find_if(lineage.begin(), lineage.end(), [&](const Branch& each) { return each.timeline == timeline; });
  if (branch == lineage.end() || branch == lineage.begin()) return false;
  const std::vector<programs::Ancestor> ancestors = programs::parse_history(file);
  return !ancestors.empty() && ancestors.back() == programs::Ancestor{std::prev(branch)->timeline, branch->begin};
}

/// A receiver fetches only the history files that it lacks. One of a timeline that we are not on and that the upstream
/// does not have (somebody promoted a standby past its agent, P-15) would keep it from ever following the true timeline
/// of that number.
Task<Result<>> remove_stray_histories(Context& context, Sessions& upstream) {
  const std::string folder = context.layout.data() + "/pg_wal";
  const auto names = co_await context.host.list_directory(folder);
  if (!names) co_return explain(names.error(), "listing " + folder);
  const auto control = co_await control_data(context, context.layout.data());
  if (!control) co_return control.error();
  std::optional<Position> lineage;
  bool removed = false;
  for (const std::string& name : *names) {
    std::uint64_t timeline = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), timeline, 16);
    if (error != std::errc() || std::string_view(end) != ".history" || timeline <= control->timeline) continue;
    if (!lineage) {
      Result<Position> theirs = co_await lineage_of(upstream);
      if (!theirs) co_return explain(theirs.error(), "asking " + upstream.server().value());
      lineage = std::move(*theirs);
    }
    const std::string path = folder + "/" + name;
    const Result<Bytes> content = co_await context.host.read_file(path);
    if (!content) co_return explain(content.error(), "reading " + path);
    if (tells_of(*content, timeline, lineage->lineage)) continue;
    if (const Result<> gone = co_await remove_file(context.host, path); !gone) co_return gone;
    removed = true;
    context.host.log(LogLevel::warning, "stray-history-removed", {{"file", name}});
  }
  if (removed)
    if (const Result<> kept = co_await context.host.sync_directory(folder); !kept)
      co_return explain(kept.error(), "syncing " + folder);
  co_return Result<>();
}

Task<Result<>> start_following(Context& context, Endpoint upstream, std::vector<PeerId> downstreams) {
  {
    Sessions server = sessions_with(context, upstream);
    if (const Result<> kept = co_await ensure_slot(server, slot_name(context.config.self)); !kept) co_return kept;
    if (const Result<> clean = co_await remove_stray_histories(context, server); !clean) co_return clean;
  }
  const Role role = standby_of(upstream, downstreams);
  if (const Result<> started = co_await start_unproven(context, role); !started) co_return started;
  co_return co_await await_streaming(context, upstream.server);
}

/// Log leaves a primary once it is flushed. So if another, by whose history ours is contained, has more of the branch
/// that this copy last wrote as a primary, the disk here has lost log, and what was written instead is in no lineage:
/// the copy is marked, and `refused`.
Task<Result<>> refuse_lost_log(Context& context, Position ours, Position other, std::string who) {
  if (!context.config.distrust_own_disk || !goes_on_with_last_branch(other, ours)) co_return Result<>();
  const Result<bool> ours_alone = co_await wrote_last_branch(context, ours);
  if (!ours_alone) co_return ours_alone.error();
  if (!*ours_alone) co_return Result<>();
  std::string finding =
      "the log here ends at " + to_string(ours) + ", but " + who + " has more of the timeline that was written here";
  std::string next = "it is cloned anew";
  co_return co_await refuse_copy(context, std::move(finding), std::move(next));
}

}  // namespace

Task<Result<>> reach(Context& context, Endpoint other) {
  Sessions server = sessions_with(context, other);
  const Result<Observation> there = co_await observe_remote(server);
  if (!there) co_return there.error();
  co_return Result<>();
}

Task<Result<bool>> is_streaming(Context& context) {
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  co_return seen->in_recovery && seen->streaming;
}

Task<Result<>> follow(Context& context, Endpoint upstream, std::vector<PeerId> downstreams) {
  const Role role = standby_of(upstream, downstreams);
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  if (!*whole)
    co_return Error{ErrorCode::refused, "the copy is damaged, or a rewind of it did not end; it must be cloned"};
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (*running) {
    const Result<bool> set = co_await is_set_on_disk(context, role);
    if (!set) co_return set.error();
    const Result<Observation> seen = co_await look(context, std::nullopt);
    if (seen && seen->in_recovery && seen->streaming && *set) {
      if (const Result<> proven = co_await prove_copy(context); !proven) co_return proven;
      co_return co_await keep_slots(context, downstreams);
    }
    if (seen && !seen->in_recovery)
      co_return Error{ErrorCode::refused, "this server is a primary; it must be stopped, and rejoin, to follow"};
  }
  // A standby that streams from a server whose history left its own within the same segment would overwrite its log in
  // silence; so both are compared first, with our end of log known.
  const Result<> severed = co_await run_severed(context);
  if (!severed && severed.error().code == ErrorCode::not_found)
    co_return Error{ErrorCode::refused, "the copy does not know its own history: " + severed.error().message};
  if (!severed) co_return severed;
  const Result<Position> ours = co_await position(context);
  if (!ours) co_return ours.error();
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  {
    Sessions server = sessions_with(context, upstream);
    const Result<Comparison> compared = co_await compare_with(context, server, *ours);
    if (!compared) co_return compared.error();
    if (const Result<> same = check_system(seen->system_identifier, compared->source, upstream); !same) co_return same;
    if (compared->relation == Relation::diverged && !HEIR_MUTANT("diverged-copy-followed"))
      co_return Error{ErrorCode::refused,
                      "our log ends at " + to_string(*ours) + ", that of " + upstream.server.value() + " (" +
                          to_string(compared->source.position) + ") left it at " +
                          programs::to_lsn(common_offset(*ours, compared->source.position)) + "; rejoin is needed"};
    if (compared->relation == Relation::contained)
      if (const Result<> kept =
              co_await refuse_lost_log(context, *ours, compared->source.position, upstream.peer.value());
          !kept)
        co_return kept;
  }
  co_return co_await start_following(context, std::move(upstream), std::move(downstreams));
}

Task<Result<>> clone(Context& context, Endpoint upstream, CloneOf whom) {
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (*running)
    if (const Result<> stopped = co_await stop(context, StopMode::fast); !stopped) co_return stopped;
  const Result<Disk> disk = co_await inspect(context);
  if (!disk) co_return disk.error();
  Sessions server = sessions_with(context, upstream);
  const Result<Source> source = co_await source_of(server);
  if (!source) co_return source.error();
  if (whom == CloneOf::primary && !leads(*source)) co_return no_primary(server);
  if (!disk->empty) {
    if (disk->cluster.empty())
      co_return Error{ErrorCode::refused, "there is data in " + context.layout.data() +
                                              " that no cluster has claimed; adopt it or move it away"};
    if (disk->system_identifier != 0)
      if (const Result<> same = check_system(disk->system_identifier, *source, upstream); !same) co_return same;
  }
  const Mark mark(context.rebuilding);
  co_return co_await clone_beside(context, std::move(upstream), *source);
}

Task<Result<RejoinReport>> rejoin(Context& context, Endpoint primary, Endpoint upstream, Rebuild rebuild,
                                  std::vector<PeerId> downstreams) {
  RejoinReport report;
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  bool empty = false;  // a disk that lied, or somebody who deleted it
  if (!*running) {
    const Result<Disk> disk = co_await inspect(context);
    if (!disk) co_return disk.error();
    empty = disk->empty;
    if (!empty && disk->cluster.empty())
      co_return Error{ErrorCode::refused, "there is data in " + context.layout.data() +
                                              " that no cluster has claimed; adopt it or move it away"};
  }
  Sessions server = sessions_with(context, primary);
  if (const Result<> leads = co_await check_primary(server); !leads) co_return leads.error();
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();

  // Our end of log, with replication stopped; unknown if the copy cannot be run.
  std::optional<Position> ours;
  std::string why_unknown = empty ? "there is none" : "it is damaged, or a rewind of it did not end";
  if (*whole && !empty) {
    Result<> severed = co_await run_severed(context);
    const Result<bool> still_whole = co_await is_whole(context);
    if (!still_whole) co_return still_whole.error();
    if (!severed && *still_whole) severed = co_await run_severed(context);
    if (severed) {
      const Result<Position> end = co_await position(context);
      if (!end) co_return end.error();
      ours = *end;
    } else if (severed.error().code == ErrorCode::failed || severed.error().code == ErrorCode::not_found) {
      // It does not start, or a file of its own history is gone (a disk that lied): neither gets better.
      why_unknown = severed.error().message;
    } else {
      co_return severed.error();
    }
  }
  const auto control = co_await control_data(context, context.layout.data());
  if (!control && ours) co_return control.error();

  bool can_rewind = false;
  Result<Source> source = Error{};
  if (ours) {
    const Result<Comparison> compared = co_await compare_with(context, server, *ours);
    if (!compared) co_return compared.error();
    source = compared->source;
    if (const Result<> same = check_system(control->system_identifier, compared->source, primary); !same)
      co_return same.error();
    report.fork = common_offset(*ours, compared->source.position);
    if (compared->relation == Relation::contained) {
      const Result<> kept = co_await refuse_lost_log(context, *ours, compared->source.position, primary.peer.value());
      if (!kept) co_return kept.error();
      if (const Result<> following = co_await start_following(context, std::move(upstream), std::move(downstreams));
          !following)
        co_return following.error();
      co_return report;
    }
    // It led when it was asked first; the end of our log has taken a while since.
    if (!leads(*source)) co_return no_primary(server);
    // Log leaves a primary once it is flushed: one that lacks some of its own branch has lost it, and ours may be the
    // only copy.
    if (compared->primary_lacks && context.config.distrust_own_disk)
      co_return Error{ErrorCode::refused, primary.server.value() + " has lost log of its own: it ends at " +
                                              to_string(compared->source.position) + ", ours at " + to_string(*ours) +
                                              "; this copy is kept until another leads or the operator clones it"};
    report.discarded = ours->offset - report.fork;
    can_rewind =
        rebuild == Rebuild::in_place && control->can_rewind && rewind_sees_fork(*ours, compared->source.position);
    Tail tail;
    tail.timeline = ours->lineage.back().timeline;
    tail.from = std::max(report.fork, ours->lineage.back().begin);
    tail.to = ours->offset;
    tail.why = "Our log ended at " + to_string(*ours) + "; the primary " + primary.peer.value() + " is at " +
               to_string(compared->source.position) + "; both share it up to " + programs::to_lsn(report.fork) + ".";
    Result<std::string> folder = co_await set_aside(context, std::move(tail), control->segment_size);
    if (!folder) co_return folder.error();
    report.tail = std::move(*folder);
    context.host.log(LogLevel::warning, "diverged",
                     {{"ours", to_string(*ours)},
                      {"primary", to_string(compared->source.position)},
                      {"fork", programs::to_lsn(report.fork)},
                      {"set_aside", report.tail}});
  } else {
    source = co_await source_of(server);
    if (!source) co_return source.error();
    if (!leads(*source)) co_return no_primary(server);
    if (control) {
      if (const Result<> same = check_system(control->system_identifier, *source, primary); !same)
        co_return same.error();
      if (*whole) {
        Tail tail;
        tail.from = control->checkpoint;
        tail.to = UINT64_MAX;
        tail.why = "The copy could not be run, so the end of its log is not known: " + why_unknown;
        Result<std::string> folder = co_await set_aside(context, std::move(tail), control->segment_size);
        if (!folder) co_return folder.error();
        report.tail = std::move(*folder);
      }
    }
    context.host.log(LogLevel::warning, "copy-unusable", {{"why", why_unknown}, {"next", "clone"}});
  }

  const Mark mark(context.rebuilding);
  if (can_rewind) {
    const Result<> rewound = co_await rewind_in_place(context, primary);
    Result<> following = rewound;
    // From the primary first: only there is all the log that the rewound copy needs to become consistent.
    if (rewound) {
      Task<Result<>> starting = start_following(context, primary, downstreams);
      following = co_await while_it_serves(context, server, true, std::move(starting));
    }
    if (following) {
      report.how = Rejoined::rewound;
      context.rebuilding = false;
      if (upstream != primary)
        if (const Result<> moved = co_await start_following(context, upstream, downstreams); !moved)
          co_return moved.error();
      co_return report;
    }
    context.host.log(LogLevel::warning, "rewind-failed", {{"why", following.error().message}, {"next", "clone"}});
    // One that does not answer is not waited for twice: whoever leads by then is asked.
    if (following.error().code == ErrorCode::unreachable) co_return following.error();
    if (const Result<> leads = co_await check_primary(server); !leads) co_return leads.error();
  }
  // The upstream spares the primary, if its own history is the primary's.
  Endpoint from = primary;
  Source from_source = *source;
  if (upstream != primary) {
    Sessions other = sessions_with(context, upstream);
    const Result<Source> candidate = co_await source_of(other);
    if (candidate && candidate->system_identifier == source->system_identifier &&
        contains(source->position, candidate->position)) {
      from = upstream;
      from_source = *candidate;
    }
  }
  if (const Result<> cloned = co_await clone_beside(context, from, from_source); !cloned) co_return cloned.error();
  context.rebuilding = false;
  if (const Result<> following = co_await start_following(context, upstream, downstreams); !following)
    co_return following.error();
  report.how = Rejoined::cloned;
  co_return report;
}

}  // namespace heir::postgresql
