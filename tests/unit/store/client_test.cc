#include <catch2/catch.hpp>

#include "store_world.h"

using namespace heir;
using namespace heir::fake;
using namespace heir::store;

namespace {

const ServiceName service("main");
const Address server_address("store:1");
constexpr Duration ttl = Duration::seconds(2);

Instance instance(const char* id) {
  return {PeerId(id), "host", {Address("10.0.0.1:5432")}, "meta"};
}

struct World {
  Network network;
  ServerProcess server{network, "store:1"};
  ClientProcess ada{network, "ada", {server_address}};
  ClientProcess bob{network, "bob", {server_address}, Duration::seconds(77)};

  static SessionId open(ClientProcess& client, Duration length = ttl) {
    return client.wait(client.remote->open_session(length)).value().id;
  }
  static SwapOutcome swap(ClientProcess& client, SessionId session, std::uint64_t expected, const char* document,
                          std::optional<PeerId> leader = {}) {
    return client.wait(
        client.remote->compare_and_swap(Swap{session, service, Index(expected), document, std::move(leader)}));
  }
  static View read(ClientProcess& client) { return client.wait(client.remote->read(service)).value(); }
  /// Loses the first `count` datagrams from `from` that begin with `tag`.
  void lose(const Address& from, char tag, int count) {
    network.fate = [from, tag, count](const Address& f, const Address&, const Bytes& payload) mutable {
      return Fate{.lost = f == from && payload.front() == tag && count-- > 0, .delay = {}};
    };
  }
};

bool is_request_of(const Bytes& payload, std::size_t kind) {
  const Result<Request> request = decode_request(payload);
  return request && request->body.index() == kind;
}
constexpr std::size_t swap_kind = 5;
static_assert(std::is_same_v<std::variant_alternative_t<swap_kind, Body>, Swap>);

Task<void> renew_for_ever(Host& host, Store& store, SessionId session, Duration interval) {
  while (true) {
    const Result<MonotonicTime> renewed = co_await store.renew(session);
    if (!renewed && renewed.error().code == ErrorCode::session_over) co_return;
    co_await host.sleep(interval);
  }
}

Task<SwapOutcome> give_up_after(Host& host, Duration limit, Task<SwapOutcome> task) {
  std::optional<SwapOutcome> outcome = co_await within(host, limit, std::move(task));
  co_return outcome ? *outcome : SwapOutcome(Unknown{"gave up"});
}

}  // namespace

TEST_CASE("a peer's life at the store, from session to end") {
  World w;
  CHECK_FALSE(w.ada.remote->identity());
  const SessionId session = World::open(w.ada);
  REQUIRE(w.ada.remote->identity());
  CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))));
  CHECK(std::get<Swapped>(World::swap(w.ada, session, 0, "one", PeerId("a"))) == Swapped{Index(1), Version(2)});

  const View view = World::read(w.bob);
  CHECK(view.store == *w.ada.remote->identity());
  CHECK(view.find(PeerId("a"))->instance == instance("a"));
  CHECK(view.alive(session));
  CHECK(view.document->content == "one");
  CHECK(view.document->by == PeerId("ada"));
  CHECK(w.bob.wait(w.bob.remote->leader(service)).value() == Leader{Index(1), PeerId("a"), instance("a")});

  CHECK(std::get<Conflict>(World::swap(w.ada, session, 0, "two")).current == view);
  CHECK(w.ada.wait(w.ada.remote->deregister(session, service, PeerId("a"))));
  CHECK(w.ada.wait(w.ada.remote->deregister(session, service, PeerId("a"))).error().code == ErrorCode::not_found);
  CHECK(w.ada.wait(w.ada.remote->end_session(session)));
  CHECK(w.ada.wait(w.ada.remote->end_session(session)));
  CHECK(w.ada.wait(w.ada.remote->renew(session)).error().code == ErrorCode::session_over);
  CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))).error().code ==
        ErrorCode::session_over);
  CHECK(std::holds_alternative<SessionOver>(World::swap(w.ada, session, 1, "two")));
}

