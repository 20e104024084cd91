#include "tools/command/input_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "scenarios/mistakes.h"

namespace heir::tools {

Result<std::string> read_input(const std::string& path, std::size_t most_mib, std::string_view what) {
  const std::size_t most = most_mib << 20;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(most + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (errno != 0 && in.gcount() == 0))
    return Error{ErrorCode::io_error,
                 scenarios::printable(path) + ": cannot be read: " + std::strerror(errno != 0 ? errno : EIO)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > most)
    return Error{ErrorCode::invalid,
                 fmt::format("{}: longer than {} MiB, which no {} is", scenarios::printable(path), most_mib, what)};
  return text;
}

}  // namespace heir::tools
