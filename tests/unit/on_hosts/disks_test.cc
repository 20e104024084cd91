#include "tools/on_hosts/disks.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "scenarios/load.h"

namespace heir::on_hosts {
namespace {

namespace fs = std::filesystem;

bool needs(const std::string& text) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"A test\"\n" + text);
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded);
  return needs_disks(*loaded.scenario);
}

std::string fault(const std::string& kind, const std::string& more = "") {
  return "[[fault]]\nkind = \"" + kind + "\"\nat = \"5s\"\n" + more;
}

/// A peer's disk that nobody serves, with files.
class PeersDisk {
 public:
  PeersDisk() {
    char pattern[] = "/tmp/heir-disks-XXXXXX";
    REQUIRE(::mkdtemp(pattern));
    base_ = pattern;
    fs::create_directory(base_ + "/srv");
  }
  ~PeersDisk() { fs::remove_all(base_); }
  void put(const std::string& name, const std::string& content) {
    const fs::path path = base_ + "/srv/heir/database/" + name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  testbed::Disk& disk() {
    if (!disk_)
      disk_ = std::make_unique<testbed::Disk>(base_ + "/srv", base_ + "/aside", testbed::DiskOptions(), 1, "x");
    return *disk_;
  }

 private:
  std::string base_;
  std::unique_ptr<testbed::Disk> disk_;
};

}  // namespace

TEST_CASE("Disks that forget are there where it shows") {
  CHECK_FALSE(needs(""));
  CHECK_FALSE(needs(fault("crash-agent") + fault("partition", "for = \"5s\"\n")));
  CHECK_FALSE(needs(fault("restart-loop", "for = \"5s\"\nprocess = \"agent\"\nup = \"1s\"\n")));
  CHECK(needs(fault("crash-agent") + fault("crash")));
  CHECK(needs(fault("power-off-all", "for = \"1s\"\n")));
  CHECK(needs(fault("disk-full", "for = \"1s\"\n")));
  CHECK(needs(fault("random", "among = [\"crash-agent\", \"crash\"]\n")));
  CHECK(needs(fault("crash-agent", "on = \"fsync\"\n")));
  CHECK(needs("[disk]\ntorn = 5\n"));
}

TEST_CASE("Noise is left only where somebody tells it from what was written") {
  const testbed::DiskOptions options = disk_options(scenarios::Scenario(), SystemKind::heir);
  for (const char* name : {"/heir/database/identity", "/heir/database/data/pg_wal/000000010000000000000001",
                           "/heir/database/data.next/pg_wal/000000010000000000000001", "/heir/store/vote"})
    CHECK(options.may_be_garbage(name));
  for (const char* name : {"/heir/database/data/base/5/16384", "/heir/database/data/pg_xact/0000",
                           "/heir/database/data.next/global/pg_control"})
    CHECK_FALSE(options.may_be_garbage(name));
  CHECK(options.is_timed("/heir/database/identity"));
  CHECK_FALSE(options.is_timed("/heir/database/data/base/5/16384"));
  CHECK(options.may_be_astray("/heir/database/data/base/5/16384"));
  CHECK_FALSE(options.may_be_astray("/heir/database/data/pg_wal/000000010000000000000001"));
}

TEST_CASE("The copies of every system are known, and noise gets into nothing of other systems but PostgreSQL's log") {
  const std::vector<std::pair<SystemKind, std::string>> copies{
      {SystemKind::heir, "/heir/database/data"},
      {SystemKind::heir, "/heir/database/data.next"},
      {SystemKind::patroni, "/patroni/data"},
      {SystemKind::auto_failover, "/auto-failover/data"},
      {SystemKind::auto_failover, "/auto-failover/backup/node_1"},
      {SystemKind::repmgr, "/repmgr/data"}};
  for (const auto& [system, copy] : copies) {
    CAPTURE(copy);
    const testbed::DiskOptions options = disk_options(scenarios::Scenario(), system);
    CHECK(options.may_be_garbage(copy + "/pg_wal/000000010000000000000001"));
    for (const char* file : {"/base/5/16384", "/pg_xact/0000", "/global/pg_control", "/postgresql.auto.conf"}) {
      CHECK_FALSE(options.may_be_garbage(copy + file));
      CHECK_FALSE(options.is_timed(copy + file));
    }
    CHECK(options.may_be_astray(copy + "/base/5/16384"));
    CHECK_FALSE(options.may_be_astray(copy + "/pg_xact/0000"));
    CHECK(options.is_timed("/state/pg_autoctl.state"));
    CHECK(options.may_be_garbage("/state/pg_autoctl.state") == (system == SystemKind::heir));
  }
}

TEST_CASE("Nothing rots on an empty disk") {
  PeersDisk peer;
  sim::RandomStream random(1, "rot");
  for (const scenarios::RotPlace where :
       {scenarios::RotPlace::log, scenarios::RotPlace::table, scenarios::RotPlace::agent})
    CHECK_FALSE(draw_stored(peer.disk(), where, random));
}

TEST_CASE("A byte of the log is drawn from the last checkpoint on, on the last timeline that has it") {
  PeersDisk peer;
  // 0/3000100
  std::string control(48, '\0');
  control[40] = 0;
  control[41] = 1;
  control[43] = 3;
  peer.put("data/global/pg_control", control);
  const std::string log = std::string(256, 'o') + std::string(1000, 'n') + std::string(5000, '\0');
  peer.put("data/pg_wal/000000010000000000000003", std::string(6256, 'x'));
  peer.put("data/pg_wal/000000020000000000000003", log);
  peer.put("data/pg_wal/000000020000000000000004", std::string(6256, 'x'));
  sim::RandomStream random(1, "rot");
  std::set<std::uint64_t> places;
  for (int i = 0; i < 50; ++i) {
    const std::optional<StoredPart> byte = draw_stored(peer.disk(), scenarios::RotPlace::log, random);
    REQUIRE(byte);
    CHECK(byte->file == "/heir/database/data/pg_wal/000000020000000000000003");
    CHECK(byte->content == "n");
    CHECK(byte->at >= 256);
    CHECK(byte->at < 1256);
    places.insert(byte->at);
  }
  CHECK(places.size() > 10);
}

TEST_CASE("A byte of a table is drawn from what users have made") {
  PeersDisk peer;
  peer.put("data/base/5/1259", "catalogue");
  peer.put("data/base/5/16384", "t");
  peer.put("data/base/5/16385", "");
  peer.put("data/base/5/16384_fsm", "map");
  peer.put("data/base/5/pg_filenode.map", "map");
  peer.put("identity", "i");
  sim::RandomStream random(1, "rot");
  for (int i = 0; i < 20; ++i) {
    const std::optional<StoredPart> byte = draw_stored(peer.disk(), scenarios::RotPlace::table, random);
    REQUIRE(byte);
    CHECK(byte->file == "/heir/database/data/base/5/16384");
    CHECK(byte->content == "t");
  }
  const std::optional<StoredPart> agents = draw_stored(peer.disk(), scenarios::RotPlace::agent, random);
  REQUIRE(agents);
  CHECK(agents->file == "/heir/database/identity");
}

}  // namespace heir::on_hosts
