#include "reports/history/history_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "reports/history/json_lines.h"
#include "reports/history/source.h"

namespace heir::reports {

namespace {

constexpr std::size_t chunk = 256 * 1024;

}  // namespace

Result<HistoryWriter> HistoryWriter::create(const std::string& path) {
  struct stat status {};
  std::string final_name = path;
  std::string beside;
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode))
      return Error{ErrorCode::io_error, fmt::format("cannot write {}: it is a directory", path)};
    if (S_ISREG(status.st_mode)) {
      // Through a symbolic link the file is replaced, not the link.
      if (char* real = ::realpath(path.c_str(), nullptr)) {
        final_name = real;
        std::free(real);
      }
      beside = fmt::format("{}.part-{}", final_name, ::getpid());
    }
  } else {
    beside = fmt::format("{}.part-{}", final_name, ::getpid());
  }
  const std::string& opened = beside.empty() ? final_name : beside;
  std::FILE* file = std::fopen(opened.c_str(), "wb");
  if (!file) return Error{code_of_errno(errno), fmt::format("cannot write {}: {}", opened, std::strerror(errno))};
  return HistoryWriter(file, std::move(beside), std::move(final_name));
}

HistoryWriter::HistoryWriter(std::FILE* file, std::string beside, std::string final_name)
    : file_(file), beside_(std::move(beside)), final_name_(std::move(final_name)) {}

HistoryWriter::HistoryWriter(HistoryWriter&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)),
      beside_(std::move(other.beside_)),
      final_name_(std::move(other.final_name_)),
      buffer_(std::move(other.buffer_)),
      error_(other.error_) {}

HistoryWriter::~HistoryWriter() {
  abandon();
}

void HistoryWriter::abandon() {
  if (!file_) return;
  std::fclose(std::exchange(file_, nullptr));
  if (!beside_.empty()) ::unlink(beside_.c_str());
}

void HistoryWriter::flush() {
  if (error_ == 0 && std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size())
    error_ = errno ? errno : EIO;
  buffer_.clear();
}

void HistoryWriter::add(const History& history, const Event& event) {
  ASSERT(file_ != nullptr, "add() after finish()");
  append_json_line(buffer_, history, event);
  if (buffer_.size() >= chunk) flush();
}

Result<> HistoryWriter::finish() {
  ASSERT(file_ != nullptr, "finish() twice");
  flush();
  if (error_ == 0 && std::fflush(file_) != 0) error_ = errno;
  if (error_ == 0 && !beside_.empty() && ::fsync(::fileno(file_)) != 0) error_ = errno;
  if (error_ == 0 && !beside_.empty() && std::rename(beside_.c_str(), final_name_.c_str()) != 0) error_ = errno;
  if (error_ != 0) {
    abandon();
    return Error{code_of_errno(error_), fmt::format("cannot write {}: {}", final_name_, std::strerror(error_))};
  }
  std::fclose(std::exchange(file_, nullptr));
  return {};
}

Result<> write_history(const History& history, const std::string& path) {
  Result<HistoryWriter> writer = HistoryWriter::create(path);
  if (!writer) return writer.error();
  for (std::size_t i = 0; i < history.size(); ++i) writer->add(history, history.event(i));
  return writer->finish();
}

}  // namespace heir::reports
