#include "engine/base/files.h"

namespace heir {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? "/" : path.substr(0, slash);
}

Task<Result<>> replace_file(Host& host, std::string path, Bytes content) {
  const std::string beside = path + ".new";
  if (Result<> written = co_await host.write_file(beside, std::move(content)); !written) co_return written;
  if (Result<> synced = co_await host.sync_file(beside); !synced) co_return synced;
  if (Result<> renamed = co_await host.rename(beside, path); !renamed) co_return renamed;
  co_return co_await host.sync_directory(folder_of(path));
}

Task<Result<>> remove_file(Host& host, std::string path) {
  if (Result<> removed = co_await host.remove(path); !removed) co_return removed;
  co_return co_await host.sync_directory(folder_of(path));
}

}  // namespace heir
