#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/network/network.h"

using namespace heir;
using namespace heir::sim;

namespace {

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

/// Writes down all that happens to it.
struct Party final : StreamHandler, ListenHandler, DatagramHandler {
  Party(Kernel& k, Network& net) : kernel(k), network(net) {}
  void on_connected(StreamId) override { note("connected"); }
  void on_data(StreamId id, Chunk chunk) override {
    note(chunk.bytes);
    if (const auto* number = chunk.attachment.get<int>()) note("#" + std::to_string(*number));
    CHECK(network.is_open(id));
  }
  void on_closed(StreamId id) override {
    note("closed");
    CHECK_FALSE(network.is_open(id));
  }
  void on_reset(StreamId id, StreamEnd end) override {
    note(to_string(end));
    CHECK_FALSE(network.is_open(id));
  }
  void on_drained(StreamId) override { note("drained"); }
  void on_accepted(AddressId, StreamId id) override {
    note("accepted");
    stream = id;
    network.adopt(id, *this);
  }
  void on_datagram(AddressId, AddressId, Bytes payload) override { note(payload); }
  void note(std::string what) {
    log.push_back(std::move(what));
    times.push_back(kernel.now());
  }
  Kernel& kernel;
  Network& network;
  StreamId stream;
  std::vector<std::string> log;
  std::vector<VirtualTime> times;
};

struct TestGate : Gate {
  void shut() { close(); }
  void lift() { reopen(); }
  void kill() { discard(); }
};

struct World {
  explicit World(std::uint64_t seed = 1, LinkParameters link = {}, TiePolicy ties = TiePolicy::fifo)
      : kernel(seed, ties),
        network(kernel,
                NetworkParameters{link, {Duration::microseconds(20), Duration::microseconds(40)}, ms(200), ms(2000)}) {
    a = network.add_node("a");
    b = network.add_node("b");
    at_b = address_of(b, 5432);
  }
  void run(Duration for_long) { kernel.run({kernel.now() + for_long}); }
  /// A connection from a to b.
  void connect() {
    REQUIRE(network.listen(at_b, server, gate_b));
    client.stream = network.connect(a, at_b, client, gate_a);
    run(ms(2000));
    REQUIRE(client.log == std::vector<std::string>{"connected"});
    REQUIRE(server.log == std::vector<std::string>{"accepted"});
    client.log.clear();
    server.log.clear();
  }
  Kernel kernel;
  Network network;
  NodeId a, b;
  AddressId at_b;
  Party client{kernel, network};
  Party server{kernel, network};
  Gate* gate_a = nullptr;
  Gate* gate_b = nullptr;
};

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("addresses are resolved, and bad ones refused with a reason") {
  World w;
  CHECK(w.network.resolve(Address("b:5432")).value() == w.at_b);
  CHECK(w.network.address(w.at_b) == Address("b:5432"));
  for (const char* bad : {"b", "c:1", "b:", "b:0", "b:65536", "b:99999999999", "b:12x", ":1"}) {
    INFO(bad);
    const auto result = w.network.resolve(Address(bad));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::invalid);
    CHECK(result.error().message.find(bad) != std::string::npos);
  }
}

