// Gate: between the simulated operating system and one program that runs on it.
//
// Timers, the network and the disk are "kernel side": they go on whatever the program does. What they have to tell the
// program goes through its gate. Open: it is handed over at once. Closed (a paused program): it is kept, and handed
// over in the same order when the gate opens. A gate whose program is gone has discarded what it kept; whoever deals
// with it stops (release()).
//
// Only infrastructure (clock, network, disk, process) calls admit(); simulated programs only pass their Process as a
// Gate*. A null Gate* means a program that is never paused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/kernel/kernel.h"

namespace heir::sim {

class Gate {
 public:
  Gate() = default;
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  virtual ~Gate() = default;

  bool is_open() const { return open_; }
  /// Events kept for later.
  std::size_t deferred() const { return deferred_.size() - replayed_; }
  /// Whether the program is handling an event at this moment.
  bool is_inside() const { return depth_ > 0; }

  /// True: hand the event over now, within an Entry. False: it is kept, and `target.on_event(kind, argument)` is called
  /// when the gate opens; the target must outlive that or the gate's discard.
  bool admit(EventTarget& target, std::uint32_t kind, std::uint64_t argument) {
    if (open_) return true;
    deferred_.push_back({&target, kind, argument});
    return false;
  }

  /// Held while the program handles one event. Null gate: nothing.
  class Entry {
   public:
    explicit Entry(Gate* gate) : gate_(gate) {
      if (gate_) ++gate_->depth_;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() {
      if (gate_) gate_->leave();
    }

   private:
    Gate* gate_;
  };

 protected:
  /// After the program has handled an event, still inside it: its coroutines are run here.
  virtual void after_event() {}
  /// After the outermost Entry has ended; may destroy the program's memory, or even this gate.
  virtual void left() {}

  void close() { open_ = false; }
  /// Opens, and hands over what was kept. Stops where the program closes the gate again.
  void reopen();
  /// Closes for ever and forgets what was kept.
  void discard();

 private:
  struct Deferred {
    EventTarget* target;
    std::uint32_t kind;
    std::uint64_t argument;
  };
  void leave() {
    if (depth_ == 1) after_event();
    if (--depth_ == 0) left();
  }

  bool open_ = true;
  std::uint32_t depth_ = 0;
  std::size_t replayed_ = 0;  ///< Of deferred_, during reopen().
  std::vector<Deferred> deferred_;
};

}  // namespace heir::sim
