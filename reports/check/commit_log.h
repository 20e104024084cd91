// The database's own log of commits beside a history: which commit is which operation.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/result.h"
#include "reports/history/history.h"

namespace heir::reports {

/// The operations of `history` in the order in which `log`, a history of its own with one operation after the other,
/// has them. A commit is known by what it writes, so it must be asked for once in the history: `invalid`, naming the
/// commit, if nobody or several asked for it, or if it is there twice. Commits that write nothing are left out.
Result<std::vector<std::uint32_t>> match_commits(const History& history, const History& log);

}  // namespace heir::reports
