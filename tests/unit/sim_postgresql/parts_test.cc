// The parts that need no world: log positions, the log, timelines, settings, the commit queue, the wire.
#include <catch2/catch.hpp>

#include "sim/databases/postgresql/data_directory.h"
#include "sim/databases/postgresql/settings.h"
#include "sim/databases/postgresql/sync_wait.h"
#include "sim/databases/postgresql/wire.h"

using namespace heir;
using namespace heir::sim;

TEST_CASE("LSNs as text") {
  CHECK(to_string(Lsn(0)) == "0/0");
  CHECK(to_string(Lsn(0x15000A0)) == "0/15000A0");
  CHECK(to_string(Lsn(0x1200000000)) == "12/0");
  CHECK(parse_lsn("0/15000a0") == Lsn(0x15000A0));
  CHECK(parse_lsn("12/0") == Lsn(0x1200000000));
  for (const char* bad : {"", "/", "1", "1/", "/1", "g/1", "1/123456789"}) CHECK_FALSE(parse_lsn(bad));
}

TEST_CASE("a log, its copies and their fork") {
  DataDirectory a = make_data_directory(1, 1, 1 << 20, true);
  a.wal.begin_store({2, 1, 0});
  for (int i = 0; i < 5; ++i) a.wal.append(WalKind::register_write, 1, i);
  Wal b = a.wal;
  const Lsn fork = a.wal.end();
  a.wal.begin_store({3, 2, 1});
  b.begin_store({4, 2, 2});
  CHECK(a.wal.timeline() == 1);
  a.wal.append(WalKind::end_of_recovery, 2, 0);
  b.append(WalKind::end_of_recovery, 2, 0);
  // Same timeline number, same positions, same sizes: another history (P-08).
  CHECK(a.wal.timeline() == 2);
  CHECK(b.timeline() == 2);
  CHECK(a.wal.end() == b.end());
  CHECK(fork_point(a.wal, b) == fork);
  CHECK_FALSE(contains(a.wal, b, b.end()));
  CHECK(contains(a.wal, b, fork));
  Wal c = a.wal;
  c.truncate(fork);
  CHECK(c.end() == fork);
  CHECK(contains(a.wal, c, c.end()));
  CHECK_FALSE(contains(c, a.wal, a.wal.end()));
  c.append({a.wal.spans().back().store, 0, 1});
  CHECK(contains(c, a.wal, a.wal.end()));
  // Truncation between boundaries goes to the boundary before.
  c.truncate(Lsn(fork.offset() - 1));
  CHECK(c.end() == Lsn(fork.offset() - wal_record_size(WalKind::register_write)));
}

TEST_CASE("places in a log") {
  Wal wal(Lsn(1000));
  CHECK(wal.find(Lsn(1000)).has_value());
  CHECK_FALSE(wal.find(Lsn(1001)));
  CHECK_FALSE(wal.last_record_start());
  wal.begin_store({1, 1, 0});
  const Lsn first = wal.append(WalKind::register_write, 1, 1).end_lsn();
  wal.begin_store({2, 1, 0});
  const Lsn second = wal.append(WalKind::list_append, 2, 2).end_lsn();
  CHECK(wal.spans().size() == 2);
  CHECK(wal.at(*wal.find(Lsn(1000))).key == 1);
  CHECK(wal.at(*wal.find(first)).key == 2);
  CHECK_FALSE(wal.find(Lsn(first.offset() + 1)));
  CHECK(wal.at_end(*wal.find(second)));
  CHECK(wal.last_record_start() == first);
  std::vector<std::uint32_t> keys;
  wal.for_each(Lsn(1000), second, [&](const WalRecord& r, const WalStore&) { keys.push_back(r.key); });
  CHECK(keys == std::vector<std::uint32_t>{1, 2});
  keys.clear();
  wal.for_each(first, Lsn(second.offset() - 1), [&](const WalRecord& r, const WalStore&) { keys.push_back(r.key); });
  CHECK(keys.empty());
}

TEST_CASE("timeline histories") {
  const TimelineHistory one;
  const TimelineHistory two = one.promoted(2, Lsn(500));
  const TimelineHistory four = two.promoted(4, Lsn(900));
  CHECK(to_string(four) == "1\t0/1F4\tno recovery target specified\n2\t0/384\tno recovery target specified\n");
  CHECK(parse_timeline_history(4, to_string(four)) == four);
  CHECK(parse_timeline_history(1, "") == one);
  CHECK_FALSE(parse_timeline_history(4, "x\t0/1\n"));
  CHECK_FALSE(parse_timeline_history(4, "2\t0/1\n1\t0/2\n"));
  CHECK_FALSE(parse_timeline_history(2, "3\t0/1\n"));
  CHECK(history_file_name(26) == "0000001A.history");
  CHECK(four.timeline_of(Lsn(500)) == 1);
  CHECK(four.timeline_of(Lsn(501)) == 2);
  CHECK(four.timeline_of(Lsn(901)) == 4);
  CHECK(four.began_at() == Lsn(900));
  CHECK(common_ancestor(four, two) == TimelineSwitch{2, Lsn(900)});
  CHECK(common_ancestor(one.promoted(3, Lsn(400)), two) == TimelineSwitch{1, Lsn(400)});
  // Two servers that chose the same number and place cannot be told apart by histories.
  CHECK(common_ancestor(two, one.promoted(2, Lsn(500)))->timeline == 2);
}

