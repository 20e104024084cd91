// The four session guarantees: what one client may rely on, whatever replica answers it.
//
//   read your writes     a read shows the client's own acknowledged writes
//   monotonic reads      a read shows what the client's earlier reads showed
//   monotonic writes     who sees a client's write sees its earlier writes, in order
//   writes follow reads  who sees a write sees what its client had read before it, in order
//
// After Terry, Demers, Petersen, Spreitzer, Theimer, Welch: "Session Guarantees for Weakly Consistent Replicated Data"
// (PDIS 1994), in the terms of Viotti and Vukolić: "Consistency in Non-Transactional Distributed Storage Systems" (ACM
// Computing Surveys 49(1), 2016), section 3.4. Linearizability implies all four; replicas that lag may keep them or
// not, so reads on standbys count here as any other.
//
// Judged are keys whose writes are unique, each by itself:
//   registers  Versions are ordered as their writes were in time: a version is older than another if its write was
//              acknowledged before the other's began. Writes that overlap have whatever order explains the reads best;
//              a guarantee is violated if no order does. (The two guarantees about writes then only show in writes of
//              unknown outcome, and only together with monotonic reads.)
//   lists      A read shows all that is visible, and in which order; each guarantee is judged exactly.
//   sets       As lists, without the order.
// That a client sees one key and misses an earlier one is causality across keys, which no single guarantee promises.
//
// Time O(n log n), memory O(n), n counting operations and the elements that reads returned.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "reports/check/verdict/verdict.h"
#include "reports/history/history.h"

namespace heir::reports {

struct SessionOptions {
  std::size_t max_failures = 20;
};

struct SessionReport {
  std::vector<Failure> failures;  ///< By guarantee, then by time.
  /// Of each guarantee, from `read_your_writes` on, how many violations were found: more than `failures` may hold.
  std::array<std::size_t, 4> found{};
  std::size_t keys = 0;            ///< Judged.
  std::size_t sessions = 0;        ///< Clients that read or wrote one of them.
  std::vector<std::string> notes;  ///< Keys that were not judged, and why.
};

SessionReport check_sessions(const History& history, const SessionOptions& options = {});

}  // namespace heir::reports
