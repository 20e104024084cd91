// Open, held and closed: what goes through, and how connections begin and end.
#include <catch2/catch.hpp>

#include "gate_bench.h"

using namespace heir;
using namespace heir::sim;
using namespace heir::sim::gate_test;
using gate::Mode;

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
  const auto [client, server] = f.session_with_held("stale");
  f.set(Mode::closed);
  f.run(ms(20));
  CHECK(client->reset);
  CHECK(server->reset);
  CHECK(client->received.empty());
  CHECK(f.gate->connections() == 0);
}

TEST_CASE("closed after a handover: an answer that waited is told and is the last; who waits for none is cut") {
  Fixture f;
  const auto [idle, its_server] = f.session(2);
  const auto [client, server] = f.session_with_held("done");
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
  const auto [client, server] = f.session_with_held("stale");
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
