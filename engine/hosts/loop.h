// Loop: the event loop of a process, on one thread. Everything of the engine runs here; whoever might block works
// elsewhere (workers.h) and posts what came of it.
//
// It measures itself: whatever keeps it from turning for longer than stall_bound, be it a callback of ours or a host
// that did not let us run, is a stall, for in that time no lease is renewed and no answer is passed on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "engine/base/task.h"
#include "engine/base/time.h"

namespace heir::hosts {

/// Longer than this, the loop has stalled.
inline constexpr Duration stall_bound = Duration::milliseconds(10);

struct Stalls {
  std::uint64_t count = 0;
  Duration longest;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Executor& executor() { return executor_; }
  /// Turns until stop().
  void run();
  /// From any thread.
  void stop();
  /// Calls `work` on the loop, soon; from any thread.
  void post(std::function<void()> work);

  /// Calls `due` once it is `at` on boot_time(). 0 is never a timer.
  std::uint64_t set_timer(MonotonicTime at, std::function<void()> due);
  /// Nothing, if it has been called.
  void cancel_timer(std::uint64_t timer);

  /// Since the last time that this was asked.
  Stalls take_stalls() { return std::exchange(stalls_, Stalls()); }

 private:
  friend class Watch;
  class LoopExecutor final : public Executor {
   public:
    explicit LoopExecutor(Loop& loop) : loop_(loop) {}

   private:
    void woken() override;
    Loop& loop_;
    bool is_posted_ = false;
  };
  struct Descriptors;
  struct Posted;
  void turn(const std::function<void()>& work);
  void take_posted();
  void take_events();
  void lost(Duration time);
  void await_timers();
  void arm();
  void run_due();
  void tick();

  LoopExecutor executor_{*this};
  std::map<std::pair<MonotonicTime, std::uint64_t>, std::function<void()>> timers_;
  std::map<std::uint64_t, MonotonicTime> times_;  ///< Of timers_.
  std::uint64_t next_timer_ = 1;
  MonotonicTime armed_ = MonotonicTime::max();
  bool is_turning_ = false;
  Stalls stalls_;
  std::unique_ptr<Posted> posted_;
  std::unique_ptr<Descriptors> descriptors_;
};

/// Waits for a file descriptor, which must outlive it. Each wait is for one call, which may come though there is
/// nothing to read: try, and wait again. Destroyed, it calls nothing any more.
class Watch {
 public:
  Watch(Loop& loop, int descriptor);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  void when_readable(std::function<void()> call);
  /// Cheaper, for who has read all that there was: when more has come since the last call for reading, or the end.
  void when_more_comes(std::function<void()> call);
  void when_writable(std::function<void()> call);

 private:
  friend class Loop;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace heir::hosts
