// Causality over registers: transactional causal consistency (Biswas and Enea, "On the complexity of checking
// transactional consistency", OOPSLA 2019; Bouajjani, Enea, Guerraoui and Hamza, "On verifying causal consistency",
// POPL 2017).
//
// A transaction depends on those before it in its process and on those whose writes it read, and on what these depend
// on. What it reads from a key must not be older than what it depends on: if it read v of key x, then every other write
// of x that it depends on comes before v. The history is causal exactly if nothing must come before itself then. Needs
// no assumption about the order of versions.
#pragma once

#include <cstddef>

#include "reports/check/transactions/dependencies.h"
#include "reports/check/transactions/register_versions.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

struct CausalOptions {
  /// Numbers kept at most: one for each transaction and process.
  std::size_t most_clock_entries = std::size_t{1} << 26;
  OutOfTime is_over = {};
};

/// Adds a `not_causal` failure to `findings` if the history is not causal: of those that show it one with a short
/// proof. `out_of_space` if there are too many processes, `timed_out` if the time was over.
Result<Unit> find_causal_violations(const Transactions& transactions, const RegisterVersions& registers,
                                    Findings& findings, const CausalOptions& options = {});

}  // namespace heir::reports
