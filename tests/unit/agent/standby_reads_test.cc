// The read-only port of a standby, between a scripted client, scripted databases and the agent of a scripted primary,
// on the simulated network.
#include "engine/agent/standby_reads.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "engine/store/inbox.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/process/sim_host.h"

using namespace heir;
using namespace heir::sim;
using gate::Mode;

namespace {

constexpr Duration s(std::int64_t n) {
  return Duration::seconds(n);
}

/// Whose log ends where the test says.
struct ScriptedDatabase final : agent::Database {
  Task<Result<agent::Beginning>> begin() override { co_return agent::Beginning(); }
  Task<agent::CommandResult> run(failover::DatabaseCommand, agent::KnownCluster) override {
    co_return agent::CommandResult();
  }
  bool is_copying() const override { return false; }
  Task<failover::DatabaseStatus> observe(std::optional<PeerId>, std::vector<PeerId>) override {
    co_return failover::DatabaseStatus();
  }
  bool has_answered() const override { return true; }
  std::optional<agent::LogStatus> log_status() const override { return std::nullopt; }
  Task<bool> prove(PeerId) override { co_return true; }
  Task<bool> waits_for_sync(std::uint32_t) override { co_return false; }
  Task<Result<agent::LogEnd>> log_end() override { co_return end; }
  Task<Result<>> remember(std::string, Generation) override { co_return Result<>(); }

  agent::LogEnd end;
};

struct ScriptedGuard final : gate::Guard {
  Mode mode() override { return state; }
  std::string reason() override { return "closed by the test"; }
  Task<bool> waits_for_sync(gate::CancelKey) override { co_return false; }
  Task<bool> fence() override { co_return true; }
  Mode state = Mode::closed;
};

/// One peer: its process, with what the test plays of its agent.
struct Side {
  Side(Kernel& kernel, Network& network, const std::string& name, const std::string& other)
      : machine(kernel, network, MachineParameters{name}),
        port{Address(name + ":6434"), s(10)},
        others{Address(other + ":7400")},
        peer(failover::make_peer(PeerId(name), {}, {}, false)) {
    peer.database.running = true;
    peer.database.incarnation = database.end.incarnation = 1;
    process = &machine.start("agent");
    run_main(*process, machine.address(7400), [this](Host& host) { return serve(host, *this); });
  }

  struct Letterbox final : store::Receiver {
    void receive(Message message) override { reads->receive(std::move(message)); }
    agent::StandbyReads* reads = nullptr;
  };
  static Task<void> serve(Host& host, Side& side) {
    gate::Config config;
    config.database = Address(side.machine.name() + ":6433");
    agent::StandbyReads reads(host, config, side.port, side.others, side.database, side.guard, side.peer);
    Letterbox letterbox;
    letterbox.reads = &reads;
    store::Inbox inbox(host);
    inbox.route(agent::reads_tag, &letterbox);
    side.reads = &reads;
    Scope scope;
    scope.spawn(inbox.run());
    const Result<> ended = co_await reads.run();
    FAIL(to_string(ended.error()));
  }
  void become(failover::Role role) {
    peer.role = role;
    reads->update();
  }

  Machine machine;
  const agent::ReadOnlyPort port;
  const std::vector<Address> others;
  ScriptedDatabase database;
  ScriptedGuard guard;
  failover::Peer peer;
  agent::StandbyReads* reads = nullptr;
  Process* process = nullptr;
};

/// Connections that the test plays one side of.
struct Ends final : StreamHandler, ListenHandler {
  struct End {
    StreamId stream;
    std::string received;
    bool over = false;
  };
  explicit Ends(Network& n) : network(n) {}
  void on_connected(StreamId) override {}
  void on_data(StreamId stream, Chunk chunk) override { of(stream).received += chunk.bytes; }
  void on_closed(StreamId stream) override { of(stream).over = true; }
  void on_reset(StreamId stream, StreamEnd) override { of(stream).over = true; }
  void on_accepted(AddressId, StreamId stream) override {
    network.adopt(stream, *this);
    all.push_back({stream, {}});
  }
  End& of(StreamId stream) {
    for (End& end : all)
      if (end.stream == stream) return end;
    FAIL("no such connection");
    return all.front();
  }
  Network& network;
  std::deque<End> all;
};

struct Fixture {
  Fixture() : kernel(1), network(kernel, {}) {
    REQUIRE(network.listen(standby.machine.address(6433), database, nullptr));
    run(Duration::milliseconds(1));
    primary.become(failover::Role::primary);
    primary.guard.state = Mode::open;
    primary.database.end = {false, {3, 2, 500}, 1000, 1};
    standby.become(failover::Role::sync);
    standby.database.end = {true, {3, 2, 500}, 1000, 1};
  }
  void run(Duration time) { kernel.run({kernel.now() + time}); }

