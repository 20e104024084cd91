// A client against a scripted server and resolver: what it records for every way in which an operation can end.
#include <catch2/catch.hpp>

#include <deque>
#include <memory>
#include <set>

#include "sim/databases/postgresql/wire.h"
#include "sim/workload/client.h"

using namespace heir;
using namespace heir::sim;
using reports::EventType;
using reports::Function;

namespace {

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

/// How the server treats a statement.
struct Treatment {
  enum Kind { answers, warns, errors, fatal, closes, resets, silent } kind = answers;
  std::string state;  ///< SQLSTATE of errors and fatal.
};

struct Server final : ListenHandler, StreamHandler {
  Server(Network& n, AddressId at) : network(n), address(at) { REQUIRE(network.listen(at, *this, nullptr)); }

  void on_accepted(AddressId, StreamId s) override {
    network.adopt(s, *this);
    sessions.push_back({s, wire::Decoder(true), {}});
  }
  void on_connected(StreamId) override {}
  void on_closed(StreamId) override { ++left; }
  void on_reset(StreamId, StreamEnd) override { ++left; }
  void on_data(StreamId s, Chunk chunk) override {
    for (Session& session : sessions)
      if (session.stream == s) return handle(session, std::move(chunk.bytes));
  }

  struct Session {
    StreamId stream;
    wire::Decoder decoder;
    wire::BackendKey key;
  };
  void handle(Session& session, Bytes bytes) {
    session.decoder.feed(std::move(bytes));
    while (const auto frame = session.decoder.next()) {
      Bytes out;
      if (frame->type == 0) {
        const auto opening = wire::parse_opening(frame->body);
        REQUIRE(opening);
        if (opening->is_cancel) {
          cancels.push_back(opening->key);
          continue;
        }
        if (!greeting_refusals.empty()) {
          wire::put_report(out, 'E', "FATAL", greeting_refusals.front(), "not now");
          greeting_refusals.pop_front();
          network.write(session.stream, out);
          network.close(session.stream);
          return;
        }
        const auto number = static_cast<std::uint32_t>(sessions.size());
        session.key = {number, number * 1000};
        wire::put_greeting(out, session.key);
        if (mute_greeting) continue;
      } else {
        REQUIRE(frame->type == 'Q');
        statements.emplace_back(frame->body.substr(0, frame->body.size() - 1));
        asked_by.push_back(session.key);
        const Treatment with = script.empty() ? Treatment() : script.front();
        if (!script.empty()) script.pop_front();
        if (!treat(session, with, out)) return;
      }
      if (!out.empty()) network.write(session.stream, out);
    }
  }
  bool treat(Session& session, const Treatment& with, Bytes& out) {
    switch (with.kind) {
      case Treatment::warns:
        wire::put_report(out, 'N', "WARNING", wire::sqlstate::warning, wire::sync_wait_cancelled_warning);
        [[fallthrough]];
      case Treatment::answers:
        if (std::string("rlm").find(statements.back()[0]) != std::string::npos) wire::put_row(out, row);
        wire::put_complete(out, "OK");
        wire::put_ready(out);
        return true;
      case Treatment::errors:
        wire::put_report(out, 'E', "ERROR", with.state, "no");
        wire::put_ready(out);
        return true;
      case Treatment::fatal:
        wire::put_report(out, 'E', "FATAL", with.state, "no");
        network.write(session.stream, out);
        network.close(session.stream);
        return false;
      case Treatment::closes: network.close(session.stream); return false;
      case Treatment::resets: network.reset(session.stream); return false;
      case Treatment::silent: return true;
    }
    return true;
  }

  Network& network;
  AddressId address;
  std::deque<Session> sessions;
  std::deque<Treatment> script;  ///< For the next statements; then all are answered.
  std::deque<std::string> greeting_refusals;
  bool mute_greeting = false;
  std::optional<std::string> row;
  std::vector<std::string> statements;
  std::vector<wire::BackendKey> asked_by;
  std::vector<wire::BackendKey> cancels;
  int left = 0;
};

struct Trial final : ClientObserver {
  explicit Trial(ClientParameters p, std::uint64_t seed = 1) : kernel(seed), parameters(std::move(p)) {}

