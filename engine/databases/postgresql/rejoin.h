// Following, cloning, coming back (FAILOVER.md section 7).
#pragma once

#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

/// See Adapter.
Task<Result<>> follow(Context& context, Endpoint upstream, std::vector<PeerId> downstreams);
Task<Result<>> reach(Context& context, Endpoint other);
Task<Result<bool>> is_streaming(Context& context);
Task<Result<>> clone(Context& context, Endpoint source, CloneOf whom);
Task<Result<RejoinReport>> rejoin(Context& context, Endpoint primary, Endpoint upstream, Rebuild rebuild,
                                  std::vector<PeerId> downstreams);

}  // namespace heir::postgresql
