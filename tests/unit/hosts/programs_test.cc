#include <signal.h>

#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

Program shell(std::string script) {
  return {"/bin/sh", {"-c", std::move(script)}};
}

Task<void> expect(Host& host, Program program, int status, std::string output) {
  const Result<ProgramExit> exit = co_await host.run(std::move(program));
  REQUIRE(exit);
  CHECK(exit->status == status);
  CHECK(exit->output == output);
}

Task<void> expect_missing(Host& host) {
  Program program{"/nowhere/at-all", {}};
  const Result<ProgramExit> exit = co_await host.run(std::move(program));
  REQUIRE_FALSE(exit);
  CHECK(exit.error().code == ErrorCode::not_found);
}

Task<void> expect_much(Host& host) {
  Program program = shell("yes | head -c 5000000");
  const Result<ProgramExit> exit = co_await host.run(std::move(program));
  REQUIRE(exit);
  CHECK(exit->output.size() < most_output + 100);
  CHECK(exit->output.ends_with("(there was more)"));
}

Task<void> run_for_ever(Host& host, Program program) {
  const Result<ProgramExit> exit = co_await host.run(std::move(program));
  FAIL("it was not given up: " << exit.has_value());
}

}  // namespace

TEST_CASE("Programs run, and tell how they ended") {
  Bench bench;
  bench.run(expect(bench.host, shell("echo out; echo err >&2; exit 3"), 3, "out\nerr\n"));
  bench.run(expect(bench.host, shell("kill -9 $$"), 128 + SIGKILL, ""));
  bench.run(expect(bench.host, shell("cat; ls /proc/self/fd | wc -l"), 0, "4\n"));  // nothing of ours, and its own one
  bench.run(expect_missing(bench.host));
}

TEST_CASE("The output of a program is bounded") {
  Bench bench;
  bench.run(expect_much(bench.host));
}

TEST_CASE("A program that is given up is killed with its children") {
  Bench bench;
  const std::string path = bench.folder / "pids";
  {
    Scope scope;
    scope.spawn(run_for_ever(bench.host, shell("sleep 300 & echo $! $$ > " + path + "; wait")));
    bench.pass(Duration::milliseconds(300));
  }
  bench.pass(Duration::milliseconds(200));
  const Result<Bytes> pids = files::read(path);
  REQUIRE(pids);
  const pid_t child = std::atoi(pids->c_str());
  const pid_t parent = std::atoi(pids->c_str() + pids->find(' '));
  REQUIRE(child > 1);
  CHECK(kill(parent, 0) != 0);  // reaped
  // Its child may wait to be reaped by somebody else.
  const Result<Bytes> state = files::read("/proc/" + std::to_string(child) + "/stat");
  CHECK((!state || state->find(") Z") != std::string::npos));
}

TEST_CASE("A program outlives the one that started it") {
  Bench bench;
  const std::string path = bench.folder / "late";
  {
    Loop loop;
    Workers workers(1);
    LinuxHost host(loop, workers, bench.log, nullptr, {});
    static Scope* const scope = new Scope;  // never destroyed, as in a process that was killed
    scope->spawn(run_for_ever(host, shell("sleep 0.3; echo said; echo done > " + path)));
    loop.set_timer(boot_time() + Duration::milliseconds(100), [&] { loop.stop(); });
    loop.run();
  }
  bench.pass(Duration::milliseconds(600));
  const Result<Bytes> late = files::read(path);
  REQUIRE(late);
  CHECK(*late == "done\n");
}
