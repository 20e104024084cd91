// The gate between scripted clients and a scripted database, on the simulated network.
#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>

#include "engine/gate/gate.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/process/sim_host.h"

using namespace heir;
using namespace heir::sim;
using gate::Mode;

namespace {

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

/// Says what the test tells it.
struct ScriptedGuard final : gate::Guard {
  Mode mode() override {
    ++asked;
    if (state == Mode::open && lease_end && host->monotonic_now() >= *lease_end) return Mode::held;
    return state;
  }
  bool lets_out() override { return tells_last && !(lease_end && host->monotonic_now() >= *lease_end); }
  std::string reason() override { return why; }
  Task<bool> waits_for_sync(gate::CancelKey session) override {
    ++asked_for_waits;
    co_await host->sleep(ms(1));
    co_return waiting.contains(session.process);
  }
  Task<bool> look() override {
    ++looks;
    while (!look_ends) co_await host->sleep(ms(1));
    co_return look_answer;
  }
  Task<bool> fence() override {
    ++fences;
    while (!fence_open) co_await host->sleep(ms(1));
    co_return fence_answer;
  }

  void cancel_elsewhere(gate::CancelKey key) override { elsewhere.insert(key); }

  Host* host = nullptr;
  Mode state = Mode::open;
  std::optional<MonotonicTime> lease_end;
  bool tells_last = false;
  std::string why = "this peer's role is sync";
  std::set<std::uint32_t> waiting;
  bool look_ends = true;
  bool look_answer = true;
  int looks = 0;
  bool fence_open = true;
  bool fence_answer = true;
  int asked = 0;
  int asked_for_waits = 0;
  int fences = 0;
  std::set<gate::CancelKey> elsewhere;
};

constexpr std::uint32_t tls = 80877103;
constexpr std::uint32_t gss = 80877104;

/// Whether the connection can be encrypted, in this manner.
std::string question(std::uint32_t kind) {
  std::string packet;
  wire::detail::put32(packet, 8);
  wire::detail::put32(packet, kind);
  return packet;
}

/// One side of a connection that the test plays.
struct End {
  StreamId stream;
  std::string received;
  bool connected = false;
  bool closed = false;
  bool reset = false;
  bool over() const { return closed || reset; }
};

struct Ends : StreamHandler {
  virtual ~Ends() = default;
  explicit Ends(Network& n) : network(n) {}
  void on_connected(StreamId s) override { of(s).connected = true; }
  void on_data(StreamId s, Chunk chunk) override { of(s).received += chunk.bytes; }
  void on_closed(StreamId s) override { of(s).closed = true; }
  void on_reset(StreamId s, StreamEnd) override { of(s).reset = true; }
  End& of(StreamId s) {
    for (End& end : all)
      if (end.stream == s) return end;
    FAIL("no such connection");
    return all.front();
  }
  End& add(StreamId s) {
    all.push_back({s, {}, false, false, false});
    return all.back();
  }
  Network& network;
  std::deque<End> all;
};

struct Server final : Ends, ListenHandler {
  Server(Network& n, AddressId at) : Ends(n), address(at) { start(); }
  void start() { REQUIRE(network.listen(address, *this, nullptr)); }
  void stop() { network.unlisten(address); }
  void on_accepted(AddressId, StreamId s) override {
    network.adopt(s, *this);
    add(s);
  }
  AddressId address;
};

struct Fixture {
  explicit Fixture(bool fenced = false, bool has_plain = false) : kernel(1), network(kernel, quiet()) {
    config.listen = Address("host:5432");
    config.database = Address("host:5433");
    if (has_plain) config.plain_database = Address("host:5434");
    config.fenced = fenced;
    process = &machine.start("agent");
    run_main(*process, machine.address(5500), [this](Host& host) { return serve(host, *this); });
    run(ms(1));
  }
  static NetworkParameters quiet() {
    NetworkParameters parameters;
    parameters.link.tail_chance = Ratio();
    return parameters;
  }
  static Task<void> serve(Host& host, Fixture& fixture) {
    fixture.guard.host = &host;
    gate::Gate made(host, fixture.config, fixture.guard);
    fixture.gate = &made;
    const Result<> ended = co_await made.run();
    fixture.ended = ended;
  }
  void run(Duration time) { kernel.run({kernel.now() + time}); }
  void set(Mode mode) {
    guard.state = mode;
    gate->update();
  }
  /// A client that connects and sends `bytes`.
  End& connect(const std::string& bytes) {
    const StreamId stream = network.connect(outside.node(), machine.address(5432), clients, nullptr);
    End& end = clients.add(stream);
    if (!bytes.empty()) network.write(stream, bytes);
    return end;
  }
  /// A client with a session in the database, under the key {number, number}; both ends' bytes so far are forgotten.
  std::pair<End*, End*> session(std::uint32_t number = 1) {
    End& client = connect(wire::startup("app"));
    const std::size_t before = database.all.size();
    run(ms(20));
    REQUIRE(database.all.size() == before + 1);
    End& server = database.all.back();
    CHECK(server.received == wire::startup("app"));
    std::string greeting;
    wire::put_greeting(greeting, {number, number});
    network.write(server.stream, greeting);
    run(ms(20));
    CHECK(client.received == greeting);
    client.received.clear();
    server.received.clear();
    return {&client, &server};
  }
  static std::string sqlstate(const End& end) {
    if (end.received.size() < 5 || end.received[0] != 'E') return "no error: " + end.received;
    return std::string(wire::parse_report(std::string_view(end.received).substr(5)).state);
  }