  static ClientParameters writes() {
    ClientParameters p;
    p.interval = ms(100);
    p.reads = Ratio();
    p.timeout = ms(1000);
    p.stop = VirtualTime() + ms(100);  // one operation, or two
    return p;
  }
  static ClientParameters reads() {
    ClientParameters p = writes();
    p.reads = Ratio::percent(100);
    return p;
  }
  reports::Answerer answerer(AddressId gate) override {
    return {static_cast<std::uint16_t>(node_of(gate).value() + 1), 7};
  }
  void on_write_acknowledged(const reports::Answerer&, reports::HistoryTime) override { ++acknowledged; }

  /// Runs for so long; the resolver answers as the test says.
  void run(Duration time = Duration::seconds(3)) {
    if (!client)
      client = std::make_unique<Client>(kernel, network, outside, reports::ProcessId(1), parameters, history, values,
                                        resolver, static_cast<ClientObserver&>(*this));
    const VirtualTime end = kernel.now() + time;
    while (kernel.now() < end) {
      if (resolver.asked() && resolver_answers) {
        ++asked;
        resolver.answer(leader);
      }
      kernel.run({kernel.now() + ms(1)});
    }
  }
  reports::Operation first() const {
    const auto operations = history.operations();
    REQUIRE_FALSE(operations.empty());
    return operations.front();
  }

  Kernel kernel;
  Network network{kernel, NetworkParameters{}};
  NodeId primary = network.add_node("primary");
  NodeId standby = network.add_node("standby");
  NodeId outside = network.add_node("client");
  Server server{network, address_of(primary, 5432)};
  Server replica{network, address_of(standby, 5433)};
  reports::History history;
  UniqueValues values;
  Resolver resolver;
  std::optional<AddressId> leader = address_of(primary, 5432);
  bool resolver_answers = true;
  int asked = 0;
  int acknowledged = 0;
  ClientParameters parameters;
  std::unique_ptr<Client> client;
};

EventType outcome_of(ClientParameters parameters, Treatment treatment) {
  Trial t(std::move(parameters));
  t.server.script = {std::move(treatment)};
  t.run();
  REQUIRE(t.server.statements.size() >= 1);
  CHECK(t.client->is_done());
  const reports::Operation operation = t.first();
  REQUIRE(operation.end != reports::Operation::never);
  CHECK(operation.by == reports::Answerer{1, 7});
  return operation.outcome;
}

}  // namespace

TEST_CASE("an answered write is ok, with its value, who answered, and its times") {
  Trial t(Trial::writes());
  t.run();
  CHECK(t.client->is_done());
  const reports::Operation operation = t.first();
  CHECK(operation.outcome == EventType::ok);
  CHECK(operation.function == Function::write);
  CHECK(operation.value() == reports::Value::integer(1));
  CHECK(operation.by == reports::Answerer{1, 7});
  CHECK(operation.completed > operation.invoked);
  CHECK(operation.completed - operation.invoked < ms(50));
  CHECK(t.acknowledged == static_cast<int>(t.server.statements.size()));
  const std::string key = t.history.key_text(operation.key);
  CHECK(t.server.statements[0] == "w" + key.substr(2, key.size() - 3) + " 1");  // "r3" with its quotes
  CHECK(t.server.left == 1);                                                    // done: it leaves
}

TEST_CASE("reads return nothing, a number, or a list") {
  SECTION("unset") {
    Trial t(Trial::reads());
    t.run();
    CHECK(t.first().outcome == EventType::ok);
    CHECK(t.first().value() == reports::Value::nil());
  }
  SECTION("a register") {
    Trial t(Trial::reads());
    t.server.row = "-42";
    t.run();
    CHECK(t.first().value() == reports::Value::integer(-42));
  }
  SECTION("a list") {
    ClientParameters p = Trial::reads();
    p.model = WorkloadModel::append;
    Trial t(std::move(p));
    t.server.row = "3,1,2";
    t.run();
    CHECK(t.server.statements[0][0] == 'l');
    REQUIRE(t.first().value().kind() == reports::ValueKind::list);
    CHECK(t.history.elements(t.first().value().list()) ==
          std::vector{reports::Value::integer(3), reports::Value::integer(1), reports::Value::integer(2)});
  }
  SECTION("an empty set") {
    ClientParameters p = Trial::reads();
    p.model = WorkloadModel::set;
    Trial t(std::move(p));
    t.server.row = "";
    t.run();
    CHECK(t.server.statements[0][0] == 'm');
    REQUIRE(t.first().value().kind() == reports::ValueKind::list);
    CHECK(t.history.elements(t.first().value().list()).empty());
  }
}

