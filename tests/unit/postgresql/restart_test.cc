// A primary that starts again: by what the sync has received it finds out whether its disk kept what it had promised.
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

namespace {

/// Our copy was a primary's, whose host crashed; recovery finds the log's end at 80. "there" is its sync.
struct Restart : Fixture {
  Restart() {
    own_copy(log_of(80), false);
    host.images["mine"].crashed = true;
    Server& sync = host.servers["there:2"];
    sync.recovery = sync.receiver = true;
    sync.log = log_of(80);
  }
  Result<> start_again() { return await(adapter->start_again(Primary{there.peer, {there.peer}}, there)); }
};

}  // namespace

TEST_CASE("a primary whose log holds all that the sync has starts again") {
  Restart f;
  for (const std::uint64_t received : {80u, 60u}) {
    f.host.servers["there:2"].log = log_of(received);
    CHECK(said(f.start_again()).empty());
    CHECK(f.server().up);
  }
}

TEST_CASE("a primary that lacks what its sync has received neither leads nor is believed again") {
  Restart f;
  f.host.servers["there:2"].log = log_of(95);
  const Result<> started = f.start_again();
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ErrorCode::refused);
  CHECK(started.error().message.find("0/50") != std::string::npos);
  CHECK(started.error().message.find("0/5F") != std::string::npos);
  CHECK_FALSE(f.server().up);
  CHECK_FALSE(f.await(f.adapter->inspect())->whole);
  // Not after a restart of the agent either, nor by another way; another's copy takes its place.
  f.restart_agent();
  CHECK(f.await(f.adapter->start(Primary{f.there.peer, {}})).error().code == ErrorCode::refused);
  CHECK_FALSE(f.await(f.adapter->position()));
  f.host.servers["there:2"].recovery = false;
  REQUIRE(said(f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, std::vector<PeerId>()))).empty());
  CHECK(f.copy() == "clone");
  CHECK(f.host.count("pg_rewind") == 0);
  CHECK(f.await(f.adapter->inspect())->whole);
}

TEST_CASE("a primary that was stopped in order may lack its shutdown record's room, and no more") {
  Restart f;
  f.host.images["mine"].crashed = false;
  f.host.images["mine"].checkpoint = 80;
  f.host.servers["there:2"].log = log_of(80 + 200);
  CHECK(said(f.start_again()).empty());
  REQUIRE(f.await(f.adapter->stop(StopMode::fast)));
  f.host.servers["there:2"].log = log_of(80 + 2000);
  CHECK(f.start_again().error().code == ErrorCode::refused);
}

TEST_CASE("a sync that cannot be asked, or has a history of its own, proves nothing") {
  Restart f;
  SECTION("gone") {
    f.host.servers["there:2"].up = false;
  }
  SECTION("another history") {
    f.host.servers["there:2"].log = Position{{{1, 0, 0}, {2, 3, 70}}, 95};
  }
  SECTION("another cluster's") {
    f.host.servers["there:2"].log = log_of(95);
    f.host.servers["there:2"].system = 8;
  }
  SECTION("a primary itself") {
    f.host.servers["there:2"].log = log_of(95);
    f.host.servers["there:2"].recovery = false;
  }
  CHECK(said(f.start_again()).empty());
}

TEST_CASE("a copy that its primary lacks is kept") {
  Fixture f;
  f.own_copy(log_of(95), true);
  f.host.servers["there:2"].log = log_of(80);
  const auto report = f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, std::vector<PeerId>()));
  REQUIRE_FALSE(report);
  CHECK(report.error().code == ErrorCode::refused);
  CHECK(report.error().message.find("has lost log of its own") != std::string::npos);
  CHECK(f.copy() == "mine");
  CHECK(f.host.count("pg_rewind") == 0);
  CHECK(f.host.count("pg_basebackup") == 0);
}

TEST_CASE("bad pages are counted by observations") {
  Fixture f;
  f.own_copy(log_of(80), false);
  REQUIRE(f.await(f.adapter->start(Primary{f.there.peer, {}})));
  CHECK(f.await(f.adapter->observe(std::nullopt))->checksum_failures == 0);
  f.server().checksum_failures = 2;
  CHECK(f.await(f.adapter->observe(std::nullopt))->checksum_failures == 2);
}
