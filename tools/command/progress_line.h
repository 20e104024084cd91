// One line on standard error, a terminal, that is written over; gone when all is done.
#pragma once

#include <chrono>
#include <string>

namespace heir::tools {

class ProgressLine {
 public:
  ProgressLine() : began_(Clock::now()) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }
  /// Whether it is time to show something: not in the first second, nor all the time.
  bool is_due() const;
  void show(std::string text);
  /// Before anything else is written.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point began_;
  Clock::time_point shown_;
  bool visible_ = false;
};

}  // namespace heir::tools
