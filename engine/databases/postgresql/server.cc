#include "engine/databases/postgresql/server.h"
#include "engine/databases/postgresql/lineage.h"

#include <algorithm>

#include "engine/base/files.h"
#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/databases/postgresql/catalogue.h"
#include "engine/databases/postgresql/disk.h"
#include "engine/databases/postgresql/programs.h"
#include "engine/databases/postgresql/settings.h"
#include "engine/databases/postgresql/watch.h"

namespace heir::postgresql {

namespace {

std::vector<PeerId> downstreams_of(const Role& role) {
  const auto primary = [](const Primary& wanted) {
    std::vector<PeerId> peers = wanted.downstreams;
    if (wanted.sync) peers.push_back(*wanted.sync);
    return peers;
  };
  const auto standby = [](const Standby& wanted) { return wanted.downstreams; };
  const auto severed = [](const Severed&) { return std::vector<PeerId>(); };
  return std::visit(Match{primary, standby, severed}, role);
}

/// Replaces a file of ours if its content is another; durable in any case, as it was written by replace_file before.
Task<Result<>> keep_file(Context& context, std::string path, std::string text) {
  const Result<Bytes> present = co_await context.host.read_file(path);
  if (present && *present == text) co_return Result<>();
  if (!present && present.error().code != ErrorCode::not_found) co_return explain(present.error(), "reading " + path);
  co_return co_await replace_file(context.host, path, std::move(text));
}

Task<Result<>> write_settings(Context& context, RoleSettings settings) {
  Result<std::string> text = settings_text(context.config, settings);
  if (!text) co_return text.error();
  co_return co_await keep_file(context, context.layout.settings(), std::move(*text));
}

/// What ALTER SYSTEM wrote would override us; what a clone brought is another peer's.
Task<Result<>> clear_automatic_settings(Context& context) {
  co_return co_await keep_file(context, automatic_settings(context.layout.data()),
                               "# Kept empty by heir: the settings are in postgresql.conf beside the data.\n");
}

bool in_force(const Config& config, const Rows& rows, const RoleSettings& wanted) {
  const auto is = [&rows](std::string_view name, std::string_view value) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const Row& row) { return row.size() >= 2 && row[0] == name && text_at(row, 1) == value; });
  };
  return is("synchronous_standby_names", wanted.synchronous_standby_names) &&
         is("synchronous_commit", commit_level(config)) && is("primary_conninfo", wanted.primary_conninfo) &&
         is("primary_slot_name", wanted.primary_slot_name);
}

std::string shown(const Rows& rows) {
  std::string text;
  for (const Row& row : rows)
    if (row.size() >= 2) text += (text.empty() ? "" : ", ") + text_at(row, 0) + "='" + text_at(row, 1) + "'";
  return text;
}

Task<Result<>> reload(Context& context) {
  Statement statement = catalogue::reload();
  const Result<Rows> done = co_await context.sessions.ask(std::move(statement));
  if (!done) co_return explain(done.error(), "re-reading the settings");
  co_return Result<>();
}

/// Settings on disk, then in the running server. Someone's ALTER SYSTEM is undone (P-07).
Task<Result<>> apply_settings(Context& context, RoleSettings settings) {
  if (const Result<> written = co_await write_settings(context, settings); !written) co_return written;
  if (const Result<> cleared = co_await clear_automatic_settings(context); !cleared) co_return cleared;
  if (const Result<> told = co_await reload(context); !told) co_return told;
  const MonotonicTime give_up = context.host.monotonic_now() + context.config.answer_limit;
  for (;;) {
    Statement statement = catalogue::settings();
    const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
    if (!rows) co_return explain(rows.error(), "checking the settings in force");
    if (in_force(context.config, *rows, settings)) co_return Result<>();
    if (context.host.monotonic_now() >= give_up)
      co_return Error{ErrorCode::timed_out, "the server does not take the settings of " + context.layout.settings() +
                                                "; it has " + shown(*rows)};
    co_await context.host.sleep(context.config.poll_interval);
  }
}

/// The last lines of what the server said before it died.
Task<std::string> start_log_tail(Context& context) {
  const Result<Bytes> text = co_await context.host.read_file(context.layout.start_log());
  if (!text || text->empty()) co_return std::string();
  co_return " (server log: " + (text->size() > 1000 ? "…" + text->substr(text->size() - 1000) : *text) + ")";
}

