// Requests to cancel what a session does.
#include <catch2/catch.hpp>

#include "gate_bench.h"

using namespace heir;
using namespace heir::sim;
using namespace heir::sim::gate_test;
using gate::Mode;

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
