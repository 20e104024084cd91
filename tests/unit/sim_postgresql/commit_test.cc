// Commits: when they are acknowledged, when they are seen, and what breaks off their wait.
#include <catch2/catch.hpp>

#include "little_world.h"

using namespace heir;
using namespace heir::sim;

namespace {

/// Cuts both directions between two machines.
LinkFaultId cut(LittleWorld& world, std::size_t a, std::size_t b) {
  LinkFault fault;
  fault.links = {{world.machine(a).node(), world.machine(b).node()},
                 {world.machine(b).node(), world.machine(a).node()}};
  fault.blocked = true;
  return world.network.apply(std::move(fault));
}

}  // namespace

TEST_CASE("operations on registers, lists and sets") {
  LittleWorld world(1);
  world.make_cluster();
  const auto client = world.client(0);
  CHECK(world.ask(*client, "r3").null);
  CHECK(world.ask(*client, "w3 17").tag == "OK");
  CHECK(world.ask(*client, "r3").row == "17");
  CHECK(world.ask(*client, "c3 18 16").tag == "NO");
  CHECK(world.ask(*client, "c3 18 17").tag == "OK");
  CHECK(world.ask(*client, "r3").row == "18");
  CHECK(world.ask(*client, "l1").row.empty());
  CHECK(world.ask(*client, "a1 5").tag == "OK");
  CHECK(world.ask(*client, "a1 -4").tag == "OK");
  CHECK(world.ask(*client, "l1").row == "5,-4");
  CHECK(world.ask(*client, "s2 9").tag == "OK");
  CHECK(world.ask(*client, "s2 3").tag == "OK");
  CHECK(world.ask(*client, "s2 9").tag == "OK");
  CHECK(world.ask(*client, "m2").row == "3,9");
  CHECK(world.ask(*client, "drop table").error == "42601");
  CHECK(world.ask(*client, "w99999999 1").error == "22003");
  CHECK(world.ask(*client, "r3").row == "18");
}

TEST_CASE("a commit waits for the named standby, and is not seen before") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  CHECK(world.run_until([&] { return world.caught_up(1, 0); }));
  const LinkFaultId fault = cut(world, 0, 1);
  writer->send("w1 2");
  world.run_for(Duration::seconds(2));
  CHECK_FALSE(writer->answer.done);
  CHECK(world.read(0, "r1") == "1");
  CHECK(world.server(0)->sync_waits().waiting() == 1);
  const Lsn end = world.server(0)->log_end();
  CHECK_FALSE(world.server(0)->is_visible(end));
  world.network.lift(fault);
  CHECK(world.run_until([&] { return writer->answer.done; }));
  CHECK(writer->answer.tag == "OK");
  CHECK(world.read(0, "r1") == "2");
  CHECK(world.server(0)->is_visible(end));
  CHECK(world.server(1)->flushed() >= end);
}

TEST_CASE("only the named one of two standbys acknowledges") {
  LittleWorld world(3);
  world.make_cluster("c");
  cut(world, 0, 2);
  const auto writer = world.client(0);
  writer->send("w1 1");
  world.run_for(Duration::seconds(3));
  CHECK(world.server(1)->flushed() == world.server(0)->flushed());
  CHECK_FALSE(writer->answer.done);
  SECTION("until the other is named") {
    world.set_sync(0, "b");
    CHECK(world.run_until([&] { return writer->answer.done; }, Duration::seconds(3)));
  }
  SECTION("until none is") {
    world.set_sync(0, "");
    CHECK(writer->answer.done);
  }
}

