#include "engine/store/remote_store.h"

#include <algorithm>
#include <utility>

#include "engine/base/mutant.h"

namespace heir::store {

namespace {

/// The times of so many transmissions are told apart; later ones count as the last of them, which is on the safe side.
constexpr std::size_t told_apart = 8;

ClientId random_client(Host& host) {
  std::array<std::byte, 8> bytes{};
  host.random_bytes(bytes);
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return ClientId(value);
}

Error no_sense() {
  return {ErrorCode::invalid, "the store's answer does not fit the question"};
}

Error session_over() {
  return {ErrorCode::session_over, "the store has ended the session"};
}

}  // namespace

/// A request under way. It lives in the frame that awaits the answer, and leaves the list with it.
struct RemoteStore::Call {
  Call(RemoteStore& s, Body b) : store(s), body(std::move(b)), number(s.next_request_++) {
    store.calls_.push_back(this);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call() { std::erase(store.calls_, this); }

  bool watches() const { return std::holds_alternative<Watch>(body); }
  /// Sends the request; `co_await` the outcome at once.
  auto answered() {
    const MonotonicTime now = store.host_.monotonic_now();
    backoff = store.options_.first_retry;
    if (!watches()) deadline = now + store.options_.timeout;
    store.transmit(*this, now);
    return await_operation<Result<Answer>>(store.host_.executor(),
                                           [this](Operation<Result<Answer>>& op) { waiting = &op; });
  }
  void complete(Result<Answer> outcome) {
    due = MonotonicTime::max();
    std::exchange(waiting, nullptr)->complete(std::move(outcome));
  }

  RemoteStore& store;
  Body body;
  std::uint64_t number;
  Operation<Result<Answer>>* waiting = nullptr;  // Null once it is answered.
  bool held = false;                             // A watch that the server has acknowledged,
  std::uint64_t changes = 0;                     // when the store's changes were so many.
  std::size_t server = 0;                        // The one that was asked last.
  std::size_t transmissions = 0;
  std::array<MonotonicTime, told_apart> sent{};
  Duration backoff;
  MonotonicTime due = MonotonicTime::max();
  MonotonicTime deadline = MonotonicTime::max();
};

/// A place in the row of writes, from when the write was asked for until it is over or nobody waits for it.
class RemoteStore::Turn {
 public:
  explicit Turn(RemoteStore& store) : store_(store) { store_.turns_.push_back(this); }
  Turn(const Turn&) = delete;
  ~Turn() {
    std::erase(store_.turns_, this);
    store_.turn_over_.notify();
  }
  bool has_come() const { return store_.turns_.front() == this; }

