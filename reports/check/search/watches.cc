#include "reports/check/search/watches.h"

namespace heir::reports {

namespace {

constexpr std::uint32_t never = Operation::never;

}  // namespace

Watches::Watches(StateSpace& space, std::span<const SearchedOperation> ops, std::size_t words)
    : space_(space), ops_(ops), words_(words) {
  find_last_helpers();
}

/// Looked for among those that may begin while the observation is watched: after the observation before it began.
void Watches::find_last_helpers() {
  last_helper_.assign(ops_.size(), 0);
  std::size_t watched_from = 0;
  for (std::uint32_t i = 0; i < ops_.size(); ++i) {
    if (!space_.observes(ops_[i].step)) continue;
    std::size_t k = i + 1;
    while (k < ops_.size() && ops_[k].begin < ops_[i].end) ++k;
    for (; k > watched_from; --k) {
      const std::uint32_t step = ops_[k - 1].step;
      if (space_.observes(step) || !space_.helps(step, ops_[i].step)) continue;
      last_helper_[i] = static_cast<std::uint32_t>(k - 1);
      break;
    }
    watched_from = i;
  }
}

void Watches::restart() {
  begun_ = 0;
  next_observation_ = 0;
  by_slot_.assign(64 * words_, {});
  watch_next(OpenOperations(words_), Spares(std::span<const SearchedOperation>()));
}

void Watches::begin(const Open& open, bool observes, const OpenOperations& others, const Spares& spares) {
  begun_ = open.op + 1;
  if (observes) {
    std::swap(by_slot_[open.slot], next_);
    watch_next(others, spares);
    return;
  }
  note(next_, open);
  for (const Open& read : others.reads()) note(by_slot_[read.slot], open);
}

void Watches::begin_spare(std::uint32_t op) {
  begun_ = op + 1;
  const std::uint32_t step = ops_[op].step;
  if (next_.op != never) next_.spare_helps = next_.spare_helps || space_.helps(step, next_.step);
  for (Watch& w : by_slot_) {
    if (w.op != never) w.spare_helps = w.spare_helps || space_.helps(step, w.step);
  }
}

void Watches::end(const Open& open) {
  by_slot_[open.slot].op = never;
  for (Watch& w : by_slot_) {
    if (w.op != never) open.clear(w.helpers.data());
  }
  if (next_.op != never) open.clear(next_.helpers.data());
}

void Watches::watch_next(const OpenOperations& open, const Spares& spares) {
  while (next_observation_ < ops_.size() &&
         (next_observation_ < begun_ || !space_.observes(ops_[next_observation_].step))) {
    ++next_observation_;
  }
  next_.op = never;
  if (next_observation_ == ops_.size()) return;
  next_.op = next_observation_;
  next_.step = ops_[next_observation_].step;
  next_.helpers.assign(words_, 0);
  for (const Open& o : open.changes()) note(next_, o);
  next_.spare_helps =
      std::ranges::any_of(spares.begun(), [&](std::uint32_t s) { return space_.helps(spares.step(s), next_.step); });
}

void Watches::note(Watch& watch, const Open& open) {
  if (watch.op != never && space_.helps(open.step, watch.step)) open.set_done(watch.helpers.data());
}

bool Watches::is_hopeless(const Watch& watch, const std::uint64_t* done, std::uint32_t state) const {
  if (watch.spare_helps || last_helper_[watch.op] >= begun_) return false;
  for (std::size_t i = 0; i < words_; ++i) {
    if ((watch.helpers[i] & ~done[i]) != 0) return false;
  }
  return space_.lost(state, watch.step);
}

}  // namespace heir::reports
