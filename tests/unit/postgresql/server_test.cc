// Start, stop, role, sever, promote, slots.
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

namespace {

Role primary_with(const char* sync) {
  Primary role;
  if (sync) role.sync = PeerId(sync);
  return role;
}
Role severed() {
  return Severed();
}
Role standby_of(const Endpoint& upstream) {
  Standby role;
  role.upstream = upstream;
  return role;
}

}  // namespace

TEST_CASE("a primary starts with its sync in force and a slot for it") {
  Fixture f;
  f.own_copy(log_of(60), false);
  f.host.files["/root/data/recovery.signal"] = "";
  f.host.files["/root/data/postgresql.auto.conf"] = "synchronous_standby_names = ''\n";
  REQUIRE(said(f.await(f.adapter->start(primary_with("p2")))).empty());
  CHECK(f.server().settings["synchronous_standby_names"] == "FIRST 1 (\"p2\")");
  CHECK(f.server().settings["synchronous_commit"] == "on");
  CHECK(f.server().slots == std::set<std::string>{"heir_p2"});
  CHECK_FALSE(f.host.exists("/root/data/recovery.signal"));
  CHECK(*f.await(f.adapter->is_running()));
}

TEST_CASE("a standby's copy is never started as a primary") {
  Fixture f;
  f.own_copy(log_of(60), true);
  const auto result = f.await(f.adapter->start(primary_with(nullptr)));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::refused);
  CHECK(f.host.count("pg_ctl start") == 0);
}

TEST_CASE("starting severed makes a standby durably before the server runs") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(said(f.await(f.adapter->start(severed()))).empty());
  CHECK(f.server().recovery);
  CHECK_FALSE(f.server().receiver);
  CHECK(f.host.exists("/root/data/standby.signal"));
}

TEST_CASE("a failing start tells PostgreSQL's words and the server's log") {
  Fixture f;
  f.own_copy(log_of(60), false);
  f.host.program_fails["pg_ctl start"] = {1, "could not start server"};
  f.host.files["/root/log/start.log"] = "FATAL: could not bind";
  const auto result = f.await(f.adapter->start(primary_with(nullptr)));
  CHECK(said(result).find("could not start server") != std::string::npos);
  CHECK(said(result).find("could not bind") != std::string::npos);
  Fixture empty;
  const auto nothing = empty.await(empty.adapter->start(severed()));
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().code == ErrorCode::not_found);
}

TEST_CASE("a fast stop that fails goes on as an immediate one, a kill to signals") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(f.await(f.adapter->start(primary_with(nullptr))));
  f.host.program_fails["pg_ctl stop fast"] = {1, "server does not shut down"};
  SECTION("stop") {
    CHECK(said(f.await(f.adapter->stop(postgresql::StopMode::fast))).empty());
    CHECK(f.host.count("pg_ctl stop immediate") == 1);
  }
  SECTION("kill") {
    f.host.program_fails["pg_ctl stop immediate"] = {1, "server does not shut down"};
    f.host.program_fails["pg_ctl kill QUIT"] = {0, ""};
    const auto stuck = f.await(f.adapter->stop(postgresql::StopMode::immediate));
    CHECK(said(stuck).find("does not shut down") != std::string::npos);
    CHECK(said(f.await(f.adapter->kill())).empty());
    CHECK(f.host.count("pg_ctl kill KILL") == 1);
  }
  CHECK_FALSE(*f.await(f.adapter->is_running()));
  CHECK(f.await(f.adapter->stop(postgresql::StopMode::fast)));
}

TEST_CASE("roles of a running server change only where PostgreSQL can") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(f.await(f.adapter->start(primary_with("p2"))));
  REQUIRE(said(f.await(f.adapter->configure(primary_with("p3")))).empty());
  CHECK(f.server().settings["synchronous_standby_names"] == "FIRST 1 (\"p3\")");
  CHECK(f.server().slots == std::set<std::string>{"heir_p3"});
  for (const Role& role : {severed(), standby_of(f.there)}) {
    const auto result = f.await(f.adapter->configure(role));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::refused);
  }
  const auto severing = f.await(f.adapter->sever());
  REQUIRE_FALSE(severing);
  CHECK(severing.error().code == ErrorCode::refused);
  REQUIRE(f.await(f.adapter->stop(postgresql::StopMode::fast)));
  CHECK_FALSE(f.await(f.adapter->configure(primary_with("p2"))));
}

TEST_CASE("someone's ALTER SYSTEM is undone") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(f.await(f.adapter->start(primary_with("p2"))));
  f.host.files["/root/data/postgresql.auto.conf"] = "synchronous_standby_names = ''\n";
  REQUIRE(said(f.await(f.adapter->configure(primary_with("p2")))).empty());
  CHECK(f.server().settings["synchronous_standby_names"] == "FIRST 1 (\"p2\")");
}

