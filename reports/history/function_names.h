// The names that other tools give to our functions, and what to say of a name that nobody knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "reports/history/history.h"

namespace heir::reports {

/// By our name or another: get, put, enq, poll, txn … Case does not matter, nor '_' for '-'.
std::optional<Function> function_known_as(std::string_view name);

/// Of a part of a transaction: r, w, append, rp, … and our own names.
std::optional<Function> micro_op_known_as(std::string_view name);

/// `expected a function such as "enqueue", found "enqeue"`
std::string unknown_function(std::string_view name);

/// `expected "read", … in a transaction, found "reed"`
std::string unknown_micro_op(std::string_view name);

}  // namespace heir::reports
