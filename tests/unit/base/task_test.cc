#include "engine/base/task.h"
#include "engine/base/sync.h"

#include <catch2/catch.hpp>

#include <vector>

using namespace heir;

namespace {

struct Trace {
  explicit Trace(std::vector<int>& log, int id) : log_(log), id_(id) {}
  ~Trace() { log_.push_back(-id_); }
  std::vector<int>& log_;
  int id_;
};

Task<int> answer(Signal& signal, int value) {
  co_await signal.wait();
  co_return value;
}

Task<void> record(Signal& signal, std::vector<int>& log, int value) {
  Trace trace(log, value);
  log.push_back(co_await answer(signal, value));
}

Task<void> drain(Queue<int>& queue, std::vector<int>& log) {
  while (true) log.push_back(co_await queue.pop());
}

/// Keeps an operation open so that a test can complete or abandon it.
struct World final : OperationBase::Owner {
  Operation<int>* open = nullptr;
  int abandoned_count = 0;
  void abandoned(OperationBase&) override {
    open = nullptr;
    ++abandoned_count;
  }
  void start(Operation<int>& op) {
    open = &op;
    op.owned_by(this);
  }
};

Task<void> ask(Executor& executor, World& world, std::vector<int>& log) {
  log.push_back(co_await await_operation<int>(executor, [&world](Operation<int>& op) { world.start(op); }));
}

}  // namespace

TEST_CASE("waiters resume in the order in which they waited, from the executor only") {
  Executor executor;
  Signal signal(executor);
  Scope scope;
  std::vector<int> log;
  scope.spawn(record(signal, log, 1));
  scope.spawn(record(signal, log, 2));
  signal.notify();
  CHECK(log.empty());
  executor.run();
  CHECK(log == std::vector{1, -1, 2, -2});
  CHECK(scope.empty());
}

TEST_CASE("cancelling a scope destroys its frames, newest first, even when they are ready to run") {
  Executor executor;
  Signal signal(executor);
  std::vector<int> log;
  {
    Scope scope;
    scope.spawn(record(signal, log, 1));
    scope.spawn(record(signal, log, 2));
    signal.notify();
  }
  CHECK(log == std::vector{-2, -1});
  executor.run();
  CHECK(log == std::vector{-2, -1});
}

TEST_CASE("a queue delivers in order") {
  Executor executor;
  Queue<int> queue(executor);
  std::vector<int> log;
  Scope scope;
  queue.push(1);
  scope.spawn(drain(queue, log));
  queue.push(2);
  queue.push(3);
  executor.run();
  CHECK(log == std::vector{1, 2, 3});
}

TEST_CASE("an operation is completed once, or its owner learns that nobody waits any more") {
  Executor executor;
  World world;
  std::vector<int> log;
  Scope scope;
  scope.spawn(ask(executor, world, log));
  REQUIRE(world.open);
  world.open->complete(7);
  executor.run();
  CHECK(log == std::vector{7});
  CHECK(world.abandoned_count == 0);

  scope.spawn(ask(executor, world, log));
  scope.cancel();
  CHECK(world.abandoned_count == 1);
  CHECK(log == std::vector{7});
}
