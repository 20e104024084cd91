#include "tools/command/output_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace heir::tools {

namespace {
Error cannot_write(const std::string& name) {
  return Error{ErrorCode::io_error, "cannot write " + name + ": " + std::strerror(errno)};
}
}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  struct stat status {};
  const bool direct = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const std::string opened = direct ? path : path + ".part-" + std::to_string(::getpid());
  std::FILE* file = std::fopen(opened.c_str(), "wb");
  if (!file) return cannot_write(opened);
  return OutputFile(file, direct ? std::string() : opened, path);
}

OutputFile::OutputFile(std::FILE* file, std::string beside, std::string name)
    : file_(file), beside_(std::move(beside)), name_(std::move(name)) {}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)), beside_(std::move(other.beside_)), name_(std::move(other.name_)) {}

OutputFile::~OutputFile() {
  if (!file_) return;
  std::fclose(file_);
  if (!beside_.empty()) ::unlink(beside_.c_str());
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
