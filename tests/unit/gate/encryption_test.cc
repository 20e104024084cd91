// Sessions that are encrypted, or ask whether they can be.
#include <catch2/catch.hpp>

#include "gate_bench.h"

using namespace heir;
using namespace heir::sim;
using namespace heir::sim::gate_test;
using gate::Mode;

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
