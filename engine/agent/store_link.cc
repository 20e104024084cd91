#include "engine/agent/store_link.h"

#include <algorithm>

#include "engine/base/files.h"
#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/failover/document.h"

namespace heir::agent {

namespace {

constexpr Duration retry_pause = Duration::milliseconds(100);

}  // namespace

Result<failover::View> to_failover(const store::View& view) {
  failover::View seen;
  seen.store = store::to_string(view.store);
  seen.version = view.version.value();
  seen.index = view.index().value();
  for (const store::Member& member : view.members)
    seen.members.push_back({member.instance.id, member.session, member.instance.metadata == "data"});
  seen.sessions = view.sessions;
  if (view.document) {
    Result<failover::ClusterState> state = failover::decode(view.document->content);
    if (!state) return state.error();
    seen.state = std::move(*state);
  }
  return seen;
}

StoreLink::StoreLink(Host& host, store::Store& store, StoreLinkConfig config, Feed feed)
    : host_(host), store_(store), config_(std::move(config)), feed_(std::move(feed)) {}

void StoreLink::learn(const store::View& view) {
  if (view.document && view.document->index >= changed_) {
    changed_ = view.document->index;
    changed_at_ = view.document->at;
  }
  for (const store::Member& member : view.members) {
    store::Instance& known = known_[member.instance.id];
    if (known != member.instance) known = member.instance;
  }
  // A host that has lost its identity registers anew: its name belongs to that peer, and no more to the one that is
  // gone.
  const auto is_of = [&](const auto& matches) {
    return std::any_of(view.members.begin(), view.members.end(), matches);
  };
  for (auto& [peer, known] : known_) {
    const bool is_here = is_of([&](const store::Member& member) { return member.instance.id == peer; });
    if (!is_here && is_of([&](const store::Member& member) { return member.instance.name == known.name; }))
      known.name.clear();
  }
}

MonotonicTime StoreLink::lease_from(MonotonicTime sent) {
  if (!config_.lease_margin) return host_.monotonic_now() + config_.ttl;
  return store::lease_end(HEIR_MUTANT("lease-from-the-receipt") ? host_.monotonic_now() : sent, config_.ttl,
                          config_.clock_error);
}

Task<void> StoreLink::watch() {
  std::optional<store::StoreId> store;
  store::Version version;
  while (true) {
    const store::View view = co_await store_.changed(config_.service, store, version);
    store = view.store;
    version = view.version;
    learn(view);
    if (Result<failover::View> seen = to_failover(view))
      feed_(failover::ViewChanged{std::move(*seen)});
    else
      host_.log(LogLevel::error, "state-unreadable", {{"error", to_string(seen.error())}});
  }
}

void StoreLink::open_session() {
  session_.cancel();
  session_.spawn(keep_session());
}

Task<void> StoreLink::keep_session() {
  if (!former_) {
    const Result<Bytes> kept = co_await read_checked_file(host_, config_.session_file);
    if (kept)
      former_ = SessionId(std::strtoull(kept->c_str(), nullptr, 10));
    else if (kept.error().code == ErrorCode::invalid)  // Then it waits for its former session's end.
      host_.log(LogLevel::warning, "session-unreadable", {{"error", to_string(kept.error())}});
  }
  std::optional<store::OpenedSession> opened;
  while (!opened) {
    Result<store::OpenedSession> answer = co_await store_.open_session(config_.ttl);
    if (answer)
      opened = *answer;
    else
      co_await host_.sleep(retry_pause);
  }
  const SessionId session = opened->id;
  // Kept before it is used, so that a restarted agent knows its own former session from a twin's.
  const Result<> kept =
      co_await replace_checked_file(host_, config_.session_file, std::to_string(session.value()) + "\n");
  if (!kept) host_.log(LogLevel::warning, "session-not-kept", {{"error", to_string(kept.error())}});
  Scope registration;
  registration.spawn(keep_registered(session));
  feed_(failover::LeaseRenewed{lease_from(opened->sent)});
  feed_(failover::SessionOpened{session});

  MonotonicTime next = opened->sent + config_.renewal_interval;
  MonotonicTime lease_end = lease_from(opened->sent);
  while (true) {
    if (next > host_.monotonic_now()) co_await host_.sleep_until(next);
    next = host_.monotonic_now() + config_.renewal_interval;
    // Whoever hears nothing must not stay present: renewals that arrive though no answer comes back (a one-way
    // partition) would keep it so for ever. Nor must a primary whose answers come too late for a lease: nobody could
    // take over. It asks instead, which prolongs nothing.
    const MonotonicTime now = host_.monotonic_now();
    const bool deaf = now >= store_.heard() + config_.ttl;
    if ((deaf || (leads_ && !store::lease_live(now, lease_end))) && !HEIR_MUTANT("deaf-peer-renews")) {
      const Result<store::View> view = co_await store_.read(config_.service);
      next = host_.monotonic_now();
      if (!view) continue;
      if (!view->alive(session)) {
        feed_(failover::SessionOver{});
        co_return;
      }
    }
    const Result<MonotonicTime> sent = co_await store_.renew(session);
    if (sent) {
      lease_end = lease_from(*sent);
      feed_(failover::LeaseRenewed{lease_end});
    } else if (sent.error().code == ErrorCode::session_over) {
      feed_(failover::SessionOver{});
      co_return;
    } else {
      next = host_.monotonic_now();  // nothing is certain: ask on at once
    }
  }
}

Task<void> StoreLink::keep_registered(SessionId session) {
  while (true) {
    const Result<> done = co_await store_.register_instance(session, config_.service, instance_, former_);
    if (done) break;
    if (done.error().code == ErrorCode::session_over) co_return;  // the renewal hears of it
    if (done.error().code != ErrorCode::unknown_outcome)
      host_.log(LogLevel::warning, "not-registered", {{"error", to_string(done.error())}});
    co_await host_.sleep(retry_pause);
  }
  former_ = session;
}

void StoreLink::end_session(SessionId session) {
  session_.cancel();
  requests_.spawn(end(session));
}

Task<void> StoreLink::end(SessionId session) {
  const Result<> ended = co_await store_.end_session(session);
  // Unanswered, the session runs out by itself: nobody renews it.
  if (!ended) host_.log(LogLevel::info, "session-not-ended", {{"error", to_string(ended.error())}});
}

void StoreLink::read(std::uint64_t id) {
  requests_.spawn(do_read(id));
}

Task<void> StoreLink::do_read(std::uint64_t id) {
  const Result<store::View> view = co_await store_.read(config_.service);
  failover::ReadDone done{id, std::nullopt};
  if (view) {
    learn(*view);
    if (Result<failover::View> seen = to_failover(*view))
      done.view = std::move(*seen);
    else
      host_.log(LogLevel::error, "state-unreadable", {{"error", to_string(seen.error())}});
  }
  feed_(std::move(done));
}

void StoreLink::write(failover::Write write) {
  requests_.spawn(do_write(std::move(write)));
}

Task<void> StoreLink::do_write(failover::Write write) {
  store::Swap swap{write.session, config_.service, store::Index(write.expected_index), failover::encode(write.state),
                   write.leader};
  const store::SwapOutcome outcome = co_await store_.compare_and_swap(std::move(swap));
  failover::WriteDone done;
  done.id = write.id;
  bool session_over = false;
  std::visit(Match{
                 [&](const store::Swapped& swapped) {
                   done.outcome = failover::WriteOutcome::written;
                   done.index = swapped.index.value();
                 },
                 [&](const store::Conflict&) { done.outcome = failover::WriteOutcome::refused; },
                 [&](const store::SessionOver&) { session_over = true; },
                 [&](const store::Unknown&) { done.outcome = failover::WriteOutcome::unknown; },
                 [&](const store::Refused& refused) {
                   done.outcome = failover::WriteOutcome::refused;
                   host_.log(LogLevel::error, "write-refused", {{"error", to_string(refused.error)}});
                 },
             },
             outcome);
  if (session_over)
    feed_(failover::SessionOver{});
  else
    feed_(done);
}

}  // namespace heir::agent
