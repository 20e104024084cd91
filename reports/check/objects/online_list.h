// OnlineList: an append list that is checked event by event, by the same rules as ListVersions.
#pragma once

#include <map>
#include <vector>

#include "reports/check/objects/list_versions.h"

namespace heir::reports::objects {

class OnlineList {
 public:
  OnlineList() : index_(0) {}

  /// Is the history wrong with this event of its list? Meaningless after it was once. REQUIRES: all events of the list
  /// before it were added.
  bool add(const History& history, std::size_t event);
  /// It can no longer be judged, and is not found wrong from here on.
  bool given_up() const { return given_up_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Item {
    std::uint32_t op = none;  ///< Number in the history of the append.
    Point begin = 0;
    Point end = never;              ///< When it was acknowledged.
    std::uint32_t element = 0;      ///< Number of the element.
    std::uint32_t position = none;  ///< In the longest list.
    bool seen_on_standby = false;
    bool failed = false;
  };
  struct Appender {
    std::uint32_t item = none;
    std::uint32_t alive = 0;  ///< How many appends of the element did not fail.
  };

  void begin_append(Value element, std::uint32_t number);
  bool fail(std::uint32_t item);
  bool read(const History& history, ListRef list, Point begin);
  bool extend(const History& history, ListRef list);
  bool read_standby(const History& history, ListRef list);
  std::uint32_t item_of(std::uint32_t op) const;
  /// Null if nobody appended it, as far as is known now.
  Appender* appender(Value element);
  /// When the first of the acknowledged appends that nobody has read yet was acknowledged.
  Point earliest_unread();

  Point now_ = 0;
  bool given_up_ = false;
  ValueIndex index_;
  std::vector<Appender> appenders_;  ///< By number of the element.
  std::vector<Item> items_;          ///< In the order in which the appends began.
  std::vector<Value> longest_;
  CommonBeginning common_;
  /// Of the longest list: positions, each in effect before all positions behind it, and since when.
  std::vector<std::pair<std::uint32_t, Point>> in_effect_;
  std::vector<std::uint32_t> acknowledged_;         ///< Items that had not been read then, in that order.
  std::size_t next_unread_ = 0;                     ///< Those before were read since.
  std::map<std::uint32_t, std::uint32_t> standby_;  ///< By list node: so many elements were looked at.
};

}  // namespace heir::reports::objects
