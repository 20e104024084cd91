// Streaming, promotion, timelines, slots, cascades.
#include <catch2/catch.hpp>

#include "little_world.h"

using namespace heir;
using namespace heir::sim;

namespace {

PostgresTimings slow_replay() {
  PostgresTimings timings;
  timings.replay_lag = {Duration::seconds(3), Duration::seconds(3)};
  return timings;
}

void promote(LittleWorld& world, std::size_t i) {
  const auto sent = world.sql(i, "promote");
  REQUIRE(sent);
  REQUIRE(world.run_until([&] { return world.server(i)->phase() == ServerPhase::primary; }));
}

}  // namespace

TEST_CASE("an asynchronous standby that is promoted loses the tail") {
  LittleWorld world(2);
  world.make_cluster();
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0); }));
  world.sever(1);
  CHECK(world.ask(*writer, "w1 2").tag == "OK");
  world.machine(0).power_off();
  promote(world, 1);
  CHECK(world.read(1, "r1") == "1");
  CHECK(*(*world.sql(1, "timeline"))[0][0] == "2");
  const auto history = world.sql(1, "timeline_history", {"2"});
  REQUIRE(history);
  CHECK((*history).size() == 1);
  CHECK(*(*history)[0][0] == "1");
  CHECK(world.sql(1, "timeline_history", {"3"}).error().code == ErrorCode::failed);
  CHECK_FALSE(world.machine(1).disk().exists(data_folder + "/standby.signal"));
  CHECK(world.machine(1).disk().read(data_folder + "/pg_wal/00000002.history").has_value());
  CHECK_FALSE(contains(world.data(1), world.data(0)));
  CHECK(world.sql(1, "promote").error().message == "ERROR:  recovery is not in progress");
}

TEST_CASE("what is received is not what is replayed") {
  LittleWorld world(2, 3, slow_replay());
  world.make_cluster("b");
  world.run_for(Duration::seconds(5));
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  CHECK(world.read(1, "r1").empty());
  auto state = world.sql(1, "recovery_state");
  REQUIRE(state);
  CHECK(std::stoull(*(*state)[0][2]) > std::stoull(*(*state)[0][3]));
  CHECK_FALSE((*state)[0][4].has_value());
  const auto seen = world.sql(0, "observe", {"b", "", "0"});
  CHECK(std::stoull(*(*seen)[0][7]) == world.server(0)->flushed().offset());
  CHECK(*(*seen)[0][9] == "sync");
  SECTION("and is replayed in the end") {
    world.run_for(Duration::seconds(4));
    CHECK(world.read(1, "r1") == "1");
    state = world.sql(1, "recovery_state");
    CHECK(*(*state)[0][4] == "RecoveryWalStream");
  }
  SECTION("and before a promotion ends") {
    promote(world, 1);
    CHECK(world.read(1, "r1") == "1");
  }
  SECTION("and by a restart") {
    world.server(1)->process().crash();
    world.configure(1, "", "");
    CHECK(world.start(1).status == 0);
    CHECK(world.read(1, "r1") == "1");
    state = world.sql(1, "recovery_state");
    CHECK_FALSE((*state)[0][1].has_value());
    CHECK_FALSE((*state)[0][2].has_value());
    CHECK(*(*state)[0][4] == "RecoveryRetrieveRetryInterval");
    CHECK((*state)[0][6]->empty());
  }
}

TEST_CASE("a standby survives the loss of its upstream and comes back") {
  LittleWorld world(2);
  world.make_cluster();
  world.server(0)->process().crash();
  world.run_for(Duration::seconds(2));
  CHECK_FALSE(world.streams(1));
  CHECK(world.read(1, "r1").empty());
  CHECK(world.start(0).status == 0);
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0); }, Duration::seconds(10)));
  CHECK(world.read(1, "r1") == "1");
  CHECK(contains(world.data(0), world.data(1)));
}

TEST_CASE("a standby without an upstream in its settings stays severed, also after a restart") {
  LittleWorld world(2);
  world.make_cluster();
  world.configure(1, "", "");
  world.reload(1);
  CHECK_FALSE(world.streams(1));
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  CHECK(world.stop(1).status == 0);
  CHECK(world.data(1).control.state == ClusterState::shut_down_in_recovery);
  CHECK(world.start(1).status == 0);
  world.run_for(Duration::seconds(2));
  CHECK(world.read(1, "r1").empty());
  CHECK(world.server(1)->receiver().state() == WalReceiver::State::stopped);
}

