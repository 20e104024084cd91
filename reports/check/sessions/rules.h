// The rules of one key. Inside this folder only.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "reports/check/sessions/accesses.h"
#include "reports/check/verdict/verdict.h"

namespace heir::reports::sessions {

/// Counts what is violated, and keeps the first few of each guarantee to be told: a replica that lags violates
/// millions.
class Violations {
 public:
  explicit Violations(std::size_t most_of_a_kind) : most_(most_of_a_kind) {}

  /// One that `read` shows, to be put in words; null if enough are.
  Failure* add(FailureKind kind, const Operation& read);
  const std::array<std::size_t, 4>& found() const { return found_; }
  std::vector<Failure> take() { return std::move(failures_); }

 private:
  std::size_t most_;
  std::array<std::size_t, 4> found_{};
  std::vector<Failure> failures_;
};

/// All violations are found, though of a cycle only one.
void check_register(const History& history, const KeyAccesses& key, const Versions& versions, Violations& violations);
void check_list_or_set(const History& history, const KeyAccesses& key, const Versions& versions,
                       Violations& violations);

}  // namespace heir::reports::sessions