TEST_CASE("datagrams arrive within the link's latency, or not at all, or twice") {
  LinkParameters link;
  link.loss = Ratio::percent(10);
  link.duplicate = Ratio::percent(10);
  World w(7, link);
  REQUIRE(w.network.bind(w.at_b, w.server, nullptr));
  CHECK(w.network.bind(w.at_b, w.client, nullptr).error().code == ErrorCode::already_exists);
  for (int i = 0; i < 2'000; ++i) w.network.send(address_of(w.a, 1), w.at_b, std::to_string(i));
  w.kernel.run();
  std::vector<int> count(2'000);
  bool reordered = false;
  int last = -1;
  for (const std::string& text : w.server.log) {
    const int number = std::stoi(text);
    ++count[static_cast<std::size_t>(number)];
    reordered |= number < last;
    last = number;
  }
  const auto times = [&count](int n) { return std::count(count.begin(), count.end(), n); };
  CHECK(times(0) > 120);
  CHECK(times(0) < 280);
  CHECK(times(2) > 120);
  CHECK(times(0) + times(1) + times(2) == 2'000);
  CHECK(reordered);
  CHECK(w.server.times.front() >= VirtualTime() + Duration::microseconds(200));
}

TEST_CASE("datagrams to nobody, to a host that is off, over a cut link: gone") {
  World w;
  w.network.send(address_of(w.a, 1), w.at_b, "nobody");
  w.kernel.run();
  REQUIRE(w.network.bind(w.at_b, w.server, nullptr));
  const LinkFaultId cut = w.network.cut(isolate(w.a, std::vector{w.a, w.b}, Direction::out));
  w.network.send(address_of(w.a, 1), w.at_b, "cut");
  w.network.lift(cut);
  w.network.send(address_of(w.a, 1), w.at_b, "under way when it is cut");
  const LinkFaultId again = w.network.cut(isolate(w.a, std::vector{w.a, w.b}));
  w.kernel.run();
  w.network.lift(again);
  CHECK(w.server.log.empty());
  w.network.send(address_of(w.a, 1), w.at_b, "free");
  w.kernel.run();
  CHECK(w.server.log == Log{"free"});
  w.network.set_up(w.b, false);
  w.network.set_up(w.b, true);
  w.network.send(address_of(w.a, 1), w.at_b, "the port was lost with the power");
  w.kernel.run();
  CHECK(w.server.log.size() == 1);
}

TEST_CASE("a stream keeps order under loss, tails and shuffled ties") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    LinkParameters link;
    link.loss = Ratio::percent(20);
    link.tail_chance = Ratio::percent(10);
    World w(seed, link, TiePolicy::shuffle);
    REQUIRE(w.network.listen(w.at_b, w.server, nullptr));
    w.client.stream = w.network.connect(w.a, w.at_b, w.client, nullptr);
    Log expected{"accepted"};
    for (int i = 0; i < 100; ++i) {
      REQUIRE(w.network.write(w.client.stream, std::to_string(i)));
      expected.push_back(std::to_string(i));
    }
    w.run(ms(60'000));
    expected.push_back("end");
    w.network.write(w.client.stream, "end");
    w.run(ms(60'000));
    CHECK(w.server.log == expected);
    CHECK(w.client.log == Log{"connected"});
    CHECK(w.server.times[50] > VirtualTime() + ms(200));  // some were lost and sent again
  }
}

TEST_CASE("typed attachments cross a stream beside bytes, in order") {
  World w;
  w.connect();
  w.network.write(w.client.stream, "x", Attachment::make<int>(100, 42));
  CHECK(w.network.unacknowledged(w.client.stream) == 101);
  CHECK(Attachment::make<int>(1, 1).get<long>() == nullptr);
  w.run(ms(100));
  CHECK(w.server.log == Log{"x", "#42"});
  CHECK(w.network.unacknowledged(w.client.stream) == 0);
}

TEST_CASE("an orderly end comes after the data; what is sent back meets a reset") {
  World w;
  w.connect();
  w.network.write(w.client.stream, "last");
  w.network.close(w.client.stream);
  CHECK_FALSE(w.network.is_open(w.client.stream));
  CHECK_FALSE(w.network.write(w.client.stream, "late"));
  w.run(ms(100));
  CHECK(w.server.log == Log{"last", "closed"});
  CHECK(w.client.log.empty());
  CHECK(w.network.connections() == 0);
}

TEST_CASE("a reset loses what is under way") {
  World w;
  w.connect();
  w.network.write(w.client.stream, "lost");
  w.network.reset(w.client.stream);
  w.run(ms(100));
  CHECK(w.server.log == Log{"reset"});
  CHECK(w.network.connections() == 0);
}

TEST_CASE("connecting: refused where nobody listens, hanging to a host that is off") {
  World w;
  w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(100));
  CHECK(w.client.log == Log{"refused"});
  w.client.log.clear();
  w.network.set_up(w.b, false);
  const VirtualTime before = w.kernel.now();
  w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(9'999));
  CHECK(w.client.log.empty());
  w.run(ms(10));
  CHECK(w.client.log == Log{"timed out"});
  CHECK(w.client.times.back() == before + ms(10'000));
  CHECK(w.network.connections() == 0);
  // The host comes up while one tries: the next SYN is answered.
  w.client.log.clear();
  w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(3'000));
  w.network.set_up(w.b, true);
  w.run(ms(5'000));
  CHECK(w.client.log == Log{"refused"});
  CHECK(w.kernel.pending() == 0);
}

TEST_CASE("a cut link makes a stream hang, and all arrives in order when it heals") {
  World w;
  w.connect();
  w.network.write(w.client.stream, "under way");
  const LinkFaultId cut = w.network.cut(halves(std::vector{w.a, w.b}));
  w.network.write(w.client.stream, "held");
  w.network.write(w.server.stream, "back");
  w.run(ms(10'000));
  CHECK(w.server.log.empty());
  CHECK(w.client.log.empty());
  const VirtualTime healed = w.kernel.now();
  w.network.lift(cut);
  w.run(ms(5'000));
  CHECK(w.server.log == Log{"under way", "held"});
  CHECK(w.client.log == Log{"back"});
  CHECK(w.server.times.back() > healed);
  w.run(ms(60'000));
  CHECK(w.network.is_open(w.client.stream));
}

TEST_CASE("an end that meets a cut link comes through after it heals") {
  for (const bool orderly : {true, false}) {
    World w;
    w.connect();
    const LinkFaultId cut = w.network.cut(halves(std::vector{w.a, w.b}));
    if (orderly) w.network.close(w.client.stream);
    if (!orderly) w.network.reset(w.client.stream);
    w.run(ms(5'000));
    CHECK(w.server.log.empty());
    w.network.lift(cut);
    w.run(ms(5'000));
    CHECK(w.server.log == Log{orderly ? "closed" : "reset"});
    CHECK(w.network.connections() == 0);
  }
}

TEST_CASE("both sides give up on a peer that is out of reach for long, one way being enough") {
  World w;
  w.connect();
  const VirtualTime since = w.kernel.now();
  const LinkFaultId cut = w.network.cut(isolate(w.a, std::vector{w.a, w.b}, Direction::out));
  w.network.write(w.server.stream, "heard");
  w.run(ms(14'999));
  CHECK(w.client.log == Log{"heard"});
  w.run(ms(10));
  CHECK(w.client.log == Log{"heard", "timed out"});
  CHECK(w.server.log == Log{"timed out"});
  CHECK(w.server.times.back() == since + ms(15'000));
  CHECK(w.network.connections() == 0);
  w.network.lift(cut);
}

TEST_CASE("faults on one link overlap: it is free when the last has healed") {
  World w;
  w.connect();
  const LinkFaultId one = w.network.cut(halves(std::vector{w.a, w.b}));
  const LinkFaultId two = w.network.cut(isolate(w.b, std::vector{w.a, w.b}, Direction::in));
  w.network.write(w.client.stream, "to b");
  w.network.write(w.server.stream, "to a");
  w.network.lift(one);
  CHECK(w.network.is_blocked(w.a, w.b));
  CHECK_FALSE(w.network.is_blocked(w.b, w.a));
  w.run(ms(4'000));
  CHECK(w.client.log == Log{"to a"});
  CHECK(w.server.log.empty());
  w.network.lift(two);
  w.run(ms(4'000));
  CHECK(w.server.log == Log{"to b"});
}

TEST_CASE("a jammed link keeps datagrams, and all arrive when it is free; a stream hangs as on a cut one") {
  World w;
  w.connect();
  REQUIRE(w.network.bind(address_of(w.b, 53), w.server, nullptr));
  LinkFault jam;
  jam.links = {{w.a, w.b}};
  jam.jammed = true;
  const LinkFaultId one = w.network.apply(jam);
  const LinkFaultId two = w.network.apply(jam);
  w.network.send(address_of(w.a, 53), address_of(w.b, 53), "datagram");
  w.network.write(w.client.stream, "stream");
  w.run(ms(3'000));
  CHECK(w.server.log.empty());
  w.network.lift(one);
  w.run(ms(3'000));
  CHECK(w.server.log.empty());
  w.network.lift(two);
  w.run(ms(3'000));
  std::sort(w.server.log.begin(), w.server.log.end());
  CHECK(w.server.log == Log{"datagram", "stream"});
}

TEST_CASE("bandwidth: what is ahead delays what follows, and a full queue drops datagrams") {
  LinkParameters narrow;
  narrow.latency = {ms(1), ms(1)};
  narrow.tail_chance = Ratio();
  narrow.bandwidth = 1000;  // a second for 1,000 bytes
  narrow.queue = 2500;
  World w(1, narrow);
  REQUIRE(w.network.bind(address_of(w.b, 53), w.server, nullptr));
  for (int i = 0; i < 5; ++i) w.network.send(address_of(w.a, 53), address_of(w.b, 53), Bytes(972, 'x'));
  const VirtualTime begun = w.kernel.now();
  w.run(ms(10'000));
  // The fourth finds 3,000 bytes ahead.
  REQUIRE(w.server.times.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(w.server.times[static_cast<std::size_t>(i)] == begun + ms(1'000 * (i + 1) + 1));
}

TEST_CASE("connections that a middlebox forgot: both sides are told, or one, or nobody") {
  World w;
  w.connect();
  SECTION("both") {
    CHECK(w.network.break_connections(w.b, w.a, Network::Told::both) == 1);
    w.run(ms(100));
    CHECK(w.client.log == Log{"reset"});
    CHECK(w.server.log == Log{"reset"});
    CHECK(w.network.connections() == 0);
  }
  SECTION("one: the other learns it when it speaks") {
    CHECK(w.network.break_connections(w.a, w.b, Network::Told::one) == 1);
    w.run(ms(100));
    REQUIRE(w.client.log.size() + w.server.log.size() == 1);
    const bool client_told = !w.client.log.empty();
    w.network.write(client_told ? w.server.stream : w.client.stream, "hello?");
    w.run(ms(5'000));
    CHECK(w.client.log == Log{"reset"});
    CHECK(w.server.log == Log{"reset"});
    CHECK(w.network.connections() == 0);
  }
  SECTION("nobody: it hangs until the timeout, and a new connection is not touched") {
    CHECK(w.network.break_connections(w.a, w.b, Network::Told::nobody) == 1);
    w.network.write(w.client.stream, "hello?");
    Party second(w.kernel, w.network);
    w.network.connect(w.a, w.at_b, second, nullptr);
    w.run(ms(5'000));
    CHECK(w.client.log.empty());
    CHECK(second.log == Log{"connected"});
    w.run(ms(15'000));
    CHECK(w.client.log == Log{"timed out"});
  }
  SECTION("between others: none") {
    CHECK(w.network.break_connections(w.a, w.a, Network::Told::both) == 0);
  }
}

TEST_CASE("a slow link delays, and loopback knows no faults") {
  World w;
  w.connect();
  LinkFault slow;
  slow.links = {{w.a, w.b}};
  slow.extra_delay = {ms(500), ms(600)};
  const LinkFaultId fault = w.network.apply(slow);
  w.network.write(w.client.stream, "slow");
  const VirtualTime sent = w.kernel.now();
  w.run(ms(1'000));
  REQUIRE(w.server.log == Log{"slow"});
  CHECK(w.server.times.back() >= sent + ms(500));
  w.network.lift(fault);
  const LinkFaultId cut = w.network.cut(isolate(w.b, std::vector{w.a, w.b}));
  Party local(w.kernel, w.network);
  w.server.log.clear();
  const VirtualTime start = w.kernel.now();
  w.network.connect(w.b, w.at_b, local, nullptr);
  w.run(ms(1));
  CHECK(local.log == Log{"connected"});
  CHECK(local.times.back() <= start + Duration::microseconds(80));
  w.network.lift(cut);
}

TEST_CASE("a dead host says nothing: idle peers time out; after its boot they are reset") {
  SECTION("it stays off") {
    World w;
    w.connect();
    w.network.set_up(w.b, false);
    w.run(ms(14'000));
    CHECK(w.client.log.empty());
    w.run(ms(2'000));
    CHECK(w.client.log == Log{"timed out"});
  }
  SECTION("it comes back, and the peer sends") {
    World w;
    w.connect();
    w.network.set_up(w.b, false);
    w.run(ms(1'000));
    w.network.write(w.client.stream, "hello?");
    w.network.set_up(w.b, true);
    w.run(ms(3'000));
    CHECK(w.client.log == Log{"reset"});
    CHECK(w.server.log.empty());
  }
  SECTION("it comes back, and the peer is idle: a keepalive probe tells") {
    World w;
    w.connect();
    w.network.set_up(w.b, false);
    w.run(ms(1'000));
    w.network.set_up(w.b, true);
    w.run(ms(3'000));
    CHECK(w.client.log == Log{"reset"});
    CHECK(w.network.connections() == 0);
  }
}

TEST_CASE("a dead program: what it wrote arrives, then a reset; its ports are free") {
  World w;
  TestGate gate;
  w.gate_b = &gate;
  w.connect();
  REQUIRE(w.network.bind(w.at_b, w.server, &gate));
  w.network.write(w.server.stream, "acknowledged");
  w.network.release(gate);
  CHECK_FALSE(w.network.is_open(w.server.stream));
  w.run(ms(100));
  CHECK(w.client.log == Log{"acknowledged", "reset"});
  CHECK(w.server.log.empty());
  CHECK(w.network.bind(w.at_b, w.server, nullptr));
  CHECK(w.network.listen(w.at_b, w.server, nullptr));
}

TEST_CASE("a paused program's host accepts and buffers for it; it gets all in order when it resumes") {
  World w;
  TestGate gate;
  REQUIRE(w.network.listen(w.at_b, w.server, &gate));
  REQUIRE(w.network.bind(w.at_b, w.server, &gate));
  gate.shut();
  w.client.stream = w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(100));
  CHECK(w.client.log == Log{"connected"});
  w.network.write(w.client.stream, "1");
  w.run(ms(100));
  w.network.send(address_of(w.a, 9), w.at_b, "datagram");
  w.run(ms(100));
  w.network.write(w.client.stream, "2");
  w.network.notify_drained(w.client.stream, 0);
  w.run(ms(100));
  CHECK(w.network.unacknowledged(w.client.stream) == 2);
  w.network.close(w.client.stream);
  w.run(ms(60'000));
  CHECK(w.server.log.empty());
  gate.lift();
  CHECK(w.server.log == Log{"accepted", "1", "datagram", "2", "closed"});
  CHECK(w.network.connections() == 0);
}

TEST_CASE("a paused program that dies: its peers are reset, and nothing of it is left") {
  World w;
  TestGate gate;
  w.gate_b = &gate;
  w.connect();
  REQUIRE(w.network.bind(w.at_b, w.server, &gate));
  gate.shut();
  w.network.write(w.client.stream, "unread");
  w.network.send(address_of(w.a, 9), w.at_b, "unread");
  w.run(ms(100));
  gate.kill();
  w.network.release(gate, true);
  w.run(ms(100));
  CHECK(w.client.log == Log{"reset"});  // unread data makes even an orderly end a reset
  CHECK(w.server.log.empty());
  CHECK(w.network.connections() == 0);
  CHECK(w.kernel.pending() == 0);
}

TEST_CASE("one side that has given up: the other learns it when the way is free") {
  World w;
  StreamOptions patient;
  patient.peer_timeout = ms(60'000);
  REQUIRE(w.network.listen(w.at_b, w.server, nullptr, patient));
  w.client.stream = w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(1'000));
  const LinkFaultId cut = w.network.cut(halves(std::vector{w.a, w.b}));
  w.run(ms(16'000));
  CHECK(w.client.log == Log{"connected", "timed out"});
  CHECK(w.server.log == Log{"accepted"});
  w.network.lift(cut);
  w.run(ms(3'000));
  CHECK(w.server.log == Log{"accepted", "reset"});
  CHECK(w.network.connections() == 0);
}

TEST_CASE("a listener that goes takes with it the connections that its program has not seen") {
  World w;
  TestGate gate;
  REQUIRE(w.network.listen(w.at_b, w.server, &gate));
  gate.shut();
  w.network.connect(w.a, w.at_b, w.client, nullptr);
  w.run(ms(100));
  w.network.unlisten(w.at_b);
  w.run(ms(100));
  CHECK(w.client.log == Log{"connected", "reset"});
  gate.lift();
  CHECK(w.server.log.empty());
  CHECK(w.network.connections() == 0);
}

TEST_CASE("drained is told when the other program has taken the bytes") {
  World w;
  w.connect();
  w.network.write(w.client.stream, std::string(1'000, 'x'));
  w.network.notify_drained(w.client.stream, 500);
  CHECK(w.network.unacknowledged(w.client.stream) == 1'000);
  w.run(ms(100));
  CHECK(w.client.log == Log{"drained"});
  w.network.notify_drained(w.client.stream, 500);
  w.run(ms(100));
  CHECK(w.client.log == Log{"drained", "drained"});
}

TEST_CASE("the same seed gives the same trace, another seed another") {
  const auto trace = [](std::uint64_t seed) {
    LinkParameters link;
    link.loss = Ratio::percent(5);
    link.duplicate = Ratio::percent(5);
    World w(seed, link);
    (void)w.network.bind(w.at_b, w.server, nullptr);
    (void)w.network.listen(w.at_b, w.server, nullptr);
    const StreamId stream = w.network.connect(w.a, w.at_b, w.client, nullptr);
    for (int i = 0; i < 200; ++i) {
      w.network.write(stream, std::to_string(i));
      w.network.send(address_of(w.a, 1), w.at_b, std::to_string(i));
      if (i == 100) w.network.cut(halves(std::vector{w.a, w.b}));
      w.run(ms(20));
    }
    return w.kernel.trace_hash();
  };
  CHECK(trace(3) == trace(3));
  CHECK(trace(3) != trace(4));
}
