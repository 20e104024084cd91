#include "engine/hosts/waits.h"

#include "engine/hosts/pending.h"

namespace heir::hosts {

void complete_at(Loop& loop, MonotonicTime at, Operation<Unit>& operation) {
  const auto pending = Pending<Unit>::of(operation);
  const std::uint64_t timer = loop.set_timer(at, [pending] { pending->complete({}); });
  pending->on_abandoned([&loop, timer] { loop.cancel_timer(timer); });
}

void complete_next_turn(Loop& loop, Operation<Unit>& operation) {
  loop.post([pending = Pending<Unit>::of(operation)] { pending->complete({}); });
}

}  // namespace heir::hosts
