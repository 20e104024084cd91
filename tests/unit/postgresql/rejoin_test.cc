// Following, cloning, coming back: no copy is lost that was not proven to be elsewhere.
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

namespace {

/// Ours left the history of the primary at 80, and went on to 95.
void diverge(Fixture& f) {
  f.own_copy(log_of(95), false);
  f.host.folders.insert("/root/data/pg_wal");
  f.host.files["/root/data/pg_wal/000000010000000000000000"] = "our log";
  f.host.files["/root/data/pg_wal/000000010000000000000001"] = "recycled";
  f.host.servers["there:2"].log = Position{{{1, 0, 0}, {2, 2, 80}}, 200};
}

Result<RejoinReport> rejoin(Fixture& f, Rebuild rebuild) {
  return f.await(f.adapter->rejoin(f.there, f.there, rebuild, std::vector<PeerId>()));
}

}  // namespace

TEST_CASE("an empty peer clones, and then follows") {
  Fixture f;
  REQUIRE(said(f.await(f.adapter->clone(f.there))).empty());
  CHECK(f.copy() == "clone");
  CHECK(f.host.exists("/root/data/standby.signal"));
  CHECK(f.host.files["/root/cluster"] == checked("test\n7\n"));
  CHECK(f.host.servers["there:2"].slots == std::set<std::string>{"heir_p1"});
  REQUIRE(said(f.await(f.adapter->follow(f.there, std::vector<PeerId>{PeerId("p3")}))).empty());
  CHECK(*f.await(f.adapter->is_streaming()));
  CHECK(f.server().slots.contains("heir_p3"));
  CHECK_FALSE(f.host.exists("/root/unproven"));
  const int starts = f.host.count("pg_ctl start");
  REQUIRE(f.await(f.adapter->follow(f.there, std::vector<PeerId>{PeerId("p3")})));
  CHECK(f.host.count("pg_ctl start") == starts);
}

TEST_CASE("a clone can be killed at any step; a copy that was there stays until the new one has streamed") {
  for (const bool had_copy : {false, true}) {
    for (int step = 0;; ++step) {
      Fixture f;
      if (had_copy) f.own_copy(log_of(90), true);
      const bool ended = f.interrupt(f.adapter->clone(f.there), step);
      f.restart_agent();
      INFO("killed before step " << step << (had_copy ? ", with a copy" : ""));
      const auto disk = f.await(f.adapter->inspect());
      REQUIRE(said(disk).empty());
      if (had_copy) {
        CHECK(disk->whole);
        CHECK((f.copy() == "mine" || f.host.files["/root/data.old/copy"] == "mine"));
      } else {
        CHECK((disk->empty || f.copy() == "clone"));
      }
      REQUIRE(said(f.await(f.adapter->clone(f.there))).empty());
      if (had_copy) CHECK(f.host.files["/root/data.old/copy"] == "mine");
      REQUIRE(said(f.await(f.adapter->follow(f.there, std::vector<PeerId>()))).empty());
      CHECK(f.copy() == "clone");
      for (const char* left : {"/root/data.old", "/root/data.next", "/root/data.trash", "/root/unproven"})
        CHECK_FALSE(f.host.exists(left));
      if (ended) {
        CHECK(step > 20);
        break;
      }
    }
  }
}

TEST_CASE("nothing is cloned over data of another cluster, or that nobody claimed") {
  Fixture f;
  f.own_copy(log_of(95), false);
  SECTION("another system identifier") {
    f.host.servers["there:2"].system = 8;
  }
  SECTION("unclaimed") {
    f.host.files.erase("/root/cluster");
  }
  const auto result = f.await(f.adapter->clone(f.there));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::refused);
  CHECK(f.copy() == "mine");
  CHECK(f.host.count("pg_basebackup") == 0);
}

TEST_CASE("a failing base backup leaves what is there") {
  Fixture f;
  f.own_copy(log_of(95), true);
  f.host.program_fails["pg_basebackup"] = {1, "connection lost"};
  const auto result = f.await(f.adapter->clone(f.there));
  CHECK(said(result).find("connection lost") != std::string::npos);
  CHECK(f.copy() == "mine");
  f.restart_agent();
  CHECK(f.await(f.adapter->inspect())->whole);
  CHECK_FALSE(f.host.exists("/root/data.next"));
}

TEST_CASE("a diverged copy does not follow") {
  Fixture f;
  diverge(f);
  const auto result = f.await(f.adapter->follow(f.there, std::vector<PeerId>()));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::refused);
  CHECK(result.error().message.find("0/50") != std::string::npos);
  CHECK_FALSE(f.server().receiver);
}

