// The server: start, stop, role, promotion, slots.
#pragma once

#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

/// See Adapter. `limit`: for the server to answer; by default start_limit of the configuration.
Task<Result<>> start(Context& context, Role role, std::optional<Duration> limit = {});
Task<Result<>> stop(Context& context, StopMode mode);
Task<Result<>> kill(Context& context);
Task<Result<bool>> is_running(Context& context);
Task<Result<>> configure(Context& context, Role role);
Task<Result<>> sever(Context& context);
Task<Result<>> promote(Context& context, Generation generation, Primary role);
Task<Result<>> bind_timeline(Context& context, Generation generation);
Task<Result<>> keep_slots(Context& context, std::vector<PeerId> peers);
Task<Result<std::uint64_t>> terminate_clients(Context& context);
Task<Result<std::uint64_t>> busy_clients(Context& context);
Task<Result<bool>> waits_for_sync(Context& context, std::uint32_t process);

/// The same as start(), also on a copy that has not been proven whole: only for the one who is about to prove it.
Task<Result<>> start_unproven(Context& context, Role role, std::optional<Duration> limit = {});

/// A slot on another server for this peer, so that what it is about to stream is kept.
Task<Result<>> ensure_slot(Sessions& server, std::string slot);

/// Is the role in the settings on disk?
Task<Result<bool>> is_set_on_disk(Context& context, Role role);

}  // namespace heir::postgresql
