// What the server does about its disk, as PostgreSQL 15 does.
#include <catch2/catch.hpp>

#include "little_world.h"

using namespace heir;
using namespace heir::sim;

namespace {

DataFolder& home(LittleWorld& world, std::size_t i) {
  return *PostgreSql::folder(world.machine(i), data_folder);
}
/// Writes r1 := value and waits for the answer.
std::string write(LittleWorld& world, int value) {
  const auto client = world.client(0);
  return world.ask(*client, "w1 " + std::to_string(value)).tag;
}
bool is_gone(LittleWorld& world, std::size_t i) {
  return world.run_until([&] { return world.server(i) == nullptr; }, Duration::seconds(10));
}

}  // namespace

TEST_CASE("an fsync of log that fails is a panic, and nothing was acknowledged by it") {
  for (const SyncAnswer answer : {SyncAnswer::error, SyncAnswer::error_dropped}) {
    LittleWorld world(1);
    world.make_cluster();
    REQUIRE(write(world, 1) == "OK");
    DiskFault fault;
    fault.sync = answer;
    const DiskFaultId id = world.machine(0).disk().lay_on(fault);
    CHECK(write(world, 2).empty());
    REQUIRE(is_gone(world, 0));
    world.machine(0).disk().lift(id);
    REQUIRE(world.start(0).status == 0);
    // What the kernel kept is there, unacknowledged; what it forgot is not, and is not made of thin air later.
    const std::string expected = answer == SyncAnswer::error ? "2" : "1";
    CHECK(world.read(0, "r1") == expected);
    CHECK(write(world, 3) == "OK");
    world.machine(0).power_off();
    world.machine(0).boot();
    REQUIRE(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "3");
  }
}

TEST_CASE("without space, or on a read-only file system, the server panics and does not start again") {
  for (const bool full : {true, false}) {
    LittleWorld world(2);
    world.make_cluster();
    REQUIRE(write(world, 1) == "OK");
    DiskFault fault;
    fault.full = full;
    fault.read_only = !full;
    const std::size_t on = full ? 0 : 1;
    const DiskFaultId id = world.machine(on).disk().lay_on(fault);
    write(world, 2);
    REQUIRE(is_gone(world, on));
    const ProgramExit refused = world.start(on);
    CHECK(refused.status == 1);
    if (!full) CHECK(refused.output.find("Read-only file system") != std::string::npos);
    world.machine(on).disk().lift(id);
    CHECK(world.start(on).status == 0);
    CHECK(world.read(0, "r1") == (full ? "1" : "2"));
  }
}

TEST_CASE("recovery takes the first invalid record for the end of the log") {
  LittleWorld world(1);
  world.make_cluster();
  REQUIRE(write(world, 1) == "OK");
  const Lsn first = home(world, 0).durable();
  REQUIRE(write(world, 2) == "OK");
  REQUIRE(write(world, 3) == "OK");
  const DiskFaultId id = world.machine(0).disk().new_fault();
  home(world, 0).damages.push_back({id, first + 1});
  world.server(0)->process().crash();
  bool asked = false;
  SECTION("and writes over what follows") {
    world.postgresql.ask_before_loss([&](const Machine&) { return asked = true; });
    REQUIRE(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "1");
    CHECK(home(world, 0).damages.empty());
  }
  SECTION("unless the damage may not show") {
    world.postgresql.ask_before_loss([&](const Machine&) {
      asked = true;
      return false;
    });
    REQUIRE(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "3");
  }
  CHECK(asked);
}

TEST_CASE("damage that is lifted before a recovery was never seen") {
  LittleWorld world(1);
  world.make_cluster();
  REQUIRE(write(world, 1) == "OK");
  const DiskFaultId id = world.machine(0).disk().new_fault();
  home(world, 0).damages.push_back({id, home(world, 0).data.control.redo});
  world.server(0)->process().crash();
  SECTION("lifted") {
    home(world, 0).lift(id);
    REQUIRE(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "1");
  }
  SECTION("not lifted: the record at which recovery begins is no checkpoint") {
    const ProgramExit refused = world.start(0);
    CHECK(refused.status == 1);
    CHECK(refused.output.find("could not locate a valid checkpoint record") != std::string::npos);
    home(world, 0).lift(id);
    CHECK(world.start(0).status == 0);
  }
}

