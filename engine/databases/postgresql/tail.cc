#include "engine/databases/postgresql/tail.h"

#include <charconv>

#include "engine/base/files.h"
#include "engine/base/mutant.h"
#include "engine/databases/postgresql/programs.h"

namespace heir::postgresql {

namespace {

constexpr std::uint64_t unknown_end = UINT64_MAX;

std::string file_name_part(std::uint64_t offset) {
  if (offset == unknown_end) return "end";
  std::string text = programs::to_lsn(offset);
  text[text.find('/')] = '_';
  return text;
}

Task<Result<>> make_folder(Context& context, std::string path) {
  const Result<> made = co_await context.host.make_directory(path);
  if (made || made.error().code == ErrorCode::already_exists) co_return Result<>();
  co_return explain(made.error(), "making " + path);
}

}  // namespace

std::optional<Segment> parse_segment_name(std::string_view name, std::uint64_t segment_size) {
  if (name.size() != 24 || segment_size == 0) return std::nullopt;
  std::uint64_t parts[3] = {};
  for (int i = 0; i < 3; ++i) {
    const char* begin = name.data() + 8 * i;
    const auto [end, error] = std::from_chars(begin, begin + 8, parts[i], 16);
    if (error != std::errc() || end != begin + 8) return std::nullopt;
  }
  return Segment{parts[0], (parts[1] << 32) + parts[2] * segment_size};
}

Task<Result<std::string>> set_aside(Context& context, Tail tail, std::uint64_t segment_size) {
  if (HEIR_MUTANT("tail-not-set-aside")) co_return std::string();
  const Layout& layout = context.layout;
  const std::string folder = layout.diverged() + "/timeline-" + std::to_string(tail.timeline) + "-from-" +
                             file_name_part(tail.from) + "-to-" + file_name_part(tail.to);
  if (const Result<> made = co_await make_folder(context, layout.diverged()); !made) co_return made.error();
  if (const Result<> made = co_await make_folder(context, folder); !made) co_return made.error();

  const std::string source = log_segments(layout.data());
  std::string kept;
  const auto names = co_await context.host.list_directory(source);
  if (!names && names.error().code != ErrorCode::not_found) co_return explain(names.error(), "reading " + source);
  if (names) {
    for (const std::string& name : *names) {
      const auto segment = parse_segment_name(name, segment_size);
      if (!segment || (tail.timeline != 0 && segment->timeline != tail.timeline)) continue;
      if (segment->begin >= tail.to || segment->begin + segment_size <= tail.from) continue;
      Result<Bytes> content = co_await context.host.read_file(source + "/" + name);
      if (!content) co_return explain(content.error(), "reading " + name + " to set it aside", "nothing is discarded");
      const Result<> written = co_await replace_file(context.host, folder + "/" + name, std::move(*content));
      if (!written) co_return explain(written.error(), "setting " + name + " aside", "nothing is discarded");
      kept += "  " + name + "\n";
    }
  }
  std::string records;
  if (tail.timeline != 0 && tail.to != unknown_end) {
    Program program = programs::wal_dump(context.config.binaries, layout.data(), tail.timeline, tail.from, tail.to);
    const Result<ProgramExit> exit = co_await context.host.run(std::move(program));
    // Its last line may be a complaint about the end of the log; what it could read is worth keeping in any case.
    records = exit ? exit->output : "pg_waldump could not be run: " + exit.error().message + "\n";
  }
  std::string report =
      "Log of " + context.config.self.value() +
      " that its cluster does not have, set aside before the copy was rebuilt.\n" + tail.why +
      "\ntimeline: " + (tail.timeline != 0 ? std::to_string(tail.timeline) : std::string("not known")) +
      "\nfrom: " + programs::to_lsn(tail.from) +
      "\nto: " + (tail.to != unknown_end ? programs::to_lsn(tail.to) : std::string("not known")) + "\nsegments:\n" +
      (kept.empty() ? "  none were found\n" : kept) + "records:\n" + (records.empty() ? "  not read\n" : records);
  if (const Result<> written = co_await replace_file(context.host, folder + "/report.txt", std::move(report)); !written)
    co_return explain(written.error(), "writing the report of the diverged log", "nothing is discarded");
  if (const Result<> synced = co_await context.host.sync_directory(layout.diverged()); !synced)
    co_return synced.error();
  if (const Result<> synced = co_await context.host.sync_directory(layout.root()); !synced) co_return synced.error();
  co_return folder;
}

}  // namespace heir::postgresql
