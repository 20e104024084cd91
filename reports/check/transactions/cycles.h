// Cycles of dependencies, each by the name that Adya and Elle give it. The only place that knows Boost.Graph.
//
// A cycle's name tells the weakest rule it breaks:
//   shape    G0: only ww. G1c: ww and at least one wr. G-single: also exactly one rw. G-nonadjacent: two or more rw, no
//            two in succession. G2: two or more rw, somewhere two in succession.
//   -item    (of the last three) no rw by way of a predicate.
//   suffix   -realtime: with an edge of real time. -process: with one of a process, and none of real time.
//
// Whether a strongly connected component of the graph has a cycle of a name is decided, never guessed, and without a
// limit of time: by components of the graph restricted to the edges of the name (for nonadjacent of the graph times
// "did an rw come last?"), and for exactly one rw by reachability of 64 edges at a time. A name is left out where a
// stronger one was found in the same component: a G0 is also a G1c, a cycle without real time also one with. A
// G-nonadjacent is also left out where its proof would pass a transaction twice; then there is a G1c, which rules out
// all that it would.
#pragma once

#include "reports/check/transactions/dependencies.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

struct CycleOptions {
  /// Edges that may be looked at, in all, in search of a shorter cycle for a proof. Until they are used up, every cycle
  /// is a shortest one of its component and name; then the first one found must do. No verdict depends on it.
  std::uint64_t shortening = 5'000'000;
  OutOfTime is_over = {};
};

/// Adds to `findings` one failure for each component and name: its transactions in the order of the cycle, and the
/// evidence of each edge. False if the time was over before every name had been looked for.
bool find_cycles(const Transactions& transactions, const Dependencies& dependencies, Findings& findings,
                 const CycleOptions& options = {});

}  // namespace heir::reports
