// Zones: when the operations on one value, or on a chain of values, certainly ran.
//
// A cluster is a set of operations that any linearization keeps together as one block. It must come before another one
// if one of its operations ended before one of the other's began: its earliest end is before the other's latest
// beginning. Two clusters that must each come before the other contradict linearizability; if no two do, the order is
// free of cycles, and a linearization exists. (Gibbons and Korach, Testing Shared Memories, SIAM J. Comput. 26, 1997,
// section 4.2: they call a zone whose end is before its beginning a forward zone; forward zones must not overlap, and
// none may contain a backward zone.)
#pragma once

#include <cstdint>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports::objects {

/// A point of a history: the index of an event plus one. 0 is before all events.
using Point = std::uint32_t;
inline constexpr Point never = Operation::never;
constexpr Point after(std::uint32_t event) {
  return event == Operation::never ? never : event + 1;
}

struct Zone {
  Point earliest_end = never;
  Point latest_begin = 0;
  std::uint32_t cluster = 0;

  bool is_before(const Zone& other) const { return earliest_end < other.latest_begin; }
};

/// Two clusters that must each come before the other.
struct Contradiction {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

/// Sorts the zones. At most one contradiction for each cluster (as `second`), and not more than `most`; empty exactly
/// if there is none.
std::vector<Contradiction> contradictions(std::vector<Zone>& zones, std::size_t most);

/// Maxima over ranges of a growing sequence of points that only rise. O(log n) each.
class RangeMaximum {
 public:
  std::size_t size() const { return size_; }
  void push_back(Point value);
  /// REQUIRES: not below what it was.
  void raise(std::size_t index, Point value);
  /// Of [begin, end); 0 if that is empty.
  Point maximum(std::size_t begin, std::size_t end) const;

 private:
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;  ///< Leaves; a power of two.
  std::vector<Point> tree_;   ///< A heap: the maximum of node i is that of nodes 2i and 2i + 1.
};

}  // namespace heir::reports::objects