TEST_CASE("who lacks the timeline on which our log ends is not followed, for it may begin another of that number") {
  Fixture f;
  f.own_copy(Position{{{1, 0, 0}, {2, 2, 80}}, 95}, true);
  f.host.folders.insert("/root/data/pg_wal");
  Server& other = f.host.servers["there:2"];
  other.recovery = true;
  other.log = log_of(80);
  const auto result = f.await(f.adapter->follow(f.there, std::vector<PeerId>()));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::timed_out);
  CHECK(result.error().message.find("is not on timeline 2") != std::string::npos);
  CHECK_FALSE(f.server().receiver);
  SECTION("it was behind, and gets there") {
    other.log = Position{{{1, 0, 0}, {2, 2, 80}}, 95};
    CHECK(said(f.await(f.adapter->follow(f.there, std::vector<PeerId>()))) == "");
    CHECK(f.server().receiver);
  }
  SECTION("it is promoted to another one") {
    other.recovery = false;
    other.log = Position{{{1, 0, 0}, {2, 3, 80}}, 100};
    CHECK(f.await(f.adapter->follow(f.there, std::vector<PeerId>())).error().code == ErrorCode::refused);
  }
}

TEST_CASE("nothing beyond the fork: follow") {
  Fixture f;
  diverge(f);
  f.host.images["mine"].log = log_of(80);
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::followed);
  CHECK(report->tail.empty());
  CHECK(f.copy() == "mine");
  CHECK(f.server().receiver);
}

TEST_CASE("in place: the tail is set aside, then rewound") {
  Fixture f;
  diverge(f);
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::rewound);
  CHECK(report->fork == 80);
  CHECK(report->discarded == 15);
  CHECK(f.copy() == "rewound");
  CHECK(f.host.files[report->tail + "/000000010000000000000000"] == "our log");
  CHECK_FALSE(f.host.exists(report->tail + "/000000010000000000000001"));
  CHECK(f.host.files[report->tail + "/report.txt"].find("a record") != std::string::npos);
  CHECK(f.host.place("remote checkpoint") < f.host.place("pg_rewind"));
  CHECK(f.host.place("remote checkpoint") >= 0);
  CHECK_FALSE(f.host.exists("/root/rewinding"));
  CHECK(f.host.exists("/root/data/standby.signal"));
}

TEST_CASE("beside: cloned, the old copy deleted after the new one has streamed") {
  Fixture f;
  diverge(f);
  const auto report = rejoin(f, Rebuild::beside);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(f.host.count("pg_rewind") == 0);
  CHECK(f.copy() == "clone");
  CHECK_FALSE(f.host.exists("/root/data.old"));
}

TEST_CASE("a rewind that fails falls back to a clone") {
  Fixture f;
  diverge(f);
  f.host.program_fails["pg_rewind"] = {1, "could not find previous WAL record"};
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(f.copy() == "clone");
  CHECK_FALSE(f.host.exists("/root/rewinding"));
}

TEST_CASE("a twin timeline is cloned, since pg_rewind would find nothing to do") {
  Fixture f;
  diverge(f);
  f.host.images["mine"].log = Position{{{1, 0, 0}, {2, 3, 80}}, 95};
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(report->fork == 80);
}

TEST_CASE("nothing is discarded that could not be set aside") {
  Fixture f;
  diverge(f);
  f.host.file_fails["/root/data/pg_wal/000000010000000000000000"] = Error{ErrorCode::io_error, "bad sector"};
  const auto result = rejoin(f, Rebuild::in_place);
  CHECK(said(result).find("bad sector") != std::string::npos);
  CHECK(f.copy() == "mine");
  CHECK(f.host.count("pg_rewind") == 0);
}

TEST_CASE("rejoin waits for a primary that is one") {
  Fixture f;
  diverge(f);
  SECTION("not yet promoted") {
    f.host.servers["there:2"].recovery = true;
    CHECK(rejoin(f, Rebuild::in_place).error().code == ErrorCode::refused);
  }
  SECTION("gone") {
    f.host.servers["there:2"].up = false;
    CHECK(rejoin(f, Rebuild::in_place).error().code == ErrorCode::unreachable);
  }
  SECTION("of another cluster") {
    f.host.servers["there:2"].system = 8;
    CHECK(rejoin(f, Rebuild::in_place).error().code == ErrorCode::refused);
  }
  CHECK(f.copy() == "mine");
  CHECK(f.host.count("pg_rewind") == 0);
  CHECK(f.host.count("pg_basebackup") == 0);
}

TEST_CASE("what needs the primary for long is given up once that no longer answers, or no longer is one") {
  const std::string needs = GENERATE("pg_rewind", "pg_basebackup", "pg_ctl start");
  const bool silent = GENERATE(true, false);
  INFO(needs << (silent ? ", and the primary falls silent" : ", and the primary is deposed"));
  Fixture f;
  diverge(f);
  if (needs == "pg_basebackup") f.host.program_fails["pg_rewind"] = {1, "could not find previous WAL record"};
  Server& primary = f.host.servers["there:2"];
  f.host.program_hangs[needs] = [&] {
    if (f.host.count("pg_rewind") == 0) return false;  // the start that finds where our log ends
    (silent ? primary.silent : primary.recovery) = true;
    return true;
  };
  const MonotonicTime begun = f.host.monotonic_now();
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::unreachable);
  // It is not asked once more after that.
  CHECK(f.host.monotonic_now() - begun < f.config().answer_limit * 2 + Duration::seconds(3));
  CHECK(f.host.count("pg_basebackup") == (needs == "pg_basebackup" ? 1 : 0));
  CHECK(f.copy() != "clone");
}

