// A gate between clients and a database that the test plays, on the simulated network.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "engine/gate/gate.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/process/sim_host.h"

namespace heir::sim::gate_test {

using gate::Mode;

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

/// Says what the test tells it.
struct ScriptedGuard final : gate::Guard {
  Mode mode() override {
    ++asked;
    if (state == Mode::open && lease_end && host->monotonic_now() >= *lease_end) return Mode::held;
    return state;
  }
  bool lets_out() override { return tells_last && !(lease_end && host->monotonic_now() >= *lease_end); }
  std::string reason() override { return why; }
  Task<bool> waits_for_sync(gate::CancelKey session) override {
    ++asked_for_waits;
    co_await host->sleep(ms(1));
    co_return waiting.contains(session.process);
  }
  Task<bool> look() override {
    ++looks;
    while (!look_ends) co_await host->sleep(ms(1));
    co_return look_answer;
  }
  Task<bool> fence() override {
    ++fences;
    while (!fence_open) co_await host->sleep(ms(1));
    co_return fence_answer;
  }

  void cancel_elsewhere(gate::CancelKey key) override { elsewhere.insert(key); }

  Host* host = nullptr;
  Mode state = Mode::open;
  std::optional<MonotonicTime> lease_end;
  bool tells_last = false;
  std::string why = "this peer's role is sync";
  std::set<std::uint32_t> waiting;
  bool look_ends = true;
  bool look_answer = true;
  int looks = 0;
  bool fence_open = true;
  bool fence_answer = true;
  int asked = 0;
  int asked_for_waits = 0;
  int fences = 0;
  std::set<gate::CancelKey> elsewhere;
};

inline constexpr std::uint32_t tls = 80877103;
inline constexpr std::uint32_t gss = 80877104;

/// Whether the connection can be encrypted, in this manner.
inline std::string question(std::uint32_t kind) {
  std::string packet;
  wire::detail::put32(packet, 8);
  wire::detail::put32(packet, kind);
  return packet;
}

/// One side of a connection that the test plays.
struct End {
  StreamId stream;
  std::string received;
  bool connected = false;
  bool closed = false;
  bool reset = false;
  bool over() const { return closed || reset; }
};

struct Ends : StreamHandler {
  virtual ~Ends() = default;
  explicit Ends(Network& n) : network(n) {}
  void on_connected(StreamId s) override { of(s).connected = true; }
  void on_data(StreamId s, Chunk chunk) override { of(s).received += chunk.bytes; }
  void on_closed(StreamId s) override { of(s).closed = true; }
  void on_reset(StreamId s, StreamEnd) override { of(s).reset = true; }
  End& of(StreamId s) {
    for (End& end : all)
      if (end.stream == s) return end;
    FAIL("no such connection");
    return all.front();
  }
  End& add(StreamId s) {
    all.push_back({s, {}, false, false, false});
    return all.back();
  }
  Network& network;
  std::deque<End> all;
};

struct Server final : Ends, ListenHandler {
  Server(Network& n, AddressId at) : Ends(n), address(at) { start(); }
  void start() { REQUIRE(network.listen(address, *this, nullptr)); }
  void stop() { network.unlisten(address); }
  void on_accepted(AddressId, StreamId s) override {
    network.adopt(s, *this);
    add(s);
  }
  AddressId address;
};

struct Fixture {
  explicit Fixture(bool fenced = false, bool has_plain = false) : kernel(1), network(kernel, quiet()) {
    config.listen = Address("host:5432");
    config.database = Address("host:5433");
    if (has_plain) config.plain_database = Address("host:5434");
    config.fenced = fenced;
    process = &machine.start("agent");
    run_main(*process, machine.address(5500), [this](Host& host) { return serve(host, *this); });
    run(ms(1));
  }
  static NetworkParameters quiet() {
    NetworkParameters parameters;
    parameters.link.tail_chance = Ratio();
    return parameters;
  }
  static Task<void> serve(Host& host, Fixture& fixture) {
    fixture.guard.host = &host;
    gate::Gate made(host, fixture.config, fixture.guard);
    fixture.gate = &made;
    const Result<> ended = co_await made.run();
    fixture.ended = ended;
  }
  void run(Duration time) { kernel.run({kernel.now() + time}); }
  void set(Mode mode) {
    guard.state = mode;
    gate->update();
  }
  /// A client that connects and sends `bytes`.
  End& connect(const std::string& bytes) {
    const StreamId stream = network.connect(outside.node(), machine.address(5432), clients, nullptr);
    End& end = clients.add(stream);
    if (!bytes.empty()) network.write(stream, bytes);
    return end;
  }
  /// A client with a session in the database, under the key {number, number}; both ends' bytes so far are forgotten.
  std::pair<End*, End*> session(std::uint32_t number = 1) {
    End& client = connect(wire::startup("app"));
    const std::size_t before = database.all.size();
    run(ms(20));
    REQUIRE(database.all.size() == before + 1);
    End& server = database.all.back();
    CHECK(server.received == wire::startup("app"));
    std::string greeting;
    wire::put_greeting(greeting, {number, number});
    network.write(server.stream, greeting);
    run(ms(20));
    CHECK(client.received == greeting);
    client.received.clear();
    server.received.clear();
    return {&client, &server};
  }
  /// The same, and an answer waits for the client at the gate, which is held.
  std::pair<End*, End*> session_with_held(const std::string& answer) {
    const auto ends = session();
    set(Mode::held);
    network.write(ends.second->stream, answer);
    run(ms(20));
    return ends;
  }
  static std::string sqlstate(const End& end) {
    if (end.received.size() < 5 || end.received[0] != 'E') return "no error: " + end.received;
    return std::string(wire::parse_report(std::string_view(end.received).substr(5)).state);
  }

  Kernel kernel;
  Network network;
  Machine machine{kernel, network, MachineParameters{"host"}};
  Machine outside{kernel, network, MachineParameters{"client"}};
  Server database{network, machine.address(5433)};
  Ends clients{network};
  ScriptedGuard guard;
  gate::Config config;
  gate::Gate* gate = nullptr;
  std::optional<Result<>> ended;
  Process* process = nullptr;
};

}  // namespace heir::sim::gate_test