TEST_CASE("a cancelled wait shows the commit, with a warning, and the server's log tells") {
  LittleWorld world(2);
  world.make_cluster("b");
  world.run_for(Duration::seconds(1));
  cut(world, 0, 1);
  const auto before = world.sql(0, "observe", {"b", "", "0"});
  REQUIRE(before);
  const auto writer = world.client(0);
  writer->send("w1 7");
  world.run_for(Duration::milliseconds(100));
  CHECK(world.read(0, "r1").empty());
  struct Quiet final : StreamHandler {
    void on_connected(StreamId) override {}
    void on_data(StreamId, Chunk) override {}
    void on_closed(StreamId) override {}
    void on_reset(StreamId, StreamEnd) override {}
  } quiet;
  const StreamId canceller = world.network.connect(world.client_node, world.machine(0).address(5432), quiet, nullptr);
  wire::BackendKey wrong = writer->key;
  SECTION("by the right key") {
    world.network.write(canceller, wire::cancel(wrong));
    CHECK(world.run_until([&] { return writer->answer.done; }));
    CHECK(writer->answer.tag == "OK");
    CHECK(writer->answer.warning == wire::sync_wait_cancelled_warning);
    CHECK(world.read(0, "r1") == "7");
    CHECK(world.server(1)->flushed() < world.server(0)->flushed());
    const auto after = world.sql(0, "observe", {"b", *(*before)[0][11], *(*before)[0][12]});
    REQUIRE(after);
    CHECK(*(*after)[0][13] == "1");
    CHECK(*(*after)[0][10] == "0");
  }
  SECTION("by an operator, on every client's session") {
    world.server(0)->backends().cancel_clients();
    CHECK(world.run_until([&] { return writer->answer.done; }));
    CHECK(writer->answer.warning == wire::sync_wait_cancelled_warning);
    CHECK(world.read(0, "r1") == "7");
    // One that waits for nothing goes on as if nothing had been.
    world.server(0)->backends().cancel_clients();
    writer->send("r1");
    CHECK(world.run_until([&] { return writer->answer.done; }));
    CHECK(writer->answer.row == "7");
  }
  SECTION("not by a wrong one") {
    ++wrong.secret;
    world.network.write(canceller, wire::cancel(wrong));
    world.run_for(Duration::seconds(1));
    CHECK_FALSE(writer->answer.done);
  }
}

TEST_CASE("a terminated backend shows its commit without a word") {
  LittleWorld world(2);
  world.make_cluster("b");
  cut(world, 0, 1);
  const auto writer = world.client(0);
  writer->send("w1 7");
  world.run_for(Duration::milliseconds(100));
  const auto ended = world.sql(0, "terminate_clients", {"heir-agent"});
  REQUIRE(ended);
  CHECK(*(*ended)[0][0] == "1");
  CHECK(world.run_until([&] { return !writer->open; }));
  CHECK(writer->answer.error == "57P01");
  CHECK(writer->answer.tag.empty());
  CHECK(world.read(0, "r1") == "7");
}

TEST_CASE("a commit that waited is visible after a restart of the server") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto faulty = cut(world, 0, 1);
  const auto writer = world.client(0);
  writer->send("w1 7");
  world.run_for(Duration::milliseconds(100));
  CHECK(world.read(0, "r1").empty());
  SECTION("stopped at once") {
    CHECK(world.stop(0, "immediate").status == 0);
  }
  SECTION("killed") {
    world.server(0)->process().crash();
  }
  SECTION("its processes only") {
    // As if the postmaster had found a crashed child.
    const std::int64_t postmaster = world.server(0)->postmaster_started_us();
    const std::int64_t processes = world.server(0)->processes_started_us();
    world.server(0)->reinitialize();
    CHECK(world.run_until([&] { return world.server(0)->accepts_sessions(); }));
    CHECK(world.server(0)->postmaster_started_us() == postmaster);
    CHECK(world.server(0)->processes_started_us() != processes);
    CHECK(world.read(0, "r1") == "7");
    return;
  }
  CHECK(world.start(0).status == 0);
  CHECK(world.read(0, "r1") == "7");
  CHECK_FALSE(writer->answer.done);
  CHECK(world.server(1)->flushed() < world.server(0)->flushed());
  world.network.lift(faulty);
  CHECK(world.run_until([&] { return world.caught_up(1, 0); }));
}

TEST_CASE("power loss drops log that was not flushed, and no acknowledged commit") {
  LittleWorld world(1);
  world.make_cluster();
  const auto writer = world.client(0);
  CHECK(world.ask(*writer, "w1 1").tag == "OK");
  CHECK(world.ask(*writer, "Soff").tag == "OK");
  CHECK(world.ask(*writer, "w1 2").tag == "OK");
  CHECK(world.read(0, "r1") == "2");
  SECTION("of the machine") {
    world.machine(0).power_off();
    world.machine(0).boot();
    CHECK(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "1");
  }
  SECTION("not of the process: the page cache has it") {
    world.server(0)->process().crash();
    CHECK(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "2");
  }
  SECTION("and not once the walwriter was there") {
    world.run_for(Duration::milliseconds(400));
    world.machine(0).power_off();
    world.machine(0).boot();
    CHECK(world.start(0).status == 0);
    CHECK(world.read(0, "r1") == "2");
  }
}

