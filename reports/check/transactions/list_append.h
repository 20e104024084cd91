// What histories of appends to lists prove (Kingsbury and Alvaro, "Elle: inferring isolation anomalies from
// experimental observations", VLDB 2020): a read shows the order in which its list was appended to, so dependencies
// need no guessing.
//
// Version order of a key: its longest read (of equally long ones the first); after it, in no order among themselves,
// the appends that it does not show. A key with a single append and no read that shows anything has that one version.
//   ww  from the writer of the preceding version; wr from the writer of the last element read; rw from those that read
//   exactly the preceding version. Appends of unknown outcome count, their reads do not. Failed transactions did not
//   happen.
#pragma once

#include "reports/check/transactions/dependencies.h"

namespace heir::reports {

struct ListAppendOptions {
  /// Report acknowledged appends that no read shows that began after some moment. That is wrong only where real time is
  /// promised; each is then also a G-single-item-realtime, of which it is the readable form.
  bool lost_appends = false;
  std::size_t most_of_a_kind = 10;  ///< See Findings.
};

/// The dependencies and these anomalies: internal, G1a, G1b, dirty-update, lost-update, duplicate-elements,
/// incompatible-order, garbage-read (an element that nobody appended), future-read, lost-append.
/// `invalid` if it is no such history: a micro-operation other than read and append, a read that is no list, or a value
/// appended twice to a key (then no read tells which).
Result<Inference> infer_list_append(const Transactions& transactions, const ListAppendOptions& options = {});

}  // namespace heir::reports
