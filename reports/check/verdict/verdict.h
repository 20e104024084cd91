// Verdict: what a check says of a history, and every way to be wrong by its name.
#pragma once

#include <string>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports {

/// Every way to be wrong, most severe first in its group; at most one name for one meaning.
enum class FailureKind : std::uint8_t {
  // Of a run: DESIGN.md section 5. A check of a history gives only those marked *.
  copy_destroyed,
  split_brain,
  lost_write,  ///< * An acknowledged write (append, add, enqueue …) is gone for good.
  diverged,
  two_primaries,
  generation_regressed,
  dirty_read,        ///< * A read saw what failed, or what was never acknowledged and then was gone for good.
  stale_read,        ///< * A read returned an older value than one that was certainly current when it began.
  not_linearizable,  ///< * No order of the operations explains the answers, and none of the names above does.
  not_writable,
  stuck,
  assertion,
  // Of objects other than registers.
  garbage_read,     ///< A read or dequeue returned what nobody wrote.
  duplicate,        ///< An element, id or message came twice.
  wrong_order,      ///< Elements came out, or are read, in an order that contradicts another observation.
  two_holders,      ///< A lock or lease was held twice at a time.
  token_regressed,  ///< A fencing token was not greater than one handed out before.
  out_of_bounds,    ///< A counter's read outside what the acknowledged and attempted additions allow.
  lost,             ///< Set-full: an acknowledged element is in no read after some point.
  never_read,       ///< Set-full: never observed; not known to be lost.
  stale,            ///< Set-full: an acknowledged element was missing from a later read, then came back.
  wrong_total,      ///< Bank.
  negative_value,
  nil_balance,
  unexpected_key,
  long_fork,
  // Of sessions (Terry et al. 1994).
  read_your_writes,
  monotonic_reads,
  monotonic_writes,
  writes_follow_reads,
  not_causal,  ///< Across keys and sessions: what a read shows is older than what it depends on.
  // Of transactions (Adya 1999; Elle's names). Each cycle may need process or real-time edges.
  lost_append,
  internal,
  g1a,
  g1b,
  dirty_update,
  lost_update,
  future_read,
  duplicate_elements,
  incompatible_order,
  cyclic_versions,
  predicate_read_miss,
  g0,
  g0_process,
  g0_realtime,
  g1c,
  g1c_process,
  g1c_realtime,
  g_single,
  g_single_process,
  g_single_realtime,
  g_single_item,
  g_single_item_process,
  g_single_item_realtime,
  g_nonadjacent,
  g_nonadjacent_process,
  g_nonadjacent_realtime,
  g_nonadjacent_item,
  g_nonadjacent_item_process,
  g_nonadjacent_item_realtime,
  g2,
  g2_process,
  g2_realtime,
  g2_item,
  g2_item_process,
  g2_item_realtime,
  last_kind = g2_item_realtime,
};

/// "lost-write"
const char* to_string(FailureKind kind);

/// One transaction comes before another.
struct CycleEdge {
  Operation from;
  Operation to;
  const char* kind = "";  ///< "ww", "wr", "rw", with p of predicates; "process", "real-time".
  std::string words;      ///< The evidence.
};

struct Failure {
  FailureKind kind = FailureKind::not_linearizable;
  std::string message;         ///< One plain sentence.
  HistoryTime at;              ///< When it showed.
  std::vector<Operation> ops;  ///< Those involved, as far as they are operations of the history; lists live there.
  /// Of the general search: the longest order of operations that explains their answers, in the window that ended it.
  std::vector<Operation> order = {};
  /// Of transactions: the cycle, if it is one; each edge begins where the one before ended, the first where the last
  /// did.
  std::vector<CycleEdge> cycle = {};
};

enum class Outcome : std::uint8_t { pass, fail, unknown };
/// As a run says it: pass, fail, unknown.
const char* to_string(Outcome outcome);

struct Verdict {
  std::string model;  ///< By which it was judged, as `heir check --model` names it; several are joined by "+".
  Outcome outcome = Outcome::pass;
  std::vector<Failure> failures;      ///< Most severe first, then by time.
  std::size_t more_failures = 0;      ///< Found, but beyond CheckOptions::max_failures.
  std::vector<std::string> unknowns;  ///< Why parts have no verdict, each naming its key and window.
  std::vector<std::string> notes;     ///< What the reader should know: the general search was used because …
  // Transactions: the weakest isolation levels that are ruled out, and all others that follow (Elle's :not, :also-not).
  std::vector<std::string> not_models;
  std::vector<std::string> also_not;
  struct Counts {
    std::size_t ok = 0, fail = 0, unknown = 0;
    bool operator==(const Counts&) const = default;
  } operations;
};

/// "read of key 5 by process 3"
std::string describe(const History& history, const Operation& op);

/// Seconds: "12.345s", or with microseconds if it is not a whole millisecond.
std::string seconds(HistoryTime time);

/// When something happened, for sentences that say "at …": "12.345s", or "event 17" in a history without times.
std::string moment(const History& history, HistoryTime time);

}  // namespace heir::reports
