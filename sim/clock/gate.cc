#include "sim/clock/gate.h"

namespace heir::sim {

void Gate::reopen() {
  ASSERT(!open_, "the gate is open");
  open_ = true;
  const Entry hold(this);  // whoever ends the program meanwhile does so when this is done
  while (open_ && replayed_ < deferred_.size()) {
    const Deferred next = deferred_[replayed_++];
    next.target->on_event(next.kind, next.argument);
  }
  deferred_.erase(deferred_.begin(), deferred_.begin() + static_cast<std::ptrdiff_t>(replayed_));
  replayed_ = 0;
}

void Gate::discard() {
  open_ = false;
  // What reopen() stands on must stay; nothing of it is handed over any more, as the gate is closed.
  deferred_.resize(replayed_);
}

}  // namespace heir::sim
