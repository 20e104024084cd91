// What a running server shows, and what changed since it was last looked at.
#pragma once

#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

Task<Result<Observation>> observe(Context& context, std::optional<PeerId> sync);
Task<Result<Observation>> observe_anew(Context& context, std::optional<PeerId> sync);

/// For procedures: does not use up what observe() is to tell (cancelled waits, a restart).
Task<Result<Observation>> look(Context& context, std::optional<PeerId> sync);

/// The same question to another server, without memory.
Task<Result<Observation>> observe_remote(Sessions& server);

Task<Result<std::uint64_t>> copied(Context& context);
Task<Result<LogStream>> stream(Context& context);
Task<Result<CatchUp>> sync_has_flushed(Context& context, PeerId sync, std::uint64_t target);
Task<Result<>> await_sync_flush(Context& context, PeerId sync, std::uint64_t target, Duration stall);

/// See catalogue::recovery_state.
struct RecoveryState {
  bool in_recovery = false;
  bool receiver = false;
  std::optional<std::uint64_t> received;
  std::uint64_t replayed = 0;
  std::string waits_for;
  bool paused = false;
  std::string conninfo;
  /// All that is whole of the log that it has is replayed.
  bool waits_for_log() const {
    return waits_for == "RecoveryRetrieveRetryInterval" || waits_for == "RecoveryWalStream";
  }
};
Task<Result<RecoveryState>> recovery_state(Sessions& server);
/// What the statement answered.
Result<RecoveryState> recovery_state_in(const Result<Rows>& rows);

/// Waits until no receiver runs, none can start, and the log on disk has been replayed to its end; that end.
/// `refused` if the settings in force name an upstream and keep doing so, or the server is not in recovery.
Task<Result<std::uint64_t>> await_severed(Context& context);

}  // namespace heir::postgresql
