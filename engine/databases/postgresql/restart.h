// A primary that starts again after its end, orderly or not: did its disk keep what it had promised?
#pragma once

#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

/// See Adapter.
Task<Result<>> start_again(Context& context, Primary role, std::optional<Endpoint> sync);
Task<Result<>> mark_damaged(Context& context, std::string why);

}  // namespace heir::postgresql