 private:
  RemoteStore& store_;
};

RemoteStore::RemoteStore(Host& host, Inbox& inbox, RemoteStoreOptions options)
    : host_(host),
      inbox_(inbox),
      options_(std::move(options)),
      client_(random_client(host)),
      retries_(host.executor()),
      held_watches_(host.executor()),
      turn_over_(host.executor()) {
  ASSERT(!options_.servers.empty(), "a remote store without a server");
  ASSERT(!inbox_.route(response_tag), "two remote stores on one inbox");
  inbox_.route(response_tag, this);
}

RemoteStore::~RemoteStore() {
  inbox_.route(response_tag, nullptr);
  ASSERT(calls_.empty() && turns_.empty(), "a store destroyed before those who await it");
}

// One request and its answer.

Task<Result<RemoteStore::Answer>> RemoteStore::call(Body body) {
  Call call(*this, std::move(body));
  co_return co_await call.answered();
}

Task<Result<RemoteStore::Answer>> RemoteStore::call_in_turn(Body body) {
  Turn turn(*this);
  while (!turn.has_come()) co_await turn_over_.wait();
  co_return co_await call(std::move(body));
}

void RemoteStore::transmit(Call& call, MonotonicTime now) {
  const std::size_t attempt = std::min(call.transmissions, told_apart - 1);
  if (call.transmissions > 0 && HEIR_MUTANT("retry-is-another-request")) call.number = next_request_++;
  if (call.transmissions++ < told_apart) call.sent[attempt] = now;
  call.due = std::min(now + call.backoff, call.deadline);
  call.backoff = std::min(call.backoff * 2, options_.longest_retry);
  call.server = server_;
  host_.send(options_.servers[server_], encode(static_cast<std::uint8_t>(attempt), client_, call.number, call.body));
  arm(call);
}

void RemoteStore::receive(Message message) {
  Result<Response> response = decode_response(message.payload);
  if (!response || response->client != client_) return;
  // Nothing of the store is in it, not even that the store can be heard.
  if (const auto* elsewhere = std::get_if<NotLeader>(&response->reply))
    return redirected(message.from, *response, *elsewhere);
  const MonotonicTime now = heard_ = host_.monotonic_now();
  const auto found =
      std::find_if(calls_.begin(), calls_.end(), [&](Call* c) { return c->number == response->request; });
  if (found == calls_.end()) return;
  Call& call = **found;
  if (!call.waiting || response->attempt >= call.transmissions) return;

  const bool another_store = identity_ && *identity_ != response->store;
  identity_ = response->store;
  // A watch that waits at a server which does not answer any more would wait in vain.
  for (Call* other : calls_)
    if (other->held && (another_store || (other->server != server_ && call.server == server_))) ask_again(*other, now);
  const Renewed* news = std::get_if<Renewed>(&response->reply);
  if (news && call.watches()) {
    call.held = true;
    call.changes = news->changes;
    call.due = now + options_.watch_silence;
    arm(call);
    return;
  }
  if (news) renewed(news->changes, now);
  call.complete(Answer{std::move(response->reply), call.sent[0], call.sent[response->attempt]});
  if (const MonotonicTime due = first_due(retries_); due > retries_.armed) {
    retries_.armed = due;
    retries_.moved.notify();
  }
}

void RemoteStore::redirected(const Address& from, const Response& response, const NotLeader& reply) {
  const std::vector<Address>& servers = options_.servers;
  const MonotonicTime now = host_.monotonic_now();
  const auto leader = reply.leader ? std::find(servers.begin(), servers.end(), *reply.leader) : servers.end();
  if (from != servers[server_]) {
    // Of one that is not asked any more; but a watch may have waited there.
  } else if (leader == servers.end()) {
    server_ = (server_ + 1) % servers.size();  // For what is sent next.
  } else {
    server_ = static_cast<std::size_t>(leader - servers.begin());
    // While two servers point at each other, nobody is helped by haste.
    if (now >= followed_ + options_.first_retry) {
      followed_ = now;
      for (Call* call : calls_)
        if (call->waiting && !call->held && call->server != server_) transmit(*call, now);
    }
  }
  for (Call* call : calls_)
    if (call->number == response.request && call->held && servers[call->server] == from) ask_again(*call, now);
}

/// A renewal was acknowledged when the store's changes were so many: have all watches heard of them?
void RemoteStore::renewed(std::uint64_t changes, MonotonicTime now) {
  for (Call* call : calls_) {
    if (!call->held || !call->waiting) continue;
    if (changes > call->changes) {
      ask_again(*call, now);
    } else {
      call->due = now + options_.watch_silence;
    }
  }
}

void RemoteStore::ask_again(Call& watch, MonotonicTime now) {
  watch.held = false;
  watch.backoff = options_.first_retry;
  transmit(watch, now);
}

// Time.

RemoteStore::Timer& RemoteStore::timer_of(const Call& call) {
  return call.held ? held_watches_ : retries_;
}
const RemoteStore::Timer& RemoteStore::timer_of(const Call& call) const {
  return call.held ? held_watches_ : retries_;
}

void RemoteStore::arm(const Call& call) {
  Timer& timer = timer_of(call);
  if (call.due >= timer.armed) return;
  timer.armed = call.due;
  if (timer.scope.empty())
    timer.scope.spawn(keep_time(timer));
  else
    timer.moved.notify();
}

MonotonicTime RemoteStore::first_due(const Timer& timer) const {
  MonotonicTime first = MonotonicTime::max();
  for (const Call* call : calls_)
    if (&timer_of(*call) == &timer) first = std::min(first, call->due);
  return first;
}

Task<void> RemoteStore::keep_time(Timer& timer) {
  while (true) {
    if (timer.armed == MonotonicTime::max()) {
      co_await timer.moved.wait();
      continue;
    }
    const MonotonicTime now = host_.monotonic_now();
    if (timer.armed > now) {
      co_await timer.moved.wait_until(host_, timer.armed);
      continue;
    }
    // While it works, whatever it transmits must not start the timer anew.
    timer.armed = MonotonicTime::from_ns(INT64_MIN);
    bool silence = false;
    for (Call* call : calls_) {
      if (&timer_of(*call) != &timer || call->due > now) continue;
      if (now >= call->deadline) {
        call->complete(Error{ErrorCode::timed_out, "no answer from the store in " + to_string(options_.timeout)});
        continue;
      }
      // Once for all: those who wait for the same silent server ask the same next one.
      if (call->server == server_ && !std::exchange(silence, true)) server_ = (server_ + 1) % options_.servers.size();
      if (call->held) {
        ask_again(*call, now);
      } else {
        transmit(*call, now);
      }
    }
    timer.armed = first_due(timer);
  }
}

// The operations.

Task<Result<OpenedSession>> RemoteStore::open_session(Duration ttl) {
  Body body = OpenSession{ttl, options_.owner};
  Result<Answer> answer = co_await call_in_turn(std::move(body));
  if (!answer) co_return answer.error();
  // The ttl counts from the first transmission that arrived, whichever one was answered.
  const MonotonicTime sent = HEIR_MUTANT("session-from-the-last-sending") ? answer->sent : answer->first_sent;
  if (const auto* opened = std::get_if<Opened>(&answer->reply)) co_return OpenedSession{opened->session, sent};
  if (auto* invalid = std::get_if<Invalid>(&answer->reply))
    co_return Error{ErrorCode::invalid, std::move(invalid->why)};
  co_return no_sense();
}

Task<Result<MonotonicTime>> RemoteStore::renew(SessionId session) {
  Call call(*this, Renew{session});
  const Result<Answer> answer = co_await call.answered();
  if (!answer) co_return answer.error();
  // Each transmission that arrives renews: the one that was answered has been applied.
  if (std::holds_alternative<Renewed>(answer->reply)) co_return answer->sent;
  if (std::holds_alternative<SessionOver>(answer->reply)) co_return session_over();
  co_return no_sense();
}

Result<> RemoteStore::as_write(Result<Answer> answer) {
  if (!answer) return Error{ErrorCode::unknown_outcome, answer.error().message};
  const Reply& reply = answer->reply;
  if (std::holds_alternative<Done>(reply)) return Unit{};
  if (std::holds_alternative<SessionOver>(reply)) return session_over();
  if (std::holds_alternative<NotThere>(reply))
    return Error{ErrorCode::not_found, "the session has no instance of that identity there"};
  if (const auto* taken = std::get_if<Taken>(&reply))
    return Error{ErrorCode::already_exists, "the identity is registered under session " +
                                                std::to_string(taken->holder.value()) + ", which is alive"};
  if (const auto* invalid = std::get_if<Invalid>(&reply)) return Error{ErrorCode::invalid, invalid->why};
  if (const auto* not_yet = std::get_if<NotYet>(&reply)) return Error{ErrorCode::conflict, not_yet->why};
  if (std::holds_alternative<Forgotten>(reply))
    return Error{ErrorCode::unknown_outcome, "the store does not remember this client any more"};
  return Error{ErrorCode::unknown_outcome, no_sense().message};
}

Task<Result<>> RemoteStore::end_session(SessionId session) {
  Body body = EndSession{session};
  co_return as_write(co_await call(std::move(body)));
}

Task<Result<>> RemoteStore::register_instance(SessionId session, ServiceName service, Instance instance,
                                              std::optional<SessionId> former) {
  Body body = Register{session, std::move(service), std::move(instance), former.value_or(SessionId())};
  co_return as_write(co_await call_in_turn(std::move(body)));
}

Task<Result<>> RemoteStore::deregister(SessionId session, ServiceName service, PeerId id) {
  Body body = Deregister{session, std::move(service), std::move(id)};
  co_return as_write(co_await call_in_turn(std::move(body)));
}

Task<SwapOutcome> RemoteStore::compare_and_swap(Swap swap) {
  Body body = std::move(swap);
  Result<Answer> answer = co_await call_in_turn(std::move(body));
  if (!answer) co_return Unknown{answer.error().message};
  Reply& reply = answer->reply;
  if (auto* swapped = std::get_if<Swapped>(&reply)) co_return *swapped;
  if (auto* conflict = std::get_if<Conflict>(&reply)) co_return std::move(*conflict);
  if (std::holds_alternative<SessionOver>(reply)) co_return SessionOver{};
  if (auto* invalid = std::get_if<Invalid>(&reply))
    co_return Refused{Error{ErrorCode::invalid, std::move(invalid->why)}};
  if (std::holds_alternative<Forgotten>(reply)) co_return Unknown{"the store does not remember this client any more"};
  co_return Unknown{no_sense().message};
}

Task<Result<View>> RemoteStore::read(ServiceName service) {
  Body body = Read{std::move(service)};
  Result<Answer> answer = co_await call(std::move(body));
  if (!answer) co_return answer.error();
  if (auto* viewed = std::get_if<Viewed>(&answer->reply)) co_return std::move(viewed->view);
  co_return no_sense();
}

Task<View> RemoteStore::changed(ServiceName service, std::optional<StoreId> store, Version after) {
  while (true) {
    Body body = Watch{service, store, after};
    Result<Answer> answer = co_await call(std::move(body));
    // A watch has no deadline, so there is an answer.
    if (auto* viewed = std::get_if<Viewed>(&answer.value().reply)) {
      // What is not newer is no answer to the question; whoever sent it has a fault, and asking on does not hurt.
      if (viewed->view.store != store || viewed->view.version > after) co_return std::move(viewed->view);
    }
    co_await host_.sleep(options_.longest_retry);
  }
}

Task<Result<std::vector<Document>>> RemoteStore::history(ServiceName service, Index first, Index last) {
  std::vector<Document> documents;
  while (true) {
    Body body = ReadHistory{service, first, last};
    Result<Answer> answer = co_await call(std::move(body));
    if (!answer) co_return answer.error();
    auto* told = std::get_if<Told>(&answer->reply);
    if (!told || (told->more && told->documents.empty())) co_return no_sense();
    for (Document& document : told->documents) documents.push_back(std::move(document));
    if (!told->more) co_return documents;
    first = Index(documents.back().index.value() + 1);
  }
}

Task<Result<Leader>> RemoteStore::leader(ServiceName service) {
  Body body = FindLeader{std::move(service)};
  Result<Answer> answer = co_await call(std::move(body));
  if (!answer) co_return answer.error();
  if (auto* found = std::get_if<Found>(&answer->reply)) co_return std::move(found->leader);
  co_return no_sense();
}

Task<Result<Members>> RemoteStore::members() {
  Body body = ListMembers{};
  Result<Answer> answer = co_await call(std::move(body));
  if (!answer) co_return answer.error();
  if (auto* members = std::get_if<Members>(&answer->reply)) co_return std::move(*members);
  co_return no_sense();
}

Task<Result<>> RemoteStore::change_members(raft::Change change) {
  Body body = ChangeMembers{std::move(change)};
  co_return as_write(co_await call(std::move(body)));
}

Task<Result<>> RemoteStore::transfer_lead(raft::MemberId to) {
  Body body = TransferLead{to};
  co_return as_write(co_await call(std::move(body)));
}

}  // namespace heir::store
