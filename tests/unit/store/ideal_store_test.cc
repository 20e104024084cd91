#include <catch2/catch.hpp>

#include "store_world.h"

using namespace heir;
using namespace heir::fake;
using namespace heir::store;

namespace {

const ServiceName service("main");
const Address server_address("store:1");
const Instance instance{PeerId("a"), "host", {}, ""};

struct World {
  explicit World(IdealStoreOptions options = {"/store/state"}) : server(network, "store:1", std::move(options)) {}
  Network network;
  ServerProcess server;
  ClientProcess client{network, "client", {server_address}};

  SessionId open(Duration ttl) { return client.wait(client.remote->open_session(ttl)).value().id; }
  SwapOutcome swap(SessionId session, std::uint64_t expected, const char* document) {
    return client.wait(
        client.remote->compare_and_swap(Swap{session, service, Index(expected), document, std::nullopt}));
  }
  View read() { return client.wait(client.remote->read(service)).value(); }
};

}  // namespace

TEST_CASE("sessions end at the server's time without anybody asking, the earliest first") {
  World w{IdealStoreOptions{}};
  w.client.watch(service);
  const SessionId late = w.open(Duration::milliseconds(900));
  const SessionId early = w.open(Duration::milliseconds(300));  // Opened later, ends earlier.
  CHECK(std::holds_alternative<Swapped>(w.swap(late, 0, "x")));
  CHECK(std::holds_alternative<Swapped>(w.swap(early, 1, "y")));
  (void)w.client.delivered();
  w.network.run_for(Duration::milliseconds(350));
  std::vector<View> views = w.client.delivered();
  REQUIRE(!views.empty());
  CHECK(views.back().sessions == std::vector{late});
  w.network.run_for(Duration::milliseconds(600));
  views = w.client.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views.back().sessions.empty());
}

TEST_CASE("without a state file, a restarted server is another store, and watches say so") {
  World w{IdealStoreOptions{}};
  const SessionId session = w.open(Duration::seconds(60));
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  w.client.watch(service);
  w.network.run_for(Duration::milliseconds(10));
  const StoreId before = *w.client.remote->identity();
  CHECK(w.client.delivered().back().store == before);
  w.server.kill();
  w.server.start();
  // Any answer tells; the watch is renewed at once.
  CHECK(w.client.wait(w.client.remote->renew(session)).error().code == ErrorCode::session_over);
  CHECK(*w.client.remote->identity() != before);
  w.network.run_for(Duration::milliseconds(10));
  const std::vector<View> views = w.client.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views.back().store == *w.client.remote->identity());
  CHECK(views.back().version == Version(0));
}

TEST_CASE("with a state file, a restarted server is the same store and grants every session a full ttl") {
  World w;
  const SessionId session = w.open(Duration::seconds(2));
  CHECK(w.client.wait(w.client.remote->register_instance(session, service, instance)));
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  const View before = w.read();
  w.client.watch(service);
  w.network.run_for(Duration::milliseconds(1'900));
  CHECK(w.client.delivered().size() == 1);
  w.server.kill();
  w.network.run_for(Duration::seconds(60));
  w.server.start();
  w.network.run_for(Duration::milliseconds(1'900));
  CHECK(w.read() == before);
  w.network.run_for(Duration::milliseconds(200));
  CHECK(w.read().members.empty());
  // The watch goes on across the restart: nothing that was seen comes again.
  w.network.run_for(Duration::seconds(3));
  const std::vector<View> views = w.client.delivered();
  REQUIRE(views.size() == 1);
  CHECK(views[0].members.empty());
}

TEST_CASE("whatever was answered survives a kill at any moment; a repeated write is answered as it went") {
  for (int step = 0; step < 60; ++step) {
    CAPTURE(step);
    World w;
    w.server.host.disk_latency = Duration::milliseconds(3);
    const SessionId session = w.open(Duration::seconds(60));
    std::optional<SwapOutcome> outcome;
    w.client.begin(w.client.remote->compare_and_swap(Swap{session, service, Index(0), "x", std::nullopt}), outcome);
    w.network.run_for(Duration::microseconds(250) * step);
    const bool answered = outcome.has_value();
    w.server.kill();
    w.server.start();
    if (answered) CHECK(w.read().document->content == "x");
    REQUIRE(w.network.run_until([&] { return outcome.has_value(); }, Duration::seconds(2)));
    CHECK(std::get<Swapped>(*outcome).index == Index(1));
    CHECK(w.client.wait(w.client.remote->history(service, Index(1), Index(9))).value().size() == 1);
  }
}

TEST_CASE("a session's end is durable before anybody is told") {
  World w;
  const SessionId session = w.open(Duration::seconds(1));
  w.network.run_for(Duration::seconds(1));
  CHECK(w.client.wait(w.client.remote->renew(session)).error().code == ErrorCode::session_over);
  w.server.kill();
  w.server.start();
  CHECK(w.client.wait(w.client.remote->renew(session)).error().code == ErrorCode::session_over);
}

TEST_CASE("renewals and reads write nothing to the disk") {
  World w;
  const SessionId session = w.open(Duration::seconds(60));
  const std::uint64_t writes = w.server.host.file_writes;
  for (int i = 0; i < 10; ++i) {
    CHECK(w.client.wait(w.client.remote->renew(session)));
    (void)w.read();
  }
  CHECK(w.server.host.file_writes == writes);
}

TEST_CASE("slow disk: requests and expiries wait for each other and are answered in order") {
  World w;
  w.server.host.disk_latency = Duration::milliseconds(20);
  w.client.watch(service);
  const SessionId brief = w.open(Duration::milliseconds(300));
  const SessionId session = w.open(Duration::seconds(60));
  for (std::uint64_t i = 0; i < 8; ++i)
    CHECK(std::holds_alternative<Swapped>(w.swap(i == 0 ? brief : session, i, "x")));
  w.network.run_for(Duration::seconds(1));
  const View view = w.read();
  CHECK(view.index() == Index(8));
  CHECK(view.sessions == std::vector{session});
  const std::vector<View> views = w.client.delivered();
  for (std::size_t i = 1; i < views.size(); ++i) CHECK(views[i - 1].version < views[i].version);
  CHECK(views.back() == view);
}

TEST_CASE("a server that cannot keep its state stops answering") {
  World w;
  const SessionId session = w.open(Duration::seconds(60));
  w.server.host.disk_broken = true;
  CHECK(std::holds_alternative<Unknown>(w.swap(session, 0, "x")));
  CHECK(w.server.ended);
  CHECK(w.server.host.logged == std::vector<std::string>{"store-stopped"});
  w.server.host.forget_inbox();

  SECTION("also at the start") {
    w.server.start();
    w.network.run_for(Duration::milliseconds(1));
    CHECK(w.server.ended);
  }
  SECTION("and it does not begin anew over a damaged file") {
    w.server.host.disk_broken = false;
    const Bytes good = w.server.host.files["/store/state"];
    w.server.host.files["/store/state"] = good.substr(0, good.size() / 2);
    w.server.start();
    w.network.run_for(Duration::milliseconds(1));
    CHECK(w.server.ended);
    w.server.host.files["/store/state"] = good;
    w.server.start();
    CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  }
}
