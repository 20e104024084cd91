// A server that starts again: by its log, and what others have of it, it finds out whether its disk kept what it had
// promised.
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

TEST_CASE("a sync that does not answer at once is asked again, for a while") {
  Restart f;
  Server& sync = f.host.servers["there:2"];
  f.host.files["/root/data/heir.led"] = "1\n";
  sync.log = log_of(95);
  sync.up = false;
  const bool returns = GENERATE(true, false);
  CAPTURE(returns);
  const MonotonicTime begun = f.host.monotonic_now();
  f.host.before_step = [&] { sync.up = returns && f.host.monotonic_now() - begun > Duration::seconds(2); };
  const Result<> started = f.start_again();
  CHECK(said(started).empty() != returns);
  CHECK(f.server().up != returns);
  CHECK(f.await(f.adapter->inspect())->whole != returns);
  CHECK(f.host.count("log own-log-not-compared") == (returns ? 0 : 1));
  if (returns) return;
  // In vain once is enough; another sync is asked anew.
  CHECK(said(f.start_again()).empty());
  CHECK(f.host.count("log own-log-not-compared") == 1);
  Server& another = f.host.servers["other:3"];
  another.up = another.recovery = another.receiver = true;
  another.log = log_of(95);
  const Endpoint other{PeerId("p3"), Address("other:3")};
  CHECK(f.await(f.adapter->start_again(Primary{other.peer, {other.peer}}, other)).error().code == ErrorCode::refused);
}

TEST_CASE("what a sync has received counts as what it is once it is replayed, and as more than is here if it is not") {
  Restart f;
  Server& sync = f.host.servers["there:2"];
  f.host.files["/root/data/heir.led"] = "1 0\n";
  sync.unreplayed = 15;
  const MonotonicTime begun = f.host.monotonic_now();
  SECTION("a part of a record never is") {
    CHECK(said(f.start_again()).empty());
    CHECK(f.server().up);
    CHECK(f.host.monotonic_now() - begun < Duration::seconds(1));
    CHECK(f.host.count("log own-log-not-compared") == 0);
  }
  SECTION("records are, of the timeline that is led") {
    sync.replaying = true;
    f.host.before_step = [&] {
      if (f.host.monotonic_now() - begun > Duration::milliseconds(200)) sync.log = log_of(95), sync.unreplayed = 0;
    };
    CHECK(f.start_again().error().code == ErrorCode::refused);
  }
  SECTION("or of a later one, which has left the log where it ends here, and may have been left behind") {
    sync.replaying = true;
    const bool has_opened = GENERATE(true, false);
    f.adapter->note_opened(Generation(has_opened ? 3 : 2), f.there.peer);
    f.host.before_step = [&] {
      if (f.host.monotonic_now() - begun <= Duration::milliseconds(200)) return;
      sync.log = Position{{{1, 0, 0}, {2, 3, 80}}, 95};
      sync.unreplayed = 0;
    };
    CHECK(said(f.start_again()).empty() != has_opened);
    CHECK(f.server().up != has_opened);
  }
  SECTION("one that answers, and replays none of it in time, may have what was lost here") {
    sync.replaying = true;
    CHECK(f.start_again().error().code == ErrorCode::refused);
    CHECK(f.host.monotonic_now() - begun < Duration::seconds(1));
    CHECK(f.host.count("log own-log-not-compared") == 0);
    CHECK_FALSE(f.server().up);
  }
}

TEST_CASE("a sync that does not answer at all is waited for no longer than the limit") {
  Restart f;
  f.host.servers["there:2"].silent = true;
  const MonotonicTime begun = f.host.monotonic_now();
  CHECK(said(f.start_again()).empty());
  CHECK(f.host.monotonic_now() - begun < f.config().compare_limit + Duration::seconds(1));
  CHECK(f.host.count("log own-log-not-compared") == 1);
}

