// The parts of the adapter that are values in, values out.
#include <set>
#include <sstream>

#include "engine/databases/postgresql/lineage.h"
#include "engine/databases/postgresql/programs.h"
#include "engine/databases/postgresql/settings.h"
#include "engine/databases/postgresql/tail.h"
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

TEST_CASE("slot names differ where peers' names differ, and are legal") {
  const std::vector<std::string> names{"a-b",  "a_b",   "a.b",   "A-b",
                                       "a--b", "a-5fb", "a_5fb", "0e2f41aa-8f5c-4d0e-9c6e-6a2d5a6c1f00"};
  std::set<std::string> slots;
  for (const std::string& name : names) {
    const std::string slot = slot_name(PeerId(name));
    CHECK(slot.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
    CHECK(slot.size() <= 63);
    slots.insert(slot);
  }
  CHECK(slots.size() == names.size());
}

TEST_CASE("names that PostgreSQL would misunderstand are refused") {
  CHECK(check_name(PeerId("0e2f-Peer.1_x")));
  CHECK_FALSE(check_name(PeerId("")));
  CHECK_FALSE(check_name(PeerId("*")));
  CHECK_FALSE(check_name(PeerId("a\"b")));
  CHECK_FALSE(check_name(PeerId("a b")));
  CHECK_FALSE(check_name(PeerId(std::string(41, 'a'))));
}

TEST_CASE("addresses are taken apart") {
  CHECK(split_address(Address("h:1"))->first == "h");
  CHECK(split_address(Address("[::1]:5432"))->first == "::1");
  CHECK(split_address(Address("[::1]:5432"))->second == "5432");
  for (const char* bad : {"", "h", "h:", ":1", "h:x", "[]:1", "[::1:1"}) CHECK_FALSE(split_address(Address(bad)));
}

TEST_CASE("a connection string and the settings file quote what they hold") {
  CHECK(*conninfo(Address("h:1"), "o'n\\e", "p1") ==
        "host='h' port='1' user='o\\'n\\\\e' application_name='p1' connect_timeout='5'");
  Config config = Fixture::config();
  config.settings = {"work_mem = '8MB'", "synchronous_commit = 'off'"};
  Standby role;
  role.upstream = Endpoint{PeerId("p2"), Address("there:2")};
  const auto settings = settings_of(config, role);
  REQUIRE(settings);
  const std::string text = *settings_text(config, *settings);
  CHECK(text.find("primary_conninfo = 'host=''there'' port=''2'' user=''heir'' application_name=''p1''") !=
        std::string::npos);
  CHECK(text.find("primary_slot_name = 'heir_p1'") != std::string::npos);
  CHECK(text.rfind("synchronous_commit = 'on'") > text.rfind("synchronous_commit = 'off'"));
  CHECK(text.find("work_mem") != std::string::npos);
}

TEST_CASE("what heir writes itself is refused among the lines of others, whatever it comes to write") {
  const std::string marker = "work_mem = '8MB'";
  Config config = Fixture::config();
  config.settings = {marker};
  const std::string text = *settings_text(config, RoleSettings{});
  std::istringstream lines(text.substr(text.find(marker) + marker.size() + 1));
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    CAPTURE(line);
    const Result<> checked = check_extra_line(line);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::refused);
    CHECK(checked.error().message.find("set by heir itself") != std::string::npos);
  }
  CHECK(count > 20);
  // What stands before the lines of others may be changed.
  CHECK(check_extra_line("max_slot_wal_keep_size = '100GB'"));
  CHECK(check_extra_line(marker));
}

TEST_CASE("settings that break what heir promises are refused with the reason") {
  const auto why_not = [](const std::string& line) {
    const Result<> checked = check_extra_line(line);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::refused);
    return checked.error().message;
  };
  for (const char* name : {"data_directory",
                           "config_file",
                           "hba_file",
                           "ident_file",
                           "include",
                           "include_dir",
                           "include_if_exists",
                           "recovery_target",
                           "recovery_target_lsn",
                           "recovery_target_time",
                           "recovery_min_apply_delay",
                           "restore_command",
                           "archive_cleanup_command",
                           "recovery_end_command",
                           "promote_trigger_file",
                           "data_sync_retry",
                           "zero_damaged_pages",
                           "ignore_checksum_failure",
                           "ignore_invalid_pages",
                           "track_counts",
                           "allow_system_table_mods",
                           "default_transaction_read_only"}) {
    const std::string message = why_not(std::string(name) + " = 'x'");
    CHECK(message.starts_with("'" + std::string(name) + "' "));
    CHECK(message.find("leave it out") + message.find("instead") != 2 * std::string::npos);
  }
  // PostgreSQL does not care how it is written.
  CHECK(why_not("  Data_Sync_Retry=on # faster").starts_with("'data_sync_retry'"));
  CHECK(why_not("FSYNC = off").find("set by heir itself") != std::string::npos);
}

