// What a task waits for in the loop itself.
#pragma once

#include "engine/base/task.h"
#include "engine/hosts/loop.h"

namespace heir::hosts {

/// Completes it once it is `at` on boot_time().
void complete_at(Loop& loop, MonotonicTime at, Operation<Unit>& operation);
/// Completes it after everybody else on the loop has had a turn.
void complete_next_turn(Loop& loop, Operation<Unit>& operation);

inline auto sleep_until(Loop& loop, MonotonicTime at) {
  return await_operation<Unit>(loop.executor(), [&loop, at](Operation<Unit>& op) { complete_at(loop, at, op); });
}
inline auto next_turn(Loop& loop) {
  return await_operation<Unit>(loop.executor(), [&loop](Operation<Unit>& op) { complete_next_turn(loop, op); });
}

}  // namespace heir::hosts
