#include "tools/command/report_folder.h"

#include <zstd.h>

#include <filesystem>
#include <vector>

#include "reports/history/json_lines.h"
#include "reports/page/page.h"
#include "scenarios/mistakes.h"
#include "tools/command/output_file.h"
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

constexpr const char* findings = "failures";

}  // namespace

Result<ReportFolder> ReportFolder::open(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Error{ErrorCode::io_error, scenarios::printable(path) + ": cannot be made: " + error.message()};
  const bool has_report =
      fs::exists(fs::path(path) / "report.json", error) || fs::exists(fs::path(path) / "release.json", error);
  if (!has_report && !fs::is_empty(path, error))
    return Error{ErrorCode::conflict, scenarios::printable(path) +
                                          ": has files in it, but no report; name a folder that is empty or not there"};
  return ReportFolder(path);
}

Result<> ReportFolder::clear() {
  for (const char* name :
       {"index.html", "report.json", "release.json", "history.jsonl.zst", "scenario.toml", "failure.heir", findings}) {
    std::error_code error;
    std::filesystem::remove_all(std::filesystem::path(path_) / name, error);
    if (error) return Error{ErrorCode::io_error, "cannot remove " + path_ + "/" + name + ": " + error.message()};
  }
  return {};
}

Result<> ReportFolder::write(reports::Report report, const Finished* run) {
  if (const Result<> cleared = clear(); !cleared) return cleared;
  report.files = {
      {"report.json", "everything on this page, as data"},
      {"history.jsonl.zst", "what clients asked and were answered (zstdcat history.jsonl.zst | heir check -)"}};
  if (run) report.files.push_back({"scenario.toml", "the scenario as it was run"});
  const std::optional<FoundFailure> failure = run ? failure_in(run->judgement) : std::nullopt;
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
  return write_files(path_, files);
}

Result<> ReportFolder::write(reports::Release release) {
  release.files = {{"release.json", "everything on this page, as data"}};
  const std::string json = release_json(release);
  return write_files(path_, {{"release.json", json}, {"index.html", reports::page_with(json)}});
}

Result<ReportFolder> ReportFolder::of_finding(const std::string& name) {
  return open(path_ + "/" + findings + "/" + name);
}

}  // namespace heir::tools
