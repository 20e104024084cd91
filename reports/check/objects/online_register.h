// OnlineRegister: a register, with or without compare-and-set, that is checked event by event.
//
// By the same rules as Versions and zones. A chain's earliest end, once there is one, never changes, and chains get it
// in the order of the events; its latest beginning only rises. So when it rises, the chains that contradict it are
// found by a maximum over those that ended first before that beginning.
#pragma once

#include <vector>

#include "reports/check/objects/value_index.h"
#include "reports/check/objects/zones.h"
#include "reports/history/history.h"

namespace heir::reports::objects {

class OnlineRegister {
 public:
  OnlineRegister();

  /// Is the history wrong with this event of its register? Meaningless after it was once. REQUIRES: all events of the
  /// register before it were added.
  bool add(const History& history, std::size_t event);
  /// It can no longer be judged, and is not found wrong from here on.
  bool given_up() const { return given_up_; }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t initial = 0;

  struct Version {
    std::uint32_t op = none;        ///< Number in the history of the operation that sets it.
    Point begin = 0;                ///< Of that operation.
    Point effect_by = never;        ///< By then it certainly had been current.
    Point refused_until = never;    ///< The first answer that it was not current, to one who asked after effect_by.
    std::uint32_t value = 0;        ///< Number of the value.
    std::uint32_t expected = none;  ///< Of a compare-and-set: number of the value that it expects.
    std::uint32_t chain = none;
    std::uint32_t parent = none;
    std::uint32_t child = none;
    bool seen = false;  ///< Read, or expected by a compare-and-set that swapped.
    bool seen_on_standby = false;
    bool gone = false;  ///< Its operation failed, or did not swap.
  };
  struct Setter {
    std::uint32_t version = none;
    std::uint32_t alive = 0;       ///< How many operations set the value and did not fail.
    std::uint32_t open_swaps = 0;  ///< From the value: compare-and-sets that may still turn out to have happened.
  };

  bool end(const History& history, const Operation& op, std::uint32_t number);
  void begin_version(const History& history, const Operation& op, std::uint32_t number);
  bool drop_version(std::uint32_t v);
  void close(const Version& version);
  std::uint32_t number_of(Value value);
  bool read(Value value, Point begin);
  bool read_standby(Value value);
  bool refuse(const History& history, const Operation& op);
  bool activate(std::uint32_t v);
  bool link(std::uint32_t v);
  bool observe(std::uint32_t v, Point begin);
  bool raise(std::uint32_t chain, Point begin);
  std::uint32_t version_of(std::uint32_t op) const;
  Setter* setter(Value value);
  bool note_kind(Value value);

  Point now_ = 0;
  bool given_up_ = false;
  bool integers_ = false;
  bool texts_ = false;
  std::uint32_t open_writes_ = 0;  ///< That may still turn out to have happened.
  ValueIndex index_;
  std::vector<Setter> setters_;       ///< By number of the value.
  std::vector<Version> versions_;     ///< In the order in which their operations began.
  std::vector<Point> earliest_ends_;  ///< By chain: rising.
  RangeMaximum latest_begins_;        ///< By chain.
};

}  // namespace heir::reports::objects
