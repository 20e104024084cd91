#include "tools/command/output_file.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace heir::tools {

namespace {

Error cannot_write(const std::string& name) {
  return Error{ErrorCode::io_error, "cannot write " + name + ": " + std::strerror(errno)};
}

/// Where a signal handler finds the names of those that are being written: there are never many at a time.
struct Unfinished {
  static constexpr std::size_t most = 8;
  static constexpr std::size_t none = most;
  std::array<std::array<char, PATH_MAX>, most> names;
  std::array<std::atomic<bool>, most> taken;
} unfinished;

/// Its place there; `none` if there is no room.
std::size_t remember(const std::string& name) {
  if (name.size() >= PATH_MAX) return Unfinished::none;
  for (std::size_t i = 0; i < Unfinished::most; ++i) {
    if (unfinished.taken[i]) continue;
    std::copy_n(name.c_str(), name.size() + 1, unfinished.names[i].begin());
    unfinished.taken[i] = true;
    return i;
  }
  return Unfinished::none;
}

void forget(std::size_t place) {
  if (place != Unfinished::none) unfinished.taken[place] = false;
}

/// The file that it leads to, if it is a symbolic link to one.
std::string target_of(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  std::string target = real ? real : path;
  ::free(real);
  return target;
}

}  // namespace

void remove_unfinished_outputs() {
  for (std::size_t i = 0; i < Unfinished::most; ++i)
    if (unfinished.taken[i]) ::unlink(unfinished.names[i].data());
}

Result<OutputFile> OutputFile::create(const std::string& path) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  const bool direct = exists && !S_ISREG(status.st_mode);
  const std::string name = exists && !direct ? target_of(path) : path;
  const std::string opened = direct ? path : name + ".part-" + std::to_string(::getpid());
  std::FILE* file = std::fopen(opened.c_str(), "wb");
  if (!file) return cannot_write(opened);
  return OutputFile(file, direct ? std::string() : opened, name);
}

OutputFile::OutputFile(std::FILE* file, std::string beside, std::string name)
    : file_(file),
      beside_(std::move(beside)),
      name_(std::move(name)),
      place_(beside_.empty() ? Unfinished::none : remember(beside_)) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)),
      beside_(std::move(other.beside_)),
      name_(std::move(other.name_)),
      place_(std::exchange(other.place_, Unfinished::none)) {}

OutputFile::~OutputFile() {
  if (file_) std::fclose(file_);
  if (file_ && !beside_.empty()) ::unlink(beside_.c_str());
  forget(place_);
}

void OutputFile::line(std::string_view text) {
  bytes(text);
  std::fputc('\n', file_);
}

void OutputFile::bytes(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), file_);
}

Result<> save(std::string_view text, const std::string& path) {
  Result<OutputFile> file = OutputFile::create(path);
  if (!file) return file.error();
  file->line(text.substr(0, text.size() - 1));
  return file->finish();
}

Result<> OutputFile::finish() {
  const bool written = std::fflush(file_) == 0 && std::ferror(file_) == 0;
  if (!written || (!beside_.empty() && std::rename(beside_.c_str(), name_.c_str()) != 0)) return cannot_write(name_);
  std::fclose(std::exchange(file_, nullptr));
  return {};
}

}  // namespace heir::tools