/// Brings a running server that is already what `role` asks into its details.
Task<Result<>> configure_running(Context& context, Role role) {
  const Result<RoleSettings> settings = settings_of(context.config, role);
  if (!settings) co_return settings.error();
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return explain(seen.error(), "asking the server for its role");
  const bool primary = std::holds_alternative<Primary>(role);
  if (primary && seen->in_recovery)
    co_return Error{ErrorCode::refused, "this server is a standby; only a promotion makes it a primary"};
  if (!primary && !seen->in_recovery)
    co_return Error{ErrorCode::refused,
                    "this server is a primary; it must be stopped, and rejoin, to become a standby"};
  if (std::holds_alternative<Severed>(role)) co_return co_await sever(context);
  if (const Result<> applied = co_await apply_settings(context, *settings); !applied) co_return applied;
  co_return co_await keep_slots(context, downstreams_of(role));
}

}  // namespace

Task<Result<bool>> is_running(Context& context) {
  const Result<bool> data = co_await folder_exists(context, context.layout.data());
  if (!data) co_return data.error();
  if (!*data) co_return false;
  Program program = programs::status(context.config.binaries, context.layout.data());
  const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
  if (!exit) co_return explain(exit.error(), "running pg_ctl status");
  if (exit->status == 0) co_return true;
  if (exit->status == 3 || exit->status == 4) co_return false;
  co_return Error{ErrorCode::failed, "pg_ctl status: " + exit->output};
}

Task<Result<>> start(Context& context, Role role, std::optional<Duration> limit) {
  if (context.rebuilding) co_return Error{ErrorCode::refused, "the copy is being rebuilt"};
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  if (!*whole)
    co_return Error{ErrorCode::refused,
                    "the copy is damaged, or a rewind of it did not end; it is not started but cloned"};
  co_return co_await start_unproven(context, std::move(role), limit);
}

Task<Result<>> start_unproven(Context& context, Role role, std::optional<Duration> limit) {
  const Layout& layout = context.layout;
  const Result<RoleSettings> settings = settings_of(context.config, role);
  if (!settings) co_return settings.error();
  const Result<bool> data = co_await folder_exists(context, layout.data());
  if (!data) co_return data.error();
  if (!*data) co_return Error{ErrorCode::not_found, "there is no data in " + layout.data() + " to start a server on"};
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (*running) co_return co_await configure_running(context, std::move(role));

  const std::string data_folder = layout.data();
  if (std::holds_alternative<Primary>(role)) {
    const Result<bool> signal = co_await file_exists(context, standby_signal(data_folder));
    if (!signal) co_return signal.error();
    const Result<programs::ControlData> control = co_await control_data(context, data_folder);
    if (!control) co_return control.error();
    if (*signal || control->in_standby_recovery())
      co_return Error{ErrorCode::refused,
                      "the copy is a standby's; it is started severed and then promoted, never as a primary"};
  } else if (const Result<> made = co_await make_standby(context, data_folder); !made) {
    co_return made;
  }
  // With recovery.signal alone a server promotes itself at the end of its log.
  if (const Result<> removed = co_await remove_file(context.host, recovery_signal(data_folder)); !removed)
    co_return removed;
  if (const Result<> cleared = co_await clear_automatic_settings(context); !cleared) co_return cleared;
  if (const Result<> written = co_await write_settings(context, *settings); !written) co_return written;
  if (const Result<> written = co_await keep_file(context, layout.access(), access_text(context.config)); !written)
    co_return written;
  if (const Result<> made = co_await context.host.make_directory(layout.log_folder());
      !made && made.error().code != ErrorCode::already_exists)
    co_return explain(made.error(), "making " + layout.log_folder());

  context.sessions.drop();
  context.memory = Memory();
  context.compared = false;
  context.silent_syncs.clear();
  Program program = programs::start(context.config.binaries, data_folder, layout.settings(), layout.access(),
                                    layout.start_log(), limit.value_or(context.config.start_limit));
  const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
  if (!exit) co_return explain(exit.error(), "running pg_ctl start");
  if (exit->status != 0) {
    const std::string said = co_await start_log_tail(context);
    co_return Error{ErrorCode::failed, "pg_ctl start: " + exit->output + said};
  }
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return explain(seen.error(), "the server was started but does not answer");
  if (seen->in_recovery == std::holds_alternative<Primary>(role))
    co_return Error{ErrorCode::failed,
                    std::string("the server was to start as a ") +
                        (seen->in_recovery ? "primary but is a standby" : "standby but is a primary")};
  context.host.log(LogLevel::info, "database-started", {{"role", seen->in_recovery ? "standby" : "primary"}});
  co_return co_await keep_slots(context, downstreams_of(role));
}

