// The log lines of agents and members of the store (`--log json`), as they are written.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/host.h"
#include "tools/on_hosts/waiting.h"

namespace heir::on_hosts {

struct LogEntry {
  Instant at;                ///< When it was written; when it was read,
  bool is_own_time = false;  ///< if the writer's clock says something else.
  LogLevel level = LogLevel::info;
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  /// Empty if there is none.
  std::string_view field(std::string_view key) const;
};

/// The output of one host's programs: what is written into writer() is read here, and kept in a file.
class LogPipe {
 public:
  /// `path`: where all is appended; empty: nowhere. `trusts_times`: the writers have this machine's clock.
  static Result<LogPipe> make(const std::string& path, bool trusts_times = true);
  int writer() const { return writer_.get(); }
  int reader() const { return reader_.get(); }
  /// What has come since the last time. What is no log line (a program's last words) has the event "said" and the field
  /// "words".
  std::vector<LogEntry> read();

 private:
  testbed::Descriptor reader_;
  testbed::Descriptor writer_;
  testbed::Descriptor file_;
  bool trusts_times_ = true;
  std::string rest_;
};

}  // namespace heir::on_hosts
