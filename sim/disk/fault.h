// DiskFault: what a fault does to a whole disk, laid on until it is lifted; those laid on together add up.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/base/strong.h"
#include "sim/kernel/random.h"

namespace heir::sim {

/// How an fsync ends.
enum class SyncAnswer : std::uint8_t {
  honest,
  error,          ///< It fails, and what it was to write stays to be written.
  error_dropped,  ///< It fails, and what it was to write is thrown away: the next one succeeds without it (fsyncgate).
  lie,            ///< It succeeds, and nothing is durable before the fault is lifted or another fsync is honest.
};

struct SlowSyncs {
  Duration low;
  Duration high;
  Ratio chance = Ratio::always();  ///< Of one fsync to be slow.
};

struct DiskFault {
  bool full = false;       ///< Somebody else has taken all that is free, and takes what is freed.
  bool read_only = false;  ///< Every change is refused, and every fsync.
  bool stuck = false;      ///< No fsync ends.
  SyncAnswer sync = SyncAnswer::honest;
  Ratio sync_chance = Ratio::always();  ///< Of one fsync to end so.
  std::optional<SlowSyncs> slow;
  /// Of a program's read of a file to find another file's page in place of one of its own. Never of two: nobody could
  /// tell a file that lost both copies of what stands in it twice from one that was never written.
  Ratio stray_reads = Ratio::never();
};

using DiskFaultId = Strong<struct DiskFaultIdTag, std::uint32_t>;

}  // namespace heir::sim