TEST_CASE("synchronous_commit levels") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto writer = world.client(0);
  for (const std::string level : {"on", "remote_write", "remote_apply", "local", "off"}) {
    CHECK(world.ask(*writer, "S" + level).tag == "OK");
    CHECK(world.ask(*writer, "w1 1", Duration::seconds(1)).tag == "OK");
  }
  CHECK(world.ask(*writer, "Snever").error == "42601");
  // remote_apply: once it is acknowledged, the standby shows it.
  CHECK(world.ask(*writer, "Sremote_apply").tag == "OK");
  CHECK(world.ask(*writer, "w1 55").tag == "OK");
  CHECK(world.read(1, "r1") == "55");
  cut(world, 0, 1);
  CHECK(world.ask(*writer, "Slocal").tag == "OK");
  CHECK(world.ask(*writer, "w1 3").tag == "OK");
  CHECK(world.ask(*writer, "Sremote_write").tag == "OK");
  CHECK_FALSE(world.ask(*writer, "w1 4", Duration::seconds(1)).done);
}

TEST_CASE("writers of one row go one after the other") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto fault = cut(world, 0, 1);
  const auto first = world.client(0);
  const auto second = world.client(0);
  const auto third = world.client(0);
  first->send("w1 1");
  world.run_for(Duration::milliseconds(50));
  second->send("w1 2");
  third->send("w2 2");
  world.run_for(Duration::seconds(1));
  // The second has written nothing yet: it waits for the row, the third for the standby.
  CHECK(world.server(0)->sync_waits().waiting() == 2);
  world.network.lift(fault);
  CHECK(world.run_until([&] { return first->answer.done && second->answer.done && third->answer.done; }));
  CHECK(world.read(0, "r1") == "2");
}

TEST_CASE("connection slots run out, and the agent has its own") {
  LittleWorld world(1);
  world.initdb(0);
  world.configure(0, "", "", "max_connections = 5\nsuperuser_reserved_connections = 2\n");
  REQUIRE(world.start(0).status == 0);
  std::vector<std::unique_ptr<WireClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(world.client(0));
    CHECK(clients.back()->ready);
  }
  const auto refused = world.client(0);
  CHECK_FALSE(refused->ready);
  CHECK(refused->answer.error == "53300");
  CHECK(world.sql(0, "observe", {"", "", "0"}).has_value());
  clients.pop_back();
  world.run_for(Duration::milliseconds(50));
  CHECK(world.client(0)->ready);
}

TEST_CASE("a client that goes does not take its commit with it, nor its slot") {
  LittleWorld world(2);
  world.make_cluster("b");
  const auto fault = cut(world, 0, 1);
  const auto writer = world.client(0);
  writer->send("w1 7");
  world.run_for(Duration::milliseconds(50));
  writer->leave();
  world.run_for(Duration::milliseconds(500));
  CHECK(world.server(0)->backends().count() == 1);
  CHECK(world.read(0, "r1").empty());
  world.network.lift(fault);
  CHECK(world.run_until([&] { return world.server(0)->backends().count() == 0; }));
  CHECK(world.read(0, "r1") == "7");
}

TEST_CASE("a starting server refuses with 57P03, a standby refuses writes with 25006") {
  LittleWorld world(2);
  world.make_cluster();
  const auto reader = world.client(1);
  CHECK(world.ask(*reader, "w1 1").error == "25006");
  world.server(0)->process().crash();
  const Result<RunId> begun = world.machine(0).run({"pg_ctl", {"start", "-D", data_folder}}, [](const ProcessEnd&) {});
  REQUIRE(begun);
  REQUIRE(world.run_until([&] { return world.server(0) != nullptr; }));
  CHECK(world.client(0)->answer.error == "57P03");
  REQUIRE(world.run_until([&] { return world.server(0)->accepts_sessions(); }));
  CHECK(world.client(0)->ready);
}