TEST_CASE("how a write ends") {
  for (const WorkloadModel model : {WorkloadModel::reg, WorkloadModel::append, WorkloadModel::set}) {
    ClientParameters p = Trial::writes();
    p.model = model;
    const auto end = [&](Treatment::Kind kind, std::string_view state = {}) {
      return outcome_of(p, {kind, std::string(state)});
    };
    CHECK(end(Treatment::answers) == EventType::ok);
    // Refused: it certainly did not happen.
    CHECK(end(Treatment::errors, wire::sqlstate::read_only) == EventType::fail);
    CHECK(end(Treatment::errors, wire::sqlstate::starting_up) == EventType::fail);
    CHECK(end(Treatment::fatal, wire::sqlstate::starting_up) == EventType::fail);
    CHECK(end(Treatment::errors, wire::sqlstate::cancelled) == EventType::fail);
    CHECK(end(Treatment::errors, wire::sqlstate::syntax_error) == EventType::fail);
    CHECK(end(Treatment::errors, wire::sqlstate::out_of_range) == EventType::fail);
    // Nobody can know.
    CHECK(end(Treatment::fatal, wire::sqlstate::admin_shutdown) == EventType::info);
    CHECK(end(Treatment::errors, "XX000") == EventType::info);
    CHECK(end(Treatment::errors, "40001") == EventType::info);
    CHECK(end(Treatment::closes) == EventType::info);
    CHECK(end(Treatment::resets) == EventType::info);
    CHECK(end(Treatment::silent) == EventType::info);
    // Committed here, perhaps nowhere else.
    CHECK(end(Treatment::warns) == EventType::info);
  }
}

TEST_CASE("how a read ends: without an answer it had no effect") {
  const auto end = [](Treatment::Kind kind, std::string_view state = {}) {
    return outcome_of(Trial::reads(), {kind, std::string(state)});
  };
  CHECK(end(Treatment::answers) == EventType::ok);
  CHECK(end(Treatment::errors, "XX000") == EventType::fail);
  CHECK(end(Treatment::fatal, wire::sqlstate::admin_shutdown) == EventType::fail);
  CHECK(end(Treatment::closes) == EventType::fail);
  CHECK(end(Treatment::resets) == EventType::fail);
  CHECK(end(Treatment::silent) == EventType::fail);
}

TEST_CASE("an unknown write is not told as acknowledged") {
  for (const Treatment::Kind kind : {Treatment::warns, Treatment::closes, Treatment::silent}) {
    ClientParameters p = Trial::writes();
    p.stop = VirtualTime() + ms(1);  // one operation
    Trial t(std::move(p));
    t.server.script = {{kind, {}}};
    t.run();
    CHECK(t.history.operations().size() == 1);
    CHECK(t.acknowledged == 0);
  }
}

TEST_CASE("what was never sent is a fail, and is tried again until the timeout") {
  SECTION("nobody leads") {
    Trial t(Trial::writes());
    t.leader.reset();
    t.run();
    CHECK(t.asked >= 10);
    CHECK(t.asked <= 40);
  }
  SECTION("the store does not answer") {
    Trial t(Trial::writes());
    t.resolver_answers = false;
    t.run();
    CHECK_FALSE(t.resolver.asked());  // it has given up
  }
  SECTION("nobody listens at the gate") {
    Trial t(Trial::writes());
    t.leader = address_of(t.primary, 9);
    t.run();
    CHECK(t.asked >= 10);
  }
  SECTION("the gate refuses again and again") {
    Trial t(Trial::writes());
    t.server.greeting_refusals.assign(1000, "57P03");
    t.run();
    CHECK(t.server.sessions.size() >= 10);
    CHECK(t.first().outcome == EventType::fail);
    CHECK(t.server.statements.empty());
    CHECK(t.first().by == reports::Answerer{});
    CHECK(t.first().completed - t.first().invoked == ms(1000));
  }
}

