// Deliveries: frames under way, by the time at which they arrive; frames of one time in the order in which they came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/kernel/virtual_time.h"
#include "tools/testbed/frame.h"

namespace heir::testbed {

using sim::VirtualTime;

/// Numbered, so that a link can keep some that wait; numbers and memory are used again.
class Deliveries {
 public:
  struct Frame {
    std::vector<std::uint8_t> bytes;
    NodeId from;
    NodeId to;
  };

  std::uint32_t keep(FrameBytes bytes, NodeId from, NodeId to) {
    std::uint32_t number = static_cast<std::uint32_t>(frames_.size());
    if (free_.empty()) {
      frames_.emplace_back();
    } else {
      number = free_.back();
      free_.pop_back();
    }
    frames_[number].bytes.assign(bytes.begin(), bytes.end());
    frames_[number].from = from;
    frames_[number].to = to;
    return number;
  }
  const Frame& frame(std::uint32_t number) const { return frames_[number]; }
  void drop(std::uint32_t number) { free_.push_back(number); }

  void schedule(VirtualTime at, std::uint32_t number) {
    heap_.push_back({at, sequence_++, number});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  /// When the next one arrives.
  std::optional<VirtualTime> next() const { return heap_.empty() ? std::nullopt : std::optional(heap_.front().at); }
  /// One that has arrived by then.
  std::optional<std::uint32_t> take(VirtualTime now) {
    if (heap_.empty() || heap_.front().at > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const std::uint32_t number = heap_.back().number;
    heap_.pop_back();
    return number;
  }

 private:
  struct Entry {
    VirtualTime at;
    std::uint64_t sequence;
    std::uint32_t number;
  };
  static bool later(const Entry& a, const Entry& b) { return a.at != b.at ? a.at > b.at : a.sequence > b.sequence; }
  std::vector<Frame> frames_;
  std::vector<std::uint32_t> free_;
  std::vector<Entry> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace heir::testbed
