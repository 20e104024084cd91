// A server that starts with nothing but its own log: did its disk keep what it had promised?
#pragma once

#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

/// See Adapter.
Task<Result<>> start_again(Context& context, Primary role, std::optional<Endpoint> sync, Patience patience);
/// Starts a stopped copy as a standby without an upstream. `failed`, and the copy is marked damaged: its log ends
/// before the copy is consistent, and alone it would wait for the rest for ever.
Task<Result<>> start_severed(Context& context);
Task<Result<>> mark_damaged(Context& context, std::string why);
/// Stops the server of a copy whose log was found to end too early, and marks it damaged. `refused`, with the finding
/// and what comes next, unless that fails.
Task<Result<>> refuse_copy(Context& context, std::string finding, std::string next);

}  // namespace heir::postgresql
