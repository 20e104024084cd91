// Control data: the server's small, always durable record of itself (pg_control), and what pg_controldata prints of it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/databases/postgresql/wal.h"

namespace heir::sim {

enum class ClusterState : std::uint8_t {
  shut_down,
  shut_down_in_recovery,
  shutting_down,
  in_crash_recovery,
  in_archive_recovery,
  in_production,
};

/// "in production", "shut down", "shut down in recovery", …
const char* to_string(ClusterState state);

struct ControlData {
  std::uint64_t system_identifier = 0;
  ClusterState state = ClusterState::shut_down;
  Lsn checkpoint;  ///< Where the latest checkpoint's record begins.
  Lsn redo;        ///< Where recovery begins.
  TimelineId checkpoint_timeline = 1;
  /// Recovery is not consistent before this; a server does not answer before it. 0/0 when there is no such bound.
  Lsn min_recovery_point;
  TimelineId min_recovery_timeline = 0;
  bool data_checksums = false;
  bool wal_log_hints = false;
  bool operator==(const ControlData&) const = default;
};

/// The lines of pg_controldata.
std::string print_control_data(const ControlData& control, std::uint64_t wal_segment_size);

}  // namespace heir::sim