Task<Result<>> stop(Context& context, StopMode mode) {
  context.sessions.drop();
  for (;;) {
    const Result<bool> running = co_await is_running(context);
    if (!running) co_return running.error();
    if (!*running) co_return Result<>();
    const bool fast = mode == StopMode::fast;
    const Duration limit = fast ? context.config.stop_limit : context.config.stop_limit / 4;
    Program program = programs::stop(context.config.binaries, context.layout.data(),
                                     fast ? programs::StopMode::fast : programs::StopMode::immediate, limit);
    const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
    if (!exit) co_return explain(exit.error(), "running pg_ctl stop");
    if (exit->status == 0) co_return Result<>();
    const Result<bool> still = co_await is_running(context);  // it may have ended by itself meanwhile
    if (!still) co_return still.error();
    if (!*still) co_return Result<>();
    if (!fast) co_return Error{ErrorCode::failed, "pg_ctl stop -m immediate: " + exit->output + "; kill it"};
    context.host.log(LogLevel::warning, "fast-stop-failed", {{"output", exit->output}, {"next", "immediate stop"}});
    mode = StopMode::immediate;
  }
}

Task<Result<>> kill(Context& context) {
  const Result<> stopped = co_await stop(context, StopMode::immediate);
  if (stopped) co_return stopped;
  std::string last = stopped.error().message;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::string_view signal = attempt == 0 ? "QUIT" : "KILL";
    const Result<Bytes> pid = co_await context.host.read_file(process_id_file(context.layout.data()));
    if (pid) {
      const std::string number = pid->substr(0, pid->find('\n'));
      Program program = programs::signal(context.config.binaries, signal, number);
      const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
      if (!exit) co_return explain(exit.error(), "running pg_ctl kill");
      if (exit->status != 0) last = exit->output;
    }
    const MonotonicTime give_up = context.host.monotonic_now() + context.config.answer_limit;
    for (;;) {
      const Result<bool> running = co_await is_running(context);
      if (!running) co_return running.error();
      if (!*running) co_return Result<>();
      if (context.host.monotonic_now() >= give_up) break;
      co_await context.host.sleep(context.config.poll_interval);
    }
  }
  co_return Error{ErrorCode::failed, "the server cannot be killed: " + last};
}

Task<Result<>> configure(Context& context, Role role) {
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (!*running) co_return Error{ErrorCode::refused, "the server does not run; start it in the role"};
  co_return co_await configure_running(context, std::move(role));
}

Task<Result<>> sever(Context& context) {
  const RoleSettings settings;
  const Result<bool> data = co_await folder_exists(context, context.layout.data());
  if (!data) co_return data.error();
  if (!*data) co_return Result<>();
  const Result<bool> running = co_await is_running(context);
  if (!running) co_return running.error();
  if (!*running) {
    if (const Result<> written = co_await write_settings(context, settings); !written) co_return written;
    if (const Result<> cleared = co_await clear_automatic_settings(context); !cleared) co_return cleared;
    co_return co_await make_standby(context, context.layout.data());
  }
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (seen && !seen->in_recovery)
    co_return Error{ErrorCode::refused, "this server is a primary and has no upstream; stop it first"};
  Bytes upstream;  // The settings that name it.
  if (!context.config.sever_durably) {
    Result<Bytes> read = co_await context.host.read_file(context.layout.settings());
    if (!read) co_return explain(read.error(), "reading the settings");
    upstream = std::move(*read);
  }
  // On disk first, even if the server does not answer: however it goes on, it must not reconnect after a restart.
  if (const Result<> written = co_await write_settings(context, settings); !written) co_return written;
  if (const Result<> cleared = co_await clear_automatic_settings(context); !cleared) co_return cleared;
  if (!seen)
    co_return explain(seen.error(),
                      "severing: the settings on disk name no upstream any more, but the server does not answer");
  if (const Result<> told = co_await reload(context); !told) co_return told;
  const Result<std::uint64_t> end = co_await await_severed(context);
  if (!end) co_return end.error();
  if (!context.config.sever_durably) {
    const Result<> put_back = co_await replace_file(context.host, context.layout.settings(), std::move(upstream));
    if (!put_back) co_return put_back;
  }
  context.host.log(LogLevel::info, "severed", {{"end", programs::to_lsn(*end)}});
  co_return Result<>();
}