TEST_CASE("old log is kept for slots and for wal_keep_size") {
  DataDirectory d = make_data_directory(1, 1, 1 << 20, true);
  d.wal.begin_store({2, 1, 0});
  while (d.wal.end().offset() < (5u << 20)) d.wal.append(WalKind::register_write, 1, 1);
  const Lsn redo = d.wal.end();
  CHECK(d.needed_from(redo, 0) == Lsn(5u << 20));
  CHECK(d.needed_from(redo, 2 << 20) == Lsn(3u << 20));
  ReplicationSlot slot;
  slot.name = "s";
  slot.restart = Lsn((2u << 20) + 77);
  d.slots.push_back(slot);
  CHECK(d.needed_from(redo, 0) == Lsn(2u << 20));
  CHECK(d.remove_old_log(redo, 0, -1));
  CHECK(d.oldest_kept == Lsn(2u << 20));
  CHECK_FALSE(d.remove_old_log(redo, 0, -1));
  CHECK(d.remove_old_log(redo, 0, 1 << 20));
  CHECK(d.slots[0].lost);
  CHECK(d.oldest_kept == Lsn(5u << 20));
}

TEST_CASE("configuration files") {
  Settings s;
  REQUIRE(apply_configuration(
      s,
      "# comment\nport = 6000 # here\nPRIMARY_CONNINFO = 'host=''h'' port=1'\nwal_keep_size = '256MB'\n"
      "wal_sender_timeout=10s\nsynchronous_standby_names = 'FIRST 1 (\"a-b\")'\n\nport = '7000'",
      "f"));
  CHECK(s.port == "7000");
  CHECK(s.primary_conninfo == "host='h' port=1");
  CHECK(s.wal_keep_size == 256u << 20);
  CHECK(s.wal_sender_timeout == Duration::seconds(10));
  CHECK(s.synchronous_standby_names.names == std::vector<std::string>{"a-b"});
  const auto message = [](std::string_view text) {
    Settings settings;
    const auto result = apply_configuration(settings, text, "f");
    return result ? std::string() : result.error().message;
  };
  CHECK(message("\nnonsense = 1") == "unrecognized configuration parameter \"nonsense\" in file \"f\" line 2");
  CHECK(message("port = 'x") == "syntax error in file \"f\" line 1");
  CHECK(message("wal_sender_timeout = soon") ==
        "invalid value for parameter \"wal_sender_timeout\": \"soon\" in file \"f\" line 1");
  CHECK_FALSE(message("max_connections = 10s").empty());
  CHECK_FALSE(message("recovery_target_timeline = 3").empty());
}

TEST_CASE("synchronous_standby_names") {
  const auto parse = [](std::string_view text) { return *parse_standby_names(text); };
  CHECK(parse("").count == 0);
  CHECK(parse("a, b") == StandbyNames{StandbyNames::Method::priority, 1, {"a", "b"}});
  CHECK(parse("2 (a, \"b c\")") == StandbyNames{StandbyNames::Method::priority, 2, {"a", "b c"}});
  CHECK(parse("ANY 1 (a,b)") == StandbyNames{StandbyNames::Method::quorum, 1, {"a", "b"}});
  CHECK(parse("*").priority_of("whoever") == 1);
  CHECK(parse("x, y").priority_of("Y") == 2);
  CHECK(parse("x, y").priority_of("z") == 0);
  for (const char* bad : {"FIRST 0 (a)", "FIRST 1 a)", "a-b", "\"a", "a,,b", "SOME 1 (a)", "2 (a"})
    CHECK_FALSE(parse_standby_names(bad).has_value());
}

