// The smallest part of an invalid history that is itself invalid, of histories that are judged as a whole: minimal.h
// for transactions, banks, and sets whose elements are followed one by one.
//
// Only reductions under which a valid history stays valid are made:
//   - of list-append an operation may be left out, and what it appended out of the lists that were read;
//   - of registers a transaction may be left out, unless one that is kept read what it wrote: then all but that is left
//     out of it;
//   - of closed-predicate all but the changes of rows;
//   - of bank and long-fork any read, but of bank the first, which tells the total;
//   - of set-full other elements, and of one element the reads, but for the last that shows it.
// What is left is judged again before it is given out.
#pragma once

#include "reports/check/minimal.h"

namespace heir::reports {

/// A part that is invalid, of the operations that `failure` names, or, where these are no proof alone, of all on the
/// same keys, or of all. Nothing if none of these is invalid by `is_invalid`, or if that takes more than `work`:
/// operations judged, over all tries.
std::optional<MinimalHistory> minimise_whole(const Object& object, Model model, const Failure& failure,
                                             const IsInvalid& is_invalid, std::size_t work = 20'000'000);

}  // namespace heir::reports
