// ProvenFailures: what a checker found wrong with one object, each with the operations that prove it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "reports/check/verdict/verdict.h"

namespace heir::reports::objects {

/// Operations, by their numbers in the history.
using Proof = std::vector<std::uint32_t>;

class ProvenFailures {
 public:
  /// More of one kind are not worth telling of one object.
  static constexpr std::size_t most = 100;
  static constexpr std::uint32_t none = UINT32_MAX;

  explicit ProvenFailures(const History& history) : history_(&history) {}

  /// `culprit` (none if the final state is) comes first among the operations. Not added if a part of the proof proves a
  /// failure that was added before.
  void add(FailureKind kind, HistoryTime at, std::uint32_t culprit, Proof proof, std::string message);

  /// More of this kind will not be added.
  bool full(FailureKind kind) const { return counts_[static_cast<std::size_t>(kind)] == most; }

  /// In order of time.
  std::vector<Failure> take();

 private:
  const History* history_;
  std::vector<Failure> failures_;
  std::array<std::size_t, static_cast<std::size_t>(FailureKind::last_kind) + 1> counts_{};
  std::vector<Proof> proofs_;  ///< Sorted.
};

}  // namespace heir::reports::objects
