#include "sim/databases/postgresql/control.h"

namespace heir::sim {

const char* to_string(ClusterState state) {
  switch (state) {
    case ClusterState::shut_down: return "shut down";
    case ClusterState::shut_down_in_recovery: return "shut down in recovery";
    case ClusterState::shutting_down: return "shutting down";
    case ClusterState::in_crash_recovery: return "in crash recovery";
    case ClusterState::in_archive_recovery: return "in archive recovery";
    case ClusterState::in_production: return "in production";
  }
  return "";
}

std::string print_control_data(const ControlData& control, std::uint64_t wal_segment_size) {
  std::string text;
  const auto line = [&text](std::string key, const std::string& value) {
    key += ':';
    key.resize(key.size() < 38 ? 38 : key.size() + 1, ' ');
    text += key + value + "\n";
  };
  line("pg_control version number", "1300");
  line("Catalog version number", "202209061");
  line("Database system identifier", std::to_string(control.system_identifier));
  line("Database cluster state", to_string(control.state));
  line("Latest checkpoint location", to_string(control.checkpoint));
  line("Latest checkpoint's REDO location", to_string(control.redo));
  line("Latest checkpoint's TimeLineID", std::to_string(control.checkpoint_timeline));
  line("Latest checkpoint's PrevTimeLineID", std::to_string(control.checkpoint_timeline));
  line("Minimum recovery ending location", to_string(control.min_recovery_point));
  line("Min recovery ending loc's timeline", std::to_string(control.min_recovery_timeline));
  line("Backup start location", "0/0");
  line("Backup end location", "0/0");
  line("End-of-backup record required", "no");
  line("wal_level setting", "replica");
  line("wal_log_hints setting", control.wal_log_hints ? "on" : "off");
  line("Bytes per WAL segment", std::to_string(wal_segment_size));
  line("Data page checksum version", control.data_checksums ? "1" : "0");
  return text;
}

}  // namespace heir::sim
