#include "tools/testbed/unsynced.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace heir::testbed {

int read_at(int file, std::uint64_t at, char* to, std::size_t length) {
  while (length > 0) {
    const ssize_t count = ::pread(file, to, length, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) {
      std::fill_n(to, length, '\0');
      return 0;
    }
    at += static_cast<std::uint64_t>(count);
    to += count;
    length -= static_cast<std::size_t>(count);
  }
  return 0;
}

int write_at(int file, std::uint64_t at, const char* from, std::size_t length) {
  while (length > 0) {
    const ssize_t count = ::pwrite(file, from, length, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    at += static_cast<std::uint64_t>(count);
    from += count;
    length -= static_cast<std::size_t>(count);
  }
  return 0;
}

int Unsynced::keep(int file, std::uint64_t size, std::uint64_t from, std::uint64_t to) {
  if (layers_.empty() || layers_.back().closed_by != 0) layers_.push_back({0, size, {}});
  Layer& layer = layers_.back();
  const std::uint64_t end = std::min(to, layer.size);
  for (std::uint64_t page = from / page_size; page * page_size < end; ++page) {
    if (layer.pages.contains(page)) continue;
    Bytes content(std::min(page_size, layer.size - page * page_size), '\0');
    if (const int failed = read_at(file, page * page_size, content.data(), content.size()); failed != 0) return failed;
    layer.pages.emplace(page, std::move(content));
  }
  return 0;
}

std::uint64_t Unsynced::begin_sync() {
  ++last_sync_;
  if (!layers_.empty() && layers_.back().closed_by == 0) layers_.back().closed_by = last_sync_;
  return last_sync_;
}

void Unsynced::synced(std::uint64_t number) {
  std::erase_if(layers_, [number](const Layer& layer) { return layer.closed_by != 0 && layer.closed_by <= number; });
}

Unsynced::Durable Unsynced::durable() const {
  Durable durable{layers_.front().size, {}};
  // What an older layer has of a page is older.
  for (const Layer& layer : layers_)
    for (const auto& [page, content] : layer.pages)
      if (page * page_size < durable.size) durable.pages.emplace(page, content);
  for (auto& [page, content] : durable.pages)
    content.resize(std::min(page_size, durable.size - page * page_size), '\0');
  return durable;
}

}  // namespace heir::testbed
