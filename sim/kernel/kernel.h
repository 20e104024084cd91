// Kernel: the event loop of one simulated run. It knows no database, network or process: only targets, and events for
// them.
//
// Invariants: events are dispatched in the order of (time, tie order); now() never goes back; every dispatched event
// enters the trace hash as (time, target id, kind, argument), so equal hashes mean equal runs. Nothing in a run depends
// on an address in memory. A run may be cut by limits anywhere and resumed: its events and hash are those of the uncut
// run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/assert.h"
#include "sim/kernel/event_queue.h"
#include "sim/kernel/probes.h"
#include "sim/kernel/random.h"
#include "sim/kernel/trace_hash.h"
#include "sim/kernel/virtual_time.h"

namespace heir::sim {

class Kernel;

/// Something that events happen to. It registers with its kernel when it is made, under the next free number (its trace
/// id); so targets must be made in the same order in every run. Destroying it cancels all its pending events; it may be
/// destroyed at any time, also inside its own on_event. Not copied or moved.
class EventTarget {
 public:
  /// `name` is for the text trace only; names need not be unique.
  EventTarget(Kernel& kernel, std::string_view name);
  EventTarget(const EventTarget&) = delete;
  EventTarget& operator=(const EventTarget&) = delete;
  virtual ~EventTarget();

  /// An event that was scheduled for this target is due: kernel().now() is its time.
  virtual void on_event(std::uint32_t kind, std::uint64_t argument) = 0;
  /// Words for the text trace; called only when somebody traces. Must not change anything.
  virtual std::string describe(std::uint32_t kind, std::uint64_t argument) const;

  std::uint32_t trace_id() const { return trace_id_; }
  const std::string& name() const { return name_; }
  Kernel& kernel() const {
    ASSERT(kernel_ != nullptr, "the kernel of this target is gone");
    return *kernel_;
  }
  /// Cancels every pending event of this target, as the destructor does.
  void cancel_events();
  /// Whether any event of this target is pending.
  bool has_events() const;

 private:
  friend class Kernel;
  Kernel* kernel_;
  std::uint32_t trace_id_ = 0;
  std::uint32_t home_ = 0;  ///< A slot of the queue, kept by this target: where the ring of its pending events begins.
  EventTarget* previous_ = nullptr;  ///< All targets of a kernel, so that it can let go of those who outlive it.
  EventTarget* next_ = nullptr;
  std::string name_;
};

/// The order of events that are due at the same nanosecond.
enum class TiePolicy {
  fifo,     ///< As scheduled.
  shuffle,  ///< A permutation derived from the seed: finds code that leans on the order.
};

enum class StopReason {
  idle,         ///< No event is pending; now() is the limit on time, if one was given.
  time_limit,   ///< Every event up to and at the limit is done; now() is the limit.
  event_limit,  ///< events() has reached the limit.
  requested,    ///< Somebody called stop().
};

/// "idle", "time-limit", "event-limit", "requested".
std::string_view to_string(StopReason reason);

/// What ends a call of run(); whichever is first.
struct Limits {
  VirtualTime until = VirtualTime::max();  ///< Events at this time are still dispatched, later ones are not.
  std::uint64_t events = UINT64_MAX;       ///< Stop when Kernel::events() is this: a number since the start of the run.
};

class Kernel {
 public:
  explicit Kernel(std::uint64_t seed, TiePolicy ties = TiePolicy::fifo);
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;
  ~Kernel();

  std::uint64_t seed() const { return seed_; }
  VirtualTime now() const { return now_; }

  /// Makes `target.on_event(kind, argument)` happen at `at`, which must not be before now(). An event at now() happens
  /// after the running one returns. The target must belong to this kernel.
  EventId schedule(VirtualTime at, EventTarget& target, std::uint32_t kind, std::uint64_t argument = 0);
  /// The same, `delay` (not negative) from now; saturates at VirtualTime::max().
  EventId schedule_after(Duration delay, EventTarget& target, std::uint32_t kind, std::uint64_t argument = 0);
  /// Takes a pending event back. False if it has been dispatched or cancelled, or `id` is empty. Cheap: constant time.
  bool cancel(EventId id);
  bool is_pending(EventId id) const { return queue_.contains(id); }
  /// Events that are scheduled and not yet dispatched or cancelled.
  std::size_t pending() const { return queue_.size(); }
  /// The time of the next event, if there is one.
  std::optional<VirtualTime> next_time() { return queue_.next_time(); }

  /// Dispatches the next event; false if there is none.
  bool step();
  /// Dispatches until a limit is reached. Not from inside an event.
  StopReason run(Limits limits = {});
  /// From inside an event: run() returns after it. Otherwise: the next run() returns at once.
  void stop() { stop_requested_ = true; }

  /// Events dispatched since the start of the run; during an event, its own number (the first is 1).
  std::uint64_t events() const { return hash_.events(); }

  /// The rolling hash of every event dispatched so far and everything mixed in.
  std::uint64_t trace_hash() const { return hash_.value(); }
  /// Adds a value to the trace hash: a payload digest, a random draw that decided something.
  void mix(std::uint64_t value) { hash_.mix(value); }
  /// The hash after every 2^k events; compare those of two runs with first_difference().
  const Checkpoints& checkpoints() const { return hash_.checkpoints(); }

  /// The random stream of a purpose. The same (name, index) gives the same stream each time: ask once and keep it.
  RandomStream stream(std::string_view name, std::uint64_t index = 0) const { return RandomStream(seed_, name, index); }
  Probes& probes() { return probes_; }
  const Probes& probes() const { return probes_; }

  /// Gets one line per dispatched event, just before it happens, without the newline:
  ///   event number, time in seconds, target id, kind, argument in hex (fixed columns), "name description".
  /// Null turns it off. Tracing changes nothing in the run.
  using TraceSink = std::function<void(std::string_view line)>;
  void trace_to(TraceSink sink) { sink_ = std::move(sink); }
  bool tracing() const { return static_cast<bool>(sink_); }

 private:
  friend class EventTarget;
  struct Links {
    std::uint32_t previous;
    std::uint32_t next;
  };
  bool dispatch_next(VirtualTime until);
  void link(EventTarget& target, std::uint32_t slot);
  void unlink(std::uint32_t slot);
  void add(EventTarget& target);
  void remove(EventTarget& target);
  void cancel_events(EventTarget& target);
  void write_trace_line(const DueEvent& event);

  std::uint64_t seed_;
  VirtualTime now_;
  bool running_ = false;
  bool stop_requested_ = false;
  std::uint32_t next_trace_id_ = 1;
  EventQueue queue_;
  std::vector<Links> links_;  ///< By slot of the queue: a ring of the pending events of each target, and its home.
  TraceHash hash_;
  TraceSink sink_;
  EventTarget* targets_ = nullptr;
  Probes probes_;
};

}  // namespace heir::sim
