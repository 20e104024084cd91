// OnlineSet: a set that only grows and is read whole, checked event by event, by the same rules as
// judge_grow_only_set. O(log n) an event, and for a read the elements that it shows, once more for every read that was
// under way at its time.
#pragma once

#include <vector>

#include "reports/check/objects/value_index.h"
#include "reports/check/objects/zones.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

class OnlineSet {
 public:
  OnlineSet() : index_(0) {}

  /// Is the history wrong with this event of its set? Meaningless after it was once. REQUIRES: all events of the set
  /// before it were added.
  bool add(const History& history, std::size_t event);
  /// It can no longer be judged, and is not found wrong from here on: it matters which of several additions of an
  /// element was the first.
  bool given_up() const { return given_up_; }

 private:
  struct Element {
    Point begin = never;      ///< Of its first addition.
    Point in_since = never;   ///< It was certainly in from here on.
    std::uint32_t alive = 0;  ///< How many of its additions did not fail.
    bool shown = false;
    bool tells = false;          ///< An answer says whether it was new.
    std::uint32_t shown_by = 0;  ///< The last read that shows it, counted from 1.
  };
  struct Read {
    Point end = never;
    ListRef list;
  };

  Element& element_of(Value value);
  void acknowledge(const Operation& add);
  bool fail(Element& element);
  bool read(const History& history, const Operation& op);
  bool read_standby(const History& history, const Operation& op);
  bool comparable(const History& history, const Operation& op, std::size_t shown);
  void is_in(std::uint32_t element);

  Point now_ = 0;
  bool given_up_ = false;
  ValueIndex index_;
  std::vector<Element> elements_;  ///< By number of the element.
  std::vector<Point> in_since_;    ///< Of those that certainly are in, ascending.
  std::vector<Read> reads_;        ///< In order of their ends.
  std::uint32_t read_ = 0;         ///< How many there were.
  std::vector<Value> list_;        ///< Of the read at hand.
};

}  // namespace heir::reports::objects
