// Unsynced: what a file's content was when it was last synced, as far as it is another now. Each sync that has begun
// and is not known to have ended closes a layer; only the pages that were changed are kept.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "engine/base/host.h"

namespace heir::testbed {

class Unsynced {
 public:
  static constexpr std::uint64_t page_size = 4096;

  /// The bytes [from, to) of the file, or its size, are about to change. `file` is open for reading, `size` is what it
  /// has now. 0, or an errno if what was there cannot be read.
  int keep(int file, std::uint64_t size, std::uint64_t from, std::uint64_t to);
  /// A sync has begun: its number, for synced().
  std::uint64_t begin_sync();
  /// It has ended well: what was there when it began is durable.
  void synced(std::uint64_t number);
  /// Nothing would be lost.
  bool is_clean() const { return layers_.empty(); }
  void forget() { layers_.clear(); }

  /// What is durable: pages beyond `size` are none, and those that are not named are as they are now.
  struct Durable {
    std::uint64_t size = 0;
    std::map<std::uint64_t, Bytes> pages;
  };
  /// REQUIRES that it is not clean.
  Durable durable() const;

 private:
  struct Layer {
    std::uint64_t closed_by = 0;  ///< A sync; 0: still open.
    std::uint64_t size = 0;       ///< When it was opened, as are the pages.
    std::map<std::uint64_t, Bytes> pages;
  };
  std::vector<Layer> layers_;  ///< The oldest first.
  std::uint64_t last_sync_ = 0;
};

/// Reads or writes all of it, at that place; 0, or an errno. Beyond the end of the file there are zeros.
int read_at(int file, std::uint64_t at, char* to, std::size_t length);
int write_at(int file, std::uint64_t at, const char* from, std::size_t length);

}  // namespace heir::testbed