TEST_CASE("a server whose log nobody compared, for the agent that started it is dead, is compared while it runs") {
  Restart f;
  REQUIRE(said(f.await(f.adapter->start(Primary{f.there.peer, {f.there.peer}}))).empty());
  f.restart_agent();
  f.host.servers["there:2"].log = log_of(95);
  f.host.files["/root/data/heir.led"] = "1\n";
  SECTION("its sync has more of what was written here") {
    CHECK(f.start_again().error().code == ErrorCode::refused);
    CHECK_FALSE(f.server().up);
    f.restart_agent();
    CHECK_FALSE(f.await(f.adapter->inspect())->whole);
  }
  SECTION("its sync has all of it, and later nobody asks") {
    f.host.servers["there:2"].log = log_of(80);
    CHECK(said(f.start_again()).empty());
    f.host.servers["there:2"].log = log_of(95);
    CHECK(said(f.start_again()).empty());
    CHECK(f.server().up);
  }
  SECTION("another wrote it") {
    f.host.files["/root/data/heir.led"] = "2\n";
    CHECK(said(f.start_again()).empty());
    CHECK(f.server().up);
  }
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

TEST_CASE("a primary lacks nothing of a copy that left its log where it ends") {
  Fixture f;
  f.own_copy(Position{{{1, 0, 0}, {2, 0, 80}}, 95}, true);  // promoted by hand
  f.host.folders.insert("/root/data/pg_wal");
  f.host.servers["there:2"].log = log_of(80);
  const auto report = f.await(f.adapter->rejoin(f.there, f.there, Rebuild::beside, std::vector<PeerId>()));
  REQUIRE(said(report).empty());
  CHECK(report->how == Rejoined::cloned);
  CHECK(report->fork == 80);
  CHECK(report->discarded == 15);
}

TEST_CASE("a primary that ends where a generation left it which has opened has lost that") {
  Fixture f;
  f.own_copy(Position{{{1, 0, 0}, {2, 2, 80}}, 95}, true);
  f.host.folders.insert("/root/data/pg_wal");
  f.host.servers["there:2"].log = log_of(80);
  const auto rejoin = [&] {
    return f.await(f.adapter->rejoin(f.there, f.there, Rebuild::beside, std::vector<PeerId>()));
  };
  f.adapter->note_opened(Generation(2), f.there.peer);
  const auto report = rejoin();
  REQUIRE_FALSE(report);
  CHECK(report.error().message.find("has lost log of its own") != std::string::npos);
  CHECK(f.copy() == "mine");
  f.adapter->note_opened(Generation(1), f.there.peer);
  REQUIRE(said(rejoin()).empty());
  CHECK(f.copy() == "clone");
}

TEST_CASE("bad pages are counted by observations") {
  Fixture f;
  f.own_copy(log_of(80), false);
  REQUIRE(f.await(f.adapter->start(Primary{f.there.peer, {}})));
  CHECK(f.await(f.adapter->observe(std::nullopt))->checksum_failures == 0);
  f.server().checksum_failures = 2;
  CHECK(f.await(f.adapter->observe(std::nullopt))->checksum_failures == 2);
}

TEST_CASE("damage that a full disk would not let be marked is marked later, for an agent that starts anew") {
  Fixture f;
  f.own_copy(log_of(80), true);
  f.host.file_fails["/root/data/heir.damaged.new"] = Error{ErrorCode::io_error, "no space left"};
  CHECK_FALSE(f.await(f.adapter->mark_damaged("bad pages")));
  CHECK_FALSE(f.await(f.adapter->inspect())->whole);
  CHECK_FALSE(f.host.exists("/root/data/heir.damaged"));
  f.host.file_fails.clear();
  CHECK_FALSE(f.await(f.adapter->inspect())->whole);
  CHECK(f.host.files["/root/data/heir.damaged"] == "bad pages");
  f.restart_agent();
  CHECK_FALSE(f.await(f.adapter->inspect())->whole);
}

TEST_CASE("a copy whose promotion did not end is never started as a primary's") {
  Fixture f;
  f.own_copy(log_of(80), false);
  f.host.images["mine"].unfinished = true;
  CHECK(f.await(f.adapter->inspect())->standby);
  CHECK(f.await(f.adapter->start(Primary{f.there.peer, {}})).error().code == ErrorCode::refused);
  CHECK_FALSE(f.server().up);
  REQUIRE(said(f.await(f.adapter->start(Severed()))).empty());
  CHECK(f.host.files.contains("/root/data/standby.signal"));
}

TEST_CASE("a lone standby whose log ends before it is consistent is not waited for, but cloned") {
  Fixture f;
  f.own_copy(log_of(80), true);
  f.host.images["mine"].consistent_from = 90;
  CHECK(said(f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, std::vector<PeerId>()))) == "");
  CHECK(f.copy() == "clone");
}

TEST_CASE("a copy that has lost a file of its own history is not followed with, but cloned") {
  Fixture f;
  f.own_copy(Position{{{1, 0, 0}, {2, 2, 70}}, 80}, true);
  f.host.images["mine"].consistent_from = 90;
  f.host.images["mine"].consistent_timeline = 2;  // of which its pg_wal has no 00000002.history
  const Result<> followed = f.await(f.adapter->follow(f.there, {}));
  REQUIRE_FALSE(followed);
  CHECK(followed.error().code == ErrorCode::refused);
  CHECK(followed.error().message.find("00000002.history") != std::string::npos);
  REQUIRE(said(f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, std::vector<PeerId>()))) == "");
  CHECK(f.copy() == "clone");
}

TEST_CASE("a lone standby that has all its log is waited for") {
  Fixture f;
  f.own_copy(log_of(80), true);
  f.host.images["mine"].late = true;
  f.host.folders.insert("/root/data/pg_wal");
  f.host.images["mine"].consistent_from = 70;
  CHECK(said(f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, std::vector<PeerId>()))) == "");
  CHECK(f.copy() == "mine");
  CHECK(f.await(f.adapter->inspect())->whole);
}

