// Operations of unknown outcome, as spares: what matters of those that do the same is how many were used.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/search/engine.h"
#include "reports/check/search/states.h"

namespace heir::reports {

/// Multisets of spares, by number: what a configuration has used. 0 is the empty one.
class SpareUses {
 public:
  SpareUses() { table_.number({}); }
  std::uint32_t with(std::uint32_t used, std::uint32_t spare);
  std::uint32_t count(std::uint32_t used, std::uint32_t spare) const;
  /// Did `a` use no more of any than `b`?
  bool within(std::uint32_t a, std::uint32_t b) const;
  /// Sorted; one element for each use.
  const std::vector<std::uint32_t>& elements(std::uint32_t used) const { return table_[used]; }
  std::uint32_t number(std::vector<std::uint32_t> sorted);
  /// Elements of the largest.
  std::size_t largest() const { return largest_; }
  std::size_t memory() const { return table_.memory(); }

 private:
  StateTable<std::vector<std::uint32_t>> table_;
  std::size_t largest_ = 0;
};

/// All spares of a history, one for each step. Those that have begun can be used.
class Spares {
 public:
  explicit Spares(std::span<const SearchedOperation> ops);

  /// Back to the beginning of the history.
  void restart();
  /// An operation of this step begins. True if that makes a spare which was not there.
  bool begin(std::uint32_t step);
  /// Those that have begun, in order of their begins.
  std::span<const std::uint32_t> begun() const { return begun_; }
  std::uint32_t step(std::uint32_t spare) const { return spares_[spare].step; }
  /// How many can be used, of those not settled.
  std::uint32_t available(std::uint32_t spare) const { return spares_[spare].begun; }
  /// The operation that is used when `used` of a spare have been, in order of their begins.
  std::uint32_t op(std::uint32_t spare, std::uint32_t used) const { return ops_[spares_[spare].first + used]; }

  /// One of them is used in every configuration, and is not reckoned with any more.
  void settle(std::uint32_t spare);
  /// Those of begun() that nothing needs any more but what needs just anything else: idle().
  std::span<const std::uint32_t> idle() const { return idle_; }
  bool is_idle(std::uint32_t spare) const { return spares_[spare].is_idle; }
  /// Moves those there for which `is_over(step, how many are left)`. True if there are.
  template <class IsOver>
  bool lay_idle_if(IsOver is_over) {
    return std::erase_if(begun_, [&](std::uint32_t s) {
             if (!is_over(spares_[s].step, spares_[s].last - spares_[s].first)) return false;
             spares_[s].is_idle = true;
             idle_.push_back(s);
             return true;
           }) != 0;
  }

 private:
  struct Spare {
    std::uint32_t step = 0;
    std::uint32_t first = 0, last = 0;  ///< Its operations that are not settled.
    std::uint32_t begun = 0;
    bool is_idle = false;
  };
  std::vector<std::uint32_t> ops_;      ///< By step, then in order of their begins.
  std::vector<std::uint32_t> of_step_;  ///< The spare of a step, or Operation::never.
  std::vector<Spare> at_first_;
  std::vector<Spare> spares_;
  std::vector<std::uint32_t> begun_, idle_;
};

}  // namespace heir::reports