  Kernel kernel;
  Network network;
  Machine machine{kernel, network, MachineParameters{"host"}};
  Machine outside{kernel, network, MachineParameters{"client"}};
  Server database{network, machine.address(5433)};
  Ends clients{network};
  ScriptedGuard guard;
  gate::Config config;
  gate::Gate* gate = nullptr;
  std::optional<Result<>> ended;
  Process* process = nullptr;
};

}  // namespace

TEST_CASE("open: bytes go both ways, in order") {
  Fixture f;
  const auto [client, server] = f.session();
  for (int i = 0; i < 10; ++i) f.network.write(client->stream, "q" + std::to_string(i));
  f.run(ms(50));
  CHECK(server->received == "q0q1q2q3q4q5q6q7q8q9");
  for (int i = 0; i < 10; ++i) f.network.write(server->stream, "a" + std::to_string(i));
  f.run(ms(50));
  CHECK(client->received == "a0a1a2a3a4a5a6a7a8a9");
  CHECK(f.gate->connections() == 1);
}

TEST_CASE("a startup that arrives in pieces reaches the database whole, and a request behind it once it is answered") {
  Fixture f;
  const std::string startup = wire::startup("app");
  const End& client = f.connect(startup.substr(0, 3));
  f.run(ms(10));
  CHECK(f.database.all.empty());
  f.network.write(client.stream, startup.substr(3, 6));
  f.run(ms(10));
  f.network.write(client.stream, startup.substr(9) + "more");
  f.run(ms(10));
  REQUIRE(f.database.all.size() == 1);
  CHECK(f.database.all[0].received == startup);
  f.network.write(client.stream, " and more");
  f.run(ms(10));
  CHECK(f.database.all[0].received == startup);
  std::string greeting;
  wire::put_greeting(greeting, {1, 1});
  f.network.write(f.database.all[0].stream, greeting);
  f.run(ms(10));
  CHECK(client.received == greeting);
  CHECK(f.database.all[0].received == startup + "more and more");
}

TEST_CASE("held: answers wait, requests go through, nothing is cut, and all is released when the gate opens") {
  Fixture f;
  const auto [client, server] = f.session();
  f.set(Mode::held);
  f.network.write(client->stream, "write");
  f.run(ms(20));
  CHECK(server->received == "write");
  f.network.write(server->stream, "done");
  f.network.write(server->stream, " and more");
  f.run(Duration::seconds(60));
  CHECK(client->received.empty());
  CHECK_FALSE(client->over());
  f.gate->update();  // still held
  f.run(ms(20));
  CHECK(client->received.empty());
  f.set(Mode::open);
  f.run(ms(20));
  CHECK(client->received == "done and more");
}

TEST_CASE("held: a new client reaches the database and waits for its greeting") {
  Fixture f;
  f.set(Mode::held);
  const End& client = f.connect(wire::startup("app"));
  f.run(ms(20));
  REQUIRE(f.database.all.size() == 1);
  std::string greeting;
  wire::put_greeting(greeting, {1, 1});
  f.network.write(f.database.all[0].stream, greeting);
  f.run(ms(20));
  CHECK(client.received.empty());
  f.set(Mode::open);
  f.run(ms(20));
  CHECK(client.received == greeting);
}