TEST_CASE("each way in which nothing is sent ends at the timeout, with nobody as answerer") {
  for (int way = 0; way < 4; ++way) {
    INFO(way);
    Trial t(Trial::writes());
    if (way == 0) t.leader.reset();
    if (way == 1) t.resolver_answers = false;
    if (way == 2) t.leader = address_of(t.primary, 9);
    if (way == 3) t.server.mute_greeting = true;
    t.run();
    CHECK(t.client->is_done());
    CHECK(t.first().outcome == EventType::fail);
    CHECK(t.first().completed - t.first().invoked == ms(1000));
    CHECK(t.first().by == reports::Answerer{});
    CHECK(t.server.statements.empty());
  }
}

TEST_CASE("a refused beginning is tried again on a new connection, and the operation goes on") {
  Trial t(Trial::writes());
  t.server.greeting_refusals = {"57P03", "53300"};
  t.run();
  CHECK(t.first().outcome == EventType::ok);
  CHECK(t.server.sessions.size() == 3);
  CHECK(t.first().completed - t.first().invoked >= ms(100));  // two pauses
}

TEST_CASE("after a connection is lost the leader is asked for again") {
  ClientParameters p = Trial::writes();
  p.stop = VirtualTime() + ms(1000);
  Trial t(std::move(p));
  t.server.script = {{Treatment::answers, {}}, {Treatment::answers, {}}, {Treatment::resets, {}}};
  t.run();
  CHECK(t.asked == 2);
  CHECK(t.server.sessions.size() == 2);
  const auto operations = t.history.operations();
  REQUIRE(operations.size() > 4);
  CHECK(operations[2].outcome == EventType::info);
  CHECK(operations[3].outcome == EventType::ok);
}

TEST_CASE("values are written once; a sequential client has one operation open") {
  ClientParameters p = Trial::writes();
  p.interval = ms(10);
  p.stop = VirtualTime() + ms(2000);
  p.reads = Ratio::percent(30);
  Trial t(std::move(p));
  t.server.script = {{Treatment::closes, {}}, {Treatment::errors, "25006"}, {Treatment::warns, {}}};
  t.run();
  std::set<std::int64_t> written;
  int writes = 0;
  const auto operations = t.history.operations();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (operations[i].function == Function::write) {
      ++writes;
      written.insert(operations[i].value().number());
    }
    if (i > 0) CHECK(operations[i].invoked >= operations[i - 1].completed);
  }
  CHECK(writes > 50);
  CHECK(static_cast<int>(written.size()) == writes);
  CHECK(operations.size() - static_cast<std::size_t>(writes) > 20);
}

TEST_CASE("half of those who give up ask the server to cancel, by the key of the session that waits") {
  int cancelled = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    ClientParameters p = Trial::writes();
    p.stop = VirtualTime() + ms(1);
    Trial t(std::move(p), seed);
    t.server.script = {{Treatment::silent, {}}};
    t.run();
    REQUIRE(t.server.cancels.size() <= 1);
    cancelled += !t.server.cancels.empty();
    if (!t.server.cancels.empty()) CHECK(t.server.cancels[0] == t.server.asked_by[0]);
  }
  CHECK(cancelled > 5);
  CHECK(cancelled < 25);
}

TEST_CASE("a cancel request that arrives late still names the session that it was meant for") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    ClientParameters p = Trial::writes();
    p.interval = ms(10);
    p.stop = VirtualTime() + ms(1020);
    Trial t(std::move(p), seed);
    t.server.script = {{Treatment::silent, {}}};
    t.run(ms(500));
    REQUIRE(t.server.statements.size() == 1);
    // The cancel request is under way for long; the new session of the client is not, as it goes to another gate.
    LinkFault slow;
    slow.links = {{t.outside, t.primary}};
    slow.extra_delay = {ms(300), ms(300)};
    t.network.apply(slow);
    t.leader = address_of(t.standby, 5433);
    t.run();
    if (t.server.cancels.empty()) continue;
    CHECK(t.replica.sessions.size() == 1);
    CHECK(t.server.cancels[0] == t.server.asked_by[0]);
  }
}

