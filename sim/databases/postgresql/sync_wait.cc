#include "sim/databases/postgresql/sync_wait.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::sim {

namespace {

/// Indexes of the standbys that can count, best first: by priority, then by order.
std::vector<std::size_t> candidates(std::span<const StandbyProgress> standbys) {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < standbys.size(); ++i)
    if (standbys[i].priority != 0 && standbys[i].streaming) result.push_back(i);
  std::sort(result.begin(), result.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(standbys[a].priority, standbys[a].order) < std::pair(standbys[b].priority, standbys[b].order);
  });
  return result;
}

}  // namespace

std::optional<SyncWaitMode> sync_wait_mode(SynchronousCommit level) {
  switch (level) {
    case SynchronousCommit::off:
    case SynchronousCommit::local: return std::nullopt;
    case SynchronousCommit::remote_write: return SyncWaitMode::write;
    case SynchronousCommit::on: return SyncWaitMode::flush;
    case SynchronousCommit::remote_apply: return SyncWaitMode::apply;
  }
  return std::nullopt;
}

const char* to_string(SyncState state) {
  switch (state) {
    case SyncState::async: return "async";
    case SyncState::potential: return "potential";
    case SyncState::sync: return "sync";
    case SyncState::quorum: return "quorum";
  }
  return "";
}

std::vector<SyncState> sync_states(const StandbyNames& names, std::span<const StandbyProgress> standbys) {
  std::vector<SyncState> states(standbys.size(), SyncState::async);
  for (std::size_t i = 0; i < standbys.size(); ++i)
    if (standbys[i].priority != 0) states[i] = SyncState::potential;
  const std::vector<std::size_t> able = candidates(standbys);
  const bool quorum = names.method == StandbyNames::Method::quorum;
  for (std::size_t rank = 0; rank < able.size() && (quorum || rank < names.count); ++rank)
    states[able[rank]] = quorum ? SyncState::quorum : SyncState::sync;
  return states;
}

std::optional<std::array<Lsn, sync_wait_modes>> synced_positions(const StandbyNames& names,
                                                                 std::span<const StandbyProgress> standbys) {
  if (names.method == StandbyNames::Method::priority && names.count == 1) {
    // The usual case, without making a list: the best of those that can count.
    const StandbyProgress* best = nullptr;
    for (const StandbyProgress& standby : standbys) {
      if (standby.priority == 0 || !standby.streaming) continue;
      if (!best || std::pair(standby.priority, standby.order) < std::pair(best->priority, best->order)) best = &standby;
    }
    if (best) return best->reached;
    return std::nullopt;
  }
  const std::vector<std::size_t> able = candidates(standbys);
  if (names.count == 0 || able.size() < names.count) return std::nullopt;
  std::array<Lsn, sync_wait_modes> result;
  for (std::size_t mode = 0; mode < sync_wait_modes; ++mode) {
    std::vector<Lsn> reached;
    // First n: what all of the best n have. Any n: what at least n have.
    const std::size_t counted = names.method == StandbyNames::Method::priority ? names.count : able.size();
    for (std::size_t rank = 0; rank < counted; ++rank) reached.push_back(standbys[able[rank]].reached[mode]);
    std::sort(reached.begin(), reached.end(), std::greater<>());
    result[mode] = reached[names.count - 1];
  }
  return result;
}

bool SyncWaitQueue::wait(SyncWaitMode mode, Lsn lsn, std::uint32_t session) {
  if (!defined_ || lsn <= released(mode)) return false;
  std::vector<Waiter>& waiters = queues_[static_cast<std::size_t>(mode)];
  auto at = waiters.end();
  while (at != waiters.begin() && std::prev(at)->lsn > lsn) --at;
  waiters.insert(at, {lsn, session});
  return true;
}

void SyncWaitQueue::reach(const std::array<Lsn, sync_wait_modes>& positions) {
  for (std::size_t mode = 0; mode < sync_wait_modes; ++mode)
    released_[mode] = std::max(released_[mode], positions[mode]);
}

std::optional<std::uint32_t> SyncWaitQueue::release_due() {
  for (std::size_t mode = 0; mode < sync_wait_modes; ++mode) {
    std::vector<Waiter>& waiters = queues_[mode];
    if (waiters.empty() || (defined_ && waiters.front().lsn > released_[mode])) continue;
    const std::uint32_t session = waiters.front().session;
    waiters.erase(waiters.begin());
    return session;
  }
  return std::nullopt;
}

bool SyncWaitQueue::remove(std::uint32_t session) {
  for (std::vector<Waiter>& waiters : queues_) {
    const auto at = std::find_if(waiters.begin(), waiters.end(), [&](const Waiter& w) { return w.session == session; });
    if (at == waiters.end()) continue;
    waiters.erase(at);
    return true;
  }
  return false;
}

std::size_t SyncWaitQueue::waiting() const {
  std::size_t count = 0;
  for (const std::vector<Waiter>& waiters : queues_) count += waiters.size();
  return count;
}

}  // namespace heir::sim