TEST_CASE("refusals come with their reason") {
  World w;
  CHECK(w.ada.wait(w.ada.remote->open_session(Duration::zero())).error().code == ErrorCode::invalid);
  const SessionId a = World::open(w.ada);
  const SessionId b = World::open(w.bob);
  CHECK(w.ada.wait(w.ada.remote->register_instance(a, service, instance("twin"))));
  const Result<> taken = w.bob.wait(w.bob.remote->register_instance(b, service, instance("twin")));
  CHECK(taken.error().code == ErrorCode::already_exists);
  CHECK(taken.error().message.find(std::to_string(a.value())) != std::string::npos);
  CHECK(w.bob.wait(w.bob.remote->register_instance(b, service, instance(""))).error().code == ErrorCode::invalid);
  const std::string huge(limits::content + 1, 'x');
  CHECK(std::get<Refused>(World::swap(w.ada, a, 0, huge.c_str())).error.code == ErrorCode::invalid);
}

TEST_CASE("a renewal tells when it was sent, one datagram each way and nothing else") {
  World w;
  const SessionId session = World::open(w.ada);
  w.network.run_for(Duration::milliseconds(500));
  const MonotonicTime now = w.ada.host.monotonic_now();
  const std::uint64_t sent = w.network.sent;
  const std::uint64_t events = w.network.events;
  CHECK(w.ada.wait(w.ada.remote->renew(session)).value() == now);
  w.network.run_for(Duration::milliseconds(500));
  CHECK(w.network.sent == sent + 2);
  CHECK(w.network.events <= events + 3);  // There, back, and the timer that finds nothing to repeat.
}

TEST_CASE("nothing happens while nothing is asked") {
  World w;
  (void)World::open(w.ada, Duration::seconds(10));
  w.network.run_for(Duration::seconds(1));
  const std::uint64_t events = w.network.events;
  w.network.run_for(Duration::seconds(60));
  CHECK(w.network.events == events + 1);  // The end of the session, at the server.
  CHECK(World::read(w.ada).sessions.empty());
}

TEST_CASE("of a renewal that was sent again, the transmission that was answered counts") {
  World w;
  const SessionId session = World::open(w.ada);
  const MonotonicTime start = w.ada.host.monotonic_now();
  SECTION("lost on the way there") {
    w.lose(w.ada.host.address(), request_tag, 2);
    CHECK(w.ada.wait(w.ada.remote->renew(session)).value() == start + Duration::milliseconds(300));
  }
  SECTION("lost on the way back") {
    w.lose(server_address, response_tag, 1);
    CHECK(w.ada.wait(w.ada.remote->renew(session)).value() == start + Duration::milliseconds(100));
  }
  SECTION("a slow first answer overtakes nothing: it counts from the first transmission") {
    w.network.fate = [](const Address& from, const Address&, const Bytes&) {
      return Fate{.lost = false,
                  .delay = from == server_address ? Duration::milliseconds(150) : Duration::milliseconds(1)};
    };
    CHECK(w.ada.wait(w.ada.remote->renew(session)).value() == start);
  }
}

TEST_CASE("a session whose first answer was lost is opened once, and its lease counts from the first transmission") {
  World w;
  w.lose(server_address, response_tag, 1);
  const MonotonicTime start = w.ada.host.monotonic_now();
  const OpenedSession opened = w.ada.wait(w.ada.remote->open_session(ttl)).value();
  CHECK(opened.sent == start);
  CHECK(w.ada.host.monotonic_now() > start + Duration::milliseconds(100));
  // It was opened at the first transmission, so it ends a ttl after that, although the second one was answered.
  CHECK(w.bob.wait(w.bob.remote->renew(opened.id)));
  CHECK(w.bob.wait(w.bob.remote->renew(SessionId(opened.id.value() + 1))).error().code == ErrorCode::session_over);
}

