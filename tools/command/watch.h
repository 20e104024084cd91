// What a long command is doing, for whoever interrupts it; how long it may; how much memory it took.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace heir::tools {

/// From here on SIGINT, SIGTERM and SIGHUP say what was under way and end the process with 128 + signal, running out of
/// memory ends it with no_verdict, and a failed assertion with internal; files that are not whole yet go with it.
/// `progress`: what takes more than a second is shown on standard error, a terminal, until something else is done.
void watch_over_process(bool progress);

/// While there is one, SIGINT, SIGTERM and SIGHUP wait: what is written meanwhile is written whole. For what is done
/// soon.
class Undisturbed {
 public:
  Undisturbed();
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;
  ~Undisturbed();

 private:
  sigset_t before_;
};

/// What is under way: "reading h.jsonl (2 of 5)".
void now_doing(const std::string& what);

/// A time in which something must be done; never over if it was given none.
class Deadline {
 public:
  Deadline() = default;
  explicit Deadline(std::chrono::nanoseconds from_now) : at_(Clock::now() + from_now) {}
  bool is_set() const { return at_.has_value(); }
  bool over() const { return at_ && Clock::now() >= *at_; }
  /// Whether so much can still be done; always if it was given no time.
  bool has(std::chrono::duration<double> time) const { return !at_ || Clock::now() + time < *at_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> at_;
};

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// Most memory that the process had at a time since the last call of reset_peak_memory(), or, where the system does not
/// allow that, since it began.
std::uint64_t peak_memory_bytes();
void reset_peak_memory();

}  // namespace heir::tools