TEST_CASE("a server that somebody started as the copy was moved away does not live on in it") {
  Fixture f;
  f.own_copy(log_of(120), true);
  std::string started_in = "/root/data";
  SECTION("the copy is kept") {}
  SECTION("the copy is thrown away, for it is worth less than one that is kept") {
    f.host.make_copy("/root/data.old", "older", false);
    f.host.files["/root/unproven"] = "";
  }
  SECTION("it was started in the one that is kept") {
    f.host.make_copy("/root/data.old", "older", false);
    f.host.files["/root/unproven"] = "";
    started_in = "/root/data.old";
  }
  bool started = false;
  f.host.before_step = [&] {
    if (started || f.server().up || !f.host.files.contains("/root/data.next/standby.signal")) return;
    started = true;
    f.server() = f.host.images["mine"];
    f.server().up = true;
    f.host.files[started_in + "/postmaster.pid"] = "4712\n";
  };
  REQUIRE(said(f.await(f.adapter->clone(f.there))).empty());
  CHECK(started);
  CHECK(f.copy() == "clone");
  CHECK_FALSE(f.server().up);
}

TEST_CASE("a former primary of whose own timeline others have more is cloned, not followed") {
  Fixture f;
  f.own_copy(log_of(80), false);
  f.host.folders.insert("/root/data/pg_wal");
  f.host.files["/root/data/heir.led"] = "1\n";
  const auto rejoin = [&] { return f.await(f.adapter->rejoin(f.there, f.there, Rebuild::in_place, {})); };
  SECTION("others have more") {
    const Result<RejoinReport> refused = rejoin();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("lost what it had synced") != std::string::npos);
    REQUIRE(said(rejoin()).empty());
    CHECK(f.copy() == "clone");
    CHECK_FALSE(f.host.files.contains("/root/data/heir.led"));
  }
  SECTION("nor does it follow") {
    f.own_copy(log_of(80), true);  // it had begun to rejoin
    const Result<> refused = f.await(f.adapter->follow(f.there, {}));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::refused);
    CHECK(refused.error().message.find("lost what it had synced") != std::string::npos);
    CHECK_FALSE(f.await(f.adapter->inspect())->whole);
  }
  SECTION("others have another timeline of that number") {
    f.own_copy(Position{{{1, 0, 0}, {2, 2, 80}}, 90}, false);
    f.host.files["/root/data/pg_wal/000000020000000000000000"] = "our log";
    f.host.files["/root/data/heir.led"] = "2 2\n";
    f.host.servers["there:2"].log = Position{{{1, 0, 0}, {2, 3, 80}}, 200};
    const Result<RejoinReport> report = rejoin();
    REQUIRE(said(report) == "");
    CHECK_FALSE(report->tail.empty());
    CHECK(report->discarded == 10);
  }
  SECTION("others have just as much of it") {
    f.host.servers["there:2"].log = Position{{{1, 0, 0}, {2, 3, 80}}, 100};
    REQUIRE(said(rejoin()).empty());
    CHECK(f.copy() == "mine");
  }
  SECTION("it followed since") {
    f.host.files["/root/data/heir.led"] = "4\n";
    REQUIRE(said(rejoin()).empty());
    CHECK(f.copy() == "mine");
  }
}

TEST_CASE("a timeline of the number that was led, but of another generation, was written by others") {
  Fixture f;
  const auto [noted, is_ours] = GENERATE(table<std::string, bool>(
      {{"2 2\n", false}, {"2 3\n", true}, {"1 3\n", false}, {"2\n", true}, {"2 x\n", false}, {"\n", false}}));
  CAPTURE(noted);
  f.host.files["/root/data/heir.led"] = noted;
  CHECK(*f.await(f.adapter->wrote_last_branch(Position{{{1, 0, 0}, {2, 3, 80}}, 90})) == is_ours);
}

TEST_CASE("what was led may be where no generation is shown, for the log may have lost that") {
  Fixture f;
  f.host.files["/root/data/heir.led"] = "2 2\n";
  CHECK(*f.await(f.adapter->wrote_last_branch(Position{{{1, 0, 0}, {2, 0, 80}}, 90})));
}

TEST_CASE("who leads notes the timeline that it writes, and its generation") {
  Fixture f;
  const auto bind = [&](std::uint64_t generation) {
    REQUIRE(said(f.await(f.adapter->bind_timeline(Generation(generation)))).empty());
  };
  SECTION("the first has none") {
    f.own_copy(log_of(80), false);
    REQUIRE(said(f.await(f.adapter->start(Primary{f.there.peer, {}}))).empty());
    bind(4);
    CHECK(f.host.files["/root/data/heir.led"] == "1 0\n");
  }
  SECTION("one of a promotion is bound to that, whoever leads it again") {
    f.own_copy(Position{{{1, 0, 0}, {2, 0, 70}}, 80}, false);
    REQUIRE(said(f.await(f.adapter->start(Primary{f.there.peer, {}}))).empty());
    // Noted by nobody, before generations were, or of another of its number.
    for (const std::string before : {"", "2\n", "2 7\n"}) {
      f.host.files["/root/data/heir.led"] = before;
      bind(3);
      bind(5);
      CHECK(f.host.files["/root/data/heir.led"] == "2 3\n");
    }
  }
}
