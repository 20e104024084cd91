// What histories of predicate reads over a closed universe prove (Elle's closed-predicate; Adya 1999, 4.1.3 and 4.4).
//
// An `initialize` says which rows there are; all others are unborn. Afterwards each row is changed at most once, by a
// write (or insertion) or a removal, so it has at most two versions and their order is known. A predicate read that
// does not show a row saw one of its versions that the predicate does not match; if there is one such version only,
// it saw that one. So even what a read did not return tells what came before it:
//   wrp  from who made a version that a predicate read saw, to the reader
//   rwp  from the reader to who made a later version of which the predicate says otherwise.
#pragma once

#include <cstddef>

#include "reports/check/transactions/dependencies.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

struct ClosedPredicateOptions {
  std::size_t most_of_a_kind = 10;  ///< See Findings.
  OutOfTime is_over = {};
};

/// The dependencies and predicate-read-miss: a predicate matches every version of a row, and yet the read does not show
/// it. Predicates (the key of a `predicate_read`): "true", "= v", "mod n r".
/// `invalid` if it is no such history: other micro-operations, another predicate, a row that two transactions change,
/// or one that is set to what it was. `timed_out` if the time was over: each predicate read is held against every row.
Result<Inference> infer_closed_predicate(const Transactions& transactions, const ClosedPredicateOptions& options = {});

}  // namespace heir::reports
