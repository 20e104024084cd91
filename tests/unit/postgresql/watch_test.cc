// Observations: restarts, cancelled waits, the sync's progress, sessions that break.
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

namespace {

void start_primary(Fixture& f) {
  f.own_copy(log_of(60), false);
  Primary role;
  role.sync = PeerId("p2");
  REQUIRE(said(f.await(f.adapter->start(role))).empty());
}

}  // namespace

TEST_CASE("a restart of the server, or of its processes only, is told once") {
  Fixture f;
  start_primary(f);
  CHECK_FALSE(f.await(f.adapter->observe(std::nullopt))->restarted);
  SECTION("the server") {
    f.server().started = 99;
  }
  SECTION("its processes") {
    f.server().processes = 99;
  }
  // A procedure that looks in between does not use it up.
  CHECK(f.await(f.adapter->visible_end()));
  CHECK(f.await(f.adapter->observe(std::nullopt))->restarted);
  CHECK_FALSE(f.await(f.adapter->observe_anew(std::nullopt))->restarted);
}

TEST_CASE("cancelled waits are told once, from whichever log file, whoever looked first") {
  Fixture f;
  f.server().cancelled["log-1"] = {50};
  start_primary(f);
  Server& server = f.server();
  server.cancelled["log-1"] = {50, 120};
  server.log_size = 130;
  CHECK(f.await(f.adapter->sync_has_flushed(PeerId("p2"), 60)));
  CHECK(*f.await(f.adapter->cancelled_waits()) == 1);
  CHECK(*f.await(f.adapter->cancelled_waits()) == 0);
  // The log is rotated between a cancellation in the old file and one in the new.
  server.cancelled["log-1"].push_back(140);
  server.cancelled["log-2"] = {5};
  server.log_file = "log-2";
  server.log_size = 20;
  CHECK(f.await(f.adapter->observe(std::nullopt))->cancelled_waits == 1);
  CHECK(f.await(f.adapter->observe(std::nullopt))->cancelled_waits == 1);
  CHECK(f.await(f.adapter->observe(std::nullopt))->cancelled_waits == 0);
}

TEST_CASE("only the named sync's flush counts") {
  Fixture f;
  start_primary(f);
  f.server().standbys = {{"p3", 1000}};
  auto state = f.await(f.adapter->sync_has_flushed(PeerId("p2"), 60));
  REQUIRE(state);
  CHECK_FALSE(state->connected);
  CHECK_FALSE(state->reached);
  f.server().standbys["p2"] = 59;
  state = f.await(f.adapter->sync_has_flushed(PeerId("p2"), 60));
  CHECK((state->connected && !state->reached && state->flushed == 59));
  f.server().standbys["p2"] = 60;
  CHECK(f.await(f.adapter->sync_has_flushed(PeerId("p2"), 60))->reached);
  CHECK(f.await(f.adapter->await_sync_flush(PeerId("p2"), 60, Duration::seconds(1))));
}

TEST_CASE("catching up goes on as long as the sync moves, and says where it stalled") {
  Fixture f;
  start_primary(f);
  f.server().standbys["p2"] = 0;
  const MonotonicTime begin = f.host.monotonic_now();
  SECTION("it moves slowly") {
    f.host.before_step = [&] {
      f.server().standbys["p2"] = static_cast<std::uint64_t>((f.host.monotonic_now() - begin).ns() / 100'000'000);
    };
    CHECK(said(f.await(f.adapter->await_sync_flush(PeerId("p2"), 60, Duration::milliseconds(500)))).empty());
    CHECK(f.host.monotonic_now() - begin >= Duration::seconds(6));
  }
  SECTION("it stalls") {
    f.server().standbys["p2"] = 17;
    const auto result = f.await(f.adapter->await_sync_flush(PeerId("p2"), 60, Duration::milliseconds(500)));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::timed_out);
    CHECK(result.error().message.find("0/11") != std::string::npos);
    CHECK(result.error().message.find("0/3C") != std::string::npos);
  }
}

TEST_CASE("a kept session that broke is replaced, a silent server ends in a time-out") {
  Fixture f;
  start_primary(f);
  f.server().started = 50;  // sessions of the start before are broken
  CHECK(f.await(f.adapter->observe(std::nullopt)));
  const int opened = f.host.count("open here:1");
  CHECK(f.await(f.adapter->observe(std::nullopt)));
  CHECK(f.host.count("open here:1") == opened);
  CHECK(f.await(f.adapter->observe_anew(std::nullopt)));
  CHECK(f.host.count("open here:1") == opened + 1);
  f.server().silent = true;
  const auto result = f.await(f.adapter->observe(std::nullopt));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::timed_out);
  f.server().silent = false;
  f.server().up = false;
  CHECK(f.await(f.adapter->observe(std::nullopt)).error().code == ErrorCode::unreachable);
}

TEST_CASE("answers that the catalogue does not promise are errors, not crashes") {
  Fixture f;
  start_primary(f);
  f.server().log.lineage.clear();
  f.server().log.lineage.push_back(Branch{3, 0, 0});  // a timeline without ancestors
  CHECK(said(f.await(f.adapter->position())).find("history of timeline 3 is empty") != std::string::npos);
  f.host.statement_fails["timeline_history"] = Error{ErrorCode::failed, "could not open file"};
  CHECK(said(f.await(f.adapter->position())).find("counts as diverged") != std::string::npos);
}

TEST_CASE("a standby shows nothing of its own and is nobody's primary") {
  Fixture f;
  f.own_copy(log_of(60), true);
  Role role = Severed();
  REQUIRE(f.await(f.adapter->start(role)));
  CHECK_FALSE(f.await(f.adapter->visible_end()));
  CHECK(f.await(f.adapter->sync_has_flushed(PeerId("p2"), 1)).error().code == ErrorCode::refused);
  CHECK(*f.await(f.adapter->replayed_position()) == log_of(60));
  CHECK(*f.await(f.adapter->received_position()) == log_of(60));
}
