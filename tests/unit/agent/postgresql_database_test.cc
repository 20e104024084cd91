// The protocol's commands on PostgreSQL: what is promoted, and of whom a copy is made.
#include "engine/agent/postgresql_database.h"

#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

namespace {

/// An agent's database on the fake host of the adapter's tests.
struct Peer : Fixture {
  agent::Config config;
  std::unique_ptr<agent::Database> database;
  std::optional<Duration> appears_at;  ///< Only then is it known where p2 listens.

  Peer() {
    config.name = "p1";
    config.cluster = "test";
    config.database = Fixture::config();
    begin();
  }
  void begin() { database = agent::make_postgresql_database(host, config); }

  static Task<void> keep(Task<agent::CommandResult> task, std::optional<agent::CommandResult>& result) {
    result.emplace(co_await std::move(task));
  }
  agent::CommandResult run(failover::DatabaseCommand command, Position beginning = {}) {
    const agent::Endpoints endpoints{{PeerId("p2"), Address("there:2")}, {PeerId("p3"), Address("other:3")}};
    agent::KnownCluster cluster{endpoints, Generation(1), PeerId("p2"), std::move(beginning)};
    if (appears_at) cluster.endpoints.erase(PeerId("p2"));
    cluster.endpoints_now = [&, begun = host.monotonic_now()] {
      return appears_at && host.monotonic_now() - begun >= *appears_at ? endpoints : cluster.endpoints;
    };
    std::optional<agent::CommandResult> result;
    REQUIRE(host.run(keep(database->run(std::move(command), cluster), result)));
    return *result;
  }
};

failover::Lead lead_from(Position beginning) {
  failover::Lead lead;
  lead.cluster = "test";
  lead.generation = Generation(2);
  lead.sync = PeerId("p2");
  lead.from = std::move(beginning);
  return lead;
}

}  // namespace

TEST_CASE("a standby is promoted that has the generation's beginning") {
  Peer peer;
  peer.own_copy(log_of(95), true);
  const agent::CommandResult led = peer.run(lead_from(log_of(95)));
  CHECK(led.message.empty());
  CHECK(led.outcome == failover::Outcome::done);
  CHECK_FALSE(peer.server().recovery);
  CHECK(peer.server().up);
}

TEST_CASE("a primary never promotes the copy of a standby that its disk went back to") {
  Peer peer;
  peer.own_copy(log_of(95), true);
  failover::Lead lead = lead_from(log_of(95));
  SECTION("it lacks where its generation began") {
    lead.from = log_of(96);
  }
  SECTION("it left the history before that") {
    lead.from = Position{{{1, 0, 0}, {2, 2, 90}}, 95};
  }
  SECTION("its generation has opened, on a copy that was promoted") {
    lead.opened = true;
  }
  // Also after the agent has died, and asked again.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const agent::CommandResult led = peer.run(lead);
    CHECK(led.outcome == failover::Outcome::failed);
    CHECK_FALSE((peer.server().up && !peer.server().recovery));
    peer.begin();
  }
  peer.restart_agent();
  CHECK_FALSE(peer.await(peer.adapter->inspect())->whole);
  CHECK(peer.copy() == "mine");
}

TEST_CASE("who believes their own disk promote what it holds") {
  Peer peer;
  peer.config.policy.distrust_own_disk = false;
  peer.begin();
  peer.own_copy(log_of(95), true);
  CHECK(peer.run(lead_from(log_of(96))).outcome == failover::Outcome::done);
  CHECK_FALSE(peer.server().recovery);
}

TEST_CASE("a copy that is not whole is replaced by the primary's and an empty one by the upstream's") {
  Peer peer;
  Server& upstream = peer.host.servers["other:3"];
  upstream.up = upstream.recovery = true;
  upstream.log = log_of(100);
  failover::Follow follow;
  follow.cluster = "test";
  follow.generation = Generation(2);
  follow.upstream = PeerId("p3");
  const bool empty = GENERATE(true, false);
  if (!empty) {
    peer.own_copy(log_of(90), true);
    peer.host.files["/root/rewinding"] = "";
  }
  const agent::CommandResult followed = peer.run(follow);
  CHECK(followed.message.empty());
  CHECK(peer.copy() == "clone");
  // Whom a copy is made of keeps the log for it from then on.
  CHECK(peer.host.servers["there:2"].slots.size() == (empty ? 0 : 1));
  CHECK(upstream.slots.size() == 1);
}