TEST_CASE("a server that does not take its settings is told of") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(f.await(f.adapter->start(primary_with("p2"))));
  f.server().deaf = true;
  const auto result = f.await(f.adapter->configure(primary_with("p3")));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::timed_out);
  CHECK(result.error().message.find("\"p2\"") != std::string::npos);
}

TEST_CASE("severing is durable first, and done only when no receiver runs") {
  Fixture f;
  f.own_copy(log_of(60), true);
  REQUIRE(f.await(f.adapter->start(standby_of(f.there))));
  CHECK(f.server().receiver);
  const auto position = f.await(f.adapter->position());
  REQUIRE_FALSE(position);
  CHECK(position.error().code == ErrorCode::refused);
  SECTION("as it should go") {
    REQUIRE(said(f.await(f.adapter->sever())).empty());
    CHECK_FALSE(f.server().receiver);
    CHECK(*f.await(f.adapter->position()) == log_of(60));
    // A crash does not bring the upstream back.
    REQUIRE(f.await(f.adapter->kill()));
    REQUIRE(f.await(f.adapter->start(severed())));
    CHECK_FALSE(f.server().receiver);
  }
  SECTION("a server that keeps its receiver is not severed, but on disk it is") {
    f.server().deaf = true;
    const auto result = f.await(f.adapter->sever());
    REQUIRE_FALSE(result);
    CHECK(f.host.files["/root/postgresql.conf"].find("primary_conninfo = ''\n") != std::string::npos);
  }
  SECTION("nor one whose replay is paused") {
    f.server().paused = true;
    CHECK(said(f.await(f.adapter->sever())).find("paused") != std::string::npos);
  }
  SECTION("a stopped one is severed on disk") {
    REQUIRE(f.await(f.adapter->stop(postgresql::StopMode::fast)));
    f.host.files.erase("/root/data/standby.signal");
    REQUIRE(f.await(f.adapter->sever()));
    CHECK(f.host.exists("/root/data/standby.signal"));
    CHECK(f.host.files["/root/postgresql.conf"].find("primary_conninfo = ''\n") != std::string::npos);
  }
}

TEST_CASE("a promotion has its sync in force before, and its generation in the log after") {
  Fixture f;
  f.own_copy(log_of(60), true);
  REQUIRE(f.await(f.adapter->start(severed())));
  f.host.trace.clear();
  Primary role;
  role.sync = PeerId("p3");
  REQUIRE(said(f.await(f.adapter->promote(Generation(4), role))).empty());
  CHECK(f.host.place("reload") < f.host.place("promote"));
  CHECK(f.host.place("promote") < f.host.place("record_promotion"));
  CHECK(f.server().settings["synchronous_standby_names"] == "FIRST 1 (\"p3\")");
  const auto position = f.await(f.adapter->position());
  REQUIRE(position);
  CHECK(*position == (Position{{{1, 0, 0}, {2, 4, 60}}, 70}));
  CHECK(f.server().slots == std::set<std::string>{"heir_p3"});
  CHECK_FALSE(f.await(f.adapter->promote(Generation(), role)));
  // The generation that was recorded first stays.
  REQUIRE(f.await(f.adapter->promote(Generation(9), role)));
  CHECK(f.await(f.adapter->position())->lineage[1].promotion == 4);
}

TEST_CASE("a promotion can be killed at any step and completed") {
  for (int step = 0;; ++step) {
    Fixture f;
    f.own_copy(log_of(60), true);
    REQUIRE(f.await(f.adapter->start(severed())));
    Primary role;
    role.sync = PeerId("p3");
    const bool ended = f.interrupt(f.adapter->promote(Generation(4), role), step);
    f.restart_agent();
    INFO("killed before step " << step);
    // Whoever is a primary already waits for the sync.
    if (!f.server().recovery) CHECK(f.server().settings["synchronous_standby_names"] == "FIRST 1 (\"p3\")");
    REQUIRE(said(f.await(f.adapter->promote(Generation(4), role))).empty());
    CHECK(*f.await(f.adapter->position()) == (Position{{{1, 0, 0}, {2, 4, 60}}, 70}));
    if (ended) {
      CHECK(step > 20);
      break;
    }
  }
}

TEST_CASE("a promotion that the server refuses is told with its words") {
  Fixture f;
  f.own_copy(log_of(60), true);
  REQUIRE(f.await(f.adapter->start(severed())));
  f.host.statement_fails["promote"] = Error{ErrorCode::failed, "recovery is not in progress"};
  CHECK(said(f.await(f.adapter->promote(Generation(4), Primary{}))).find("recovery is not in progress") !=
        std::string::npos);
}

TEST_CASE("clients are counted and ended") {
  Fixture f;
  f.own_copy(log_of(60), false);
  REQUIRE(f.await(f.adapter->start(primary_with(nullptr))));
  CHECK(*f.await(f.adapter->terminate_clients()) == 3);
  CHECK(*f.await(f.adapter->busy_clients()) == 2);
  CHECK(*f.await(f.adapter->waits_for_sync(4711)));
  CHECK_FALSE(*f.await(f.adapter->waits_for_sync(4712)));
}
