#include "engine/hosts/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/base/assert.h"
#include "engine/hosts/files.h"

namespace heir::hosts {

namespace {

constexpr std::size_t key_length = 40;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t longest_secret = 4096;

}  // namespace

KeyPair new_key_pair() {
  std::array<char, key_length + 1> open{};
  std::array<char, key_length + 1> secret{};
  ASSERT(zmq_curve_keypair(open.data(), secret.data()) == 0, "this ZeroMQ has CURVE");
  return {open.data(), secret.data()};
}

Result<std::string> public_key_of(const std::string& secret_key) {
  std::array<char, key_length + 1> open{};
  std::array<std::uint8_t, key_bytes> decoded{};
  if (secret_key.size() != key_length || zmq_z85_decode(decoded.data(), secret_key.c_str()) == nullptr ||
      zmq_curve_public(open.data(), secret_key.c_str()) != 0)
    return {ErrorCode::invalid, "not a key: a key has 40 characters of Z85"};
  return std::string(open.data());
}

Result<> check_public_key(const std::string& public_key) {
  std::array<std::uint8_t, key_bytes> decoded{};
  if (public_key.size() != key_length || zmq_z85_decode(decoded.data(), public_key.c_str()) == nullptr)
    return Error{ErrorCode::invalid, "is not a key: a key has 40 characters of Z85"};
  return {};
}

std::string key_text(const void* bytes, std::size_t size) {
  std::array<char, key_length + 1> text{};
  if (size != key_bytes || zmq_z85_encode(text.data(), static_cast<const std::uint8_t*>(bytes), size) == nullptr)
    return {};
  return text.data();
}

Result<std::string> read_secret(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return error_of(errno, "opening " + path);
  struct stat status {};
  const bool known = ::fstat(file, &status) == 0;
  std::string text(longest_secret, '\0');
  const ssize_t count = ::read(file, text.data(), text.size());
  const int number = errno;
  ::close(file);
  if (!known || count < 0) return error_of(number, "reading " + path);
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(status.st_mode & 07777));
    return {ErrorCode::refused, path + ": others than its owner may read or write this secret (mode " + mode.data() +
                                    "); make a new one, or, if nobody has, `chmod 600 " + path + "`"};
  }
  text.resize(static_cast<std::size_t>(count));
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string::npos) return {ErrorCode::invalid, path + ": the file is empty; it holds a secret"};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

Result<> write_secret(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return error_of(errno, "making " + path);
  const std::string line = text + "\n";
  const ssize_t count = ::write(file, line.data(), line.size());
  const bool good = count == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  const int number = errno;
  ::close(file);
  if (!good) return error_of(number, "writing " + path);
  return {};
}

}  // namespace heir::hosts
