// LogFile: an append-only file whose records its owner keeps in typed form (a database's write-ahead log). The disk
// keeps only offsets: how far it is written (page cache) and how far it is durable.
//
// Invariants: durable() <= written(). A sync makes durable what was written when it began. Power loss cuts written()
// back to what survives, which is at least durable(); the owner then drops its records beyond.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/clock/gate.h"
#include "sim/disk/disk.h"

namespace heir::sim {

class LogFile {
 public:
  /// The owner outlives power loss together with its disk, as part of a FolderObject. `start` is the offset of its
  /// first byte.
  LogFile(Disk& disk, std::uint64_t start = 0);
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile();

  std::uint64_t start() const { return start_; }
  std::uint64_t written() const { return written_; }
  std::uint64_t durable() const { return durable_; }

  /// Where reading it ends: before what a failed fsync threw away.
  std::uint64_t readable_end() const { return std::min(written_, lost_from_); }

  /// Writes `bytes` more into the page cache; `out_of_space`, `io_error`, and then nothing is written.
  Result<> append(std::uint64_t bytes);
  /// Begins an fsync of what is written now; handler.on_disk_done(cookie, result) through the gate when it is done.
  /// Syncs may overlap and complete in any order. The effect on durable() happens even if the program behind the gate
  /// has died.
  void sync(Gate* gate, DiskHandler& handler, std::uint64_t cookie = 0);
  /// Cuts the end off, to `offset` between start() and written(): durable at once (a rewind; done with the database
  /// stopped).
  void truncate(std::uint64_t offset);
  /// Forgets the beginning, up to `offset`: frees its space.
  void drop_before(std::uint64_t offset);
  /// As a fresh copy on `disk`: the same range, written and durable (pg_basebackup syncs what it copied).
  /// `out_of_space`.
  Result<> assign(std::uint64_t start, std::uint64_t end);

 private:
  friend class Disk;
  void power_loss(std::uint64_t survives);
  void make_durable(std::uint64_t offset);
  /// The page cache no longer holds what is not durable; nor will a later sync.
  void lose_unsynced() { lost_from_ = std::min(lost_from_, durable_); }

  Disk* disk_;
  std::uint64_t epoch_ = 0;  ///< Counts the times when offsets were taken back.
  std::uint64_t start_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t durable_ = 0;
  std::uint64_t lost_from_ = UINT64_MAX;  ///< Cutting the log there or before forgets it.
};

}  // namespace heir::sim
