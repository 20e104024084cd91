// When an answer goes out: the guard has the last word.
#include <catch2/catch.hpp>

#include "gate_bench.h"

using namespace heir;
using namespace heir::sim;
using namespace heir::sim::gate_test;
using gate::Mode;

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
