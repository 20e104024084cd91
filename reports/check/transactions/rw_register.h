// What histories of reads and writes of registers prove (Kingsbury and Alvaro, VLDB 2020). Writes are unique, so a read
// shows who wrote what it read; the order of the versions of a key is not to be seen, and only as much of it is used
// as the caller is willing to assume:
//   (always)           every key starts as nil
//   commit_order       the database's own log
//   wfr_keys           in a transaction that reads a key and writes it, the version read precedes the one written
//   sequential_keys    each process meets the versions of a key in their order
//   linearizable_keys  so does whoever asks after another was answered
// An assumption that contradicts itself or those before it is reported (cyclic-versions) and dropped as a whole.
//
//   wr  from who wrote a version to who read it; ww from who wrote a version to who wrote a later one; rw from who read
//   a version to who wrote a later one. Only what acknowledged transactions read and wrote last counts.
#pragma once

#include <cstddef>
#include <vector>

#include "reports/check/transactions/dependencies.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

struct RwRegisterOptions {
  bool wfr_keys = false;
  bool sequential_keys = false;
  bool linearizable_keys = false;
  /// Transactions that are known to have been committed, in that order, each at most once; others are in no order.
  std::vector<TransactionIndex> commit_order = {};
  bool causal = false;              ///< Look for violations of causality, too: causal.h.
  OutOfTime is_over = {};           ///< Of the search for these.
  std::size_t most_of_a_kind = 10;  ///< See Findings.
};

/// The dependencies and these anomalies: internal, G1a, G1b, lost-update, future-read (a transaction that reads what it
/// writes later), cyclic-versions, garbage-read (a value that nobody wrote; it may have been there before), not-causal.
/// `invalid` as RegisterVersions::of.
Result<Inference> infer_rw_register(const Transactions& transactions, const RwRegisterOptions& options = {});

}  // namespace heir::reports