TEST_CASE("another standby follows the new timeline; one that is ahead of the fork does not") {
  LittleWorld world(3);
  world.make_cluster();
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0) && world.caught_up(2, 0); }));
  SECTION("it follows") {
    world.machine(0).power_off();
    promote(world, 1);
    world.follow(2, 1);
    world.reload(2);
    const auto next = world.client(1);
    CHECK(world.ask(*next, "w1 2").tag == "OK");
    REQUIRE(world.run_until([&] { return world.caught_up(2, 1); }));
    CHECK(world.read(2, "r1") == "2");
    CHECK(*(*world.sql(2, "timeline"))[0][0] == "2");
    CHECK(contains(world.data(1), world.data(2)));
  }
  SECTION("it refuses") {
    world.sever(1);
    CHECK(world.ask(*writer, "w1 2").tag == "OK");
    REQUIRE(world.run_until([&] { return world.caught_up(2, 0); }));
    world.machine(0).power_off();
    promote(world, 1);
    world.follow(2, 1);
    world.reload(2);
    world.run_for(Duration::seconds(3));
    CHECK_FALSE(world.caught_up(2, 1));
    CHECK(world.read(2, "r1") == "2");
    CHECK(world.data(2).timeline() == 1);
    const std::string& error = world.server(2)->receiver().last_error();
    CHECK(error.find("is not in this server's history") != std::string::npos);
  }
}

TEST_CASE("a cascade carries log through, and its end follows a promotion in the middle") {
  LittleWorld world(3);
  world.initdb(0);
  REQUIRE(world.start(0).status == 0);
  world.make_standby(1, 0);
  world.make_standby(2, 1);
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "a1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(2, 0); }));
  CHECK(world.read(2, "l1") == "1");
  const auto replicas = world.sql(1, "replicas");
  REQUIRE(replicas);
  REQUIRE((*replicas).size() == 1);
  CHECK(*(*replicas)[0][0] == "c");
  CHECK(*(*replicas)[0][1] == "streaming");
  CHECK(*(*replicas)[0][2] == "async");
  world.machine(0).power_off();
  promote(world, 1);
  const auto next = world.client(1);
  CHECK(world.ask(*next, "a1 2").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(2, 1); }));
  CHECK(world.read(2, "l1") == "1,2");
  CHECK(world.data(2).timeline() == 2);
}

TEST_CASE("slots keep log; without them it goes, and a standby is told") {
  LittleWorld world(2);
  world.make_cluster();
  const bool slot = GENERATE(false, true);
  if (slot) {
    CHECK(world.sql(0, "create_slot", {"heir_b"}).has_value());
    CHECK(world.sql(0, "create_slot", {"heir_b"}).error().message ==
          "ERROR:  replication slot \"heir_b\" already exists");
    CHECK(world.sql(0, "create_slot", {"Bad"}).error().code == ErrorCode::failed);
    world.configure(1, "", world.conninfo(1, 0), "primary_slot_name = 'heir_b'\n");
    world.reload(1);
    REQUIRE(world.run_until([&] { return *(*world.sql(0, "slots"))[0][1] == "t"; }));
    CHECK(world.sql(0, "drop_slot", {"heir_b"}).error().code == ErrorCode::failed);
  }
  REQUIRE(world.stop(1).status == 0);
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "Soff").tag == "OK");
  for (int i = 0; i < 20000; ++i) world.server(0)->insert(WalKind::register_write, 1, i);
  CHECK(world.sql(0, "checkpoint").has_value());
  CHECK(world.sql(0, "checkpoint").has_value());
  CHECK(world.start(1).status == 0);
  if (slot) {
    CHECK(world.run_until([&] { return world.caught_up(1, 0); }));
    CHECK(world.data(0).oldest_kept < world.data(0).control.redo);
    REQUIRE(world.stop(1).status == 0);
    world.run_for(Duration::milliseconds(100));
    CHECK(world.sql(0, "drop_slot", {"heir_b"}).has_value());
    CHECK((*world.sql(0, "slots")).empty());
    CHECK(world.sql(0, "drop_slot", {"heir_b"}).error().code == ErrorCode::failed);
  } else {
    world.run_for(Duration::seconds(2));
    CHECK_FALSE(world.caught_up(1, 0));
    CHECK(world.server(1)->receiver().last_error().find("has already been removed") != std::string::npos);
  }
}

