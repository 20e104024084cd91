// SyncRep: which commits wait for a standby, and when each may go on. After the rules of PostgreSQL 15's syncrep.c.
//
// A commit that is flushed locally waits, in the queue of its mode, until the synchronous standbys have written,
// flushed or applied its LSN. Which standbys those are follows from synchronous_standby_names and from who streams at
// the moment; a standby that is not among them releases nobody. What was once reached stays reached (released()), even
// if the standby that reached it has gone. With no names set nobody waits.
//
// Invariants: each queue is ordered by LSN; a session is in at most one queue, once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/databases/postgresql/lsn.h"
#include "sim/databases/postgresql/settings.h"

namespace heir::sim {

enum class SyncWaitMode : std::uint8_t { write, flush, apply };
inline constexpr std::size_t sync_wait_modes = 3;

/// What a commit at this level waits for at the standby; nothing for off and local.
std::optional<SyncWaitMode> sync_wait_mode(SynchronousCommit level);

/// What a connected standby has reported.
struct StandbyProgress {
  std::uint32_t priority = 0;                ///< Its place in synchronous_standby_names; 0: not listed.
  std::uint32_t order = 0;                   ///< Ties of priority go to the lower number (the walsender's slot).
  bool streaming = false;                    ///< Has caught up once; before that it cannot be synchronous.
  std::array<Lsn, sync_wait_modes> reached;  ///< Written, flushed, applied.
};

/// How a connected standby counts.
enum class SyncState : std::uint8_t { async, potential, sync, quorum };
const char* to_string(SyncState state);

/// For each standby, how it counts under `names`.
std::vector<SyncState> sync_states(const StandbyNames& names, std::span<const StandbyProgress> standbys);

/// What the synchronous standbys together have reached, per mode; nothing if there are fewer than `names` asks for.
std::optional<std::array<Lsn, sync_wait_modes>> synced_positions(const StandbyNames& names,
                                                                 std::span<const StandbyProgress> standbys);

class SyncWaitQueue {
 public:
  struct Waiter {
    Lsn lsn;
    std::uint32_t session = 0;
  };

  /// Tells it whether any names are set; if not, everybody is released (call release_due afterwards).
  void set_defined(bool defined) { defined_ = defined; }
  bool defined() const { return defined_; }
  /// Puts a session to wait. False if it need not: no names, or that LSN has been reached already.
  bool wait(SyncWaitMode mode, Lsn lsn, std::uint32_t session);
  /// Takes note of what the standbys reached; positions never go back.
  void reach(const std::array<Lsn, sync_wait_modes>& positions);
  /// The next session that may go on; call until there is none.
  std::optional<std::uint32_t> release_due();
  /// Takes a session out: its wait was cancelled. False if it does not wait.
  bool remove(std::uint32_t session);
  std::size_t waiting() const;
  bool waiting(SyncWaitMode mode) const { return !queue(mode).empty(); }
  Lsn released(SyncWaitMode mode) const { return released_[static_cast<std::size_t>(mode)]; }

 private:
  const std::vector<Waiter>& queue(SyncWaitMode mode) const { return queues_[static_cast<std::size_t>(mode)]; }
  bool defined_ = false;
  std::array<Lsn, sync_wait_modes> released_;
  std::array<std::vector<Waiter>, sync_wait_modes> queues_;  // short: one entry per session at most
};

}  // namespace heir::sim