TEST_CASE("which standbys release a commit") {
  const auto standby = [](std::uint32_t priority, std::uint32_t order, bool streaming, std::uint64_t flushed) {
    return StandbyProgress{priority, order, streaming, {Lsn(flushed + 5), Lsn(flushed), Lsn(flushed - 5)}};
  };
  const auto flushed = [](const StandbyNames& names, const std::vector<StandbyProgress>& standbys) -> std::uint64_t {
    const auto reached = synced_positions(names, standbys);
    return reached ? (*reached)[1].offset() : 0;
  };
  const StandbyNames first = *parse_standby_names("FIRST 1 (a, b)");
  CHECK(flushed(first, {standby(2, 0, true, 100), standby(1, 1, true, 50)}) == 50);
  CHECK(flushed(first, {standby(2, 0, true, 100), standby(1, 1, false, 50)}) == 100);
  CHECK(flushed(first, {standby(0, 0, true, 100)}) == 0);
  CHECK(flushed(*parse_standby_names("FIRST 2 (a, b)"), {standby(2, 0, true, 100), standby(1, 1, true, 50)}) == 50);
  CHECK(flushed(*parse_standby_names("FIRST 2 (a, b)"), {standby(2, 0, true, 100)}) == 0);
  CHECK(flushed(*parse_standby_names("ANY 2 (a, b, c)"),
                {standby(1, 0, true, 100), standby(2, 1, true, 50), standby(3, 2, true, 70)}) == 70);
  const std::vector<StandbyProgress> both{standby(2, 0, true, 100), standby(1, 1, true, 50), standby(0, 2, true, 9)};
  CHECK(sync_states(first, both) == std::vector<SyncState>{SyncState::potential, SyncState::sync, SyncState::async});
}

TEST_CASE("the commit queue") {
  SyncWaitQueue queue;
  CHECK_FALSE(queue.wait(SyncWaitMode::flush, Lsn(10), 1));
  queue.set_defined(true);
  CHECK(queue.wait(SyncWaitMode::flush, Lsn(30), 3));
  CHECK(queue.wait(SyncWaitMode::flush, Lsn(10), 1));
  CHECK(queue.wait(SyncWaitMode::apply, Lsn(20), 2));
  CHECK_FALSE(queue.release_due());
  queue.reach({Lsn(40), Lsn(20), Lsn(5)});
  CHECK(queue.release_due() == 1u);
  CHECK_FALSE(queue.release_due());
  CHECK_FALSE(queue.wait(SyncWaitMode::flush, Lsn(20), 4));
  queue.reach({Lsn(1), Lsn(1), Lsn(1)});
  CHECK(queue.released(SyncWaitMode::flush) == Lsn(20));
  CHECK(queue.remove(3));
  CHECK_FALSE(queue.remove(3));
  CHECK(queue.waiting() == 1);
  queue.set_defined(false);
  CHECK(queue.release_due() == 2u);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("statements and frames on the wire") {
  using wire::Operation;
  using wire::OperationKind;
  for (const Operation& operation :
       {Operation{OperationKind::read_register, 3, 0, 0}, Operation{OperationKind::write_register, 3, -17, 0},
        Operation{OperationKind::compare_and_set, 1, 2, 3}, Operation{OperationKind::read_list, 9, 0, 0},
        Operation{OperationKind::append, 9, 1, 0}, Operation{OperationKind::read_set, 0, 0, 0},
        Operation{OperationKind::add, 0, 5, 0}})
    CHECK(wire::parse_statement(wire::statement_text(operation)) == operation);
  for (const char* bad : {"", "w", "w1", "w1 ", "w1 2 3", "x1", "r-1", "r1 2", "w1 99999999999999999999"})
    CHECK_FALSE(wire::parse_statement(bad));

  wire::Decoder server(true);
  const Bytes bytes = wire::startup("u", "n") + wire::query("r1");
  std::vector<char> types;
  for (char c : bytes) {
    server.feed(Bytes(1, c));
    while (const auto frame = server.next()) {
      types.push_back(frame->type);
      if (frame->type == 0)
        CHECK(wire::parse_opening(frame->body)->application_name == "n");
      else
        CHECK(frame->body == std::string_view("r1\0", 3));
    }
  }
  CHECK(types == std::vector<char>{'\0', 'Q'});
  server.feed(Bytes("Q\0\0\0\1", 5));
  CHECK_FALSE(server.next());
  CHECK(server.broken());
  wire::Decoder canceller(true);
  canceller.feed(wire::cancel({7, 0xfedcba98}));
  const auto opening = wire::parse_opening(canceller.next()->body);
  CHECK(opening->is_cancel);
  CHECK(opening->key == wire::BackendKey{7, 0xfedcba98});
  CHECK_FALSE(wire::parse_opening("abc"));
  // The common statement and answer need no allocation.
  Bytes answer;
  wire::put_complete(answer, "OK");
  wire::put_ready(answer);
  CHECK(answer.size() <= 15);
  CHECK(wire::query(Operation{OperationKind::write_register, 15, 12345, 0}).size() <= 16);
}