TEST_CASE("when nobody answers: reads time out, writes are unknown") {
  World w;
  const SessionId session = World::open(w.ada, Duration::seconds(60));
  w.server.kill();
  const MonotonicTime start = w.ada.host.monotonic_now();
  CHECK(w.ada.wait(w.ada.remote->read(service)).error() ==
        Error{ErrorCode::timed_out, "no answer from the store in 1s"});
  CHECK(w.ada.host.monotonic_now() == start + Duration::seconds(1));
  CHECK(w.ada.wait(w.ada.remote->leader(service)).error().code == ErrorCode::timed_out);
  CHECK(w.ada.wait(w.ada.remote->history(service, Index(1), Index(2))).error().code == ErrorCode::timed_out);
  CHECK(w.ada.wait(w.ada.remote->renew(session)).error().code == ErrorCode::timed_out);
  CHECK(w.ada.wait(w.ada.remote->open_session(ttl)).error().code == ErrorCode::timed_out);
  CHECK(w.ada.wait(w.ada.remote->end_session(session)).error().code == ErrorCode::unknown_outcome);
  CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))).error().code ==
        ErrorCode::unknown_outcome);
  CHECK(w.ada.wait(w.ada.remote->deregister(session, service, PeerId("a"))).error().code == ErrorCode::unknown_outcome);
  CHECK(std::get<Unknown>(World::swap(w.ada, session, 0, "x")).why == "no answer from the store in 1s");
  w.network.run_for(Duration::seconds(10));
  CHECK(w.network.run_until([] { return false; }, Duration::seconds(1)) == false);
}

TEST_CASE("repetitions are rare and capped") {
  World w;
  w.server.kill();
  const std::uint64_t sent = w.network.sent;
  w.ada.kill();
  w.ada.options.timeout = Duration::seconds(10);
  w.ada.start();
  CHECK_FALSE(w.ada.wait(w.ada.remote->read(service)));
  // At 0, 100, 300, 700 ms, then every 800 ms: 1.5, 2.3, … 9.5 s.
  CHECK(w.network.sent - sent == 15);
}

TEST_CASE("a write whose answer was lost is answered as it went") {
  World w;
  const SessionId session = World::open(w.ada);
  w.lose(server_address, response_tag, 2);
  CHECK(std::get<Swapped>(World::swap(w.ada, session, 0, "one")).index == Index(1));
  CHECK(World::read(w.bob).index() == Index(1));
}

TEST_CASE("an unknown write may happen later") {
  World w;
  const SessionId session = World::open(w.ada, Duration::seconds(60));
  // The write wanders about for five seconds; its repetitions are lost.
  bool first = true;
  w.network.fate = [&first](const Address&, const Address&, const Bytes& payload) {
    if (!is_request_of(payload, swap_kind)) return Fate{};
    return std::exchange(first, false) ? Fate{.lost = false, .delay = Duration::seconds(5)}
                                       : Fate{.lost = true, .delay = {}};
  };
  CHECK(std::holds_alternative<Unknown>(World::swap(w.ada, session, 0, "late")));
  CHECK_FALSE(World::read(w.ada).document);

  SECTION("left alone, it does") {
    w.network.run_for(Duration::seconds(5));
    CHECK(World::read(w.ada).document->content == "late");
  }
  SECTION("not if the session was ended before: the second wall") {
    CHECK(w.ada.wait(w.ada.remote->end_session(session)));
    w.network.run_for(Duration::seconds(5));
    CHECK_FALSE(World::read(w.ada).document);
  }
  SECTION("not if the same client has written since") {
    w.network.fate = nullptr;
    CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))));
    w.network.run_for(Duration::seconds(5));
    CHECK_FALSE(World::read(w.ada).document);
  }
  SECTION("not if somebody else wrote first: compare-and-swap") {
    w.network.fate = nullptr;
    CHECK(std::holds_alternative<Swapped>(World::swap(w.bob, World::open(w.bob), 0, "other")));
    w.network.run_for(Duration::seconds(5));
    CHECK(World::read(w.ada).document->content == "other");
  }
}

TEST_CASE("the second wall: a write that arrives after its session's end is refused") {
  World w;
  const SessionId session = World::open(w.ada);
  w.network.fate = [](const Address&, const Address&, const Bytes& payload) {
    return is_request_of(payload, swap_kind) ? Fate{.lost = false, .delay = Duration::seconds(3)} : Fate{};
  };
  std::optional<SwapOutcome> outcome;
  w.ada.options.timeout = Duration::seconds(10);
  w.ada.kill();
  w.ada.start();
  w.ada.begin(w.ada.remote->compare_and_swap(Swap{session, service, Index(0), "late", std::nullopt}), outcome);
  w.network.run_for(Duration::seconds(4));
  CHECK_FALSE(World::read(w.bob).document);
  REQUIRE(outcome);
  // A new life of the process has no session of its own: the store does not know whether it is a repetition.
  CHECK(std::holds_alternative<Unknown>(*outcome));
}

