// Descriptor: a file descriptor with one owner. And errors of system calls as values.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "engine/base/result.h"

namespace heir::testbed {

/// Closes what it holds; holds nothing by default.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// "WHAT: No such file or directory". `refused` where the machine does not allow it.
inline Error system_error(const std::string& what, int number = errno) {
  ErrorCode code = ErrorCode::failed;
  if (number == EPERM || number == EACCES) code = ErrorCode::refused;
  if (number == ENOENT || number == ESRCH) code = ErrorCode::not_found;
  if (number == EEXIST) code = ErrorCode::already_exists;
  if (number == ENOSPC) code = ErrorCode::out_of_space;
  return {code, what + ": " + std::strerror(number)};
}

}  // namespace heir::testbed