TEST_CASE("closed: who is connected is cut with a reset, and a held answer never comes out") {
  Fixture f;
  const auto [client, server] = f.session();
  f.set(Mode::held);
  f.network.write(server->stream, "stale");
  f.run(ms(20));
  f.set(Mode::closed);
  f.run(ms(20));
  CHECK(client->reset);
  CHECK(server->reset);
  CHECK(client->received.empty());
  CHECK(f.gate->connections() == 0);
}

TEST_CASE("closed after a handover: an answer that waited is told and is the last; who waits for none is cut") {
  Fixture f;
  const auto [client, server] = f.session();
  const auto [idle, its_server] = f.session(2);
  f.set(Mode::held);
  f.network.write(server->stream, "done");
  f.run(ms(20));
  f.guard.tells_last = true;
  f.set(Mode::closed);
  // Too late: it was not answered before.
  f.network.write(its_server->stream, "going down");
  f.network.write(client->stream, "next");
  f.run(ms(20));
  CHECK(client->received == "done");
  CHECK(client->closed);
  CHECK_FALSE(client->reset);
  CHECK(server->received.empty());
  CHECK(idle->reset);
  CHECK(idle->received.empty());
  CHECK(f.gate->connections() == 0);
  const End& late = f.connect(wire::startup("app"));
  f.run(ms(20));
  CHECK(f.sqlstate(late) == "57P03");
}

TEST_CASE("closed after a handover, but the lease has ended: nothing is told") {
  Fixture f;
  const auto [client, server] = f.session();
  f.set(Mode::held);
  f.network.write(server->stream, "stale");
  f.run(ms(20));
  f.guard.tells_last = true;
  f.guard.lease_end = f.guard.host->monotonic_now();
  f.set(Mode::closed);
  f.run(ms(20));
  CHECK(client->reset);
  CHECK(client->received.empty());
}

TEST_CASE("closed: a new client is refused in words, and the database hears nothing of it") {
  Fixture f;
  f.set(Mode::closed);
  const End& client = f.connect(wire::startup("app"));
  f.run(ms(20));
  CHECK(f.sqlstate(client) == "57P03");
  CHECK(client.received.find("this peer's role is sync") != std::string::npos);
  CHECK(client.closed);
  CHECK(f.database.all.empty());
  CHECK(f.gate->connections() == 0);
}

TEST_CASE("a client that was connected but had not begun is refused in words too") {
  Fixture f;
  const End& silent = f.connect("");
  f.run(ms(20));
  f.set(Mode::closed);
  f.run(ms(20));
  f.network.write(silent.stream, wire::startup("app"));
  f.run(ms(20));
  CHECK(silent.over());
  CHECK(f.sqlstate(silent) == "57P03");
  CHECK(f.database.all.empty());
}

TEST_CASE("a client that had not begun when the gate was closed for a while is served by the open gate") {
  Fixture f;
  const End& silent = f.connect("");
  f.run(ms(20));
  f.set(Mode::closed);
  f.run(ms(20));
  f.set(Mode::open);
  f.network.write(silent.stream, wire::startup("app"));
  f.run(ms(20));
  CHECK_FALSE(silent.over());
  CHECK(f.database.all.size() == 1);
}

