#include "engine/databases/postgresql/disk.h"

#include <charconv>

#include "engine/base/files.h"
#include "engine/base/mutant.h"
#include "engine/databases/postgresql/settings.h"

namespace heir::postgresql {

namespace {

struct Claim {
  std::string cluster;
  std::uint64_t system_identifier = 0;
};

/// The lines of a small file of ours; nothing if it is not there.
Task<Result<std::optional<std::vector<std::string>>>> read_lines(Context& context, std::string path) {
  using Lines = std::optional<std::vector<std::string>>;
  const Result<Bytes> content = co_await read_checked_file(context.host, path);
  if (!content) {
    if (content.error().code == ErrorCode::not_found) co_return Lines();
    if (content.error().code == ErrorCode::invalid) co_return content.error();
    co_return explain(content.error(), "reading " + path);
  }
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content->size();) {
    const std::size_t end = std::min(content->find('\n', begin), content->size());
    lines.push_back(content->substr(begin, end - begin));
    begin = end + 1;
  }
  co_return Lines(std::move(lines));
}

std::optional<std::uint64_t> parse_number(const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Task<Result<std::optional<Claim>>> read_claim(Context& context) {
  const auto lines = co_await read_lines(context, context.layout.cluster());
  if (!lines && lines.error().code == ErrorCode::invalid)
    co_return Error{ErrorCode::invalid,
                    lines.error().message + "; the data is not touched until the operator adopts it"};
  if (!lines) co_return lines.error();
  if (!*lines) co_return std::optional<Claim>();
  const std::vector<std::string>& text = **lines;
  const auto identifier = text.size() == 2 ? parse_number(text[1]) : std::nullopt;
  if (!identifier)
    co_return Error{ErrorCode::invalid, context.layout.cluster() +
                                            " is damaged: expected the cluster's name and a number; the data is " +
                                            "not touched until the operator adopts it"};
  Claim claim;
  claim.cluster = text[0];
  claim.system_identifier = *identifier;
  co_return std::optional<Claim>(std::move(claim));
}

/// Throws away what a swap left, or returns to the old copy.
Task<Result<>> put_swap_right(Context& context) {
  const Layout& layout = context.layout;
  const Result<bool> trash = co_await folder_exists(context, layout.trash());
  if (!trash) co_return trash.error();
  if (*trash)
    if (const Result<> removed = co_await remove_file(context.host, layout.trash()); !removed) co_return removed;

  const Result<bool> data = co_await folder_exists(context, layout.data());
  if (!data) co_return data.error();
  if (!*data) {
    const Result<bool> old = co_await folder_exists(context, layout.old());
    if (!old) co_return old.error();
    if (*old && !HEIR_MUTANT("old-copy-not-returned")) {
      if (const Result<> renamed = co_await context.host.rename(layout.old(), layout.data()); !renamed)
        co_return explain(renamed.error(), "returning to the old copy");
      if (const Result<> synced = co_await context.host.sync_directory(layout.root()); !synced) co_return synced;
      context.host.log(LogLevel::warning, "old-copy-returned", {{"folder", layout.data()}});
    }
    if (const Result<> removed = co_await remove_file(context.host, layout.unproven()); !removed) co_return removed;
  }
  const Result<bool> next = co_await folder_exists(context, layout.next());
  if (!next) co_return next.error();
  if (*next) {
    context.host.log(LogLevel::info, "unfinished-copy-removed", {{"folder", layout.next()}});
    co_return co_await delete_folder(context, layout.next());
  }
  co_return Result<>();
}

}  // namespace

Task<Result<bool>> folder_exists(Context& context, std::string path) {
  const auto names = co_await context.host.list_directory(path);
  if (names) co_return true;
  if (names.error().code == ErrorCode::not_found) co_return false;
  co_return explain(names.error(), "looking for " + path);
}

Task<Result<bool>> file_exists(Context& context, std::string path) {
  const Result<Bytes> content = co_await context.host.read_file(path);
  if (content) co_return true;
  if (content.error().code == ErrorCode::not_found) co_return false;
  co_return explain(content.error(), "looking for " + path);
}

Task<Result<bool>> is_whole(Context& context) {
  const std::string mark = damaged_mark(context.layout.data());
  const Result<bool> marked = co_await file_exists(context, mark);
  if (!marked) co_return marked.error();
  if (*marked) co_return false;
  if (context.damaged) {
    // The disk refused the mark, when it was full say; an agent that starts anew must find it.
    std::string why = *context.damaged;
    const Result<> kept = co_await replace_file(context.host, mark, std::move(why));
    if (!kept) context.host.log(LogLevel::warning, "damage-not-marked", {{"error", to_string(kept.error())}});
    co_return false;
  }
  const Result<bool> rewinding = co_await file_exists(context, context.layout.rewinding());
  if (!rewinding) co_return rewinding.error();
  if (!*rewinding) co_return true;
  co_return co_await folder_exists(context, context.layout.old());
}

Task<Result<programs::ControlData>> control_data(Context& context, std::string copy) {
  Program program = programs::control_data(context.config.binaries, copy);
  const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
  if (!exit) co_return explain(exit.error(), "running pg_controldata");
  if (exit->status != 0) co_return Error{ErrorCode::failed, "pg_controldata of " + copy + ": " + exit->output};
  co_return programs::parse_control_data(exit->output);
}

Task<Result<bool>> is_empty(Context& context) {
  for (int i = 0; i < 2; ++i) {
    const std::string folder = i == 0 ? context.layout.data() : context.layout.old();
    const auto names = co_await context.host.list_directory(folder);
    if (names && !names->empty()) co_return false;
    if (!names && names.error().code != ErrorCode::not_found) co_return explain(names.error(), "looking for data");
  }
  co_return true;
}

Task<Result<Disk>> inspect(Context& context) {
  if (const Result<> right = co_await put_swap_right(context); !right) co_return right.error();
  Disk disk;
  const auto identity = co_await read_lines(context, context.layout.identity());
  if (!identity) co_return identity.error();
  if (*identity) {
    if ((*identity)->size() != 1)
      co_return Error{ErrorCode::invalid, context.layout.identity() + " is damaged: expected the peer's identity"};
    disk.identity = PeerId((*identity)->front());
  }
  const auto store = co_await read_lines(context, context.layout.store());
  if (!store) co_return store.error();
  if (*store) {
    const auto number = (*store)->size() == 2 ? parse_number((**store)[1]) : std::nullopt;
    if (!number)
      co_return Error{ErrorCode::invalid,
                      context.layout.store() + " is damaged: expected the store's identity and a generation"};
    disk.store.store = (**store)[0];
    disk.store.generation = Generation(*number);
  }
  const Result<bool> empty = co_await is_empty(context);
  if (!empty) co_return empty.error();
  disk.empty = *empty;
  if (disk.empty) co_return disk;

  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  disk.whole = *whole;
  const Result<bool> standby = co_await file_exists(context, standby_signal(context.layout.data()));
  if (!standby) co_return standby.error();
  disk.standby = *standby;
  const auto claim = co_await read_claim(context);
  if (!claim) co_return claim.error();
  if (*claim) disk.cluster = (*claim)->cluster;
  const auto control = co_await control_data(context, context.layout.data());
  if (!control) {
    // An interrupted rewind may have damaged it; anything else is not for us to judge.
    if (disk.whole) co_return explain(control.error(), "the data in " + context.layout.data() + " cannot be read");
    co_return disk;
  }
  disk.system_identifier = control->system_identifier;
  disk.standby = disk.standby || control->in_standby_recovery();
  if (*claim && (*claim)->system_identifier != disk.system_identifier)
    co_return Error{ErrorCode::refused, context.layout.data() + " holds data with the system identifier " +
                                            std::to_string(disk.system_identifier) + ", but this peer's is " +
                                            std::to_string((*claim)->system_identifier) + "; it is not touched"};
  if (*claim && (*claim)->cluster != context.config.cluster)
    co_return Error{ErrorCode::refused, context.layout.data() + " holds data of the cluster \"" + (*claim)->cluster +
                                            "\", not of \"" + context.config.cluster + "\"; it is not touched"};
  co_return disk;
}

Task<Result<>> claim_cluster(Context& context, std::uint64_t system_identifier) {
  std::string text = context.config.cluster + "\n" + std::to_string(system_identifier) + "\n";
  co_return co_await replace_checked_file(context.host, context.layout.cluster(), std::move(text));
}

Task<Result<>> initialize(Context& context) {
  if (context.config.cluster.empty() || context.config.cluster.find('\n') != std::string::npos)
    co_return Error{ErrorCode::invalid, "the cluster must have a name of one line"};
  const Result<Disk> disk = co_await inspect(context);
  if (!disk) co_return disk.error();
  if (!disk->empty) {
    if (disk->cluster.empty())
      co_return Error{ErrorCode::refused,
                      "there is data in " + context.layout.data() + " already; adopt it or move it away"};
    co_return Result<>();
  }
  const std::string next = context.layout.next();
  Program program =
      programs::initdb(context.config.binaries, next, context.config.superuser, context.config.password_file);
  const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
  if (!exit) co_return explain(exit.error(), "running initdb");
  if (exit->status != 0)
    co_return Error{ErrorCode::failed,
                    "initdb: " + exit->output + "; the unfinished copy is removed before the next try"};
  const auto control = co_await control_data(context, next);
  if (!control) co_return control.error();
  if (const Result<> claimed = co_await claim_cluster(context, control->system_identifier); !claimed) co_return claimed;
  if (const Result<> removed = co_await context.host.remove(context.layout.data()); !removed)
    co_return removed;  // an empty folder
  if (const Result<> renamed = co_await context.host.rename(next, context.layout.data()); !renamed) co_return renamed;
  if (const Result<> synced = co_await context.host.sync_directory(context.layout.root()); !synced) co_return synced;
  context.host.log(LogLevel::info, "database-initialized", {{"system", std::to_string(control->system_identifier)}});
  co_return Result<>();
}

Task<Result<>> adopt(Context& context) {
  if (const Result<> right = co_await put_swap_right(context); !right) co_return right;
  const auto control = co_await control_data(context, context.layout.data());
  if (!control) co_return explain(control.error(), "adopting " + context.layout.data());
  if (!control->can_rewind)
    co_return Error{ErrorCode::refused,
                    "the data has neither checksums nor wal_log_hints, so that pg_rewind could not be used; "
                    "enable one of them (pg_checksums --enable) and adopt again"};
  co_return co_await claim_cluster(context, control->system_identifier);
}

Task<Result<>> erase(Context& context) {
  if (const Result<> gone = co_await delete_folder(context, context.layout.data()); !gone) co_return gone;
  co_return co_await remove_file(context.host, context.layout.cluster());
}

Task<Result<std::uint64_t>> shutdown_offset(Context& context) {
  const Result<programs::ControlData> control = co_await control_data(context, context.layout.data());
  if (!control) co_return control.error();
  if (control->state != "shut down")
    co_return Error{ErrorCode::refused, "the database was not shut down cleanly, but is \"" + control->state + "\""};
  // It names where the record of the shutdown begins; logs end between records.
  co_return control->checkpoint + 1;
}

Task<Result<>> keep_identity(Context& context, PeerId identity) {
  if (const Result<> good = check_name(identity); !good) co_return good;
  std::string text = identity.value() + "\n";
  co_return co_await replace_checked_file(context.host, context.layout.identity(), std::move(text));
}

Task<Result<>> keep_store(Context& context, StoreMark mark) {
  if (mark.store.find('\n') != std::string::npos)
    co_return Error{ErrorCode::invalid, "the store's identity has more than one line"};
  std::string text = mark.store + "\n" + std::to_string(mark.generation.number()) + "\n";
  co_return co_await replace_checked_file(context.host, context.layout.store(), std::move(text));
}

Task<Result<>> note_rebuilt(Context& context, std::string copy, PeerId source) {
  // Its source's log was led by another.
  if (const Result<> clean = co_await remove_file(context.host, led_mark(copy)); !clean) co_return clean;
  // A primary holds all that was acknowledged, and no more is acknowledged without this copy, if it is the sync's.
  if (source == context.primary) co_return co_await remove_file(context.host, rebuilt_mark(copy));
  std::string opened = std::to_string(context.opened.number()) + "\n";
  co_return co_await replace_checked_file(context.host, rebuilt_mark(copy), std::move(opened));
}

Task<Result<std::optional<Generation>>> read_rebuilt(Context& context) {
  const std::string path = rebuilt_mark(context.layout.data());
  const auto lines = co_await read_lines(context, path);
  // What cannot be read must not make a copy count.
  if (!lines && lines.error().code == ErrorCode::invalid) co_return std::optional(Generation(UINT64_MAX));
  if (!lines) co_return lines.error();
  if (!*lines) co_return std::optional<Generation>();
  const auto number = (*lines)->size() == 1 ? parse_number((**lines)[0]) : std::nullopt;
  co_return std::optional<Generation>(number ? Generation(*number) : Generation(UINT64_MAX));
}

namespace {

struct Led {
  std::uint64_t timeline = 0;
  std::optional<std::uint64_t> generation;  ///< Not in files that were written before it was noted.
};

/// Nothing if nothing is noted, or nothing that can be read.
Task<Result<std::optional<Led>>> read_led(Context& context) {
  const Result<Bytes> text = co_await context.host.read_file(led_mark(context.layout.data()));
  if (!text && text.error().code == ErrorCode::not_found) co_return std::optional<Led>();
  if (!text) co_return explain(text.error(), "reading which timeline was led");
  const std::size_t end = std::min(text->find('\n'), text->size());
  const std::size_t space = std::min(text->find(' '), end);
  const auto timeline = parse_number(text->substr(0, space));
  const auto generation = space < end ? parse_number(text->substr(space + 1, end - space - 1)) : std::nullopt;
  if (!timeline || (space < end && !generation)) co_return std::optional<Led>();
  Led led;
  led.timeline = *timeline;
  led.generation = generation;
  co_return std::optional<Led>(led);
}

}  // namespace

Task<Result<>> write_led(Context& context, Branch branch) {
  std::string text = std::to_string(branch.timeline) + " " + std::to_string(branch.promotion) + "\n";
  co_return co_await replace_file(context.host, led_mark(context.layout.data()), std::move(text));
}

Task<Result<std::uint64_t>> note_led(Context& context, Branch branch) {
  const Result<std::optional<Led>> led = co_await read_led(context);
  if (!led) co_return led.error();
  if (*led && (*led)->timeline == branch.timeline && (*led)->generation) co_return *(*led)->generation;
  if (const Result<> written = co_await write_led(context, branch); !written) co_return written.error();
  co_return branch.promotion;
}

Task<Result<bool>> wrote_last_branch(Context& context, Position log) {
  const Result<std::optional<Led>> led = co_await read_led(context);
  if (!led) co_return led.error();
  if (!*led || log.lineage.empty() || (*led)->timeline != log.lineage.back().timeline) co_return false;
  // A timeline of that number may be another generation's. Where one is not shown it counts as ours: what was lost may
  // be the record of it.
  const std::uint64_t generation = log.lineage.back().promotion;
  co_return !(*led)->generation || generation == 0 || *(*led)->generation == generation;
}

Task<Result<>> make_standby(Context& context, std::string copy) {
  const Result<bool> already = co_await file_exists(context, standby_signal(copy));
  if (!already) co_return already.error();
  if (*already) co_return Result<>();
  co_return co_await replace_file(context.host, standby_signal(copy), Bytes());
}

/// Somebody may start a server by hand after ours was stopped; in a copy that is moved away it would keep the port.
Task<Result<>> stop_stray_server(Context& context, std::string copy) {
  const Result<bool> may_run = co_await file_exists(context, process_id_file(copy));
  if (!may_run) co_return may_run.error();
  if (!*may_run) co_return Result<>();
  Program program =
      programs::stop(context.config.binaries, copy, programs::StopMode::immediate, context.config.stop_limit / 4);
  const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
  if (!exit) co_return explain(exit.error(), "running pg_ctl stop");
  // Not 0: the file was left by a server that is gone.
  if (exit->status == 0) context.host.log(LogLevel::warning, "stray-server-stopped", {{"folder", copy}});
  co_return Result<>();
}

Task<Result<>> delete_folder(Context& context, std::string path) {
  const Layout& layout = context.layout;
  // What an earlier deletion left goes first, then this.
  for (bool is_moved = false;; is_moved = true) {
    if (const Result<> stopped = co_await stop_stray_server(context, layout.trash()); !stopped) co_return stopped;
    if (const Result<> removed = co_await remove_file(context.host, layout.trash()); !removed) co_return removed;
    if (is_moved) co_return Result<>();
    const Result<> renamed = co_await context.host.rename(path, layout.trash());
    if (!renamed && renamed.error().code == ErrorCode::not_found) co_return Result<>();
    if (!renamed) co_return renamed;
    if (const Result<> synced = co_await context.host.sync_directory(layout.root()); !synced) co_return synced;
  }
}

Task<Result<>> swap_in_next(Context& context) {
  const Layout& layout = context.layout;
  const Result<bool> data = co_await folder_exists(context, layout.data());
  if (!data) co_return data.error();
  const Result<bool> old = co_await folder_exists(context, layout.old());
  if (!old) co_return old.error();
  const Result<bool> unproven = co_await file_exists(context, layout.unproven());
  if (!unproven) co_return unproven.error();
  // A copy that was cloned, never streamed and is now replaced again is worth less than the one kept beside it.
  if (*data && *old) {
    const std::string lesser =
        *unproven ? layout.data() : layout.old();  // named: GCC 12 miscompiles "? :" inside co_await
    if (const Result<> gone = co_await delete_folder(context, lesser); !gone) co_return gone;
  }
  if (const Result<> marked = co_await replace_file(context.host, layout.unproven(), Bytes()); !marked)
    co_return marked;
  if (*data && !(*old && *unproven)) {
    if (const Result<> aside = co_await context.host.rename(layout.data(), layout.old()); !aside) co_return aside;
    if (const Result<> synced = co_await context.host.sync_directory(layout.root()); !synced) co_return synced;
  }
  if (const Result<> stopped = co_await stop_stray_server(context, layout.old()); !stopped) co_return stopped;
  if (const Result<> in = co_await context.host.rename(layout.next(), layout.data()); !in) co_return in;
  context.damaged.reset();
  co_return co_await context.host.sync_directory(layout.root());
}

Task<Result<>> prove_copy(Context& context) {
  const Layout& layout = context.layout;
  const Result<bool> rewinding = co_await file_exists(context, layout.rewinding());
  if (!rewinding) co_return rewinding.error();
  if (*rewinding)
    if (const Result<> removed = co_await remove_file(context.host, layout.rewinding()); !removed) co_return removed;
  const Result<bool> unproven = co_await file_exists(context, layout.unproven());
  if (!unproven) co_return unproven.error();
  if (!*unproven) co_return Result<>();
  if (const Result<> gone = co_await delete_folder(context, layout.old()); !gone) co_return gone;
  co_return co_await remove_file(context.host, layout.unproven());
}

}  // namespace heir::postgresql
