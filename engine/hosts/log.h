// The log of a real host: a line for each event, on standard error or into any other descriptor.
//
//   2026-11-30T05:01:38.123Z info gate-opened host=a program=agent mode=open generation=3
//   {"time":"2026-11-30T05:01:38.123Z","level":"info","event":"gate-opened","host":"a","program":"agent","mode":"open"}
//
// A thread of its own writes it: whoever reads the other end of a pipe may be slow, and must not stop a failover.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "engine/base/host.h"

namespace heir::hosts {

enum class LogFormat { text, json };

/// "2026-11-30T05:01:38.123Z"
std::string time_text(WallTime at);

/// A line, without its end.
std::string log_line(LogFormat format, WallTime at, LogLevel level, std::string_view event,
                     std::span<const Field> fields);

class Log {
 public:
  Log(int descriptor, LogFormat format, LogLevel least);
  /// Writes what waits, if it can be written soon.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// From now on.
  void change(LogFormat format, LogLevel least);
  void write(LogLevel level, std::string_view event, std::span<const Field> fields);

 private:
  void serve();

  const int descriptor_;
  std::atomic<LogFormat> format_;
  std::atomic<LogLevel> least_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> lines_;
  std::uint64_t dropped_ = 0;  ///< Since the last line that told so: the reader did not keep up.
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace heir::hosts
