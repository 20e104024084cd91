#include "tools/command/release_folder.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tools/command/compared_systems.h"
#include "tools/command/rerun.h"
#include "tools/command/watch.h"

namespace heir::tools {

namespace {

constexpr std::chrono::seconds patience{120};  ///< With a finding that is run again.

/// "3"; of several databases "2-3", the second's.
std::string name_of(const reports::ReleaseFinding& finding, const std::vector<std::string>& databases) {
  const std::string number = std::to_string(finding.failure);
  if (databases.size() == 1) return number;
  const auto place = std::find(databases.begin(), databases.end(), finding.failure_of);
  return std::to_string(place - databases.begin() + 1) + "-" + number;
}

std::string command_of(const ReleaseOptions& options) {
  std::string line = command_words() + " report";
  for (const std::string& each : options.databases) line += " " + shell_word(each);
  for (const std::string& each : options.earlier) line += " --against " + shell_word(each);
  if (!options.compared.empty()) line += " --compared " + shell_word(options.compared);
  if (!options.title.empty()) line += " --title " + shell_word(options.title);
  return line + " --out report";
}

Result<std::vector<ReleaseSource>> read_sources(const std::vector<std::string>& paths) {
  std::vector<ReleaseSource> sources;
  for (const std::string& path : paths) {
    now_doing("reading " + path);
    Result<ReleaseSource> source = read_release_source(path);
    if (!source) return source.error();
    sources.push_back(std::move(*source));
  }
  return sources;
}

}  // namespace

void name_pages(reports::Release& release, const std::vector<std::string>& databases, std::size_t pages) {
  for (std::size_t i = 0; i < std::min(pages, release.findings.size()); ++i)
    release.findings[i].page = "failures/" + name_of(release.findings[i], databases) + "/index.html";
}

FindingRun::FindingRun(const reports::ReleaseFinding& finding, std::string folder)
    : folder_(std::move(folder)), deadline_(patience), child_(::fork()) {
  if (child_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  std::vector<std::string> problems;
  SubjectOptions options;
  options.path = finding.failure_of + ":" + std::to_string(finding.failure);
  const std::optional<Subject> subject = load_subject(options, problems);
  if (!subject) ::_exit(1);
  bool written = false;
  report_again(*subject, {}, [&](reports::Report report, const Finished& run, const std::string&) {
    Result<ReportFolder> own = ReportFolder::open(folder_);
    written = own && own->write(std::move(report), &run).has_value();
  });
  ::_exit(written ? 0 : 1);
}

FindingRun::~FindingRun() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
  std::error_code error;
  std::filesystem::remove_all(folder_ + ".part-" + std::to_string(child_), error);
}

std::optional<bool> FindingRun::outcome() {
  if (child_ < 0) return false;
  int status = 0;
  const pid_t ended = ::waitpid(child_, &status, WNOHANG);
  if (ended == 0 && !deadline_.over()) return std::nullopt;
  if (ended == child_ && WIFEXITED(status)) {
    child_ = -1;
    return WEXITSTATUS(status) == 0;
  }
  return false;
}

Result<reports::Release> read_release(const ReleaseOptions& options) {
  const Result<std::vector<ReleaseSource>> sources = read_sources(options.databases);
  if (!sources) return sources.error();
  const Result<std::vector<ReleaseSource>> earlier = read_sources(options.earlier);
  if (!earlier) return earlier.error();
  reports::Release release = release_of(*sources, *earlier, options.title, command_of(options));
  if (options.compared.empty()) return release;
  now_doing("reading " + options.compared);
  Result<reports::ReleaseSystems> systems = read_compared_systems(options.compared);
  if (!systems) return systems.error();
  add_systems(release, std::move(*systems), options.compared);
  return release;
}

Result<> write_release(reports::Release release, const ReleaseOptions& options, const std::string& out) {
  Result<ReportFolder> folder = ReportFolder::open(out);
  if (!folder) return folder.error();
  release.live = false;  // What is written is not changed any more.
  name_pages(release, options.databases, options.pages);
  for (reports::ReleaseFinding& finding : release.findings) {
    if (finding.page.empty()) continue;
    now_doing("writing " + finding.page + ": " + finding.kind + " in " + finding.scenario);
    FindingRun run(finding, folder->place_of(finding));
    std::optional<bool> written = run.outcome();
    for (; !written; written = run.outcome()) ::usleep(10'000);
    if (!*written) finding.page.clear();
  }
  now_doing("writing " + out);
  return folder->write(std::move(release));
}

}  // namespace heir::tools