TEST_CASE("a standby with an invalid record gets the rest from its upstream") {
  LittleWorld world(2);
  world.make_cluster("b");
  REQUIRE(write(world, 1) == "OK");
  REQUIRE(write(world, 2) == "OK");
  const Lsn end = home(world, 1).durable();
  home(world, 1).damages.push_back({world.machine(1).disk().new_fault(), Lsn(end.offset() - 1)});
  world.server(1)->process().crash();
  REQUIRE(world.start(1).status == 0);
  CHECK(home(world, 1).data.wal.end() < end);
  REQUIRE(world.run_until([&] { return world.caught_up(1, 0); }));
  CHECK(world.read(1, "r1") == "2");
  CHECK(home(world, 1).damages.empty());
}

TEST_CASE("a page that does not pass its checksum is an error for its rows, and counted") {
  LittleWorld world(1);
  world.make_cluster();
  const auto client = world.client(0);
  REQUIRE(world.ask(*client, "w1 1").tag == "OK");
  REQUIRE(world.ask(*client, "w2 2").tag == "OK");
  const DiskFaultId id = world.machine(0).disk().new_fault();
  home(world, 0).damages.push_back({id, std::nullopt, WalKind::register_write, 1});
  CHECK(world.ask(*client, "r1").error == "XX001");
  CHECK(world.ask(*client, "w1 3").error == "XX001");
  CHECK(world.ask(*client, "r2").row == "2");
  const Result<Rows> seen = world.sql(0, "observe", {"", "", "0"});
  REQUIRE(seen);
  CHECK(seen->at(0).at(15) == "2");
  home(world, 0).lift(id);
  CHECK(world.ask(*client, "r1").row == "1");
  CHECK(world.ask(*client, "w1 3").tag == "OK");
}

TEST_CASE("with fsync off a commit is acknowledged that a loss of power takes") {
  LittleWorld world(1);
  world.initdb(0);
  world.configure(0, "", "", "fsync = off\n");
  REQUIRE(world.start(0).status == 0);
  CHECK(write(world, 1) == "OK");
  world.machine(0).power_off();
  world.machine(0).boot();
  REQUIRE(world.machine(0).disk().write(data_folder + "/postgresql.conf", ""));
  REQUIRE(world.start(0).status == 0);
  CHECK(world.read(0, "r1").empty());
}

TEST_CASE("a data directory goes with its disk's image") {
  LittleWorld world(1);
  world.make_cluster();
  REQUIRE(write(world, 1) == "OK");
  const DiskImage image = world.machine(0).disk().image();
  REQUIRE(write(world, 2) == "OK");
  world.machine(0).power_off(UnsyncedFate::keep);
  world.machine(0).disk().replace(image);
  world.machine(0).boot();
  REQUIRE(world.machine(0).disk().write(data_folder + "/postgresql.conf", ""));
  REQUIRE(world.start(0).status == 0);
  CHECK(world.read(0, "r1") == "1");
  CHECK(write(world, 3) == "OK");
}

TEST_CASE("a server whose directory was removed keeps its port until it looks for its lock file, within a minute") {
  LittleWorld world(1);
  world.make_cluster();
  Disk& disk = world.machine(0).disk();
  REQUIRE(disk.rename(data_folder, "/moved"));
  REQUIRE(world.run(0, "initdb", {"-D", data_folder, "--wal-segsize=1"}).status == 0);
  world.configure(0, "", "");
  CHECK(world.start(0).output.find("Address already in use") != std::string::npos);
  REQUIRE(disk.remove("/moved"));
  CHECK(world.start(0).output.find("Address already in use") != std::string::npos);
  world.run_for(Duration::seconds(60));
  REQUIRE(world.start(0).status == 0);
  CHECK(disk.exists(data_folder + "/postmaster.pid"));
  // The old one removed none but its own.
  world.run_for(Duration::seconds(120));
  CHECK(disk.exists(data_folder + "/postmaster.pid"));
  CHECK(world.server(0) != nullptr);
}
