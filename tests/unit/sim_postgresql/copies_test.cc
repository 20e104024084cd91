// initdb, pg_basebackup, pg_rewind, pg_controldata: what they make, and what they leave when they are interrupted.
#include <catch2/catch.hpp>

#include "little_world.h"

using namespace heir;
using namespace heir::sim;

namespace {

/// a is an old primary with one commit that b, the new one, does not have.
void diverge(LittleWorld& world) {
  world.make_cluster();
  const auto writer = world.client(0);
  REQUIRE(world.ask(*writer, "w1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0); }));
  world.sever(1);
  REQUIRE(world.ask(*writer, "w1 2").tag == "OK");
  world.server(0)->process().crash();
  REQUIRE(world.sql(1, "promote").has_value());
  REQUIRE(world.run_until([&] { return world.server(1)->phase() == ServerPhase::primary; }));
  const auto next = world.client(1);
  REQUIRE(world.ask(*next, "w1 3").tag == "OK");
}

std::vector<std::string> rewind_from(LittleWorld& world, std::size_t target, std::size_t source) {
  return {"-D", data_folder, "--source-server=" + world.conninfo(target, source),
          "--config-file=" + data_folder + "/postgresql.conf"};
}

}  // namespace

TEST_CASE("initdb makes a cluster once") {
  LittleWorld world(1);
  world.initdb(0);
  const ProgramExit again = world.run(0, "initdb", {"-D", data_folder});
  CHECK(again.status == 1);
  CHECK(again.output == "initdb: error: directory \"/data\" exists but is not empty\n");
  CHECK(world.run(0, "initdb", {"-D", "/other", "--wal-segsize=3"}).status == 1);
  CHECK(world.pg_ctl(0, {"status"}).status == 3);
  CHECK(world.run(0, "pg_ctl", {"status", "-D", "/nowhere"}).status == 4);
  CHECK(world.run(0, "pg_controldata", {"-D", "/nowhere"}).status == 1);
  const ProgramExit control = world.run(0, "pg_controldata", {"-D", data_folder});
  CHECK(control.status == 0);
  CHECK(control.output.find("Database cluster state:               shut down\n") != std::string::npos);
  CHECK(control.output.find("Latest checkpoint's TimeLineID:       1\n") != std::string::npos);
  world.machine(0).power_off();
  world.machine(0).boot();
  world.configure(0, "", "");
  CHECK(world.start(0).status == 0);
}

TEST_CASE("a base backup that is broken in the middle is no data directory") {
  LittleWorld world(2);
  world.initdb(0);
  REQUIRE(world.start(0).status == 0);
  const std::vector<std::string> arguments{
      "-d", world.conninfo(1, 0), "-D", data_folder, "-X", "stream", "-c", "fast", "-S", "heir_b"};
  CHECK(world.run(1, "pg_basebackup", arguments).output ==
        "pg_basebackup: error: ERROR:  replication slot \"heir_b\" does not exist\n");
  REQUIRE(world.sql(0, "create_slot", {"heir_b"}).has_value());
  auto exit = std::make_shared<std::optional<ProgramExit>>();
  REQUIRE(world.machine(1).run({"pg_basebackup", arguments}, [exit](const ProcessEnd& end) { *exit = end.exit; }));
  REQUIRE(world.run_until([&] { return PostgreSql::folder(world.machine(1), data_folder) != nullptr; }));
  SECTION("the source dies") {
    world.server(0)->process().crash();
    REQUIRE(world.run_until([&] { return exit->has_value(); }));
    CHECK((*exit)->status == 1);
    CHECK_FALSE(world.machine(1).disk().exists(data_folder));
  }
  SECTION("it is killed") {
    world.machine(1).find("pg_basebackup")->crash();
    CHECK(world.machine(1).disk().exists(data_folder));
    world.follow(1, 0);
    const ProgramExit started = world.start(1);
    CHECK(started.status == 1);
    CHECK(started.output.find("could not locate a valid checkpoint record") != std::string::npos);
  }
  SECTION("it is not broken") {
    const auto writer = world.client(0);
    CHECK(world.ask(*writer, "w1 1").tag == "OK");
    REQUIRE(world.run_until([&] { return exit->has_value(); }));
    CHECK((*exit)->status == 0);
    world.machine(1).power_off();
    world.machine(1).boot();
    world.follow(1, 0);
    CHECK(world.start(1).status == 0);
    CHECK(world.run_until([&] { return world.caught_up(1, 0); }));
    CHECK(world.read(1, "r1") == "1");
    CHECK(world.run(1, "pg_basebackup", arguments).status == 1);
  }
}

TEST_CASE("an old primary is rewound and follows") {
  LittleWorld world(2);
  diverge(world);
  CHECK_FALSE(contains(world.data(1), world.data(0)));
  // Following without a rewind is refused.
  world.follow(0, 1);
  REQUIRE(world.start(0).status == 0);
  world.run_for(Duration::seconds(2));
  CHECK_FALSE(world.caught_up(0, 1));
  REQUIRE(world.stop(0).status == 0);
  world.run_for(Duration::seconds(2));
  const ProgramExit done = world.run(0, "pg_rewind", rewind_from(world, 0, 1));
  CHECK(done.output.find("servers diverged at WAL location") != std::string::npos);
  CHECK(done.output.find("Done!") != std::string::npos);
  REQUIRE(done.status == 0);
  world.follow(0, 1);
  REQUIRE(world.start(0).status == 0);
  REQUIRE(world.run_until([&] { return world.caught_up(0, 1); }));
  CHECK(world.read(0, "r1") == "3");
  CHECK(contains(world.data(1), world.data(0)));
  REQUIRE(world.stop(0).status == 0);
  CHECK(world.run(0, "pg_rewind", rewind_from(world, 0, 1)).output.find("no rewind required") != std::string::npos);
}

TEST_CASE("a crashed primary is recovered by pg_rewind itself; a crashed standby is not") {
  LittleWorld world(2);
  diverge(world);
  world.run_for(Duration::seconds(2));
  SECTION("primary") {
    CHECK(world.run(0, "pg_rewind", rewind_from(world, 0, 1)).status == 0);
    CHECK(contains(world.data(1), world.data(0)));
  }
  SECTION("standby") {
    world.follow(0, 1);
    REQUIRE(world.start(0).status == 0);
    world.server(0)->process().crash();
    const ProgramExit refused = world.run(0, "pg_rewind", rewind_from(world, 0, 1));
    CHECK(refused.status == 1);
    CHECK(refused.output.find("standby mode is not supported") != std::string::npos);
  }
  SECTION("a running one is refused") {
    REQUIRE(world.start(0).status == 0);
    CHECK(world.run(0, "pg_rewind", rewind_from(world, 0, 1)).output ==
          "pg_rewind: error: target server must be shut down cleanly\n");
  }
  SECTION("the source must be there") {
    world.server(1)->process().crash();
    const ProgramExit refused = world.run(0, "pg_rewind", rewind_from(world, 0, 1));
    CHECK(refused.status == 1);
    CHECK(refused.output.find("Connection refused") != std::string::npos);
    CHECK(world.data(0).damage.empty());
  }
}

TEST_CASE("an interrupted rewind leaves a copy that does not start") {
  LittleWorld world(2);
  diverge(world);
  world.run_for(Duration::seconds(2));
  auto exit = std::make_shared<std::optional<ProgramExit>>();
  REQUIRE(world.machine(0).run({"pg_rewind", rewind_from(world, 0, 1)},
                               [exit](const ProcessEnd& end) { *exit = end.exit; }));
  REQUIRE(world.run_until([&] { return !world.data(0).damage.empty(); }));
  SECTION("killed") {
    world.machine(0).find("pg_rewind")->crash();
  }
  SECTION("the source died") {
    world.server(1)->process().crash();
  }
  REQUIRE(world.run_until([&] { return exit->has_value(); }));
  CHECK((*exit)->status != 0);
  CHECK(world.start(0).status == 1);
}

TEST_CASE("P-08: two servers choose the same timeline, and pg_rewind sees nothing to do") {
  LittleWorld world(3);
  world.make_cluster();
  const auto writer = world.client(0);
  REQUIRE(world.ask(*writer, "w1 1").tag == "OK");
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0) && world.caught_up(2, 0); }));
  world.machine(0).power_off();
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    REQUIRE(world.sql(i, "promote").has_value());
    REQUIRE(world.run_until([&] { return world.server(i)->phase() == ServerPhase::primary; }));
    const auto client = world.client(i);
    REQUIRE(world.ask(*client, "w1 " + std::to_string(10 + i)).tag == "OK");
    REQUIRE(world.sql(i, "checkpoint").has_value());
  }
  CHECK(world.data(1).timeline() == world.data(2).timeline());
  CHECK(world.data(1).histories == world.data(2).histories);
  CHECK_FALSE(contains(world.data(2), world.data(1)));
  REQUIRE(world.stop(1).status == 0);
  const ProgramExit exit = world.run(1, "pg_rewind", rewind_from(world, 1, 2));
  CHECK(exit.status == 0);
  CHECK(exit.output.find("no rewind required") != std::string::npos);
  // The markers tell them apart.
  CHECK(world.data(1).wal.spans().back().store->origin.promotion !=
        world.data(2).wal.spans().back().store->origin.promotion);
  world.follow(1, 2);
  REQUIRE(world.start(1).status == 0);
  world.run_for(Duration::seconds(2));
  CHECK(world.read(1, "r1") == "11");
  CHECK(world.read(2, "r1") == "12");
}

TEST_CASE("P-10: before the checkpoint of its new timeline, a source looks as if nothing had happened") {
  PostgresTimings timings;
  timings.promotion_checkpoint = {Duration::seconds(60), Duration::seconds(60)};
  LittleWorld world(2, 1, timings);
  diverge(world);
  CHECK(world.run(0, "pg_rewind", rewind_from(world, 0, 1)).output.find("no rewind required") != std::string::npos);
  REQUIRE(world.sql(1, "checkpoint").has_value());
  CHECK(world.run(0, "pg_rewind", rewind_from(world, 0, 1)).output.find("Done!") != std::string::npos);
}
