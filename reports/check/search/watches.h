// Observations that are open, and the one that begins next: which configurations can still lead to them? For
// StateSpaces with has_lost().
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reports/check/search/engine.h"
#include "reports/check/search/open_operations.h"
#include "reports/check/search/spares.h"

namespace heir::reports {

class Watches {
 public:
  Watches(StateSpace& space, std::span<const SearchedOperation> ops, std::size_t words);

  /// Back to the beginning of the history.
  void restart();
  /// An operation that must take effect begins; the observation that is next from now on is found.
  void begin(const Open& open, bool observes, const OpenOperations& others, const Spares& spares);
  void begin_spare(std::uint32_t op);
  void end(const Open& open);

  /// The open observation is not possible in this state, with these operations done. Can it never be?
  bool is_hopeless(const Open& observation, const std::uint64_t* done, std::uint32_t state) const {
    return is_hopeless(by_slot_[observation.slot], done, state);
  }
  /// The observation that begins next, or Operation::never.
  std::uint32_t next() const { return next_.op; }
  bool is_next_hopeless(const std::uint64_t* done, std::uint32_t state) const {
    return next_.op != Operation::never && is_hopeless(next_, done, state);
  }

 private:
  struct Watch {
    std::uint32_t op = Operation::never;
    std::uint32_t step = 0;
    bool spare_helps = false;
    std::vector<std::uint64_t> helpers;  ///< Bits of the open operations that help.
  };
  bool is_hopeless(const Watch& watch, const std::uint64_t* done, std::uint32_t state) const;
  void find_last_helpers();
  void watch_next(const OpenOperations& open, const Spares& spares);
  void note(Watch& watch, const Open& open);

  StateSpace& space_;
  std::span<const SearchedOperation> ops_;
  std::size_t words_;
  std::vector<std::uint32_t>
      last_helper_;          ///< By observation: the last operation that helps and begins before its end.
  std::uint32_t begun_ = 0;  ///< Operations before this one have begun.
  std::uint32_t next_observation_ = 0;
  Watch next_;
  std::vector<Watch> by_slot_;
};

}  // namespace heir::reports