TEST_CASE("a client that is killed in the middle of a write: it happens or not, and its session ends by itself") {
  World w;
  const SessionId session = World::open(w.ada);
  CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))));
  std::optional<SwapOutcome> outcome;
  w.ada.watch(service);
  w.ada.begin(w.ada.remote->compare_and_swap(Swap{session, service, Index(0), "x", PeerId("a")}), outcome);
  w.ada.kill();
  w.network.run_for(Duration::milliseconds(10));
  CHECK_FALSE(outcome);
  View view = World::read(w.bob);
  CHECK(view.document->content == "x");
  CHECK(view.alive(session));

  // Its next life at the same address gets none of the answers to the former one, and waits for its own old session.
  w.ada.start();
  const SessionId again = World::open(w.ada, Duration::seconds(60));
  CHECK(again != session);
  CHECK(w.ada.wait(w.ada.remote->register_instance(again, service, instance("a"))).error().code ==
        ErrorCode::already_exists);
  w.network.run_for(ttl);
  CHECK(w.ada.wait(w.ada.remote->register_instance(again, service, instance("a"))));
  view = World::read(w.bob);
  CHECK_FALSE(view.alive(session));
  CHECK(view.find(PeerId("a"))->session == again);
}

TEST_CASE("writes go one after the other, in the order of the calls; one that is given up leaves the row") {
  World w;
  const SessionId session = World::open(w.ada, Duration::seconds(60));
  w.lose(w.ada.host.address(), request_tag, 1);
  std::vector<std::optional<SwapOutcome>> outcomes(4);
  const auto write = [&](std::uint64_t expected) {
    return w.ada.remote->compare_and_swap(Swap{session, service, Index(expected), "x", std::nullopt});
  };
  w.ada.begin(write(0), outcomes[0]);
  w.ada.begin(give_up_after(w.ada.host, Duration::milliseconds(50), write(1)), outcomes[1]);
  w.ada.begin(write(1), outcomes[2]);
  w.ada.begin(write(2), outcomes[3]);
  w.network.run_for(Duration::seconds(1));
  CHECK(std::get<Unknown>(*outcomes[1]).why == "gave up");
  CHECK(std::get<Swapped>(*outcomes[0]).index == Index(1));
  CHECK(std::get<Swapped>(*outcomes[2]).index == Index(2));
  CHECK(std::get<Swapped>(*outcomes[3]).index == Index(3));
}

TEST_CASE("a watch delivers the latest at first, then what is newer") {
  World w;
  w.bob.watch(service);
  w.network.run_for(Duration::milliseconds(10));
  std::vector<View> views = w.bob.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views[0].version == Version(0));

  const SessionId session = World::open(w.ada);
  CHECK(w.ada.wait(w.ada.remote->register_instance(session, service, instance("a"))));
  w.network.run_for(Duration::milliseconds(10));
  (void)World::swap(w.ada, session, 0, "one", PeerId("a"));
  w.network.run_for(Duration::milliseconds(10));
  views = w.bob.delivered();
  REQUIRE(views.size() == 2);
  CHECK(views[0].members.size() == 1);
  CHECK(views[1].leader() == PeerId("a"));

  // Nobody renews: the session's end is pushed when it comes, without any polling.
  w.network.run_for(ttl);
  views = w.bob.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views[0].members.empty());
  CHECK_FALSE(views[0].alive(session));
}

TEST_CASE("a lost answer to a watch shows in the next renewal") {
  World w;
  const SessionId a = World::open(w.ada, Duration::seconds(60));
  const SessionId b = World::open(w.bob, Duration::seconds(60));
  w.bob.watch(service);
  w.bob.scope.spawn(renew_for_ever(w.bob.host, *w.bob.remote, b, Duration::milliseconds(400)));
  w.network.run_for(Duration::milliseconds(900));
  (void)w.bob.delivered();
  w.network.fate = [&, count = 1](const Address&, const Address& to, const Bytes&) mutable {
    return Fate{.lost = to == w.bob.host.address() && count-- > 0, .delay = {}};
  };
  (void)World::swap(w.ada, a, 0, "one");
  w.network.run_for(Duration::milliseconds(401));
  const std::vector<View> views = w.bob.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views[0].document->content == "one");
}

