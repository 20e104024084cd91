#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "engine/base/sync.h"
#include "sim/process/sim_host.h"
#include "sim/process/sql_protocol.h"

using namespace heir;
using namespace heir::sim;

namespace {

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}
using Log = std::vector<std::string>;

/// A server of SQL sessions, as a simulated database is: it echoes, is slow on request, refuses or crashes.
struct EchoServer final : Body, ListenHandler, StreamHandler, TimerHandler {
  explicit EchoServer(Process& p) : process(p) {
    REQUIRE(process.network().listen(process.machine().address(5432), *this, &process));
  }
  void on_accepted(AddressId, StreamId stream) override { process.network().adopt(stream, *this); }
  void on_connected(StreamId) override {}
  void on_data(StreamId stream, Chunk chunk) override {
    Network& network = process.network();
    if (const auto* startup = chunk.attachment.get<SqlStartup>()) {
      if (startup->user == "nobody") {
        const Error error{ErrorCode::refused, "no such role"};
        network.write(stream, {}, Attachment::make<SqlRefused>(32, SqlRefused{error}));
        return network.close(stream);
      }
      network.write(stream, {}, Attachment::make<SqlReady>(8));
    } else if (const auto* request = chunk.attachment.get<SqlRequest>()) {
      last = stream;
      if (request->statement.name == "hang") return;
      if (request->statement.name == "slow") {
        process.clock().set_timer_after(ms(500), &process, *this);
        return;
      }
      answer(stream, std::string(request->statement.text));
    }
  }
  void answer(StreamId stream, const std::string& text) {
    Rows rows{Row{text}};
    process.network().write(stream, {}, Attachment::make<SqlResponse>(64, SqlResponse{rows}));
  }
  void on_timer(std::uint64_t) override { answer(last, "slow answer"); }
  void on_closed(StreamId) override { ++closed; }
  void on_reset(StreamId, StreamEnd) override { ++reset; }
  Process& process;
  StreamId last;
  int closed = 0;
  int reset = 0;
};

struct World {
  explicit World(std::uint64_t seed = 1) : kernel(seed) {}
  Kernel kernel;
  Network network{kernel, NetworkParameters{}};
  Machine a{kernel, network, MachineParameters{"a"}};
  Machine b{kernel, network, MachineParameters{"b"}};
  Log log;
  void run(Duration for_long) { kernel.run({kernel.now() + for_long}); }
  Process& start(Machine& machine, Task<void> (*main)(Host&, Log&), std::uint16_t port = 7000) {
    Process& process = machine.start("agent");
    run_main(process, machine.address(port), [this, main](Host& host) { return main(host, log); });
    return process;
  }
  EchoServer& serve() {
    Process& process = b.start("postgres");
    process.set_body(std::make_unique<EchoServer>(process));
    return *process.body_as<EchoServer>();
  }
};

Task<void> sleeper(Host& host, Log& log) {
  log.push_back("start");
  co_await host.sleep(ms(10));
  log.push_back(to_string(host.monotonic_now() - MonotonicTime()));
}

Task<void> write_and_read(Host& host, Log& log) {
  const auto now = [&host] { return to_string(host.monotonic_now() - MonotonicTime()); };
  Bytes content = "x";
  const Result<> written = co_await host.write_file("/f", std::move(content));
  log.push_back(now());
  const Result<Bytes> read = co_await host.read_file("/f");
  log.push_back(now() + " " + read.value_or("nothing"));
}

Task<void> ping(Host& host, Log& log) {
  const Address other("b:7000");
  host.send(other, "ping");
  const Message answer = co_await host.receive();
  log.push_back(answer.from.value() + " " + answer.payload);
}

Task<void> pong(Host& host, Log&) {
  for (;;) {
    const Message message = co_await host.receive();
    host.send(message.from, "pong");
  }
}

Task<void> echo_lines(Host& host, Log& log) {
  const Address at("b:80");
  auto listening = host.listen(at);
  CHECK(host.listen(at).error().code == ErrorCode::already_exists);
  CHECK(host.listen(Address("a:80")).error().code == ErrorCode::invalid);
  auto stream = co_await (*listening)->accept();
  for (;;) {
    const auto bytes = co_await stream->read();
    if (!bytes || bytes->empty()) {
      log.push_back(bytes ? "end" : to_string(bytes.error()));
      co_return;
    }
    stream->write("<" + *bytes + ">");
  }
}