TEST_CASE("a fast stop sends its shutdown record to the standbys; an immediate one leaves a crash") {
  LittleWorld world(2);
  world.make_cluster();
  SECTION("fast") {
    CHECK(world.stop(0).status == 0);
    CHECK(world.data(0).control.state == ClusterState::shut_down);
    CHECK(world.data(1).wal.end() == world.data(0).wal.end());
    CHECK(contains(world.data(1), world.data(0)));
    CHECK(world.pg_ctl(0, {"status"}).status == 3);
    CHECK(world.stop(0).status == 1);
  }
  SECTION("immediate") {
    CHECK(world.stop(0, "immediate").status == 0);
    CHECK(world.data(0).control.state == ClusterState::in_production);
  }
  CHECK(world.start(0).status == 0);
  CHECK(world.pg_ctl(0, {"status"}).status == 0);
  CHECK(world.start(0).output.find("lock file") != std::string::npos);
  CHECK(world.pg_ctl(0, {"promote"}).status == 1);
}

TEST_CASE("the promotion marker travels like any row") {
  LittleWorld world(2);
  world.make_cluster();
  CHECK(*(*world.sql(0, "promotions_kept"))[0][0] == "f");
  CHECK(world.sql(0, "promotions").error().code == ErrorCode::failed);
  CHECK(world.sql(0, "create_promotions_schema").has_value());
  CHECK(world.sql(0, "create_promotions").has_value());
  CHECK(world.sql(0, "create_promotions").has_value());
  CHECK(*(*world.sql(0, "record_promotion", {"1", "3"}))[0][0] == "3");
  CHECK(*(*world.sql(0, "record_promotion", {"1", "4"}))[0][0] == "3");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0); }));
  CHECK(*world.sql(1, "promotions") == Rows{{std::string("1"), std::string("3")}});
  CHECK(world.sql(1, "record_promotion", {"2", "4"}).error().code == ErrorCode::failed);
  CHECK(world.sql(0, "who knows").error().code == ErrorCode::failed);
}

TEST_CASE("a paused standby acknowledges nothing, while its kernel goes on receiving") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  world.server(1)->process().pause();
  writer->send("w1 2");
  world.run_for(Duration::seconds(2));
  CHECK_FALSE(writer->answer.done);
  // A signal waits for it as well.
  auto stopped = std::make_shared<bool>(false);
  REQUIRE(world.machine(1).run({"pg_ctl", {"stop", "-D", data_folder, "-m", "immediate"}},
                               [stopped](const ProcessEnd&) { *stopped = true; }));
  world.run_for(Duration::seconds(1));
  CHECK(world.server(1) != nullptr);
  world.server(1)->process().resume();
  world.run_for(Duration::milliseconds(100));
  CHECK(*stopped);
  CHECK(world.server(1) == nullptr);
}

TEST_CASE("an idle cluster makes almost no events") {
  LittleWorld world(3);
  const std::string eager = "wal_receiver_status_interval = 1s\nwal_receiver_timeout = 10s\nwal_sender_timeout = 10s\n";
  world.initdb(0);
  world.configure(0, "b", "", eager);
  REQUIRE(world.start(0).status == 0);
  world.make_standby(1, 0, eager);
  world.make_standby(2, 1, eager);
  world.run_for(Duration::seconds(20));
  const std::uint64_t before = world.kernel.events();
  world.run_for(Duration::seconds(100));
  CHECK(world.kernel.events() - before < 300);
  CHECK(world.streams(1));
  CHECK(world.streams(2));
}

TEST_CASE("one seed gives one run") {
  const auto run = [](std::uint64_t seed) {
    LittleWorld world(3, seed);
    world.make_cluster("b");
    const auto client = world.client(0);
    for (int i = 0; i < 50; ++i) world.ask(*client, "w" + std::to_string(i % 7) + " " + std::to_string(i));
    world.server(0)->process().crash();
    promote(world, 1);
    return world.kernel.trace_hash();
  };
  CHECK(run(5) == run(5));
  CHECK(run(5) != run(6));
}
