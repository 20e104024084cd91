// Where things lie on disk, under Config::root:
//
//   data             the copy; whole, unless a mark says otherwise
//   data.next        a copy being made beside; worthless until it has taken the place of `data`
//   data.old         the copy that `data` replaced; whole unless `rewinding` is there; kept until `data` has streamed
//   data.trash       being deleted
//   rewinding        mark: pg_rewind works in place, or did not end; belongs to data.old if that exists, else to data
//   unproven         mark: `data` was cloned and has not streamed yet
//   postgresql.conf  all settings of the server, written by the adapter (settings.h), and
//   pg_hba.conf      who may log in; outside `data`, where a clone or rewind would replace them by another peer's
//   identity         the peer's UUID
//   cluster          the name of the cluster, and PostgreSQL's system identifier of its data
//   store            the identity of the store, and the highest generation seen
//   log/             the server's log
//   diverged/        log set aside by rejoin(), a folder each time
//
// In `data` the adapter itself touches only standby.signal, recovery.signal, postgresql.auto.conf and
//
//   heir.damaged     mark: pages fail their checksums, or log that had been synced is gone; why
//   heir.rebuilt     the last generation that had opened when this copy was made of another than the primary's
//   heir.led         the timeline that this copy's server last wrote as a primary, and the generation that it is bound
//                    to (0: none); nobody has more of it
//
// all of which go where the copy goes, and it reads pg_wal.
#pragma once

#include <string>
#include <utility>

namespace heir::postgresql {

class Layout {
 public:
  explicit Layout(std::string root) : root_(std::move(root)) {}
  const std::string& root() const { return root_; }
  std::string data() const { return root_ + "/data"; }
  std::string next() const { return root_ + "/data.next"; }
  std::string old() const { return root_ + "/data.old"; }
  std::string trash() const { return root_ + "/data.trash"; }
  std::string rewinding() const { return root_ + "/rewinding"; }
  std::string unproven() const { return root_ + "/unproven"; }
  std::string settings() const { return root_ + "/postgresql.conf"; }
  std::string access() const { return root_ + "/pg_hba.conf"; }
  std::string identity() const { return root_ + "/identity"; }
  std::string cluster() const { return root_ + "/cluster"; }
  std::string store() const { return root_ + "/store"; }
  std::string log_folder() const { return root_ + "/log"; }
  std::string start_log() const { return log_folder() + "/start.log"; }
  std::string diverged() const { return root_ + "/diverged"; }

 private:
  std::string root_;
};

/// Files inside a copy.
inline std::string standby_signal(const std::string& copy) {
  return copy + "/standby.signal";
}
inline std::string recovery_signal(const std::string& copy) {
  return copy + "/recovery.signal";
}
inline std::string damaged_mark(const std::string& copy) {
  return copy + "/heir.damaged";
}
inline std::string rebuilt_mark(const std::string& copy) {
  return copy + "/heir.rebuilt";
}
inline std::string led_mark(const std::string& copy) {
  return copy + "/heir.led";
}
inline std::string automatic_settings(const std::string& copy) {
  return copy + "/postgresql.auto.conf";
}
inline std::string process_id_file(const std::string& copy) {
  return copy + "/postmaster.pid";
}
inline std::string log_segments(const std::string& copy) {
  return copy + "/pg_wal";
}

}  // namespace heir::postgresql
