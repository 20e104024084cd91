#include "tools/testbed/registry.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/testbed/descriptor.h"

namespace heir::testbed {

namespace {

namespace fs = std::filesystem;

const char* const kRecords = "/run/heir-testbed";
const char* const kFolders = "/var/lib/heir-testbed";

std::string record_path(const std::string& name) {
  return std::string(kRecords) + "/" + name;
}

std::string folder_path(const std::string& name) {
  return std::string(kFolders) + "/" + name;
}

Result<> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return system_error(path);
  return {};
}

Result<> write_line(const std::string& path, int flags, const std::string& line) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644));
  if (!file || ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return system_error(path);
  return {};
}

std::string line_of(const char* what, const ProcessMark& mark) {
  return std::string(what) + " " + std::to_string(mark.process) + " " + std::to_string(mark.started) + "\n";
}

/// The names in a folder; none if it is not there.
Result<std::vector<std::string>> names_in(const char* folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
    names.push_back(each->path().filename());
  if (error && error != std::errc::no_such_file_or_directory) return system_error(folder, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Result<> remove_world(const std::string& name) {
  std::error_code error;
  fs::remove_all(folder_path(name), error);
  if (error) return system_error(folder_path(name), error.value());
  // Last: as long as something is left, it is on record.
  if (::unlink(record_path(name).c_str()) != 0 && errno != ENOENT) return system_error(record_path(name));
  return {};
}

Result<> end_process(const ProcessMark& mark) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, mark.process, 0)));
  // Looked at once it cannot become another.
  if (!process || mark_of(mark.process) != mark) return {};
  if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH)
    return system_error("killing process " + std::to_string(mark.process));
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, 10'000) <= 0)
    return Error{ErrorCode::timed_out, "process " + std::to_string(mark.process) + " does not end"};
  return {};
}

}  // namespace

std::optional<ProcessMark> mark_of(pid_t process) {
  if (process <= 0) return std::nullopt;
  // Not by a stream: it would throw if the process ends between open and read.
  const Descriptor file(::open(("/proc/" + std::to_string(process) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(1024, '\0');
  const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
  if (length <= 0) return std::nullopt;
  text.resize(static_cast<std::size_t>(length));
  const std::size_t name_ends = text.rfind(')');  // The name may hold anything.
  if (name_ends == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_ends + 1));
  std::string state;
  fields >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  ProcessMark mark{process, 0};
  if (!(fields >> mark.started)) return std::nullopt;
  return mark;
}

Result<Registration> Registration::make() {
  for (const char* each : {kRecords, kFolders}) {
    if (const Result<> made = make_folder(each); !made) return made.error();
  }
  const std::optional<ProcessMark> mark = mark_of(::getpid());
  if (!mark) return Error{ErrorCode::failed, "/proc does not show this process"};
  for (int number = 1;; ++number) {
    Registration made("world-" + std::to_string(mark->process) + "-" + std::to_string(number));
    // Hidden until it is whole: clean_worlds() must not take it for one without a harness.
    const std::string hidden = record_path("." + made.name_);
    Result<> written = write_line(hidden, O_CREAT | O_TRUNC, line_of("harness", *mark));
    bool taken = false;
    if (written && ::link(hidden.c_str(), record_path(made.name_).c_str()) != 0) {
      taken = errno == EEXIST;
      if (!taken) written = system_error(record_path(made.name_));
    }
    ::unlink(hidden.c_str());
    if (taken || !written) made.name_.clear();
    if (!written) return written.error();
    if (taken) continue;
    if (const Result<> folder = make_folder(made.folder()); !folder) return folder.error();
    return made;
  }
}

Registration::Registration(Registration&& other) noexcept : name_(std::exchange(other.name_, {})) {}

Registration::~Registration() {
  if (!name_.empty()) [[maybe_unused]]
    const Result<> removed = remove_world(name_);
}

Result<> Registration::add_init(pid_t process) {
  const std::optional<ProcessMark> mark = mark_of(process);
  if (!mark) return Error{ErrorCode::not_found, "no process " + std::to_string(process)};
  return write_line(record_path(name_), O_APPEND, line_of("init", *mark));
}

std::string Registration::folder() const {
  return folder_path(name_);
}

Result<std::vector<WorldRecord>> recorded_worlds() {
  const Result<std::vector<std::string>> names = names_in(kRecords);
  if (!names) return names.error();
  std::vector<WorldRecord> worlds;
  for (const std::string& name : *names) {
    if (name[0] == '.') continue;
    WorldRecord world{name, {}, {}};
    std::ifstream file(record_path(name));
    ProcessMark mark;
    for (std::string what; file >> what >> mark.process >> mark.started;) {
      if (what == "harness") world.harness = mark;
      if (what == "init") world.inits.push_back(mark);
    }
    worlds.push_back(std::move(world));
  }
  return worlds;
}

Result<CleanedWorlds> clean_worlds() {
  // One at a time: two that remove the same folder are in each other's way.
  const Descriptor records(::open(kRecords, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!records && errno == ENOENT) return CleanedWorlds();  // There never was one.
  if (!records || ::flock(records.get(), LOCK_EX) != 0) return system_error(kRecords);
  // The folders are listed before the records: a world is on record first.
  const Result<std::vector<std::string>> folders = names_in(kFolders);
  if (!folders) return folders.error();
  const Result<std::vector<WorldRecord>> worlds = recorded_worlds();
  if (!worlds) return worlds.error();
  CleanedWorlds cleaned;
  for (const WorldRecord& world : *worlds) {
    if (world.in_use()) {
      cleaned.in_use.push_back(world);
      continue;
    }
    for (const ProcessMark& init : world.inits) {
      if (const Result<> ended = end_process(init); !ended) return ended.error();
    }
    if (const Result<> removed = remove_world(world.name); !removed) return removed.error();
    cleaned.removed.push_back(world.name);
  }
  for (const std::string& name : *folders) {
    if (std::any_of(worlds->begin(), worlds->end(), [&](const WorldRecord& each) { return each.name == name; }))
      continue;
    if (const Result<> removed = remove_world(name); !removed) return removed.error();
    cleaned.removed.push_back(name);
  }
  return cleaned;
}

}  // namespace heir::testbed
