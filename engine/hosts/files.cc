#include "engine/hosts/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>
#include <string_view>

namespace heir::hosts {

Error error_of(int number, const std::string& what) {
  ErrorCode code = ErrorCode::io_error;
  switch (number) {
    case ENOENT:
    case ENOTDIR: code = ErrorCode::not_found; break;
    case EEXIST:
    case ENOTEMPTY: code = ErrorCode::already_exists; break;
    case ENOSPC:
    case EDQUOT: code = ErrorCode::out_of_space; break;
    default: break;
  }
  return {code, what + ": " + std::strerror(number)};
}

namespace files {

namespace {

/// A file descriptor that is closed in the end; close_now() for those who must know how that went.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) {
    do {
      number_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    } while (number_ < 0 && errno == EINTR);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }
  int close_now() { return ::close(std::exchange(number_, -1)); }

 private:
  int number_ = -1;
};

Result<> sync(const std::string& path, int flags) {
  const Descriptor file(path, flags);
  if (!file.is_open()) return error_of(errno, "opening " + path + " to sync it");
  int failed = 0;
  do {
    failed = ::fsync(file.number());
  } while (failed != 0 && errno == EINTR);
  // Never again with the same file: the kernel may have dropped what it could not write, and say yes the next time. The
  // caller learns of this failure, and starts over from what it knows to be durable.
  if (failed != 0) return error_of(errno, "syncing " + path);
  return {};
}

}  // namespace

Result<Bytes> read(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  if (!file.is_open()) return error_of(errno, "opening " + path);
  Bytes content;
  struct stat status {};
  if (::fstat(file.number(), &status) == 0 && status.st_size > 0)
    content.reserve(static_cast<std::size_t>(status.st_size));
  char part[65536];
  while (true) {
    const ssize_t count = ::read(file.number(), part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_of(errno, "reading " + path);
    if (count == 0) return content;
    content.append(part, static_cast<std::size_t>(count));
  }
}

Result<> write(const std::string& path, const Bytes& content) {
  Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file.is_open()) return error_of(errno, "opening " + path);
  std::string_view left = content;
  while (!left.empty()) {
    const ssize_t count = ::write(file.number(), left.data(), left.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return error_of(errno, "writing " + path);
    left.remove_prefix(static_cast<std::size_t>(count));
  }
  // Linux closes it also when it says that it was interrupted.
  if (file.close_now() != 0 && errno != EINTR) return error_of(errno, "closing " + path);
  return {};
}

Result<> sync_file(const std::string& path) {
  return sync(path, O_RDONLY);
}

Result<> sync_directory(const std::string& path) {
  return sync(path, O_RDONLY | O_DIRECTORY);
}

Result<> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) return error_of(errno, "making " + path);
  return {};
}

Result<> rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return error_of(errno, "renaming " + from + " to " + to);
  return {};
}

Result<> remove(const std::string& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return {};
  if (errno != EISDIR && errno != EPERM) return error_of(errno, "removing " + path);
  // A folder. A link to one was removed as what it is, so nothing beyond `path` is touched.
  const Result<std::vector<std::string>> names = list_directory(path);
  if (!names) return names.error().code == ErrorCode::not_found ? Result<>() : Result<>(names.error());
  for (const std::string& name : *names)
    if (const Result<> removed = remove(path + "/" + name); !removed) return removed;
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) return error_of(errno, "removing " + path);
  return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* const folder = ::opendir(path.c_str());
  if (!folder) return error_of(errno, "listing " + path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  const int number = errno;
  ::closedir(folder);
  if (number != 0) return error_of(number, "listing " + path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace files

namespace {

bool is_below(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

bool conflict(const std::vector<FileQueue::Path>& a, const std::vector<FileQueue::Path>& b) {
  for (const FileQueue::Path& x : a)
    for (const FileQueue::Path& y : b)
      if (x.path == y.path || (x.with_all_below && is_below(y.path, x.path)) ||
          (y.with_all_below && is_below(x.path, y.path)))
        return true;
  return false;
}

}  // namespace

struct FileQueue::Calls : std::enable_shared_from_this<FileQueue::Calls> {
  struct Call {
    std::vector<Path> paths;
    std::function<void()> work;
    std::function<void()> done;
    bool has_begun = false;
  };

  Calls(Loop& l, Workers& w) : loop(l), workers(w) {}

  void begin_ready() {
    for (auto call = calls.begin(); call != calls.end(); ++call) {
      if ((*call)->has_begun) continue;
      const bool waits = std::any_of(calls.begin(), call,
                                     [&](const auto& earlier) { return conflict(earlier->paths, (*call)->paths); });
      if (waits) continue;
      (*call)->has_begun = true;
      workers.run([&to = loop, weak = weak_from_this(), current = *call] {
        current->work();
        to.post([weak, current] {
          const auto self = weak.lock();
          if (!self) return;
          self->calls.remove(current);
          current->done();
          self->begin_ready();
        });
      });
    }
  }

  Loop& loop;
  Workers& workers;
  std::list<std::shared_ptr<Call>> calls;  ///< In order of asking.
};

FileQueue::FileQueue(Loop& loop, Workers& workers) : calls_(std::make_shared<Calls>(loop, workers)) {}
FileQueue::~FileQueue() = default;

void FileQueue::run(std::vector<Path> paths, std::function<void()> work, std::function<void()> done) {
  calls_->calls.push_back(
      std::make_shared<Calls::Call>(Calls::Call{std::move(paths), std::move(work), std::move(done)}));
  calls_->begin_ready();
}

}  // namespace heir::hosts