TEST_CASE("reads on standbys go there, writes never do") {
  ClientParameters p = Trial::writes();
  p.interval = ms(20);
  p.reads = Ratio::percent(50);
  p.stop = VirtualTime() + ms(3000);
  Trial t(std::move(p));
  t.parameters.standbys = {address_of(t.standby, 5433)};
  t.replica.row = "5";
  t.run(Duration::seconds(5));
  CHECK(t.client->is_done());
  REQUIRE(t.replica.statements.size() > 20);
  REQUIRE(t.server.statements.size() > 20);
  for (const std::string& statement : t.replica.statements) CHECK(statement[0] == 'r');
  for (const std::string& statement : t.server.statements) CHECK(statement[0] == 'w');
  for (const reports::Operation& operation : t.history.operations()) {
    CHECK((operation.function == Function::write || operation.function == Function::read_standby));
    CHECK(operation.outcome == EventType::ok);
    CHECK(operation.by.peer == (operation.function == Function::write ? 1 : 2));
  }
}

TEST_CASE("a standby that refuses or breaks fails the read, or another place answers it; never a write") {
  ClientParameters p = Trial::reads();
  Trial t(std::move(p));
  t.parameters.standbys = {address_of(t.standby, 5433)};
  SECTION("it breaks after the read was sent") {
    t.replica.script = {{Treatment::resets, {}}};
    t.run();
    CHECK(t.first().function == Function::read_standby);
    CHECK(t.first().outcome == EventType::fail);
  }
  SECTION("it refuses the session") {
    t.replica.greeting_refusals = {"57P03"};
    t.run();
    CHECK(t.first().function == Function::read_standby);
    CHECK(t.first().outcome == EventType::ok);
    CHECK(t.server.statements.size() == 1);
  }
}

TEST_CASE("the last reads: every key once, through the leader, also by a client that read from standbys") {
  ClientParameters p = Trial::writes();
  p.keys = 5;
  p.first_key = 2;
  p.reads = Ratio::percent(50);
  Trial t(std::move(p));
  t.parameters.standbys = {address_of(t.standby, 5433)};
  t.run();
  REQUIRE(t.client->is_done());
  t.server.statements.clear();
  const std::size_t before = t.history.operations().size();
  t.server.row = "9";
  t.client->read_all(t.kernel.now() + Duration::seconds(10));
  CHECK_FALSE(t.client->is_done());
  SECTION("at once") {
    t.run();
    CHECK(t.server.statements == std::vector<std::string>{"r2", "r3", "r4", "r5", "r6"});
  }
  SECTION("a read that fails is tried again, so that no key is left out") {
    t.server.script = {
        {Treatment::answers, {}}, {Treatment::resets, {}}, {Treatment::errors, "XX000"}, {Treatment::silent, {}}};
    t.run(Duration::seconds(5));
    CHECK(t.server.statements == std::vector<std::string>{"r2", "r3", "r3", "r3", "r3", "r4", "r5", "r6"});
  }
  CHECK(t.client->is_done());
  std::set<std::string> read;
  const auto operations = t.history.operations();
  for (std::size_t i = before; i < operations.size(); ++i) {
    CHECK(operations[i].function == Function::read);
    if (operations[i].outcome == EventType::ok) read.insert(t.history.key_text(operations[i].key));
  }
  CHECK(read.size() == 5);
}

TEST_CASE("the last reads end at their time, whatever happens") {
  Trial t(Trial::writes());
  t.run();
  REQUIRE(t.client->is_done());
  t.leader.reset();
  t.server.script.assign(10'000, {Treatment::resets, {}});
  t.client->read_all(t.kernel.now() + Duration::seconds(3));
  t.run(Duration::seconds(5));
  CHECK(t.client->is_done());
}
