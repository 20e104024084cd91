#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "sim/process/machine.h"

using namespace heir;
using namespace heir::sim;

namespace {

constexpr Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}
using Log = std::vector<std::string>;

struct World {
  Kernel kernel{1};
  Network network{kernel, NetworkParameters{}};
  Machine a{kernel, network, MachineParameters{"a"}};
  Machine b{kernel, network, MachineParameters{"b"}};
  void run(Duration for_long) { kernel.run({kernel.now() + for_long}); }
};

/// A program's memory: it says when it goes.
struct Memory final : Body, TimerHandler {
  Memory(Process& p, Log& l) : process(p), log(l) {}
  ~Memory() override { log.push_back("gone"); }
  void on_timer(std::uint64_t cookie) override {
    log.push_back("timer " + std::to_string(cookie));
    if (cookie == 13) process.crash();
    if (cookie == 13) log.push_back("still here");
    if (cookie == 14) process.pause();
    if (cookie == 15) process.machine().power_off();
  }
  Process& process;
  Log& log;
};

Process& start(World& w, Log& log) {
  Process& process = w.a.start("p");
  process.set_body(std::make_unique<Memory>(process, log));
  process.on_end([&log](const ProcessEnd& end) { log.push_back("status " + std::to_string(end.exit.status)); });
  return process;
}
void timer(Process& process, Duration after, std::uint64_t cookie) {
  process.clock().set_timer_after(after, &process, *process.body_as<Memory>(), cookie);
}

}  // namespace

TEST_CASE("a crash destroys a program's memory at once, and its timers") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  Process& process = start(w, log);
  const Pid pid = process.pid();
  timer(process, ms(1), 1);
  timer(process, ms(3), 2);
  w.run(ms(2));
  CHECK(w.a.find("p") == &process);
  process.crash();
  CHECK(log == Log{"timer 1", "gone", "status 137"});
  CHECK(w.a.find(pid) == nullptr);
  CHECK(w.a.find("p") == nullptr);
  w.run(ms(10));
  CHECK(log.size() == 3);
  CHECK(w.a.processes().empty());
}

TEST_CASE("a program that ends itself finishes the event that it is in") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  timer(start(w, log), ms(1), 13);
  w.run(ms(2));
  CHECK(log == Log{"timer 13", "still here", "gone", "status 137"});
}

TEST_CASE("a paused program handles nothing, then all in order; pauses are counted") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  Process& process = start(w, log);
  timer(process, ms(10), 2);
  timer(process, ms(5), 1);
  process.pause();
  w.a.pause_all();
  w.run(ms(20));
  process.resume();
  CHECK(log.empty());
  w.a.resume_all();
  CHECK(log == Log{"timer 1", "timer 2"});
}

TEST_CASE("a program that is paused while it catches up stops there") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  Process& process = start(w, log);
  timer(process, ms(1), 1);
  timer(process, ms(2), 14);
  timer(process, ms(3), 3);
  process.pause();
  w.run(ms(20));
  process.resume();
  CHECK(log == Log{"timer 1", "timer 14"});
  process.resume();
  CHECK(log == Log{"timer 1", "timer 14", "timer 3"});
}

TEST_CASE("a program killed while it catches up handles nothing more") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  Process& process = start(w, log);
  timer(process, ms(1), 13);
  timer(process, ms(2), 1);
  process.pause();
  w.run(ms(20));
  process.resume();
  CHECK(log == Log{"timer 13", "still here", "gone", "status 137"});
}

TEST_CASE("a program killed while it is paused") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  Process& process = start(w, log);
  timer(process, ms(1), 1);
  process.pause();
  w.run(ms(20));
  process.crash();
  process.resume();
  CHECK(log == Log{"gone", "status 137"});
}

TEST_CASE("programs that start on a paused machine are paused") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  w.a.pause_all();
  Process& process = start(w, log);
  timer(process, ms(1), 1);
  w.run(ms(20));
  CHECK(log.empty());
  w.a.resume_all();
  CHECK(log == Log{"timer 1"});
}

TEST_CASE("power off takes all processes and unsynced data; boot starts the monotonic clock again") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  start(w, log);
  w.run(ms(100));
  REQUIRE(w.a.disk().write("/f", "x"));
  w.a.power_off();
  CHECK_FALSE(w.a.is_up());
  CHECK(log == Log{"gone", "status 137"});
  CHECK_FALSE(w.a.disk().exists("/f"));
  w.run(ms(100));
  w.a.boot();
  CHECK(w.a.is_up());
  CHECK(w.a.clock().monotonic() == MonotonicTime());
  CHECK(w.a.processes().empty());
}

TEST_CASE("power off from inside a program's event waits for its end") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  timer(start(w, log), ms(1), 15);
  w.run(ms(2));
  CHECK_FALSE(w.a.is_up());
  CHECK(log == Log{"timer 15", "gone", "status 137"});
}

TEST_CASE("programs run in processes of their own") {
  Log log;  // outlives the world, whose programs write to it to the end
  World w;
  w.a.install("greet", [](Process& self, const Program& program) {
    self.exit({3, "hello " + program.arguments.at(0)});
  });
  w.a.install("sleep", [&log](Process& self, const Program&) { self.set_body(std::make_unique<Memory>(self, log)); });
  const auto done = [&log](const ProcessEnd& end) {
    log.push_back(std::to_string(end.exit.status) + " " + end.exit.output);
  };
  REQUIRE(w.a.run({"greet", {"world"}}, done));
  CHECK(w.a.run({"none", {}}, done).error().code == ErrorCode::not_found);
  CHECK(log.empty());
  w.run(ms(10));
  CHECK(log == Log{"3 hello world"});
  log.clear();
  REQUIRE(w.a.run({"sleep", {}}, done));
  w.run(ms(10));
  w.a.find("sleep")->crash();
  CHECK(log == Log{"gone", "137 killed"});
  log.clear();
  REQUIRE(w.a.run({"greet", {"nobody"}}, done));
  w.a.power_off();
  w.a.boot();
  w.run(ms(10));
  CHECK(log.empty());
}
