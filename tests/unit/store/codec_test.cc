#include "engine/store/codec.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::store;

namespace {

/// A small generator of our own: the garbage is the same on every machine.
struct Chance {
  std::uint64_t state = 88172645463325252;
  std::uint64_t operator()() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  }
  std::uint64_t operator()(std::uint64_t below) { return (*this)() % below; }
};

const Instance instance{PeerId("6a2f"), "db1", {Address("10.0.0.1:5432"), Address("")}, Bytes("\0\xff meta", 7)};
const Document document{Index(7),     Bytes("\0doc", 4),     PeerId("6a2f"),
                        PeerId("by"), SessionId(1ull << 50), WallTime::from_ns(-5)};
const View view{StoreId{1, 2},
                Version(300),
                {{instance, SessionId(4)}, {instance, SessionId(5)}},
                {SessionId(4), SessionId(5)},
                document};
const ServiceName service("main");

std::vector<Body> bodies() {
  return {OpenSession{Duration::seconds(2), PeerId("me")},
          OpenSession{-Duration::max(), PeerId("")},
          Renew{SessionId(UINT64_MAX)},
          EndSession{SessionId(0)},
          Register{SessionId(3), service, instance},
          Deregister{SessionId(3), service, PeerId("6a2f")},
          Swap{SessionId(3), service, Index(9), Bytes(100'000, 'x'), PeerId("6a2f")},
          Swap{SessionId(3), service, Index(0), "", std::nullopt},
          Read{service},
          FindLeader{service},
          ReadHistory{service, Index(1), Index(UINT64_MAX)},
          Watch{service, std::nullopt, Version(0)},
          Watch{service, StoreId{UINT64_MAX, 1}, Version(12)},
          ChangeMembers{raft::AddLearner{raft::MemberId(4), Address("store4:5600")}},
          ChangeMembers{raft::Promote{raft::MemberId(4)}},
          ChangeMembers{raft::Demote{raft::MemberId(4)}},
          ChangeMembers{raft::Remove{raft::MemberId(UINT64_MAX)}},
          TransferLead{},
          TransferLead{raft::MemberId(2)},
          ListMembers{}};
}

std::vector<Reply> replies() {
  View without_document = view;
  without_document.document.reset();
  return {
      Opened{SessionId(5)},
      Renewed{128},
      Done{},
      SessionOver{},
      Taken{SessionId(9)},
      NotThere{},
      Invalid{"why"},
      Forgotten{},
      Superseded{},
      Swapped{Index(1), Version(127)},
      Conflict{view},
      Viewed{view, 99},
      Viewed{View{}, 0},
      Viewed{without_document, 1},
      Found{Leader{}},
      Found{Leader{Index(3), PeerId("x"), instance}},
      Told{},
      Told{{document, document}, true},
      NotLeader{},
      NotLeader{Address("store2:5600")},
      NotYet{"why"},
      Members{},
      Members{{{raft::MemberId(1), Address("store1:5600"), true}, {raft::MemberId(4), Address("store4:5600"), false}},
              raft::MemberId(1)}};
}

std::vector<Bytes> messages() {
  std::vector<Bytes> all;
  for (const Body& body : bodies()) all.push_back(encode(Request{3, ClientId(0x8000'0000'0000'0001), 300, body}));
  for (const Reply& reply : replies()) all.push_back(encode(Response{7, StoreId{1, 2}, ClientId(4), 1, reply}));
  return all;
}

State some_state() {
  State state = create({5, 6});
  const MonotonicTime now = MonotonicTime::from_ns(1'000);
  std::uint64_t number = 0;
  const auto ask = [&](ClientId client, Action action) {
    return apply(state, now, Command{client, ++number, WallTime(), std::move(action)});
  };
  const SessionId one = std::get<Opened>(ask(ClientId(9), OpenSession{Duration::seconds(2), PeerId("a")})).session;
  const SessionId two = std::get<Opened>(ask(ClientId(3), OpenSession{Duration::seconds(4), PeerId("b")})).session;
  (void)ask(ClientId(9), Register{one, service, instance});
  (void)ask(ClientId(9), Swap{one, service, Index(0), "one", PeerId("a")});
  (void)ask(ClientId(3), Swap{two, service, Index(1), "two", PeerId("b")});
  (void)ask(ClientId(3), Swap{two, service, Index(1), "refused", PeerId("b")});
  return state;
}

}  // namespace

TEST_CASE("every request comes back as it was") {
  std::size_t kinds = 0;
  for (const Body& body : bodies()) {
    kinds |= std::size_t{1} << body.index();
    const Request request{3, ClientId(UINT64_MAX - 1), 1ull << 40, body};
    const Result<Request> back = decode_request(encode(request));
    REQUIRE(back);
    CHECK(*back == request);
  }
  CHECK(kinds == (std::size_t{1} << std::variant_size_v<Body>)-1);
}

TEST_CASE("every answer comes back as it was") {
  std::size_t kinds = 0;
  for (const Reply& reply : replies()) {
    kinds |= std::size_t{1} << reply.index();
    const Response response{255, StoreId{UINT64_MAX, 1}, ClientId(0), 127, reply};
    const Result<Response> back = decode_response(encode(response));
    REQUIRE(back);
    CHECK(*back == response);
  }
  CHECK(kinds == (std::size_t{1} << std::variant_size_v<Reply>)-1);
}

TEST_CASE("a renewal and its answer are small") {
  const SessionId session = SessionId(create({UINT64_MAX, UINT64_MAX}).next_session);
  CHECK(encode(Request{0, ClientId(UINT64_MAX), 1'000'000, Renew{session}}).size() <= 22);
  CHECK(encode(Response{0, StoreId{}, ClientId(UINT64_MAX), 1'000'000, Renewed{1'000'000}}).size() <= 33);
}

TEST_CASE("a message that is cut anywhere, or goes on, is refused") {
  for (const Bytes& message : messages()) {
    for (std::size_t size = 0; size < message.size(); size += size < 200 ? 1 : 997) {
      CHECK_FALSE(decode_request(message.substr(0, size)));
      CHECK_FALSE(decode_response(message.substr(0, size)));
    }
    CHECK_FALSE(decode_request(message + '\0'));
    CHECK_FALSE(decode_response(message + 'x'));
  }
}

TEST_CASE("mistakes are told in words") {
  const auto words = [](Bytes bytes) { return decode_request(bytes).error(); };
  const Bytes head = encode(Request{0, ClientId(1), 1, Renew{SessionId(1)}}).substr(0, 11);
  CHECK(words("") == Error{ErrorCode::invalid, "a request to the store ends in the middle"});
  CHECK(words("hello") == Error{ErrorCode::invalid, "a request to the store does not begin as one"});
  CHECK(words(head + "\x70") == Error{ErrorCode::invalid, "a request to the store is of an unknown kind"});
  CHECK(words(head + "\x06\xff\xff\x03") ==
        Error{ErrorCode::invalid, "a request to the store has a text that is longer than the rest"});
  CHECK(words(head + "\x01" + Bytes(12, '\xff')) ==
        Error{ErrorCode::invalid, "a request to the store has a number of more than 64 bits"});
  CHECK(words(head + "\x01\x05zz") == Error{ErrorCode::invalid, "a request to the store goes on behind its end"});
  const Bytes swap = encode(Request{0, ClientId(1), 1, Swap{SessionId(1), service, Index(1), "", std::nullopt}});
  CHECK(words(swap.substr(0, swap.size() - 1) + "\x02") ==
        Error{ErrorCode::invalid, "a request to the store has a yes or no that is neither"});
  const Bytes added =
      encode(Request{0, ClientId(1), 1, Register{SessionId(1), service, Instance{PeerId("a"), "", {}, ""}}});
  CHECK(words(added.substr(0, added.size() - 3) + "\x7f") ==
        Error{ErrorCode::invalid, "a request to the store has a list that is longer than the rest"});
}

TEST_CASE("random bytes are refused, or are a message that encodes again") {
  Chance chance;
  int taken = 0;
  for (int i = 0; i < 200'000; ++i) {
    Bytes bytes(chance(48), '\0');
    for (char& c : bytes) c = static_cast<char>(chance(4) ? chance(16) : chance(256));
    if (bytes.size() > 1) bytes[0] = chance(2) ? request_tag : response_tag;
    if (const Result<Request> request = decode_request(bytes)) {
      ++taken;
      CHECK(decode_request(encode(*request)).value() == *request);
    }
    if (const Result<Response> response = decode_response(bytes)) {
      ++taken;
      CHECK(decode_response(encode(*response)).value() == *response);
    }
  }
  CHECK(taken > 100);
}

TEST_CASE("messages with a few changed bytes are refused, or are another message") {
  Chance chance;
  const std::vector<Bytes> all = messages();
  for (int i = 0; i < 50'000; ++i) {
    Bytes bytes = all[chance(all.size())];
    if (bytes.size() > 1'000) continue;
    for (std::uint64_t n = 1 + chance(4); n > 0; --n) bytes[chance(bytes.size())] = static_cast<char>(chance(256));
    if (const Result<Request> request = decode_request(bytes))
      CHECK(decode_request(encode(*request)).value() == *request);
    if (const Result<Response> response = decode_response(bytes))
      CHECK(decode_response(encode(*response)).value() == *response);
  }
}

TEST_CASE("a list that claims to be long costs no memory") {
  // 2^60 addresses, in a message of a few bytes.
  Bytes bytes = encode(Request{0, ClientId(1), 1, Register{SessionId(1), service, Instance{PeerId("a"), "", {}, ""}}});
  bytes.resize(bytes.size() - 2);
  bytes += Bytes(8, '\xff') + "\x0f";
  CHECK_FALSE(decode_request(bytes));
}

TEST_CASE("a snapshot of the state comes back as it was") {
  const State state = some_state();
  CHECK(decode_state(encode_state(state)).value() == state);
  CHECK(decode_state(encode_state(create({1, 2}))).value() == create({1, 2}));
}

TEST_CASE("a damaged snapshot is refused") {
  const Bytes bytes = encode_state(some_state());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(decode_state(damaged));
    CHECK_FALSE(decode_state(bytes.substr(0, i)));
  }
  CHECK_FALSE(decode_state(bytes + "x"));
  CHECK(decode_state("").error().message == "the store's snapshot does not begin as one");
  CHECK(decode_state(bytes + "x").error().message == "the store's snapshot does not match its checksum");
}

TEST_CASE("a snapshot of a state that cannot be is refused") {
  const auto refusal = [](auto change) {
    State state = some_state();
    change(state);
    const Result<State> back = decode_state(encode_state(state));
    return back ? "accepted" : back.error().message.substr(sizeof "the store's snapshot");
  };
  CHECK(refusal([](State&) {}) == "accepted");
  CHECK(refusal([](State& s) { std::swap(s.sessions[0], s.sessions[1]); }) == "has sessions out of order");
  CHECK(refusal([](State& s) { s.next_session = 1; }) == "has a session of a number that was not given yet");
  CHECK(refusal([](State& s) { s.sessions[0].ttl = Duration::zero(); }) == "has a session with an impossible ttl");
  CHECK(refusal([](State& s) { s.earliest = MonotonicTime::max(); }) == "has a session that ends before the earliest");
  CHECK(refusal([](State& s) { s.clients.pop_back(); }) == "has a session without its client");
  CHECK(refusal([](State& s) { std::swap(s.clients[0], s.clients[1]); }) == "has clients out of order");
  CHECK(refusal([](State& s) { s.services.push_back(s.services[0]); }) == "has services out of order");
  CHECK(refusal([](State& s) { s.services[0].sessions.push_back(SessionId(UINT64_MAX)); }) ==
        "has a service with a dead session");
  CHECK(refusal([](State& s) { std::swap(s.services[0].sessions[0], s.services[0].sessions[1]); }) ==
        "has a service's sessions out of order");
  CHECK(refusal([](State& s) { s.services[0].members[0].session = SessionId(1); }) ==
        "has an instance without a session");
  CHECK(refusal([](State& s) { s.services[0].history[0].index = Index(4); }) == "has a gap in a document's history");
}

TEST_CASE("entries of the log come back as they were, and nothing else reads as one") {
  const std::vector<Action> actions{OpenSession{Duration::seconds(2), PeerId("me")},
                                    Renew{SessionId(1)},
                                    EndSession{SessionId(0)},
                                    Register{SessionId(3), service, instance, SessionId(2)},
                                    Deregister{SessionId(3), service, PeerId("6a2f")},
                                    Swap{SessionId(3), service, Index(9), Bytes(5'000, 'x'), PeerId("6a2f")}};
  for (const Action& action : actions) {
    const Bytes bytes = encode(Logged(Command{ClientId(UINT64_MAX), 77, WallTime::from_ns(-3), action}));
    const Result<Logged> logged = decode_logged(bytes);
    REQUIRE(logged);
    const Command& command = std::get<Command>(*logged);
    CHECK(command.client == ClientId(UINT64_MAX));
    CHECK(command.request == 77);
    CHECK(command.at == WallTime::from_ns(-3));
    CHECK(command.action == action);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + size / 8)
      CHECK_FALSE(decode_logged(std::string_view(bytes).substr(0, size)));
    CHECK_FALSE(decode_logged(bytes + "x"));
  }
  const Result<Logged> begin = decode_logged(encode(Logged(Begin{StoreId{1, 2}})));
  REQUIRE(begin);
  CHECK(std::get<Begin>(*begin).identity == StoreId{1, 2});
}