TEST_CASE("a lost answer to a watch of somebody without a session is asked for after a while") {
  World w;
  const SessionId a = World::open(w.ada, Duration::seconds(60));
  w.bob.watch(service);
  w.network.run_for(Duration::milliseconds(10));
  (void)w.bob.delivered();
  w.network.fate = [&, count = 1](const Address&, const Address& to, const Bytes&) mutable {
    return Fate{.lost = to == w.bob.host.address() && count-- > 0, .delay = {}};
  };
  (void)World::swap(w.ada, a, 0, "one");
  w.network.run_for(Duration::milliseconds(2'010));
  CHECK(w.bob.delivered().size() == 1);
}

TEST_CASE("an idle watcher with a session costs two datagrams a renewal") {
  World w;
  const SessionId b = World::open(w.bob);
  CHECK(w.bob.wait(w.bob.remote->register_instance(b, service, instance("b"))));
  w.bob.watch(service);
  w.bob.scope.spawn(renew_for_ever(w.bob.host, *w.bob.remote, b, Duration::milliseconds(400)));
  w.network.run_for(Duration::seconds(10));
  const std::uint64_t sent = w.network.sent;
  const std::uint64_t events = w.network.events;
  w.network.run_for(Duration::seconds(100));
  const std::uint64_t renewals = 250;
  CHECK(w.network.sent - sent <= 2 * renewals + 2);
  // There, back, the interval's own sleep, the timer of repetitions; and now and then the watch's and the server's
  // timers.
  CHECK(w.network.events - events <= 4 * renewals + 130);
}

TEST_CASE("a datagram that is not the store's goes to its own receiver; garbage hurts nobody") {
  World w;
  struct Other final : Receiver {
    void receive(Message message) override { got.push_back(message.payload); }
    std::vector<Bytes> got;
  } other;
  w.ada.inbox->route('g', &other);
  const SessionId session = World::open(w.ada);
  for (const Bytes& payload : {Bytes("gossip"), Bytes(""), Bytes("s"), Bytes("s\x01garbage"), Bytes("zzz")}) {
    w.bob.host.send(w.ada.host.address(), payload);
    w.bob.host.send(server_address, payload);
    w.bob.host.send(server_address, "S" + payload);
  }
  w.network.run_for(Duration::milliseconds(10));
  CHECK(other.got == std::vector<Bytes>{"gossip"});
  CHECK(w.ada.inbox->unwanted() == 2);
  CHECK(w.ada.wait(w.ada.remote->renew(session)));
  w.ada.inbox->route('g', nullptr);
}

TEST_CASE("an answer that does not fit is an error, and of a write unknown") {
  World w;
  const SessionId session = World::open(w.ada);
  w.server.kill();
  Scope liar;
  struct Liar {
    static Task<void> run(Host& host) {
      while (true) {
        Message message = co_await host.receive();
        const Request request = decode_request(message.payload).value();
        const Response response{request.attempt, StoreId{9, 9}, request.client, request.request, Taken{SessionId(1)}};
        host.send(message.from, encode(response));
      }
    }
  };
  liar.spawn(Liar::run(w.server.host));
  CHECK(w.ada.wait(w.ada.remote->read(service)).error().code == ErrorCode::invalid);
  CHECK(w.ada.wait(w.ada.remote->renew(session)).error().code == ErrorCode::invalid);
  CHECK(w.ada.wait(w.ada.remote->open_session(ttl)).error().code == ErrorCode::invalid);
  CHECK(w.ada.wait(w.ada.remote->leader(service)).error().code == ErrorCode::invalid);
  CHECK(w.ada.wait(w.ada.remote->history(service, Index(1), Index(1))).error().code == ErrorCode::invalid);
  CHECK(std::holds_alternative<Unknown>(World::swap(w.ada, session, 0, "x")));
}

TEST_CASE("a server that does not answer is followed by the next") {
  World w;
  w.ada.kill();
  w.ada.options.servers = {Address("nobody:1"), Address("nobody:2"), server_address};
  w.ada.start();
  const SessionId session = World::open(w.ada);
  const std::uint64_t sent = w.network.sent;
  CHECK(w.ada.wait(w.ada.remote->renew(session)));  // It stays with who answered.
  CHECK(w.network.sent == sent + 2);
}

TEST_CASE("a long history is collected in pieces") {
  World w;
  const SessionId session = World::open(w.ada, Duration::seconds(60));
  const std::string big(limits::answer / 2, 'x');
  for (std::uint64_t i = 0; i < 5; ++i)
    CHECK(std::holds_alternative<Swapped>(World::swap(w.ada, session, i, big.c_str())));
  const std::vector<Document> all = w.bob.wait(w.bob.remote->history(service, Index(0), Index(UINT64_MAX))).value();
  REQUIRE(all.size() == 5);
  for (std::uint64_t i = 0; i < 5; ++i) CHECK(all[i].index == Index(i + 1));
  CHECK(w.bob.wait(w.bob.remote->history(service, Index(2), Index(4))).value().size() == 3);
}

namespace {

struct Tally {
  std::vector<std::string> won;  ///< Documents whose writing was acknowledged.
  std::vector<std::string> unknown;
  std::vector<std::string> refused;
};

/// Increments by compare-and-swap, as several do at once.
Task<void> contend(ClientProcess& client, Tally& tally, int rounds) {
  Result<OpenedSession> session = co_await client.remote->open_session(Duration::seconds(600));
  while (!session) session = co_await client.remote->open_session(Duration::seconds(600));
  for (int round = 0; round < rounds; ++round) {
    const Result<View> view = co_await client.remote->read(service);
    if (!view) continue;
    const std::string document = client.host.address().value() + " " + std::to_string(round);
    Swap swap{session->id, service, view->index(), document, std::nullopt};
    const SwapOutcome outcome = co_await client.remote->compare_and_swap(std::move(swap));
    if (std::holds_alternative<Swapped>(outcome)) {
      tally.won.push_back(document);
    } else if (std::holds_alternative<Unknown>(outcome)) {
      tally.unknown.push_back(document);
    } else {
      tally.refused.push_back(document);
    }
  }
}

}  // namespace

TEST_CASE(
    "on a network that loses, doubles and reorders: every acknowledged write is there once, no refused one is, watches "
    "go up") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Network network(seed);
    ServerProcess server(network, "store:1");
    network.loss_permille = 300;
    network.duplication_permille = 300;
    network.shortest = Duration::microseconds(100);
    network.longest = Duration::milliseconds(400);
    std::vector<std::unique_ptr<ClientProcess>> clients;
    Tally tally;
    for (const char* name : {"a", "b", "c"}) {
      clients.push_back(std::make_unique<ClientProcess>(network, name, std::vector{server_address}));
      clients.back()->watch(service);
      clients.back()->scope.spawn(contend(*clients.back(), tally, 40));
    }
    network.run_for(Duration::seconds(200));
    network.loss_permille = 0;
    network.run_for(Duration::seconds(10));

    const std::vector<Document> history =
        clients[0]->wait(clients[0]->remote->history(service, Index(1), Index(9'999))).value();
    const auto times = [&](const std::string& document) {
      return std::count_if(history.begin(), history.end(), [&](const Document& d) { return d.content == document; });
    };
    CHECK(tally.won.size() >= 10);
    CHECK(history.size() >= tally.won.size());
    CHECK(history.size() <= tally.won.size() + tally.unknown.size());
    for (const std::string& document : tally.won) CHECK(times(document) == 1);
    for (const std::string& document : tally.unknown) CHECK(times(document) <= 1);
    for (const std::string& document : tally.refused) CHECK(times(document) == 0);
    for (auto& client : clients) {
      const std::vector<View> views = client->delivered();
      REQUIRE(!views.empty());
      for (std::size_t i = 1; i < views.size(); ++i) CHECK(views[i - 1].version < views[i].version);
      CHECK(views.back().document == history.back());
    }
  }
}
