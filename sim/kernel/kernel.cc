#include "sim/kernel/kernel.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace heir::sim {

std::string_view to_string(StopReason reason) {
  switch (reason) {
    case StopReason::idle: return "idle";
    case StopReason::time_limit: return "time-limit";
    case StopReason::event_limit: return "event-limit";
    case StopReason::requested: return "requested";
  }
  ASSERT(false, "not a stop reason");
}

// --- Targets ---

EventTarget::EventTarget(Kernel& kernel, std::string_view name) : kernel_(&kernel), name_(name) {
  kernel.add(*this);
}

EventTarget::~EventTarget() {
  if (kernel_ != nullptr) kernel_->remove(*this);
}

std::string EventTarget::describe(std::uint32_t /*kind*/, std::uint64_t /*argument*/) const {
  return {};
}

void EventTarget::cancel_events() {
  if (kernel_ != nullptr) kernel_->cancel_events(*this);
}

bool EventTarget::has_events() const {
  return kernel_ != nullptr && kernel_->links_[home_].next != home_;
}

void Kernel::add(EventTarget& target) {
  target.trace_id_ = next_trace_id_++;
  target.home_ = queue_.reserve_slot();
  if (target.home_ >= links_.size()) links_.resize(target.home_ + 1);
  links_[target.home_] = Links{target.home_, target.home_};
  target.next_ = targets_;
  if (targets_ != nullptr) targets_->previous_ = &target;
  targets_ = &target;
}

void Kernel::remove(EventTarget& target) {
  cancel_events(target);
  queue_.release_slot(target.home_);
  (target.previous_ == nullptr ? targets_ : target.previous_->next_) = target.next_;
  if (target.next_ != nullptr) target.next_->previous_ = target.previous_;
}

void Kernel::cancel_events(EventTarget& target) {
  for (;;) {
    const std::uint32_t slot = links_[target.home_].next;
    if (slot == target.home_) return;
    unlink(slot);
    queue_.cancel(queue_.in_slot(slot));
  }
}

// Rings, as their upkeep needs no branch: whether a target has other events pending cannot be predicted.

inline void Kernel::link(EventTarget& target, std::uint32_t slot) {
  if (slot >= links_.size()) links_.resize(slot + 1);
  Links* links = links_.data();
  const std::uint32_t next = links[target.home_].next;
  links[slot].previous = target.home_;
  links[slot].next = next;
  links[next].previous = slot;
  links[target.home_].next = slot;
}

inline void Kernel::unlink(std::uint32_t slot) {
  Links* links = links_.data();
  const std::uint32_t previous = links[slot].previous;
  const std::uint32_t next = links[slot].next;
  links[previous].next = next;
  links[next].previous = previous;
}

// --- The loop ---

namespace {

std::optional<std::uint64_t> shuffle_key(std::uint64_t seed, TiePolicy ties) {
  if (ties == TiePolicy::fifo) return std::nullopt;
  return RandomStream(seed, "kernel.ties").next();
}

}  // namespace

Kernel::Kernel(std::uint64_t seed, TiePolicy ties) : seed_(seed), queue_(shuffle_key(seed, ties)), hash_(seed) {}

Kernel::~Kernel() {
  for (EventTarget* target = targets_; target != nullptr; target = target->next_) target->kernel_ = nullptr;
}

EventId Kernel::schedule(VirtualTime at, EventTarget& target, std::uint32_t kind, std::uint64_t argument) {
  ASSERT(at >= now_,
         fmt::format("event for \"{}\" at {} ns, but it is {} ns already", target.name_, at.ns(), now_.ns()));
  ASSERT(target.kernel_ == this, fmt::format("\"{}\" belongs to another run", target.name_));
  const EventId id = queue_.push(at, &target, kind, argument);
  link(target, EventQueue::slot_of(id));
  return id;
}

EventId Kernel::schedule_after(Duration delay, EventTarget& target, std::uint32_t kind, std::uint64_t argument) {
  const bool fits = delay <= VirtualTime::max() - now_;
  return schedule(fits ? now_ + delay : VirtualTime::max(), target, kind, argument);
}

bool Kernel::cancel(EventId id) {
  EventTarget* target = queue_.target_of(id);
  if (target == nullptr) return false;
  unlink(EventQueue::slot_of(id));
  return queue_.cancel(id);
}

bool Kernel::dispatch_next(VirtualTime until) {
  DueEvent event;
  if (!queue_.pop(until, event)) return false;
  unlink(EventQueue::slot_of(event.id));
  now_ = event.at;
  hash_.event(event.at, event.target->trace_id_, event.kind, event.argument);
  if (sink_) write_trace_line(event);
  event.target->on_event(event.kind, event.argument);  // May destroy the target.
  return true;
}

bool Kernel::step() {
  ASSERT(!running_, "step() from inside an event");
  running_ = true;
  const bool done = dispatch_next(VirtualTime::max());
  running_ = false;
  return done;
}

StopReason Kernel::run(Limits limits) {
  ASSERT(!running_, "run() from inside an event");
  running_ = true;
  StopReason reason = StopReason::requested;
  while (!stop_requested_) {
    if (events() >= limits.events) {
      reason = StopReason::event_limit;
      break;
    }
    if (!dispatch_next(limits.until)) {
      reason = queue_.empty() ? StopReason::idle : StopReason::time_limit;
      if (limits.until != VirtualTime::max() && limits.until > now_) now_ = limits.until;
      break;
    }
  }
  running_ = false;
  stop_requested_ = false;
  return reason;
}

void Kernel::write_trace_line(const DueEvent& event) {
  constexpr std::int64_t second = 1'000'000'000;
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), "{:>10} {:>6}.{:09} {:>5} {:>4} {:>16x} {}", events(),
                 event.at.ns() / second, event.at.ns() % second, event.target->trace_id_, event.kind, event.argument,
                 event.target->name_);
  const std::string words = event.target->describe(event.kind, event.argument);
  if (!words.empty()) fmt::format_to(std::back_inserter(line), " {}", words);
  sink_(std::string_view(line.data(), line.size()));
}

}  // namespace heir::sim