TEST_CASE("the first answer waits until the guard has looked at the database, and is judged by what it saw") {
  Fixture f;
  f.session();
  CHECK(f.guard.looks == 1);
  f.guard.look_ends = false;
  const End& client = f.connect(wire::startup("app"));
  f.run(ms(500));
  // It is connected, but may yet be answered by another incarnation of the server than a look would see now.
  CHECK(f.guard.looks == 1);
  REQUIRE(f.database.all.size() == 2);
  CHECK(f.database.all[1].received == wire::startup("app"));
  std::string greeting;
  wire::put_greeting(greeting, {1, 1});
  f.network.write(f.database.all[1].stream, greeting);
  f.run(ms(500));
  CHECK(f.guard.looks == 2);
  CHECK(client.received.empty());
  SECTION("all is well") {
    f.guard.look_ends = true;
    f.run(ms(20));
    CHECK(client.received == greeting);
    f.network.write(f.database.all[1].stream, " and more");
    f.run(ms(20));
    CHECK(client.received == greeting + " and more");
    CHECK(f.guard.looks == 2);
  }
  SECTION("the database had restarted: closed") {
    f.set(Mode::closed);
    f.guard.look_ends = true;
    f.run(ms(20));
    CHECK(f.sqlstate(client) == "57P03");
    CHECK(f.database.all[1].over());
  }
  SECTION("the gate was closed and is open again: of what is not known") {
    f.set(Mode::closed);
    f.set(Mode::open);
    f.guard.look_ends = true;
    f.run(ms(20));
    CHECK(f.sqlstate(client) == "57P03");
  }
  SECTION("the database did not answer: it may have restarted") {
    f.guard.look_answer = false;
    f.guard.look_ends = true;
    f.run(ms(20));
    CHECK(f.sqlstate(client) == "57P03");
    CHECK(client.received.find("whether it had restarted") != std::string::npos);
    CHECK(f.database.all[1].over());
  }
}

TEST_CASE("the guard is asked after the answer was produced") {
  Fixture f;
  const auto [client, server] = f.session();
  SECTION("it closes between request and answer") {
    f.network.write(client->stream, "read");
    f.run(ms(20));
    CHECK(server->received == "read");
    f.guard.state = Mode::closed;  // nobody has told the gate yet
    f.network.write(server->stream, "stale");
    f.run(ms(20));
    CHECK(client->received.empty());
    CHECK(client->reset);
  }
  SECTION("it holds between request and answer") {
    f.network.write(client->stream, "read");
    f.run(ms(20));
    f.guard.state = Mode::held;
    f.network.write(server->stream, "maybe stale");
    f.run(ms(20));
    CHECK(client->received.empty());
    CHECK_FALSE(client->over());
  }
  SECTION("it was held at the request and is open at the answer") {
    f.set(Mode::held);
    f.network.write(client->stream, "read");
    f.run(ms(20));
    f.guard.state = Mode::open;
    f.network.write(server->stream, "fresh");
    f.run(ms(20));
    CHECK(client->received == "fresh");
  }
  SECTION("every piece of an answer is asked about") {
    f.network.write(server->stream, "first");
    f.run(ms(20));
    const int asked = f.guard.asked;
    f.network.write(server->stream, "second");
    f.run(ms(20));
    CHECK(f.guard.asked > asked);
    CHECK(client->received == "firstsecond");
  }
}

TEST_CASE("a lease that ends between answer and delivery holds the answer") {
  Fixture f;
  const auto [client, server] = f.session();
  f.guard.lease_end = f.guard.host->monotonic_now() + ms(50);
  f.network.write(server->stream, "in time");
  f.run(ms(40));
  CHECK(client->received == "in time");
  // The program stands still while the lease ends; the answer was there before.
  f.process->pause();
  f.network.write(server->stream, " too late");
  f.run(ms(30));
  f.process->resume();
  f.run(ms(100));
  CHECK(client->received == "in time");
  CHECK_FALSE(client->over());
  f.guard.lease_end = f.guard.host->monotonic_now() + Duration::seconds(5);
  f.gate->update();
  f.run(ms(20));
  CHECK(client->received == "in time too late");
}

TEST_CASE("whether the database encrypts is its own answer: it does not, and the client goes on in the open") {
  Fixture f;
  const End& client = f.connect(question(tls));
  f.run(ms(20));
  REQUIRE(f.database.all.size() == 1);
  CHECK(f.database.all[0].received == question(tls));
  CHECK(client.received.empty());
  f.network.write(f.database.all[0].stream, "N");
  f.run(ms(20));
  CHECK(client.received == "N");
  CHECK(f.database.all[0].over());
  SECTION("it goes on") {
    f.network.write(client.stream, wire::startup("app"));
    f.run(ms(20));
    REQUIRE(f.database.all.size() == 2);
    CHECK(f.database.all[1].received == wire::startup("app"));
  }
  SECTION("it asks for the other kind") {
    f.network.write(client.stream, question(gss));
    f.run(ms(20));
    REQUIRE(f.database.all.size() == 2);
    CHECK(f.database.all[1].received == question(gss));
  }
  SECTION("the next client is spared the question, for a while") {
    const End& next = f.connect(question(tls) + wire::startup("app"));
    f.run(ms(20));
    CHECK(next.received == "N");
    REQUIRE(f.database.all.size() == 2);
    CHECK(f.database.all[1].received == wire::startup("app"));
    f.run(Duration::seconds(2));
    f.connect(question(tls));
    f.run(ms(20));
    REQUIRE(f.database.all.size() == 3);
    CHECK(f.database.all[2].received == question(tls));
  }
}

