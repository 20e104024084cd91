#include "engine/store/frontend.h"

#include <utility>

namespace heir::store {

namespace {

/// How many watches wait at most; the longest-waiting one is forgotten for a new one, and its client asks again.
constexpr std::size_t most_watches = 4096;

}  // namespace

void Frontend::send(const Asker& to, Reply reply) {
  if (std::holds_alternative<Superseded>(reply)) return;
  const Response response{to.attempt, state.identity, to.client, to.request, std::move(reply)};
  host_.send(to.from, encode(response));
}

Reply Frontend::watch(const Asker& asker, Watch watch) {
  std::erase_if(watches_, [&asker](const Waiting& waiting) {
    return waiting.asker.client == asker.client && waiting.asker.request == asker.request;
  });
  if (watch.store != state.identity || version_of(state, watch.service) > watch.after)
    return answer(state, Read{std::move(watch.service)});
  if (watches_.size() >= most_watches) watches_.erase(watches_.begin());
  watches_.push_back({asker, std::move(watch.service), watch.after});
  return Renewed{state.changes};
}

void Frontend::push() {
  if (pushed_changes_ == state.changes) return;
  pushed_changes_ = state.changes;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    if (version_of(state, watches_[i].service) > watches_[i].after) {
      send(watches_[i].asker, answer(state, Read{watches_[i].service}));
    } else {
      if (kept != i) watches_[kept] = std::move(watches_[i]);
      ++kept;
    }
  }
  watches_.resize(kept);
}

void Frontend::dismiss(const Reply& reply) {
  for (const Waiting& waiting : std::exchange(watches_, {})) send(waiting.asker, reply);
}

}  // namespace heir::store