TEST_CASE("a copy that lacks what was declared of the timeline that it led tells no position") {
  const bool led = GENERATE(true, false);
  const bool distrusts = GENERATE(true, false);
  CAPTURE(led, distrusts);
  Peer peer;
  peer.config.policy.distrust_own_disk = distrusts;
  peer.begin();
  peer.own_copy(log_of(80), true);
  if (led) peer.host.files["/root/data/heir.led"] = "1\n";
  // Others took over with more of timeline 1, and with none of the next.
  const agent::CommandResult told = peer.run(failover::Sever{}, Position{{{1, 0, 0}, {2, 2, 95}}, 120});
  CHECK((told.outcome == failover::Outcome::failed) == (led && distrusts));
  CHECK(told.position.has_value() == !(led && distrusts));
  peer.restart_agent();
  CHECK(peer.await(peer.adapter->inspect())->whole == !(led && distrusts));
  CHECK(peer.copy() == "mine");
}

TEST_CASE("a copy tells where it ends if what was declared is no more than that, or left its timeline before") {
  Peer peer;
  peer.own_copy(log_of(80), true);
  peer.host.files["/root/data/heir.led"] = "1\n";
  for (const Position& beginning : {log_of(80), log_of(60), Position{{{1, 0, 0}, {2, 2, 70}}, 120}, Position()})
    CHECK(peer.run(failover::Sever{}, beginning).position == log_of(80));
}

TEST_CASE("a sync is asked once it is known where it listens") {
  Peer peer;
  peer.own_copy(log_of(80), false);
  peer.host.images["mine"].crashed = true;
  peer.host.files["/root/data/heir.led"] = "1 0\n";
  Server& sync = peer.host.servers["there:2"];
  sync.recovery = sync.receiver = true;
  sync.log = log_of(95);
  failover::Lead lead = lead_from(log_of(60));
  lead.opened = true;
  SECTION("it appears, and has more than the copy here") {
    peer.appears_at = Duration::seconds(2);
    const agent::CommandResult led = peer.run(lead);
    CHECK(led.outcome == failover::Outcome::failed);
    CHECK(led.message.find("has received it up to 0/5F") != std::string::npos);
    CHECK_FALSE(peer.server().up);
  }
  SECTION("it does not appear, and is not waited for twice") {
    peer.appears_at = Duration::seconds(60);
    const MonotonicTime begun = peer.host.monotonic_now();
    CHECK(peer.run(lead).message.empty());
    CHECK(peer.host.monotonic_now() - begun < Fixture::config().compare_limit + Duration::seconds(1));
    CHECK(peer.host.count("log own-log-not-compared") == 1);
    CHECK(peer.run(lead).message.empty());
    CHECK(peer.host.monotonic_now() - begun < Fixture::config().compare_limit + Duration::seconds(1));
    CHECK(peer.server().up);
  }
  SECTION("there was nobody before this cluster") {
    peer.appears_at = Duration::seconds(60);
    lead.may_initialize = true;
    const MonotonicTime begun = peer.host.monotonic_now();
    CHECK(peer.run(lead).message.empty());
    CHECK(peer.host.monotonic_now() - begun < Duration::seconds(1));
  }
}

TEST_CASE("a primary whose copy is not whole says that it is damaged") {
  Peer peer;
  peer.own_copy(log_of(80), false);
  const auto status = [&] {
    std::optional<failover::DatabaseStatus> seen;
    const auto observe = [&]() -> Task<void> { seen = co_await peer.database->observe(std::nullopt, {}); };
    REQUIRE(peer.host.run(observe()));
    return *seen;
  };
  CHECK_FALSE(status().damaged);
  peer.host.files["/root/data/heir.damaged"] = "it lost log";
  failover::Lead lead = lead_from(log_of(60));
  lead.opened = true;
  CHECK(peer.run(lead).outcome == failover::Outcome::failed);
  CHECK(status().damaged);
}