Task<void> talk(Host& host, Log& log) {
  const Address nowhere("b:81");
  const auto refused = co_await host.connect(nowhere);
  log.push_back(to_string(refused.error()));
  const Address unknown("c:81");
  const auto invalid = co_await host.connect(unknown);
  log.push_back(to_string(invalid.error()));
  const Address server("b:80");
  auto stream = co_await host.connect(server);
  (*stream)->write("x");
  const auto answer = co_await (*stream)->read();
  log.push_back(*answer);
  Bytes much(100'000, 'x');
  (*stream)->write(std::move(much));
  const auto drained = co_await (*stream)->drained();
  log.push_back(drained ? "drained" : "broken");
}

Task<void> files(Host& host, Log& log) {
  (void)co_await host.make_directory("/d");
  (void)co_await host.write_file("/d/f", "1");
  const auto synced = co_await host.sync_file("/d/f");
  const auto named = co_await host.sync_directory("/d");
  const auto above = co_await host.sync_directory("/");
  log.push_back(synced && named && above ? "durable" : "failed");
  (void)co_await host.rename("/d/f", "/d/g");
  const auto names = co_await host.list_directory("/d");
  log.push_back(names->at(0));
  const auto gone = co_await host.read_file("/d/f");
  log.push_back(to_string(gone.error().code));
  (void)co_await host.remove("/d/g");
  const auto missing = co_await host.sync_file("/d/g");
  log.push_back(to_string(missing.error().code));
}

Task<void> queries(Host& host, Log& log) {
  SqlEndpoint endpoint{Address("b:5432"), "postgres", "nobody", "heir"};
  const auto refused = co_await host.open_session(endpoint);
  log.push_back(to_string(refused.error()));
  endpoint.user = "heir";
  auto session = co_await host.open_session(endpoint);
  Statement statement{"echo", "select 1", {}};
  const auto rows = co_await (*session)->execute(statement);
  log.push_back(*rows->at(0).at(0));
  // An abandoned statement's answer is not taken for the next one's.
  Statement slow{"slow", "", {}};
  Task<Result<Rows>> work = [](SqlSession& s, Statement st) -> Task<Result<Rows>> { co_return co_await s.execute(st); }(
                                                                **session, slow);
  const auto in_time = co_await within(host, ms(100), std::move(work));
  log.push_back(in_time ? "in time" : "too late");
  Statement again{"echo", "select 2", {}};
  co_await host.sleep(ms(1'000));
  const auto second = co_await (*session)->execute(again);
  log.push_back(*second->at(0).at(0));
  Statement hang{"hang", "", {}};
  const auto broken = co_await (*session)->execute(hang);
  log.push_back(to_string(broken.error().code));
  const auto after = co_await (*session)->execute(again);
  log.push_back(to_string(after.error().code));
}

Task<void> runs(Host& host, Log& log) {
  Program greet{"greet", {"x"}};
  const auto exit = co_await host.run(greet);
  log.push_back(std::to_string(exit->status) + exit->output);
  Program none{"none", {}};
  const auto missing = co_await host.run(none);
  log.push_back(to_string(missing.error().code));
}

Task<void> gives_up(Host& host, Log& log) {
  Program never{"never", {}};
  const auto exit = co_await limited(host, ms(20), [&] { return host.run(never); });
  log.push_back(exit ? "ended" : "given up");
  co_await host.sleep(ms(10'000));
}

Task<void> chatter(Host& host, Log&) {
  std::byte random[4];
  host.random_bytes(random);
  for (int i = 0; i < 50; ++i) {
    host.send(Address("b:7000"), "ping");
    const Message answer = co_await host.receive();
    host.log(LogLevel::info, "answer", {{"payload", answer.payload}});
    (void)co_await host.write_file("/f", answer.payload);
    (void)co_await host.sync_file("/f");
  }
}

/// Waits for everything at once that a process can wait for.
Task<void> wait_sleep(Host& host) {
  co_await host.sleep(ms(1'000'000));
}
Task<void> wait_receive(Host& host) {
  (void)co_await host.receive();
}
Task<void> wait_connect(Host& host) {
  const Address off("b:9");
  (void)co_await host.connect(off);
}
Task<void> wait_accept(Host& host) {
  auto listener = host.listen(Address("a:1000"));
  (void)co_await (*listener)->accept();
}
Task<void> wait_read(Host& host) {
  const Address server("b:5432");
  auto stream = co_await host.connect(server);
  (void)co_await (*stream)->read();
}
Task<void> wait_drained(Host& host) {
  const Address server("b:5432");
  auto stream = co_await host.connect(server);
  for (;;) {
    Bytes much(70'000, 'x');
    (*stream)->write(std::move(much));
    (void)co_await (*stream)->drained();
  }
}
Task<void> wait_sync(Host& host) {
  (void)co_await host.write_file("/f", "x");
  for (;;) (void)co_await host.sync_file("/f");
}
Task<void> wait_sync_directory(Host& host) {
  for (;;) (void)co_await host.sync_directory("/");
}
Task<void> wait_run(Host& host) {
  Program never{"never", {}};
  (void)co_await host.run(never);
}
Task<void> wait_execute(Host& host) {
  const SqlEndpoint endpoint{Address("b:5432"), "d", "u", "n"};
  auto session = co_await host.open_session(endpoint);
  Statement hang{"hang", "", {}};
  if (session) (void)co_await (*session)->execute(hang);
}
Task<void> wait_open(Host& host) {
  for (;;) {
    const SqlEndpoint endpoint{Address("b:5432"), "d", "u", "n"};
    auto session = co_await host.open_session(endpoint);
  }
}
Task<void> everything(Host& host, Log&) {
  Scope scope;
  Task<void> (*const all[])(Host&) = {wait_sleep, wait_receive, wait_connect, wait_accept,
                                      wait_read,  wait_drained, wait_sync,    wait_sync_directory,
                                      wait_run,   wait_execute, wait_open};
  for (const auto& each : all) scope.spawn(each(host));
  co_await host.sleep(ms(10'000'000));
}

}  // namespace

TEST_CASE("a main runs in an event of its own, sleeps on its host's clock and exits") {
  World w;
  w.a.clock().set_rate_error(1'000'000'000);
  Process& process = w.start(w.a, sleeper);
  CHECK(w.log.empty());
  ProcessEnd how;
  process.on_end([&how](const ProcessEnd& end) { how = end; });
  w.run(ms(2));
  w.a.clock().set_rate_error(0);
  w.run(ms(5));
  CHECK(w.log == Log{"start"});
  w.run(ms(2));
  CHECK(w.log == Log{"start", "10ms"});
  CHECK(how.reason == EndReason::exited);
  CHECK(how.exit.status == 0);
  CHECK(w.a.processes().empty());
}

TEST_CASE("an inbox that is taken ends the process with an error") {
  World w;
  w.start(w.a, sleeper);
  w.run(ms(1));
  Process& second = w.start(w.a, sleeper);
  ProcessEnd how;
  second.on_end([&how](const ProcessEnd& end) { how = end; });
  w.run(ms(1));
  CHECK(how.exit.status == 1);
  CHECK(how.exit.output.find("a:7000") != std::string::npos);
}

TEST_CASE("messages between hosts") {
  World w;
  w.start(w.b, pong);
  w.run(ms(1));
  w.start(w.a, ping);
  w.run(ms(100));
  CHECK(w.log == Log{"b:7000 pong"});
}

TEST_CASE("streams between hosts") {
  World w;
  w.start(w.b, echo_lines);
  w.run(ms(1));
  w.start(w.a, talk);
  w.run(ms(500));
  CHECK(w.log == Log{"unreachable: the connection is refused", "unreachable: no host of this name: \"c:81\"", "<x>",
                     "drained", "end"});
  CHECK(w.network.connections() == 0);
}

TEST_CASE("reads and writes take the time that the disk is given") {
  World w;
  MachineParameters parameters{"c"};
  parameters.disk.write_low = parameters.disk.write_high = ms(3);
  parameters.disk.read_low = parameters.disk.read_high = ms(5);
  Machine slow(w.kernel, w.network, parameters);
  Process& process = w.start(slow, write_and_read);
  w.run(ms(4));
  CHECK(w.log == Log{"3ms"});
  SECTION("all of it") {
    w.run(ms(10));
    CHECK(w.log == Log{"3ms", "8ms x"});
  }
  SECTION("a process that stands still finds it done") {
    process.pause();
    w.run(ms(10));
    process.resume();
    w.run(ms(1));
    CHECK(w.log == Log{"3ms", "14ms x"});
  }
  SECTION("of a process that dies nothing is carried out") {
    process.crash();
    w.run(ms(10));
    CHECK(w.log == Log{"3ms"});
  }
  w.log.clear();
  w.start(w.a, write_and_read);
  w.run(ms(1));
  CHECK(w.log.size() == 2);
  CHECK(w.log[1].substr(0, w.log[1].find(' ')) == w.log[0]);
}

TEST_CASE("files") {
  World w;
  w.start(w.a, files);
  w.run(ms(500));
  CHECK(w.log == Log{"durable", "g", "not found", "not found"});
  w.a.power_off();
  CHECK(w.a.disk().read("/d/f").value() == "1");
}

TEST_CASE("SQL sessions reach a simulated server over the network") {
  World w;
  EchoServer& server = w.serve();
  Process& postgres = server.process;
  w.start(w.a, queries);
  w.run(ms(5'000));
  CHECK(w.log == Log{"refused: no such role", "select 1", "too late", "select 2"});
  postgres.crash();
  w.run(ms(100));
  CHECK(w.log.size() == 6);
  CHECK(w.log[4] == "unreachable");
  CHECK(w.log[5] == "unreachable");
}

TEST_CASE("programs of the machine, with their exit") {
  World w;
  w.a.install("greet", [](Process& self, const Program& program) { self.exit({2, program.arguments[0]}); });
  Process& process = w.start(w.a, runs);
  w.run(Duration::microseconds(100));
  process.pause();  // the program ends while its caller is paused
  w.run(ms(50));
  CHECK(w.log.empty());
  process.resume();
  w.run(ms(50));
  CHECK(w.log == Log{"2x", "not found"});
}

TEST_CASE("a program is killed if its starter gives it up, and goes on if its starter dies") {
  World w;
  w.a.install("never", [](Process&, const Program&) {});
  Process& patient = w.start(w.a, gives_up);
  w.run(ms(15));
  CHECK(w.a.find("never") != nullptr);
  patient.crash();
  w.run(ms(50));
  CHECK(w.a.find("never") != nullptr);
  w.a.find("never")->crash();
  w.start(w.a, gives_up, 7001);
  w.run(ms(50));
  CHECK(w.log == Log{"given up"});
  CHECK(w.a.find("never") == nullptr);
  w.start(w.a, gives_up, 7002);
  w.run(Duration::microseconds(18'500));  // given up while it is being loaded, or just begun
  w.run(ms(50));
  CHECK(w.a.find("never") == nullptr);
}

TEST_CASE("a paused process runs no coroutine, and its timers have expired when it resumes") {
  World w;
  Process& process = w.start(w.a, sleeper);
  w.run(ms(1));
  process.pause();
  w.run(ms(100));
  CHECK(w.log == Log{"start"});
  process.resume();
  CHECK(w.log == Log{"start", "101ms"});
}

TEST_CASE("a process can be killed at any moment, whatever it waits for") {
  for (int step = 0; step < 60; ++step) {
    World w;
    EchoServer& server = w.serve();
    (void)server;
    w.a.install("never", [](Process&, const Program&) {});
    Process& process = w.start(w.a, everything);
    w.run(Duration::microseconds(step * step * 5));
    if (step % 3 == 1) process.pause();
    if (step % 3 == 1) w.run(ms(5));
    if (step % 2 == 0) process.crash();
    if (step % 2 == 1) w.a.power_off();
    CHECK((w.a.find("agent") == nullptr));
    w.run(ms(30'000));
    CHECK(w.network.connections() == 0);
  }
}

TEST_CASE("a world may end at any moment") {
  for (int step = 0; step < 30; ++step) {
    World w;
    w.serve();
    w.a.install("never", [](Process&, const Program&) {});
    w.start(w.a, everything);
    w.run(Duration::microseconds(step * step * 10));
    CHECK(w.a.is_up());
  }
}

TEST_CASE("the same seed gives the same trace and the same log lines, twice in one program") {
  const auto trace = [](std::uint64_t seed) {
    World w(seed);
    std::string lines;
    w.a.log_to([&lines](const LogLine& line) { lines += std::to_string(line.at.ns()) + std::string(line.event); });
    w.start(w.b, pong);
    w.start(w.a, chatter);
    w.run(ms(10'000));
    return std::pair(w.kernel.trace_hash(), lines);
  };
  const auto first = trace(5);
  CHECK(first == trace(5));
  CHECK(first.second.size() > 500);
  CHECK(first.first != trace(6).first);
}