TEST_CASE("a closed gate refuses in clear text whoever asks for encryption") {
  Fixture f;
  f.set(Mode::closed);
  const End& client = f.connect(question(tls) + wire::startup("app"));
  f.run(ms(20));
  CHECK(client.received.starts_with("NE"));
  CHECK(client.received.find("57P03") != std::string::npos);
}

TEST_CASE("a client whose question for encryption nobody answers is not told no, or it would do without") {
  Fixture f;
  SECTION("there is no database") {
    f.database.stop();
  }
  SECTION("the database says nothing") {}
  const End& client = f.connect(question(tls) + wire::startup("app"));
  f.run(Duration::seconds(6));
  CHECK(client.received.empty());
  CHECK(client.closed);
}

namespace {

/// A client and a server that have agreed to encrypt.
std::pair<End*, End*> encrypted_session(Fixture& f) {
  End& client = f.connect(question(tls));
  const std::size_t before = f.database.all.size();
  f.run(ms(20));
  REQUIRE(f.database.all.size() == before + 1);
  End& server = f.database.all.back();
  f.network.write(server.stream, "S");
  f.run(ms(20));
  CHECK(client.received == "S");
  client.received.clear();
  server.received.clear();
  return {&client, &server};
}

}  // namespace

TEST_CASE("an encrypted session passes untouched, under the same rule") {
  Fixture f;
  const auto [client, server] = encrypted_session(f);
  CHECK(f.guard.looks == 1);
  const std::string bytes("\x16\x03\x01\x00K Z\xff", 9);
  f.network.write(client->stream, bytes);
  f.run(ms(20));
  CHECK(server->received == bytes);
  f.network.write(server->stream, bytes + bytes);
  f.run(ms(20));
  CHECK(client->received == bytes + bytes);
  SECTION("held") {
    f.set(Mode::held);
    f.network.write(server->stream, "late");
    f.run(Duration::seconds(10));
    CHECK(client->received == bytes + bytes);
    CHECK_FALSE(client->over());
    f.set(Mode::open);
    f.run(ms(20));
    CHECK(client->received == bytes + bytes + "late");
  }
  SECTION("closed") {
    f.set(Mode::closed);
    f.run(ms(20));
    CHECK(client->reset);
    CHECK(server->reset);
  }
}

TEST_CASE("the word that the database encrypts waits for an open gate, too") {
  Fixture f;
  f.set(Mode::held);
  const End& client = f.connect(question(tls));
  f.run(ms(20));
  REQUIRE(f.database.all.size() == 1);
  f.network.write(f.database.all[0].stream, "S");
  f.run(Duration::seconds(1));
  CHECK(client.received.empty());
  f.set(Mode::open);
  f.run(ms(20));
  CHECK(client.received == "S");
}

TEST_CASE("a cancel request may be for an encrypted session, whose key nobody knows") {
  Fixture f;
  encrypted_session(f);
  f.guard.waiting = {7};
  f.connect(wire::cancel({7, 7}));
  f.run(ms(200));
  CHECK(f.database.all.size() == 1);
  f.guard.waiting.clear();
  f.run(ms(200));
  REQUIRE(f.database.all.size() == 2);
  CHECK(f.database.all[1].received == wire::cancel({7, 7}));
  CHECK(f.guard.elsewhere.size() == 1);  // or of another host's
}

TEST_CASE("a session without encryption takes the plain way to the database, and one with it does not") {
  Fixture f(false, true);
  Server plain(f.network, f.machine.address(5434));
  f.connect(wire::startup("app"));
  f.run(ms(20));
  REQUIRE(plain.all.size() == 1);
  CHECK(plain.all[0].received == wire::startup("app"));
  CHECK(f.database.all.empty());
  encrypted_session(f);
  CHECK(f.database.all.size() == 1);
  CHECK(plain.all.size() == 1);
}

