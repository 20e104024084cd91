#include "engine/store/ideal_store.h"

#include <type_traits>
#include <utility>

#include "engine/base/files.h"
#include "engine/base/match.h"
#include "engine/base/sync.h"
#include "engine/store/frontend.h"

namespace heir::store {

namespace {

/// A message, and an expiry, hold the lock from the change of the state until the change is durable and told.
class IdealStore {
 public:
  IdealStore(Host& host, IdealStoreOptions options)
      : host_(host), options_(std::move(options)), front_(host), stop_(host.executor()), unlocked_(host.executor()) {}

  Task<void> run() {
    const Result<> started = co_await start();
    if (!started) {
      say_stopped(started.error());
      co_return;
    }
    arm();
    tasks_.spawn(receive());
    while (!stopped_) co_await stop_.wait();
  }

 private:
  bool durable() const { return !options_.state_file.empty(); }

  Task<Result<>> start() {
    if (!durable()) {
      state_ = create(random_store_id(host_));
      co_return Unit{};
    }
    Result<Bytes> content = co_await host_.read_file(options_.state_file);
    if (!content && content.error().code == ErrorCode::not_found) {
      state_ = create(random_store_id(host_));
      co_return co_await save();
    }
    if (!content) co_return content.error();
    Result<State> state = decode_state(*content);
    if (!state) co_return state.error();
    state_ = std::move(*state);
    restart(state_, host_.monotonic_now());
    saved_sessions_ = state_.sessions.size();
    saved_changes_ = state_.changes;
    co_return Unit{};
  }

  Task<void> receive() {
    while (true) {
      Message message = co_await host_.receive();
      Result<Request> request = decode_request(message.payload);
      if (!request) continue;  // Not for us, or garbage; whoever sent it learns nothing.
      while (locked_) co_await unlocked_.wait();
      asker_.from = std::move(message.from);
      asker_.client = request->client;
      asker_.request = request->request;
      asker_.attempt = request->attempt;
      Reply reply = take(request->body);
      if (must_save()) {
        const bool kept = co_await save_locked();
        if (!kept) co_return;
      }
      front_.send(asker_, std::move(reply));
      front_.push();
      arm();
    }
  }

  /// Carries a request out; Superseded if nobody waits for an answer.
  Reply take(Body& body) {
    const MonotonicTime now = host_.monotonic_now();
    const auto command = [&](auto& action) {
      constexpr bool renews = std::is_same_v<std::remove_reference_t<decltype(action)>, Renew>;
      dirty_ = dirty_ || !renews;
      const WallTime at = renews ? WallTime() : host_.wall_now();
      return apply(state_, now, Command{asker_.client, asker_.request, at, std::move(action)});
    };
    const auto query = [&](const auto& q) {
      expire(state_, now);
      return answer(state_, q);
    };
    return std::visit(
        Match{[&](OpenSession& b) { return command(b); }, [&](Renew& b) { return command(b); },
              [&](EndSession& b) { return command(b); }, [&](Register& b) { return command(b); },
              [&](Deregister& b) { return command(b); }, [&](Swap& b) { return command(b); },
              [&](Read& b) { return query(b); }, [&](FindLeader& b) { return query(b); },
              [&](ReadHistory& b) { return query(b); },
              [&](Watch& b) {
                expire(state_, now);
                return front_.watch(asker_, std::move(b));
              },
              [&](ChangeMembers&) -> Reply { return one_server(); },
              [&](TransferLead&) -> Reply { return one_server(); }, [&](ListMembers&) -> Reply { return Members{}; }},
        body);
  }

  static Invalid one_server() { return {"this store is one server: it has no members to change"}; }

  // Expiry has one timer, set for a moment that is not after the earliest end of a session. Renewals only move ends to
  // later moments, so a timer that runs stays good; it looks again when it fires.

  void arm() {
    if (state_.earliest >= armed_) return;
    timer_.cancel();
    armed_ = state_.earliest;
    timer_.spawn(wait_for_expiry());
  }

  Task<void> wait_for_expiry() {
    while (true) {
      co_await host_.sleep_until(armed_);
      const bool goes_on = co_await end_what_is_due();
      if (!goes_on) co_return;
      armed_ = state_.earliest;
      if (armed_ == MonotonicTime::max()) co_return;
    }
  }

  /// False if the server has to stop.
  Task<bool> end_what_is_due() {
    while (locked_) co_await unlocked_.wait();
    expire(state_, host_.monotonic_now());
    if (must_save()) {
      const bool kept = co_await save_locked();
      if (!kept) co_return false;
    }
    front_.push();
    co_return true;
  }

  // Durability. A renewal alone need not be durable, because a restart grants a full ttl. A session's end must be:
  // somebody may be told of it.

  bool must_save() const {
    return durable() && (dirty_ || state_.changes != saved_changes_ || state_.sessions.size() != saved_sessions_);
  }

  Task<Result<>> save() {
    dirty_ = false;
    saved_changes_ = state_.changes;
    saved_sessions_ = state_.sessions.size();
    return replace_file(host_, options_.state_file, encode_state(state_));
  }

  /// Nobody changes the state while it is written. False if the server has to stop.
  Task<bool> save_locked() {
    locked_ = true;
    const Result<> result = co_await save();
    if (!result) {
      say_stopped(result.error());
      stopped_ = true;
      stop_.notify();
      co_return false;
    }
    locked_ = false;
    unlocked_.notify();
    co_return true;
  }

  void say_stopped(const Error& error) {
    host_.log(LogLevel::error, "store-stopped", {{"file", options_.state_file}, {"reason", to_string(error)}});
  }

  Host& host_;
  const IdealStoreOptions options_;
  Frontend front_;
  State& state_ = front_.state;
  Asker asker_;
  MonotonicTime armed_ = MonotonicTime::max();

  bool dirty_ = false;
  std::uint64_t saved_changes_ = 0;
  std::size_t saved_sessions_ = 0;
  bool stopped_ = false;
  bool locked_ = false;
  Signal stop_;
  Signal unlocked_;
  Scope timer_;
  Scope tasks_;
};

}  // namespace

Task<void> run_ideal_store(Host& host, IdealStoreOptions options) {
  IdealStore server(host, std::move(options));
  co_await server.run();
}

}  // namespace heir::store