TEST_CASE("lines that are none of a settings file are refused") {
  for (const char* good :
       {"work_mem = 64MB", "work_mem='64MB'", "random_page_cost = 1.1   # a fast disk",
        "shared_preload_libraries = 'pg_stat_statements, auto_explain'", "pg_stat_statements.track = all", "ssl = on",
        "vacuum_cost_delay = -1", "archive_command = 'cp %p /archive/%f && echo ''done'' # no comment'",
        "log_timezone = Etc/UTC", "", "  ", "# work_mem = 1"})
    CHECK(check_extra_line(good));
  for (const char* bad :
       {"work_mem", "= 1", "work_mem =", "# a comment\nfsync = off", "a.b.c = 1", "a. = 1", "work_mem = '64MB",
        "work_mem = 64 MB", "work_mem = 1\nfsync = off", "a = 'b' c = 'd'", "work mem = 1", "1a = 2"}) {
    CAPTURE(bad);
    const Result<> checked = check_extra_line(bad);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == ErrorCode::invalid);
  }
}

TEST_CASE("roles become settings") {
  const Config config = Fixture::config();
  Primary primary;
  CHECK(settings_of(config, primary)->synchronous_standby_names.empty());
  primary.sync = PeerId("p2");
  CHECK(settings_of(config, primary)->synchronous_standby_names == "FIRST 1 (\"p2\")");
  primary.sync = PeerId("*");
  CHECK_FALSE(settings_of(config, primary));
  Standby own;
  own.upstream = Endpoint{PeerId("p1"), Address("here:1")};
  CHECK_FALSE(settings_of(config, own));
  CHECK(*settings_of(config, Severed{}) == RoleSettings{});
}

TEST_CASE("log sequence numbers") {
  for (const std::uint64_t offset : {0ULL, 1ULL, 0x3000060ULL, 0xffffffffULL, 0x1'0000'0000ULL, 0xabc'def0'1234ULL})
    CHECK(programs::parse_lsn(programs::to_lsn(offset)) == offset);
  CHECK(programs::to_lsn(0x1'0300'0060) == "1/3000060");
  for (const char* bad : {"", "/", "1", "1/", "/1", "g/0", "1/100000000", "1/1 "})
    CHECK_FALSE(programs::parse_lsn(bad));
}

TEST_CASE("control data is read, and refused when a line is missing") {
  const std::string good =
      "pg_control version number:            1300\nDatabase system identifier:           7710\n"
      "Database cluster state:               shut down in recovery\nLatest checkpoint location:           0/3000060\n"
      "Latest checkpoint's TimeLineID:       2\nwal_log_hints setting:                off\n"
      "Bytes per WAL segment:                1048576\nData page checksum version:           1\n";
  const auto data = programs::parse_control_data(good);
  REQUIRE(data);
  CHECK(data->system_identifier == 7710);
  CHECK(data->state == "shut down in recovery");
  CHECK(data->timeline == 2);
  CHECK(data->checkpoint == 0x3000060);
  CHECK(data->segment_size == 1048576);
  CHECK(data->can_rewind);
  for (const char* key :
       {"system identifier", "cluster state", "checkpoint location", "TimeLineID", "wal_log_hints", "checksum"}) {
    std::string damaged = good;
    damaged.replace(damaged.find(key), 3, "???");
    CHECK_FALSE(programs::parse_control_data(damaged));
  }
  CHECK_FALSE(programs::parse_control_data(""));
}

TEST_CASE("segment names") {
  const auto segment = parse_segment_name("000000020000000100000003", 16777216);
  REQUIRE(segment);
  CHECK(segment->timeline == 2);
  CHECK(segment->begin == 0x1'0300'0000);
  for (const char* bad : {"00000002.history", "000000020000000100000003.partial", "0000000200000001000000zz"})
    CHECK_FALSE(parse_segment_name(bad, 16777216));
}

TEST_CASE("histories are compared by branch and generation, never by number") {
  const Position old_primary{{{1, 0, 0}}, 100};
  const Position promoted{{{1, 0, 0}, {2, 2, 80}}, 200};
  CHECK(relate(old_primary, promoted) == Relation::diverged);
  CHECK(relate(log_of(80), promoted) == Relation::contained);
  CHECK(relate(log_of(100), log_of(80)) == Relation::behind);
  const Position twin{{{1, 0, 0}, {2, 3, 80}}, 90};
  CHECK(relate(twin, promoted) == Relation::diverged);
  CHECK(rewind_sees_fork(old_primary, promoted));
  CHECK_FALSE(rewind_sees_fork(twin, promoted));  // the same timeline number: nothing to do, it would say
  const Position grown_twin{{{1, 0, 0}, {2, 3, 80}, {3, 4, 95}}, 120};
  CHECK_FALSE(rewind_sees_fork(grown_twin, promoted));  // it would take 95 for the fork
  const Position unbound{{{1, 0, 0}, {2, 0, 80}}, 200};
  CHECK(relate(promoted, unbound) == Relation::unknown);
  CHECK(relate(unbound, promoted) == Relation::diverged);
  // Its row of timeline 2 will not come any more: it shows that of a later one.
  const Position left_unbound{{{1, 0, 0}, {2, 0, 80}, {3, 3, 90}}, 300};
  CHECK(relate(promoted, left_unbound) == Relation::diverged);
  CHECK(common_offset(promoted, left_unbound) == 80);
}

TEST_CASE("a branch of which nothing is there is not part of a position") {
  CHECK(trimmed(Position{{{1, 0, 0}, {2, 2, 80}}, 80}) == log_of(80));
  CHECK(trimmed(Position{{{1, 0, 0}, {2, 2, 80}}, 81}).lineage.size() == 2);
  CHECK(trimmed(Position{{{1, 0, 0}}, 0}).lineage.size() == 1);
}