TEST_CASE("a malformed beginning is refused in words and ended") {
  Fixture f;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'), std::string(64, '\xff')}) {
    const End& client = f.connect(bytes);
    f.run(ms(20));
    CHECK(f.sqlstate(client) == "08P01");
    CHECK(client.closed);
  }
  CHECK(f.database.all.empty());
  CHECK(f.gate->connections() == 0);
}

TEST_CASE("a database that does not answer is said so") {
  Fixture f;
  f.database.stop();
  const End& client = f.connect(wire::startup("app"));
  f.run(ms(20));
  CHECK(f.sqlstate(client) == "57P03");
  CHECK(client.received.find("database does not answer") != std::string::npos);
  CHECK(client.closed);
  f.database.start();
  f.session();
}

TEST_CASE("a cancel request for a session that does not wait is forwarded at once") {
  Fixture f;
  f.session(7);
  const End& canceller = f.connect(wire::cancel({7, 7}));
  f.run(ms(20));
  REQUIRE(f.database.all.size() == 2);
  CHECK(f.database.all[1].received == wire::cancel({7, 7}));
  CHECK(f.database.all[1].closed);
  CHECK(canceller.closed);
  CHECK(canceller.received.empty());
}

TEST_CASE("a cancel request is delayed while its target waits for the sync") {
  Fixture f;
  const auto [client, server] = f.session(7);
  f.guard.waiting = {7};
  f.connect(wire::cancel({7, 7}));
  SECTION("and forwarded once it does not wait any more") {
    f.run(Duration::seconds(2));
    CHECK(f.database.all.size() == 1);
    CHECK(f.guard.asked_for_waits > 10);
    CHECK(f.guard.asked_for_waits < 50);
    f.guard.waiting.clear();
    f.run(ms(100));
    REQUIRE(f.database.all.size() == 2);
    CHECK(f.database.all[1].received == wire::cancel({7, 7}));
  }
  SECTION("and dropped if the session has ended meanwhile") {
    f.run(ms(200));
    f.network.close(client->stream);
    f.run(ms(200));
    f.guard.waiting.clear();
    f.run(ms(200));
    CHECK(f.database.all.size() == 1);
    CHECK(f.gate->connections() == 0);
  }
  CHECK(server->received.empty());
}

TEST_CASE("a cancel request that came to another gate is passed on like one that came here") {
  Fixture f;
  f.session(7);
  f.gate->cancel({7, 7});
  f.gate->cancel({8, 8});
  f.run(ms(20));
  REQUIRE(f.database.all.size() == 2);
  CHECK(f.database.all[1].received == wire::cancel({7, 7}));
  CHECK(f.guard.elsewhere.empty());
}

TEST_CASE("a cancel request without a session of that key is dropped, and is told to whom else it may concern") {
  Fixture f;
  f.session(7);
  for (const wire::BackendKey key : {wire::BackendKey{7, 8}, wire::BackendKey{8, 7}, wire::BackendKey{0, 0}}) {
    const End& canceller = f.connect(wire::cancel(key));
    f.run(ms(20));
    CHECK(canceller.closed);
  }
  CHECK(f.database.all.size() == 1);
  CHECK(f.guard.asked_for_waits == 0);
  CHECK(f.guard.elsewhere == std::set<gate::CancelKey>{{0, 0}, {7, 8}, {8, 7}});
}

TEST_CASE("fenced: an answer waits until the sync has it") {
  Fixture f(true);
  const auto [client, server] = f.session();
  CHECK(f.guard.fences == 1);
  f.guard.fence_open = false;
  f.network.write(server->stream, "shown");
  f.run(ms(500));
  CHECK(client->received.empty());
  SECTION("and is then forwarded") {
    f.guard.fence_open = true;
    f.run(ms(20));
    CHECK(client->received == "shown");
    CHECK(f.guard.fences == 2);
  }
  SECTION("the mode is looked at after the fence, not before") {
    f.guard.state = Mode::held;
    f.guard.fence_open = true;
    f.run(ms(100));
    CHECK(client->received.empty());
    f.set(Mode::open);
    f.run(ms(20));
    CHECK(client->received == "shown");
  }
  SECTION("an answer that cannot be fenced cuts the client") {
    f.guard.fence_answer = false;
    f.guard.fence_open = true;
    f.run(ms(20));
    CHECK(client->received.empty());
    CHECK(client->reset);
    CHECK(server->reset);
  }
  SECTION("a gate that closes meanwhile does not wait for the fence") {
    f.set(Mode::closed);
    f.run(ms(20));
    CHECK(client->reset);
    CHECK(client->received.empty());
  }
}

