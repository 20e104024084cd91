#include "engine/store/state.h"

#include <catch2/catch.hpp>

#include "engine/store/codec.h"

using namespace heir;
using namespace heir::store;

namespace {

const StoreId identity{0x1234, 0x7};
const ServiceName service("main");
const ClientId ada(11);
const ClientId bob(22);
constexpr Duration ttl = Duration::seconds(2);

MonotonicTime at(std::int64_t ns) {
  return MonotonicTime::from_ns(ns);
}
MonotonicTime ms(std::int64_t n) {
  return at(n * 1'000'000);
}

/// A store and the numbers of its clients' requests.
struct Fixture {
  State state = create(identity);
  MonotonicTime now = ms(1'000);
  std::uint64_t request = 0;

  Reply ask(ClientId client, Action action) {
    return apply(state, now, Command{client, ++request, WallTime::from_ns(5), std::move(action)});
  }
  Reply repeat(ClientId client, std::uint64_t number, Action action) {
    return apply(state, now, Command{client, number, WallTime::from_ns(6), std::move(action)});
  }
  SessionId open(ClientId client, const char* owner = "peer", Duration length = ttl) {
    return std::get<Opened>(ask(client, OpenSession{length, PeerId(owner)})).session;
  }
  Reply add(ClientId client, SessionId session, const char* id, const char* name = "") {
    return ask(client, Register{session, service, Instance{PeerId(id), name, {Address("10.0.0.1:5432")}, "m"}});
  }
  Reply swap(ClientId client, SessionId session, std::uint64_t expected, const char* document,
             std::optional<PeerId> leader = {}) {
    return ask(client, Swap{session, service, Index(expected), document, std::move(leader)});
  }
  View view() const { return view_of(state, service); }
  std::vector<std::string> ids() const {
    std::vector<std::string> result;
    for (const Member& member : view().members) result.push_back(member.instance.id.value());
    return result;
  }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a new store is empty and says who it is") {
  Fixture f;
  CHECK(f.view() == View{.store = identity, .version = {}, .members = {}, .sessions = {}, .document = {}});
  CHECK(std::get<Viewed>(answer(f.state, Read{service})).view == f.view());
  CHECK(std::get<Found>(answer(f.state, FindLeader{service})).leader == Leader{});
  CHECK(std::get<Told>(answer(f.state, ReadHistory{service, Index(1), Index(9)})).documents.empty());
  CHECK(f.state.services.empty());
  CHECK(to_string(identity) == "00000000-0000-1234-0000-000000000007");
  CHECK(parse_store_id(to_string(identity)) == identity);
  for (const char* bad : {"", "x", "00000000-0000-1234-0000-00000000000", "00000000-0000-1234-0000-00000000000g",
                          "00000000x0000-1234-0000-000000000007", "00000000-0000-1234-0000-0000000000077"})
    CHECK_FALSE(parse_store_id(bad));
}

TEST_CASE("sessions of different stores have different numbers") {
  State one = create({1, 1});
  State other = create({1, 2});
  CHECK(one.next_session != other.next_session);
  CHECK(one.next_session > 0);
}

TEST_CASE("a session lives strictly less than its ttl after the last renewal was applied") {
  Fixture f;
  const SessionId session = f.open(ada);
  const auto renew = [&](MonotonicTime when) {
    f.now = when;
    return f.ask(ada, Renew{session});
  };
  CHECK(std::holds_alternative<Renewed>(renew(at(3'000'000'000 - 1))));
  CHECK(std::holds_alternative<Renewed>(renew(at(5'000'000'000 - 2))));
  CHECK(f.state.sessions.front().expires == at(7'000'000'000 - 2));
  SECTION("one nanosecond before the end it is alive") {
    CHECK(std::holds_alternative<Renewed>(renew(at(7'000'000'000 - 3))));
    CHECK(f.state.sessions.size() == 1);
  }
  SECTION("at the end it is over, for ever") {
    CHECK(std::holds_alternative<SessionOver>(renew(at(7'000'000'000 - 2))));
    CHECK(std::holds_alternative<SessionOver>(renew(at(7'000'000'000 - 1))));
    CHECK(f.state.sessions.empty());
    CHECK(f.state.earliest == MonotonicTime::max());
  }
}

TEST_CASE("expiry alone ends sessions at their time, and looks at none before the earliest") {
  Fixture f;
  const SessionId early = f.open(ada, "a", Duration::milliseconds(500));
  const SessionId late = f.open(bob, "b", Duration::milliseconds(700));
  CHECK(std::holds_alternative<Done>(f.add(ada, early, "a")));
  CHECK(std::holds_alternative<Done>(f.add(bob, late, "b")));
  expire(f.state, ms(1'500) - Duration::nanoseconds(1));
  CHECK(f.ids() == Ids{"a", "b"});
  const Version before = f.view().version;
  expire(f.state, ms(1'500));
  CHECK(f.ids() == Ids{"b"});
  CHECK_FALSE(f.view().alive(early));
  CHECK(f.view().alive(late));
  CHECK(f.view().version == Version(before.value() + 1));
  CHECK(f.state.earliest == ms(1'700));
  expire(f.state, ms(9'000));
  CHECK(f.ids().empty());
  CHECK(f.view().version == Version(before.value() + 2));
}

TEST_CASE("the bound on the earliest end is never too late, also after renewals") {
  Fixture f;
  const SessionId session = f.open(ada);
  f.now = ms(2'000);
  CHECK(std::holds_alternative<Renewed>(f.ask(ada, Renew{session})));
  CHECK(f.state.earliest == ms(3'000));  // Too early is allowed, and noticed when it comes.
  expire(f.state, ms(3'000));
  CHECK(f.state.sessions.size() == 1);
  CHECK(f.state.earliest == ms(4'000));
}

TEST_CASE("a restart grants every session a full ttl, on the new clock") {
  Fixture f;
  const SessionId one = f.open(ada);
  const SessionId other = f.open(bob, "b", Duration::seconds(5));
  restart(f.state, at(40));
  expire(f.state, at(40) + ttl - Duration::nanoseconds(1));
  CHECK(f.state.sessions.size() == 2);
  expire(f.state, at(40) + ttl);
  REQUIRE(f.state.sessions.size() == 1);
  CHECK(f.state.sessions.front().id == other);
  CHECK(f.state.sessions.front().expires == at(40) + Duration::seconds(5));
  CHECK(one != other);
}

TEST_CASE("an impossible ttl is refused") {
  Fixture f;
  for (const Duration bad :
       {Duration::zero(), -Duration::seconds(1), limits::ttl + Duration::nanoseconds(1), Duration::max()})
    CHECK(std::holds_alternative<Invalid>(f.ask(ada, OpenSession{bad, PeerId("x")})));
  CHECK(f.state == create(identity));
}

TEST_CASE("ending a session takes its instances away at once; ending it again succeeds") {
  Fixture f;
  const SessionId session = f.open(ada);
  f.add(ada, session, "a");
  CHECK(std::holds_alternative<Done>(f.ask(ada, EndSession{session})));
  CHECK(f.ids().empty());
  CHECK(f.view().sessions.empty());
  const Version version = f.view().version;
  CHECK(std::holds_alternative<Done>(f.ask(ada, EndSession{session})));
  CHECK(f.view().version == version);
}

TEST_CASE("who knows the session of his former life takes its instance over, in its place and at once") {
  Fixture f;
  const SessionId before = f.open(ada);
  const SessionId other = f.open(bob);
  CHECK(std::holds_alternative<Done>(f.add(ada, before, "a")));
  CHECK(std::holds_alternative<Done>(f.add(bob, other, "b")));
  const ClientId reborn(77);
  const SessionId after = f.open(reborn);
  const Instance instance{PeerId("a"), "again", {Address("10.0.0.1:5432")}, "m"};
  CHECK(std::holds_alternative<Taken>(f.ask(reborn, Register{after, service, instance, SessionId(4711)})));
  CHECK(std::holds_alternative<Done>(f.ask(reborn, Register{after, service, instance, before})));
  CHECK(f.ids() == Ids{"a", "b"});
  CHECK(f.view().find(PeerId("a"))->session == after);
  CHECK(f.view().alive(before));  // it runs out by itself: a primary rewrites `opened` before anyone can take over
  // The end of the former session does not take the instance with it.
  CHECK(std::holds_alternative<Done>(f.ask(ada, EndSession{before})));
  CHECK(f.ids() == Ids{"a", "b"});
}

TEST_CASE("a client without a session may end another's: a restarted peer its former one") {
  Fixture f;
  const SessionId session = f.open(ada);
  CHECK(std::holds_alternative<Done>(f.ask(bob, EndSession{session})));
  CHECK(f.state.sessions.empty());
}

TEST_CASE("instances stand in order of first registration; who leaves and returns stands last") {
  Fixture f;
  const SessionId a = f.open(ada, "c");
  const SessionId b = f.open(bob, "a");
  f.add(ada, a, "c");
  f.add(bob, b, "a");
  f.add(bob, b, "b");
  CHECK(f.ids() == Ids{"c", "a", "b"});
  SECTION("by deregistration") {
    CHECK(std::holds_alternative<Done>(f.ask(ada, Deregister{a, service, PeerId("c")})));
    CHECK(f.ids() == Ids{"a", "b"});
    CHECK(f.view().alive(a));  // The session goes on.
    f.add(ada, a, "c");
  }
  SECTION("by expiry") {
    f.now = ms(2'500);
    f.ask(bob, Renew{b});
    f.now = ms(3'000);
    CHECK(std::holds_alternative<SessionOver>(f.add(ada, a, "c")));
    CHECK(f.ids() == Ids{"a", "b"});
    f.add(ada, f.open(ada, "c"), "c");
  }
  CHECK(f.ids() == Ids{"a", "b", "c"});
}

TEST_CASE("registering again under the same session replaces the instance in its place") {
  Fixture f;
  const SessionId session = f.open(ada);
  f.add(ada, session, "a");
  f.add(ada, session, "b");
  const Version version = f.view().version;
  CHECK(std::holds_alternative<Done>(f.add(ada, session, "a", "new name")));
  CHECK(f.ids() == Ids{"a", "b"});
  CHECK(f.view().find(PeerId("a"))->instance.name == "new name");
  CHECK(f.view().version == Version(version.value() + 1));
  // With nothing new in it, nobody is woken.
  CHECK(std::holds_alternative<Done>(f.add(ada, session, "a", "new name")));
  CHECK(f.view().version == Version(version.value() + 1));
}

TEST_CASE("two live sessions cannot hold one identity") {
  Fixture f;
  const SessionId first = f.open(ada);
  const SessionId second = f.open(bob);
  f.add(ada, first, "twin", "one");
  CHECK(f.add(bob, second, "twin", "two") == Reply(Taken{first}));
  CHECK(f.view().find(PeerId("twin"))->instance.name == "one");
  CHECK_FALSE(f.view().alive(second));
  CHECK(std::holds_alternative<NotThere>(f.ask(bob, Deregister{second, service, PeerId("twin")})));
  f.ask(ada, EndSession{first});
  CHECK(f.add(bob, second, "twin", "two") == Reply(Done{}));
}

TEST_CASE("deregistering says when there is nothing") {
  Fixture f;
  const SessionId session = f.open(ada);
  CHECK(f.ask(ada, Deregister{session, service, PeerId("a")}) == Reply(NotThere{}));
  CHECK(f.state.services.empty());
  f.add(ada, session, "a");
  CHECK(f.ask(ada, Deregister{session, service, PeerId("b")}) == Reply(NotThere{}));
  CHECK(f.ask(ada, Deregister{SessionId(99), service, PeerId("a")}) == Reply(SessionOver{}));
  CHECK(f.ids() == Ids{"a"});
}

TEST_CASE("compare-and-swap: index 0 is `must not exist`, then the index of what stands there") {
  Fixture f;
  const SessionId session = f.open(ada, "ada");
  CHECK(std::get<Conflict>(f.swap(ada, session, 1, "x")).current.version == Version());
  CHECK(f.state.services.empty());
  CHECK(f.swap(ada, session, 0, "one") == Reply(Swapped{Index(1), Version(1)}));
  CHECK(f.view().index() == Index(1));

  const Reply refused = f.swap(ada, session, 0, "again");
  CHECK(std::get<Conflict>(refused).current == f.view());
  CHECK(f.swap(ada, session, 1, "two") == Reply(Swapped{Index(2), Version(2)}));
  CHECK(std::holds_alternative<Conflict>(f.swap(ada, session, 1, "late")));
  CHECK(std::holds_alternative<Conflict>(f.swap(ada, session, 3, "early")));
  CHECK(f.view().document->content == "two");
  CHECK(f.view().version == Version(2));
}

TEST_CASE("the leader pointer changes with the document or not at all") {
  Fixture f;
  const SessionId session = f.open(ada);
  f.add(ada, session, "a", "host a");
  f.swap(ada, session, 0, "one", PeerId("a"));
  CHECK(f.view().leader() == PeerId("a"));
  CHECK(f.view().version == Version(2));  // One version for both.
  f.swap(ada, session, 0, "two", PeerId("b"));
  CHECK(f.view().leader() == PeerId("a"));

  Leader leader = std::get<Found>(answer(f.state, FindLeader{service})).leader;
  CHECK(leader.index == Index(1));
  CHECK(leader.instance->name == "host a");

  // A leader that is not present is still the leader; only its addresses are not known.
  f.swap(ada, session, 1, "two", PeerId("b"));
  leader = std::get<Found>(answer(f.state, FindLeader{service})).leader;
  CHECK(leader == Leader{Index(2), PeerId("b"), std::nullopt});

  f.swap(ada, session, 2, "three");
  CHECK_FALSE(f.view().leader());
  CHECK(std::get<Found>(answer(f.state, FindLeader{service})).leader == Leader{Index(3), std::nullopt, std::nullopt});
}

TEST_CASE("the second wall: a write of a session that is over is refused and leaves no trace") {
  Fixture f;
  const SessionId a = f.open(ada);
  const SessionId b = f.open(bob, "b", Duration::seconds(60));
  f.swap(ada, a, 0, "one");
  f.now = ms(3'000);
  CHECK(f.swap(ada, a, 1, "too late") == Reply(SessionOver{}));
  CHECK(f.add(ada, a, "a") == Reply(SessionOver{}));
  CHECK(f.swap(bob, SessionId(77), 1, "of a session that never was") == Reply(SessionOver{}));
  CHECK(f.view().document->content == "one");
  CHECK(f.view().members.empty());
  CHECK(f.swap(bob, b, 1, "two") == Reply(Swapped{Index(2), Version(3)}));
}

TEST_CASE("a view says which sessions that wrote or registered are alive") {
  Fixture f;
  const SessionId a = f.open(ada);
  const SessionId b = f.open(bob);
  f.swap(ada, a, 0, "one");
  CHECK(f.view().sessions == std::vector{a});
  f.add(bob, b, "b");
  CHECK(f.view().sessions == std::vector{a, b});
  const Version version = f.view().version;
  f.ask(ada, EndSession{a});
  CHECK(f.view().sessions == std::vector{b});
  CHECK(f.view().version == Version(version.value() + 1));  // Seen, although it had no instance.
}

TEST_CASE("history keeps every version, with who and when") {
  Fixture f;
  const SessionId a = f.open(ada, "ada");
  const SessionId b = f.open(bob, "bob");
  f.swap(ada, a, 0, "one", PeerId("x"));
  f.swap(bob, b, 1, "two");
  f.swap(ada, a, 2, "three");
  f.swap(bob, b, 2, "refused");
  const auto told = [&](std::uint64_t first, std::uint64_t last) {
    return std::get<Told>(answer(f.state, ReadHistory{service, Index(first), Index(last)}));
  };
  const Told all = told(0, UINT64_MAX);
  REQUIRE(all.documents.size() == 3);
  CHECK_FALSE(all.more);
  CHECK(all.documents[0] == Document{Index(1), "one", PeerId("x"), PeerId("ada"), a, WallTime::from_ns(5)});
  CHECK(all.documents[1].by == PeerId("bob"));
  CHECK(told(2, 2).documents == std::vector{all.documents[1]});
  CHECK(told(3, 1).documents.empty());
  CHECK(told(4, 9).documents.empty());
  f.ask(ada, EndSession{a});
  CHECK(told(1, 3).documents.size() == 3);
}

TEST_CASE("a long history is told in pieces") {
  Fixture f;
  const SessionId session = f.open(ada);
  const std::string big(limits::answer / 2, 'x');
  for (std::uint64_t i = 0; i < 5; ++i) f.ask(ada, Swap{session, service, Index(i), big, std::nullopt});
  const auto told = [&](std::uint64_t first, std::uint64_t last) {
    return std::get<Told>(answer(f.state, ReadHistory{service, Index(first), Index(last)}));
  };
  CHECK(told(1, 5).documents.size() == 2);
  CHECK(told(1, 5).more);
  CHECK(told(3, 5).more);
  CHECK(told(5, 5).documents.size() == 1);
  CHECK_FALSE(told(5, 5).more);
  CHECK_FALSE(told(4, 5).more);
}

TEST_CASE("a repeated command is answered as it went and does not happen twice") {
  Fixture f;
  const Reply opened = f.ask(ada, OpenSession{ttl, PeerId("ada")});
  CHECK(f.repeat(ada, f.request, OpenSession{ttl, PeerId("ada")}) == opened);
  CHECK(f.state.sessions.size() == 1);
  const SessionId session = std::get<Opened>(opened).session;

  const Swap first{session, service, Index(0), "one", PeerId("a")};
  const Reply went = f.ask(ada, first);
  const State after = f.state;
  CHECK(f.repeat(ada, f.request, first) == went);
  CHECK(f.state == after);

  SECTION("a refusal too, although it would succeed by now") {
    const SessionId other = f.open(bob);
    const Swap early{other, service, Index(2), "three", std::nullopt};
    const Reply refused = f.ask(bob, early);
    const std::uint64_t number = f.request;
    CHECK(std::holds_alternative<Conflict>(refused));
    f.swap(ada, session, 1, "two");
    CHECK(f.repeat(bob, number, early) == refused);
    CHECK(f.view().index() == Index(2));
  }
  SECTION("also when the session has ended since") {
    const std::uint64_t number = f.request;
    f.now = ms(20'000);
    CHECK(f.repeat(ada, number, first) == went);
    CHECK(f.state.sessions.empty());
  }
  SECTION("one that is older than the client's last never happens any more") {
    const std::uint64_t number = ++f.request;  // Under way, and slow.
    f.swap(ada, session, 1, "two");
    CHECK(f.repeat(ada, number, Swap{session, service, Index(2), "three", std::nullopt}) == Reply(Superseded{}));
    CHECK(f.view().document->content == "two");
  }
  SECTION("a repeated opening after newer commands opens nothing") {
    CHECK(f.repeat(ada, 1, OpenSession{ttl, PeerId("ada")}) == Reply(Superseded{}));
    CHECK(f.state.sessions.size() == 1);
  }
}

TEST_CASE("renewals and ends overtake writes without making them superseded") {
  Fixture f;
  const SessionId session = f.open(ada);
  const std::uint64_t slow = ++f.request;
  CHECK(std::holds_alternative<Renewed>(f.ask(ada, Renew{session})));
  CHECK(f.repeat(ada, slow, Swap{session, service, Index(0), "one", std::nullopt}) ==
        Reply(Swapped{Index(1), Version(1)}));
}

TEST_CASE("clients without a session are forgotten in the order in which they went, beyond a bound") {
  Fixture f;
  const SessionId kept = f.open(ClientId(1'000'000), "kept", Duration::seconds(3600));
  for (std::uint64_t i = 1; i <= limits::retired_clients + 10; ++i) {
    const SessionId session = f.open(ClientId(i));
    f.ask(ClientId(i), EndSession{session});
  }
  CHECK(f.state.clients.size() == limits::retired_clients + 1);
  CHECK(f.ask(ClientId(10), Swap{kept, service, Index(0), "x", std::nullopt}) == Reply(Forgotten{}));
  CHECK(f.ask(ClientId(11), Swap{SessionId(5), service, Index(0), "x", std::nullopt}) == Reply(SessionOver{}));
  CHECK(f.ask(ClientId(1'000'000), Swap{kept, service, Index(0), "x", std::nullopt}) ==
        Reply(Swapped{Index(1), Version(1)}));
  // One that comes back is kept again.
  const SessionId again = f.open(ClientId(11), "again", Duration::seconds(3600));
  CHECK(f.state.clients.size() == limits::retired_clients + 1);
  CHECK(std::holds_alternative<Renewed>(f.ask(ClientId(11), Renew{again})));
}

TEST_CASE("what is too large or has no name is refused in words and changes nothing") {
  Fixture f;
  const SessionId session = f.open(ada);
  const State before = f.state;
  const std::string name(limits::name + 1, 'n');
  const std::string content(limits::content + 1, 'c');
  const auto invalid = [&](Action action) {
    const Reply reply = f.ask(ada, std::move(action));
    const auto* why = std::get_if<Invalid>(&reply);
    return why && !why->why.empty();
  };
  const Instance good{PeerId("a"), "", {}, ""};
  const auto with = [&](auto change) {
    Instance instance = good;
    change(instance);
    return Register{session, service, instance};
  };
  CHECK(invalid(Register{session, ServiceName(""), good}));
  CHECK(invalid(Register{session, ServiceName(name), good}));
  CHECK(invalid(with([](Instance& i) { i.id = PeerId(""); })));
  CHECK(invalid(with([&](Instance& i) { i.id = PeerId(name); })));
  CHECK(invalid(with([&](Instance& i) { i.name = name; })));
  CHECK(invalid(with([&](Instance& i) { i.metadata = content; })));
  CHECK(invalid(with([&](Instance& i) { i.addresses = {Address(name)}; })));
  CHECK(invalid(with([&](Instance& i) { i.addresses.assign(limits::addresses + 1, Address("a")); })));
  CHECK(invalid(Swap{session, ServiceName(""), Index(0), "", std::nullopt}));
  CHECK(invalid(Swap{session, service, Index(0), content, std::nullopt}));
  CHECK(invalid(Swap{session, service, Index(0), "", PeerId("")}));
  CHECK(invalid(Swap{session, service, Index(0), "", PeerId(name)}));
  CHECK(invalid(OpenSession{ttl, PeerId(name)}));
  CHECK(f.state.services == before.services);
  CHECK(f.state.sessions == before.sessions);
  CHECK(f.state.changes == before.changes);
}

TEST_CASE("the numbers of sessions and services are bounded") {
  Fixture f;
  const SessionId session = f.open(ada);
  for (std::size_t i = 0; i < limits::services; ++i)
    CHECK(std::holds_alternative<Swapped>(
        f.ask(ada, Swap{session, ServiceName("s" + std::to_string(i)), Index(0), "", std::nullopt})));
  CHECK(std::holds_alternative<Invalid>(f.ask(ada, Swap{session, service, Index(0), "", std::nullopt})));
  CHECK(std::holds_alternative<Swapped>(f.ask(ada, Swap{session, ServiceName("s7"), Index(1), "", std::nullopt})));
  for (std::size_t i = 1; i < limits::sessions; ++i) f.open(ada);
  CHECK(std::holds_alternative<Invalid>(f.ask(ada, OpenSession{ttl, PeerId("x")})));
}

TEST_CASE("services do not see each other") {
  Fixture f;
  const SessionId session = f.open(ada);
  f.swap(ada, session, 0, "one");
  f.ask(ada, Swap{session, ServiceName("another"), Index(0), "two", std::nullopt});
  CHECK(f.view().version == Version(1));
  CHECK(view_of(f.state, ServiceName("another")).document->content == "two");
  CHECK(f.state.changes == 2);
  f.ask(ada, EndSession{session});
  CHECK(f.view().version == Version(2));
  CHECK(view_of(f.state, ServiceName("another")).version == Version(2));
}

TEST_CASE("the same commands at the same times make the same state") {
  const auto run = [] {
    Fixture f;
    for (int i = 0; i < 300; ++i) {
      f.now = f.now + Duration::milliseconds(37 * (i % 7));
      const ClientId client(static_cast<std::uint64_t>(i % 5 + 1));
      const SessionId session = f.open(client);
      f.add(client, session, i % 3 ? "a" : "b");
      f.swap(client, session, f.view().index().value(), "doc", PeerId("a"));
      if (i % 4 == 0) f.ask(client, EndSession{session});
    }
    return f.state;
  };
  CHECK(run() == run());
}

TEST_CASE("the oldest versions of a document go beyond a bound; the rest is told by its numbers") {
  Fixture f;
  const SessionId session = f.open(ada, "ada", Duration::seconds(3600));
  for (std::uint64_t i = 0; i < limits::history + 3; ++i)
    REQUIRE(std::holds_alternative<Swapped>(f.swap(ada, session, i, "x")));
  CHECK(f.state.services.front().history.size() == limits::history);
  const Told first = std::get<Told>(answer(f.state, ReadHistory{service, Index(1), Index(5)}));
  REQUIRE(first.documents.size() == 2);
  CHECK(first.documents.front().index == Index(4));
  CHECK_FALSE(first.more);
  CHECK(decode_state(encode_state(f.state)).value() == f.state);
}

TEST_CASE("on a log the first entry names the store, sessions never end by themselves, and repetitions are known") {
  State state;
  CHECK(std::holds_alternative<Done>(apply(state, Logged(Begin{identity}))));
  CHECK(state.identity == identity);
  CHECK(std::holds_alternative<Done>(apply(state, Logged(Begin{StoreId{9, 9}}))));
  CHECK(state.identity == identity);
  const auto log = [&](std::uint64_t request, Action action) {
    return apply(state, Logged(Command{ada, request, WallTime(), std::move(action)}));
  };
  const SessionId session = std::get<Opened>(log(1, OpenSession{Duration::nanoseconds(1), PeerId("a")})).session;
  const Swap swap{session, service, Index(), "x", std::nullopt};
  CHECK(std::holds_alternative<Swapped>(log(2, swap)));
  CHECK(std::holds_alternative<Swapped>(log(2, swap)));
  REQUIRE(find_session(state, session));
  CHECK(find_session(state, session)->owner == PeerId("a"));
  CHECK(apply(state, Logged(Command{ClientId(), 0, WallTime(), EndSession{session}})) == Reply(Done{}));
  CHECK_FALSE(find_session(state, session));
  CHECK(std::holds_alternative<SessionOver>(log(3, swap)));
}
