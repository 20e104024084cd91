// Bank: transfers between accounts keep the total, and every read sees all of them or nothing. By the rules of Jepsen's
// bank workload (jepsen/tests/bank.clj).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/check/verdict/object.h"

namespace heir::reports {

struct BankOptions {
  std::vector<std::string> accounts;  ///< As History::key_text; none: those of the first read.
  std::optional<std::int64_t> total;  ///< None: that of the first read.
  bool negative_balances = false;     ///< They are allowed.
};

/// Reads are micro-operations: one read of a balance for each account. Failures, one for each read that is wrong, in
/// order of time: unexpected_key, nil_balance, wrong_total, negative_value; the first of these that applies. Unknown if
/// the total is not given and the first read does not tell it.
Judgement judge_bank(const Object& object, const BankOptions& options = {});

}  // namespace heir::reports