TEST_CASE("one side's end is the other's") {
  Fixture f;
  const auto [client, server] = f.session();
  SECTION("a client that leaves") {
    f.network.close(client->stream);
    f.run(ms(20));
    CHECK(server->over());
  }
  SECTION("a client that dies") {
    f.network.reset(client->stream);
    f.run(ms(20));
    CHECK(server->over());
  }
  SECTION("a database that closes: what it said before arrives") {
    f.network.write(server->stream, "bye");
    f.network.close(server->stream);
    f.run(ms(20));
    CHECK(client->received == "bye");
    CHECK(client->closed);
  }
  SECTION("a database that dies: the client learns that its answer is not whole") {
    f.network.reset(server->stream);
    f.run(ms(20));
    CHECK(client->reset);
  }
  SECTION("a client that leaves while its answer is held") {
    f.set(Mode::held);
    f.network.write(server->stream, "held");
    f.run(ms(20));
    f.network.close(client->stream);
    f.run(ms(20));
    CHECK(server->over());
  }
  CHECK(f.gate->connections() == 0);
}

TEST_CASE("a second gate at the same address ends with an error") {
  Fixture f;
  std::optional<Result<>> ended;
  ScriptedGuard guard;
  struct Second {
    static Task<void> serve(Host& host, gate::Config config, ScriptedGuard& guard, std::optional<Result<>>& ended) {
      guard.host = &host;
      gate::Gate made(host, std::move(config), guard);
      const Result<> result = co_await made.run();
      ended = result;
    }
  };
  run_main(f.machine.start("second"), f.machine.address(5501),
           [&](Host& host) { return Second::serve(host, f.config, guard, ended); });
  f.run(ms(20));
  REQUIRE(ended);
  REQUIRE_FALSE(*ended);
  CHECK(ended->error().code == ErrorCode::already_exists);
}

TEST_CASE("hundreds of connections, each with its own bytes; one word cuts them all") {
  Fixture f;
  constexpr std::size_t many = 500;
  for (std::size_t i = 0; i < many; ++i) f.connect(wire::startup("user" + std::to_string(i)));
  f.run(ms(100));
  REQUIRE(f.database.all.size() == many);
  CHECK(f.gate->connections() == many);
  for (End& server : f.database.all) f.network.write(server.stream, server.received);
  f.run(ms(100));
  for (std::size_t i = 0; i < many; ++i) CHECK(f.clients.all[i].received == wire::startup("user" + std::to_string(i)));
  f.set(Mode::held);
  for (End& server : f.database.all) f.network.write(server.stream, "held");
  f.run(ms(100));
  f.set(Mode::closed);
  f.run(ms(100));
  CHECK(f.gate->connections() == 0);
  std::size_t cut = 0;
  for (const End& client : f.clients.all) cut += client.reset && client.received.find("held") == std::string::npos;
  CHECK(cut == many);
}

TEST_CASE("the gate's program dies with everything pending") {
  Fixture f(true);
  std::vector<std::pair<End*, End*>> sessions;
  for (std::uint32_t i = 0; i < 5; ++i) sessions.push_back(f.session(i));
  f.guard.waiting = {2};
  f.connect(wire::cancel({2, 2}));               // waits for its target
  f.connect(wire::startup("app").substr(0, 5));  // has not begun
  f.guard.fence_open = false;
  f.network.write(sessions[3].second->stream, "x");  // waits for the fence
  f.run(ms(60));
  f.guard.fence_open = true;
  f.set(Mode::held);
  f.network.write(sessions[4].second->stream, "x");  // waits for the gate
  f.run(ms(20));
  f.connect(wire::startup("late"));  // connects to the database
  f.run(ms(1));
  SECTION("killed") {
    f.process->crash();
    f.run(Duration::seconds(1));
    for (const End& client : f.clients.all) CHECK(client.over());
    for (const End& server : f.database.all) CHECK(server.over());
  }
  SECTION("with its host's power") {
    f.machine.power_off();
  }
  SECTION("with the whole world") {}
  f.run(ms(100));
  CHECK_FALSE(f.ended);
}
