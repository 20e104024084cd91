// What the rest of a history still needs of an object whose state is a single value, as a register's: which values must
// be there again, and who can still bring them. For StateSpaces with has_values().
//
// A *demand* is an operation that needs a value, a *producer* one that leaves it. A configuration is lost as soon as
// something demands a value that it does not hold, and all producers that begin early enough for that have taken
// effect. A producer of a value that nothing demands any more is *unseen*: it only has to be over, best right before
// something else replaces its value.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/search/engine.h"

namespace heir::reports {

class Demands {
 public:
  /// `words`: of a configuration's bits.
  Demands(StateSpace& space, std::span<const SearchedOperation> ops, std::size_t words);

  /// Back to the beginning of the history.
  void restart();
  /// The next operation begins; `slot` is its bit if it must take effect.
  void begin(std::uint32_t op, std::uint32_t slot);
  void end(std::uint32_t op, std::uint32_t slot);

  static constexpr bool is_value(std::uint32_t v) { return v < StateSpace::anything_else; }
  /// May something demand it before the next producer of it begins?
  bool is_urgent(std::uint32_t value) const { return value < values_.size() && values_[value].is_urgent; }
  /// In a configuration that does not hold `value`, with these operations done: an operation that demands it and can
  /// have it no more, or Operation::never. Unused spares that produce it are the caller's to reckon with.
  std::uint32_t lost(std::uint32_t value, const std::uint64_t* done) const {
    if (!values_[value].is_urgent || any_left(open_producers_, value, done)) return Operation::never;
    return most_urgent(value, done);
  }
  /// Does an open operation that changes it, of those not done, need the value?
  bool is_taken(std::uint32_t value, const std::uint64_t* done) const { return any_left(open_takers_, value, done); }
  std::uint32_t value_count() const { return static_cast<std::uint32_t>(values_.size()); }

  /// Does the step replace any value by another one?
  bool replaces(std::uint32_t step) const {
    return needs_[step] == StateSpace::anything && leads_to_[step] != StateSpace::anything;
  }
  /// Does it replace any value by one that nothing demands any more but open observations?
  bool is_ready(std::uint32_t step, const std::uint64_t* done) const {
    if (!replaces(step) || others_later_ != 0 || wants_other(done)) return false;
    const PerValue& v = values_[leads_to_[step]];
    return v.optional == 0 && v.next_demand == v.last_demand && !is_taken(leads_to_[step], done);
  }
  /// Does nothing need just this value any more, from now on?
  bool is_over(std::uint32_t value) const {
    const PerValue& v = values_[value];
    return v.optional == 0 && v.next_demand == v.last_demand && v.open_demands == 0;
  }
  /// Is there an open operation, of those not done, that needs any value but one?
  bool wants_other(const std::uint64_t* done) const { return any_left(open_others_, 0, done); }
  /// Is there one, or will there be?
  bool will_want_other() const { return others_later_ + others_open_ != 0; }
  /// A step of unknown outcome will not be used any more.
  void give_up(std::uint32_t step, std::uint32_t count) {
    if (is_value(needs_[step])) values_[needs_[step]].optional -= count;
  }
  std::uint32_t needs(std::uint32_t step) const { return needs_[step]; }
  std::uint32_t leads_to(std::uint32_t step) const { return leads_to_[step]; }

 private:
  struct Demand {
    std::uint32_t value = 0;
    std::uint32_t begin = 0;
    std::uint32_t op = 0;  ///< That ends first, of this and all later ones of the value.
  };
  struct Producer {
    std::uint32_t value = 0;
    std::uint32_t begin = 0;
  };
  struct PerValue {
    // Those that have not begun.
    std::uint32_t next_producer = 0, last_producer = 0;
    std::uint32_t next_demand = 0, last_demand = 0;
    std::uint32_t optional = 0;      ///< Operations of unknown outcome, begun or not, that need it.
    std::uint32_t open_demands = 0;  ///< Others that have begun.
    bool is_urgent = false;          ///< Something may demand it before the next producer begins.
  };
  struct OpenDemand {
    std::uint32_t value = 0;
    std::uint32_t op = 0;
    std::uint32_t slot = 0;
  };

  bool any_left(const std::vector<std::uint64_t>& bits, std::uint32_t value, const std::uint64_t* done) const {
    for (std::size_t i = 0; i < words_; ++i) {
      if ((bits[value * words_ + i] & ~done[i]) != 0) return true;
    }
    return false;
  }
  void set(std::vector<std::uint64_t>& bits, std::uint32_t value, std::uint32_t slot) const {
    bits[value * words_ + slot / 64] |= std::uint64_t{1} << (slot % 64);
  }
  void reset(std::vector<std::uint64_t>& bits, std::uint32_t value, std::uint32_t slot) const {
    bits[value * words_ + slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
  /// When the next producer of a value begins.
  std::uint32_t next_chance(std::uint32_t value) const {
    const PerValue& v = values_[value];
    return v.next_producer == v.last_producer ? Operation::never : producers_[v.next_producer].begin;
  }
  bool is_urgent_later(std::uint32_t value) const {
    const PerValue& v = values_[value];
    return v.next_demand != v.last_demand && ops_[demands_[v.next_demand].op].end < next_chance(value);
  }
  std::uint32_t most_urgent(std::uint32_t value, const std::uint64_t* done) const;
  void note_urgency(std::uint32_t value);

  std::span<const SearchedOperation> ops_;
  const std::size_t words_;
  std::vector<std::uint32_t> needs_, leads_to_;  ///< By step.
  std::vector<Producer> producers_;              ///< By value, then by begin.
  std::vector<Demand> demands_;                  ///< Likewise.
  std::vector<PerValue> at_first_;               ///< By value.
  std::uint32_t others_at_first_ = 0;

  std::vector<PerValue> values_;
  std::uint32_t others_later_ = 0;  ///< Operations not begun that need some other value than one,
  std::uint32_t others_open_ = 0;   ///< and those that are open.
  std::vector<OpenDemand> demanding_;
  // Bits of open operations, by value.
  std::vector<std::uint64_t> open_producers_, urgent_demands_;
  std::vector<std::uint64_t> open_takers_;  ///< Demands that are no observations.
  std::vector<std::uint64_t> open_others_;
};

}  // namespace heir::reports