Task<Result<>> bind_timeline(Context& context, Generation generation) {
  const Result<std::uint64_t> timeline = co_await timeline_of(context.sessions);
  if (!timeline) co_return timeline.error();
  // The first was begun by initdb, not by a promotion.
  Branch led;
  led.timeline = *timeline;
  led.promotion = *timeline == 1 ? 0 : generation.number();
  const Result<std::uint64_t> noted = co_await note_led(context, led);
  if (!noted) co_return explain(noted.error(), "noting the timeline that is led");
  if (*timeline == 1 || HEIR_MUTANT("promotion-not-recorded")) co_return Result<>();
  Statement schema = catalogue::create_promotions_schema();
  if (const Result<Rows> made = co_await context.sessions.ask(std::move(schema)); !made)
    co_return explain(made.error(), "making the schema heir");
  Statement table = catalogue::create_promotions();
  if (const Result<Rows> made = co_await context.sessions.ask(std::move(table)); !made)
    co_return explain(made.error(), "making heir.promotion");
  Statement record = catalogue::record_promotion(*timeline, generation.number());
  const Result<Rows> recorded = co_await context.sessions.ask(std::move(record));
  if (!recorded) co_return explain(recorded.error(), "recording the promotion");
  const auto bound_row = single_row(*recorded, 1, catalogue::name::record_promotion);
  if (!bound_row) co_return bound_row.error();
  const auto bound = number_at(**bound_row, 0, catalogue::name::record_promotion);
  if (!bound) co_return bound.error();
  led.promotion = *bound;
  if (*noted != *bound)
    if (const Result<> kept = co_await write_led(context, led); !kept)
      co_return explain(kept.error(), "noting the timeline that is led");
  context.host.log(LogLevel::info, "timeline-bound",
                   {{"timeline", std::to_string(*timeline)}, {"generation", std::to_string(*bound)}});
  co_return Result<>();
}

Task<Result<>> promote(Context& context, Generation generation, Primary role) {
  if (generation.number() == 0) co_return Error{ErrorCode::invalid, "a promotion needs a generation"};
  const Role wanted = role;
  const Result<RoleSettings> settings = settings_of(context.config, wanted);
  if (!settings) co_return settings.error();
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  if (!*whole || context.rebuilding) co_return Error{ErrorCode::refused, "the copy is not whole; it is not promoted"};
  Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return explain(seen.error(), "promoting");
  // The sync is in force before the first commit is possible.
  if (const Result<> applied = co_await apply_settings(context, *settings); !applied)
    co_return explain(applied.error(), "promoting");
  if (seen->in_recovery) {
    Statement statement = catalogue::promote();
    const Result<Rows> asked = co_await context.sessions.ask(std::move(statement));
    const MonotonicTime give_up = context.host.monotonic_now() + context.config.promote_limit;
    for (;;) {
      seen = co_await look(context, std::nullopt);
      if (seen && !seen->in_recovery) break;
      if (!asked) co_return explain(asked.error(), "promoting");  // refused, and not because it had happened already
      if (!seen) {
        const Result<bool> lives = co_await is_running(context);
        if (lives && !*lives)
          co_return Error{ErrorCode::failed, "the server died while it was promoted; it is started and promoted anew"};
      }
      if (context.host.monotonic_now() >= give_up)
        co_return Error{ErrorCode::timed_out,
                        "the server is still in recovery " + to_string(context.config.promote_limit) +
                            " after it was told to promote" + (seen ? std::string() : ": " + seen.error().message)};
      co_await context.host.sleep(context.config.poll_interval);
    }
  }
  if (const Result<> bound = co_await bind_timeline(context, generation); !bound) co_return bound;
  context.compared = true;
  if (const Result<> applied = co_await apply_settings(context, *settings); !applied) co_return applied;
  if (const Result<> kept = co_await keep_slots(context, downstreams_of(wanted)); !kept) co_return kept;
  context.host.log(LogLevel::info, "promoted", {{"generation", std::to_string(generation.number())}});
  co_return Result<>();
}

