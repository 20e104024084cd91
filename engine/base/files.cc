#include "engine/base/files.h"

#include <algorithm>

#include "engine/base/checksum.h"
#include "engine/base/mutant.h"

namespace heir {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

Task<Result<>> replace_file(Host& host, std::string path, Bytes content) {
  const std::string beside = path + ".new";
  if (Result<> written = co_await host.write_file(beside, std::move(content)); !written) co_return written;
  if (!HEIR_MUTANT("file-replaced-unsynced"))
    if (Result<> synced = co_await host.sync_file(beside); !synced) co_return synced;
  if (Result<> renamed = co_await host.rename(beside, path); !renamed) co_return renamed;
  co_return co_await host.sync_directory(folder_of(path));
}

namespace {

/// "crc32c 1a2b3c4d\n"
std::string checksum_line(std::string_view content) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string line = "crc32c ";
  const std::uint32_t sum = crc32c(content);
  for (int shift = 28; shift >= 0; shift -= 4) line += digits[(sum >> shift) & 0xf];
  return line + "\n";
}

}  // namespace

Bytes checked(Bytes content) {
  return content + checksum_line(content);
}

bool is_as_written(std::string_view file) {
  const std::string_view content = file.substr(0, file.size() - std::min(file.size(), checksum_line({}).size()));
  return file.substr(content.size()) == checksum_line(content);
}

Task<Result<>> replace_checked_file(Host& host, std::string path, Bytes content) {
  return replace_file(host, std::move(path), checked(std::move(content)));
}

Task<Result<Bytes>> read_checked_file(Host& host, std::string path) {
  Result<Bytes> content = co_await host.read_file(path);
  if (!content) co_return content;
  if (!is_as_written(*content))
    co_return Error{ErrorCode::invalid,
                    path +
                        " is damaged: it is not as it was written, by the checksum in its last line. Remedy: bring "
                        "the file back from a copy of this very disk"};
  content->resize(content->size() - checksum_line({}).size());
  co_return content;
}

Task<Result<>> remove_file(Host& host, std::string path) {
  if (Result<> removed = co_await host.remove(path); !removed) co_return removed;
  co_return co_await host.sync_directory(folder_of(path));
}

}  // namespace heir