  /// A client of the standby's port; the database has answered it if it was asked.
  Ends::End& connect() {
    const StreamId stream = network.connect(outside.node(), standby.machine.address(6434), clients, nullptr);
    Ends::End& client = clients.all.emplace_back(Ends::End{stream, {}});
    network.write(stream, wire::startup("app"));
    const std::size_t before = database.all.size();
    run(Duration::milliseconds(50));
    if (database.all.size() > before) network.write(database.all.back().stream, "welcome");
    run(Duration::milliseconds(50));
    return client;
  }
  bool serves() { return connect().received == "welcome"; }

  Kernel kernel;
  Network network;
  Machine outside{kernel, network, MachineParameters{"client"}};
  Side primary{kernel, network, "one", "two"};
  Side standby{kernel, network, "two", "one"};
  Ends clients{network};
  Ends database{network};
};

}  // namespace

TEST_CASE("a standby that has all that the primary shows is read from") {
  Fixture f;
  CHECK_FALSE(f.serves());  // not before it knows
  f.run(s(3));
  CHECK(f.serves());
  f.run(s(60));
  CHECK(f.serves());
}

TEST_CASE("a standby that cannot know, or knows that it is behind, is not") {
  Fixture f;
  SECTION("it has replayed less") {
    f.standby.database.end.offset = 999;
  }
  SECTION("its log is of another timeline") {
    f.standby.database.end.branch.timeline = 2;
  }
  SECTION("its timeline has the same number, and is of another promotion") {
    f.standby.database.end.branch.promotion = 9;
  }
  SECTION("it was promoted by somebody") {
    f.standby.database.end.in_recovery = false;
  }
  SECTION("nobody has observed this start of its server") {
    f.standby.database.end.incarnation = 0;
  }
  SECTION("its pages are damaged") {
    f.standby.peer.database.damaged = true;
  }
  SECTION("the primary's lease has ended") {
    f.primary.guard.state = Mode::held;
  }
  SECTION("the one that it hears is no primary") {
    f.primary.become(failover::Role::async);
  }
  SECTION("the primary's database is a standby") {
    f.primary.database.end.in_recovery = true;
  }
  f.run(s(30));
  const Ends::End& client = f.connect();
  CHECK(client.received.find("57P03") != std::string::npos);
  CHECK(client.received.find("within 10s of the primary") != std::string::npos);
  CHECK(client.over);
  CHECK(f.database.all.empty());
}

TEST_CASE("what was within the bound and is no more cuts its clients, and no answer of the time between gets out") {
  Fixture f;
  f.run(s(3));
  Ends::End& client = f.connect();
  REQUIRE(client.received == "welcome");
  Ends::End& session = f.database.all.back();
  f.primary.database.end.offset = 2000;  // and the standby replays nothing
  f.run(s(7));
  CHECK_FALSE(client.over);
  f.network.write(session.stream, " in time");
  f.run(Duration::milliseconds(100));
  CHECK(client.received == "welcome in time");
  SECTION("it is cut when the bound is reached") {
    f.run(s(5));
    CHECK(client.over);
    CHECK(session.over);
    CHECK_FALSE(f.serves());
    f.standby.database.end.offset = 2000;
    f.run(s(3));
    CHECK(f.serves());
  }
  SECTION("it stood still, and catches up before anything else") {
    f.standby.process->pause();
    f.run(s(5));
    f.network.write(session.stream, " of the time between");
    f.run(s(1));
    f.standby.database.end.offset = 2000;
    f.standby.process->resume();
    f.run(s(5));
    CHECK(client.received == "welcome in time");
    CHECK(client.over);
    CHECK(f.serves());
  }
}

TEST_CASE("a server that restarted shows what nobody has proven, until it is proven anew") {
  Fixture f;
  f.run(s(3));
  Ends::End& client = f.connect();
  REQUIRE(client.received == "welcome");
  f.standby.peer.database.incarnation = 2;
  f.network.write(f.database.all.back().stream, "before");
  f.run(Duration::milliseconds(100));
  CHECK(client.received == "welcome");
  CHECK(client.over);
  CHECK_FALSE(f.serves());
  f.standby.database.end.incarnation = 2;
  f.run(s(3));
  CHECK(f.serves());
}

TEST_CASE("a peer that becomes primary serves its port as its gate") {
  Fixture f;
  f.run(s(3));
  REQUIRE(f.serves());
  const Ends::End& client = f.clients.all.back();
  f.standby.become(failover::Role::primary);
  f.run(Duration::milliseconds(100));
  CHECK(client.over);  // its gate is closed, whatever was proven before
  CHECK_FALSE(f.serves());
  f.standby.guard.state = Mode::open;
  f.standby.reads->update();
  CHECK(f.serves());
  f.standby.become(failover::Role::sync);
  CHECK_FALSE(f.serves());
}
