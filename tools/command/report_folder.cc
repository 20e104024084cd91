#include "tools/command/report_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "reports/history/json_lines.h"
#include "reports/page/page.h"
#include "scenarios/mistakes.h"
#include "tools/command/output_file.h"
#include "tools/command/watch.h"
#include "tools/replay/capsule.h"

namespace heir::tools {

namespace {

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  constexpr int level = 3;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), level);
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

std::string lines_of(const reports::History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) reports::append_json_line(text, history, history.event(i));
  return text;
}

Result<> write_file(const std::string& path, std::string_view bytes) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return file.error();
  file->bytes(bytes);
  return file->finish();
}

using Files = std::vector<std::pair<std::string, std::string>>;  // Name and bytes.

Result<> write_files(const std::string& folder, const Files& files) {
  for (const auto& [name, bytes] : files)
    if (const Result<> written = write_file(folder + "/" + name, bytes); !written) return written;
  return {};
}

namespace fs = std::filesystem;

constexpr const char* findings = "failures";
constexpr const char* names[] = {"index.html",        "report.json",   "release.json",
                                 "history.jsonl.zst", "scenario.toml", "failure.heir"};

/// Whether a file of ours begins so.
bool begins_as_ours(const fs::path& file, std::string_view beginning) {
  std::ifstream in(file, std::ios::binary);
  std::string head(beginning.size(), '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  return in.gcount() == static_cast<std::streamsize>(head.size()) && head == beginning;
}

bool holds_report(const fs::path& folder) {
  return begins_as_ours(folder / "report.json", R"({"format":"heir report")") ||
         begins_as_ours(folder / "release.json", R"({"format":"heir release")");
}

/// Takes away what is a report's, and leaves what somebody else has put there.
std::error_code clear(const fs::path& folder) {
  std::error_code error;
  for (const char* name : names)
    if (fs::remove(folder / name, error); error) return error;
  for (fs::directory_iterator each(folder / findings, error), end; !error && each != end; each.increment(error))
    if (holds_report(each->path())) {
      if (const std::error_code failed = clear(each->path())) return failed;
      fs::remove(each->path(), error);
    }
  fs::remove(folder / findings, error);  // If it is empty now.
  return {};
}

constexpr std::string_view part = ".part-";
/// A file in a folder that is being written, locked as long as its writer lives. Nobody else's folder has it.
constexpr const char* mark = ".being-written";

bool is_part(const std::string& name, const std::string& of) {
  const std::string beginning = of + std::string(part);
  return name.starts_with(beginning) && name.find_first_not_of("0123456789", beginning.size()) == std::string::npos;
}

/// Takes away what processes that were killed have left.
void clear_parts(const fs::path& of) {
  std::error_code error;
  std::vector<fs::path> parts;
  const fs::path folder = of.has_parent_path() ? of.parent_path() : ".";
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    if (is_part(each->path().filename(), of.filename())) parts.push_back(each->path());
  for (const fs::path& each : parts) {
    const testbed::Descriptor held(::open((each / mark).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (held && ::flock(held.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(each, error);
  }
}

/// Makes the folder, which must not be there, and marks it. Nothing, and errno, if it cannot be.
testbed::Descriptor make_part(const std::string& path) {
  std::error_code error;
  if (const fs::path parent = fs::path(path).parent_path(); !parent.empty()) fs::create_directories(parent, error);
  if (::mkdir(path.c_str(), 0777) != 0) return {};
  testbed::Descriptor held(::open((path + "/" + mark).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (held && ::flock(held.get(), LOCK_EX | LOCK_NB) != 0) return {};
  return held;
}

}  // namespace

Result<> ReportFolder::check(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return {};
  if (!fs::is_directory(path, error))
    return Error{ErrorCode::conflict,
                 scenarios::printable(path) + ": is no folder; name one that is empty or not there"};
  if (fs::is_empty(path, error) || holds_report(path)) return {};
  return Error{ErrorCode::conflict, scenarios::printable(path) +
                                        ": has files in it, but no report; name a folder that is empty or not there"};
}

Result<ReportFolder> ReportFolder::open(const std::string& path) {
  if (const Result<> good = check(path); !good) return good.error();
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
  clear_parts(trimmed);
  const std::string beside = trimmed + std::string(part) + std::to_string(::getpid());
  testbed::Descriptor held = make_part(beside);
  if (!held)
    return Error{ErrorCode::io_error, scenarios::printable(beside) + ": cannot be made: " + std::strerror(errno)};
  return ReportFolder(trimmed, beside, std::move(held));
}

ReportFolder::ReportFolder(ReportFolder&& other) noexcept
    : path_(std::move(other.path_)), beside_(std::exchange(other.beside_, {})), mark_(std::move(other.mark_)) {}

ReportFolder::~ReportFolder() {
  std::error_code error;
  if (!beside_.empty()) fs::remove_all(beside_, error);
}

Result<> ReportFolder::finish() {
  const Undisturbed undisturbed;
  std::error_code error;
  fs::create_directories(path_, error);
  if (!error) error = clear(path_);
  // The page last: who sees one finds all that it names.
  std::vector<fs::path> written;
  for (fs::directory_iterator each(beside_, error), end; !error && each != end; each.increment(error))
    if (each->path().filename() != mark) written.push_back(each->path().filename());
  std::sort(written.begin(), written.end(), [](const fs::path& a, const fs::path& b) {
    return std::pair(a == "index.html", a) < std::pair(b == "index.html", b);
  });
  for (const fs::path& name : written)
    if (!error) fs::rename(fs::path(beside_) / name, fs::path(path_) / name, error);
  if (error) return Error{ErrorCode::io_error, scenarios::printable(path_) + ": cannot be written: " + error.message()};
  fs::remove_all(std::exchange(beside_, {}), error);
  return {};
}

Result<> ReportFolder::write(reports::Report report, const Finished* run) {
  report.files = {
      {"report.json", "everything on this page, as data"},
      {"history.jsonl.zst", "what clients asked and were answered (zstdcat history.jsonl.zst | heir check -)"}};
  if (run) report.files.push_back({"scenario.toml", "the scenario as it was run"});
  // A capsule replays in the simulator, where a run on hosts has never been.
  const std::optional<FoundFailure> failure = run && !run->host_limits ? failure_in(run->judgement) : std::nullopt;
  if (failure) report.files.push_back({"failure.heir", "the failure, for heir replay, shrink and why"});
  const std::string json = report_json(report);
  Files files{{"report.json", json}, {"history.jsonl.zst", compressed(lines_of(*report.history))}};
  if (run) files.emplace_back("scenario.toml", report.run->toml);
  if (failure)
    files.emplace_back("failure.heir", tools::write(Capsule{{},
                                                            run->job.file->path,
                                                            run->job.seed,
                                                            *failure,
                                                            run->result.trace_hash,
                                                            run->scenario,
                                                            run->result.decisions}));
  files.emplace_back("index.html", reports::page_with(json));
  if (const Result<> written = write_files(beside_, files); !written) return written;
  return finish();
}

Result<> ReportFolder::write(reports::Release release) {
  release.files = {{"release.json", "everything on this page, as data"}};
  const std::string json = release_json(release);
  const Files files{{"release.json", json}, {"index.html", reports::page_with(json)}};
  if (const Result<> written = write_files(beside_, files); !written) return written;
  return finish();
}

std::string ReportFolder::place_of(const reports::ReleaseFinding& finding) const {
  return beside_ + "/" + fs::path(finding.page).parent_path().string();
}

}  // namespace heir::tools
