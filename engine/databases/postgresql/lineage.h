// Positions: the history of a log, bound to generations, and where it ends.
#pragma once

#include "engine/databases/postgresql/watch.h"

namespace heir::postgresql {

/// The history of a server's log up to its newest timeline; the offset is left 0. Each timeline begun under this system
/// is bound to its generation by a row in heir.promotion, which is part of the log itself (P-08); one without a row
/// (begun before the data was adopted, or its row not yet replayed) has promotion 0.
Task<Result<Position>> lineage_of(Sessions& server);
/// See catalogue::timeline.
Task<Result<std::uint64_t>> timeline_of(Sessions& server);

/// Drops branches that begin where the log ends: nothing of them is there.
Position trimmed(Position position);

/// See Adapter.
Task<Result<Position>> position(Context& context);
Task<Result<Position>> received_position(Context& context);
Task<Result<Position>> replayed_position(Context& context);
Task<Result<LogEnd>> log_end(Context& context);

/// A running server that others follow: its flushed end of log, and as a standby what it has replayed.
struct Source {
  Position position;
  std::uint64_t system_identifier = 0;
  bool primary = false;
};
Task<Result<Source>> source_of(Sessions& server);

enum class Relation {
  contained,  ///< The other has all that we have.
  behind,     ///< The other has less, but nothing else: it may merely lag.
  diverged,   ///< Each has what the other lacks.
  unknown,    ///< The other does not show yet to which generation a timeline of both is bound. Ask again.
};
Relation relate(const Position& ours, const Position& other);

/// Whether `other` has all of `log`, and more that only a log can lack which has lost it: of the branch in which `log`
/// ends, or a later one of a generation that has opened. A branch of one that has not may have been left behind.
bool shows_loss(const Position& log, const Position& other, Generation opened);

/// Whether pg_rewind, which knows timelines only by number and fork, would find the same fork as we do.
bool rewind_sees_fork(const Position& ours, const Position& source);

}  // namespace heir::postgresql