TEST_CASE("a copy that cannot be run is cloned, with all its log kept") {
  Fixture f;
  diverge(f);
  f.host.before_step = [&f] {  // it starts again once it is another copy
    if (f.copy() == "mine")
      f.host.program_fails["pg_ctl start"] = {1, "invalid checkpoint record"};
    else
      f.host.program_fails.clear();
  };
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(f.host.files[report->tail + "/000000010000000000000000"] == "our log");
  CHECK(f.host.files[report->tail + "/report.txt"].find("invalid checkpoint record") != std::string::npos);
}

TEST_CASE("a standby is not cloned in its primary's place") {
  Fixture f;
  f.own_copy(log_of(90), true);
  f.host.servers["there:2"].recovery = true;
  const auto cloned = f.await(f.adapter->clone(f.there, CloneOf::primary));
  REQUIRE_FALSE(cloned);
  CHECK(cloned.error().code == ErrorCode::refused);
  CHECK(f.host.count("pg_basebackup") == 0);
  CHECK(f.copy() == "mine");
  REQUIRE(said(f.await(f.adapter->clone(f.there))).empty());
  CHECK(f.copy() == "clone");
}

TEST_CASE("where there is no copy any more, one is cloned") {
  Fixture f;
  const auto report = rejoin(f, Rebuild::in_place);
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(f.copy() == "clone");
  CHECK(*f.await(f.adapter->is_streaming()));
}

TEST_CASE("coming back can be killed at any step and started again") {
  for (const Rebuild rebuild : {Rebuild::in_place, Rebuild::beside}) {
    for (int step = 0;; ++step) {
      Fixture f;
      diverge(f);
      const bool ended = f.interrupt(f.adapter->rejoin(f.there, f.there, rebuild, std::vector<PeerId>()), step);
      f.restart_agent();
      INFO("killed before step " << step << (rebuild == Rebuild::beside ? ", beside" : ", in place"));
      const std::string aside = f.host.files["/root/diverged/timeline-1-from-0_50-to-0_5F/000000010000000000000000"];
      // Our copy is there, unless the primary's streams here, or a rewind in place was allowed; and then its log was
      // kept.
      const bool mine = f.copy() == "mine" || f.host.files["/root/data.old/copy"] == "mine";
      CHECK((mine || aside == "our log"));
      if (rebuild == Rebuild::beside) CHECK((mine || f.server().receiver));
      const bool stop = f.server().up && !f.server().recovery;
      CHECK_FALSE(stop);
      const auto report = rejoin(f, rebuild);
      REQUIRE(said(report).empty());
      CHECK((f.copy() == "clone" || f.copy() == "rewound"));
      CHECK(f.server().receiver);
      for (const char* left :
           {"/root/data.old", "/root/data.next", "/root/data.trash", "/root/unproven", "/root/rewinding"})
        CHECK_FALSE(f.host.exists(left));
      if (ended) {
        CHECK(step > 40);
        break;
      }
    }
  }
}

TEST_CASE("a history file of a timeline that nobody follows is removed before a standby follows") {
  Fixture f;
  f.own_copy(log_of(75), true);
  f.host.servers["there:2"].log = Position{{{1, 0, 0}, {2, 2, 80}}, 200};
  f.host.folders.insert("/root/data/pg_wal");
  const std::string folder = "/root/data/pg_wal/";
  // Somebody promoted a standby by hand at 70; the primary's timeline 2 left timeline 1 at 80 = 0x50.
  f.host.files[folder + "00000002.history"] = "1\t0/46\tby hand\n";
  f.host.files[folder + "00000003.history"] = "1\t0/46\tby hand\n2\t0/48\tby hand\n";
  f.host.files[folder + "000000010000000000000000"] = "our log";
  REQUIRE(said(f.await(f.adapter->follow(f.there, std::vector<PeerId>()))).empty());
  CHECK_FALSE(f.host.exists(folder + "00000002.history"));
  CHECK_FALSE(f.host.exists(folder + "00000003.history"));
  CHECK(f.host.exists(folder + "000000010000000000000000"));

  f.restart_agent();
  f.host.files[folder + "00000002.history"] = "1\t0/50\tno recovery target specified\n";
  REQUIRE(said(f.await(f.adapter->stop(StopMode::fast))).empty());
  REQUIRE(said(f.await(f.adapter->follow(f.there, std::vector<PeerId>()))).empty());
  CHECK(f.host.exists(folder + "00000002.history"));
}