namespace {

Task<Result<bool>> has_slot(Sessions& server, std::string slot) {
  Statement list = catalogue::slots();
  const Result<Rows> present = co_await server.ask(std::move(list));
  if (!present) co_return explain(present.error(), "reading the replication slots of " + server.server().value());
  co_return std::any_of(present->begin(), present->end(),
                        [&](const Row& row) { return !row.empty() && row[0] == slot; });
}

/// The server's own adapter and the one of its downstream may both make it at the same moment: what counts is that it
/// is there.
Task<Result<>> make_slot(Sessions& server, std::string slot) {
  Statement create = catalogue::create_slot(slot);
  const Result<Rows> created = co_await server.ask(std::move(create));
  if (created) co_return Result<>();
  if (created.error().code == ErrorCode::failed) {
    const Result<bool> present = co_await has_slot(server, slot);
    if (present && *present) co_return Result<>();
  }
  co_return explain(created.error(), "making the replication slot " + slot + " on " + server.server().value());
}

}  // namespace

Task<Result<>> ensure_slot(Sessions& server, std::string slot) {
  const Result<bool> present = co_await has_slot(server, slot);
  if (!present) co_return present.error();
  if (*present) co_return Result<>();
  co_return co_await make_slot(server, std::move(slot));
}

Task<Result<>> keep_slots(Context& context, std::vector<PeerId> peers) {
  std::vector<std::string> wanted;
  for (const PeerId& peer : peers) {
    if (const Result<> good = check_name(peer); !good) co_return good;
    if (peer != context.config.self) wanted.push_back(slot_name(peer));
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  Statement list = catalogue::slots();
  const Result<Rows> present = co_await context.sessions.ask(std::move(list));
  if (!present) co_return explain(present.error(), "reading the replication slots");
  std::vector<std::string> names;
  for (const Row& row : *present) {
    const auto single = row.size() >= 2 ? flag_at(row, 1, catalogue::name::slots)
                                        : Result<bool>(ErrorCode::failed, "short row of \"slots\"");
    if (!single) co_return single.error();
    names.push_back(text_at(row, 0));
    if (*single || std::find(wanted.begin(), wanted.end(), names.back()) != wanted.end()) continue;
    Statement drop = catalogue::drop_slot(names.back());
    const Result<Rows> dropped = co_await context.sessions.ask(std::move(drop));
    // Someone may have begun to use it; it goes the next time.
    if (!dropped)
      context.host.log(LogLevel::warning, "slot-not-dropped",
                       {{"slot", names.back()}, {"why", dropped.error().message}});
  }
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (const Result<> made = co_await make_slot(context.sessions, name); !made) co_return made;
  }
  co_return Result<>();
}

Task<Result<std::uint64_t>> terminate_clients(Context& context) {
  Statement statement = catalogue::terminate_clients(our_application_name);
  const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const auto row = single_row(*rows, 1, catalogue::name::terminate_clients);
  if (!row) co_return row.error();
  co_return number_at(**row, 0, catalogue::name::terminate_clients);
}

Task<Result<std::uint64_t>> busy_clients(Context& context) {
  Statement statement = catalogue::busy_clients(our_application_name);
  const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const auto row = single_row(*rows, 1, catalogue::name::busy_clients);
  if (!row) co_return row.error();
  co_return number_at(**row, 0, catalogue::name::busy_clients);
}

Task<Result<bool>> waits_for_sync(Context& context, std::uint32_t process) {
  Statement statement = catalogue::waits_for_sync(process);
  const Result<Rows> rows = co_await context.sessions.ask(std::move(statement));
  if (!rows) co_return rows.error();
  const auto row = single_row(*rows, 1, catalogue::name::waits_for_sync);
  if (!row) co_return row.error();
  co_return flag_at(**row, 0, catalogue::name::waits_for_sync);
}

Task<Result<bool>> is_set_on_disk(Context& context, Role role) {
  const Result<RoleSettings> settings = settings_of(context.config, role);
  if (!settings) co_return settings.error();
  const Result<std::string> text = settings_text(context.config, *settings);
  if (!text) co_return text.error();
  const Result<Bytes> present = co_await context.host.read_file(context.layout.settings());
  if (!present && present.error().code != ErrorCode::not_found) co_return present.error();
  co_return present&&* present == *text;
}

}  // namespace heir::postgresql
