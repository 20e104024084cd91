#include "tools/workers/pool.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <map>
#include <vector>

namespace heir::tools {

namespace {

/// Hands out tasks 0 to count - 1, and keeps what becomes of them.
class Owner final : public PoolOwner {
 public:
  explicit Owner(std::uint64_t count) : count_(count) {}
  std::optional<Task> next() override {
    if (next_ == count_) return std::nullopt;
    return Task{next_++, 7};
  }
  void done(TaskOutcome outcome) override {
    REQUIRE(outcomes.emplace(outcome.task.what, outcome).second);
    if (interrupt_after && outcomes.size() == *interrupt_after) ::raise(SIGINT);
  }
  std::map<std::uint64_t, TaskOutcome> outcomes;
  std::optional<std::size_t> interrupt_after;

 private:
  std::uint64_t count_;
  std::uint64_t next_ = 0;
};

std::string square(Task task, const TellProgress&) {
  return std::to_string(task.what * task.what + task.seed);
}

PoolOptions workers(unsigned count, unsigned tasks_per_process) {
  PoolOptions options;
  options.workers = count;
  options.tasks_per_process = tasks_per_process;
  options.keep_errors = true;
  return options;
}

}  // namespace

TEST_CASE("Every task is done once, however many workers there are and however long they live") {
  for (const unsigned count : {1u, 3u})
    for (const unsigned tasks : {1u, 4u, 1000u}) {
      Owner owner(60);
      REQUIRE(run_pool(workers(count, tasks), square, owner));
      REQUIRE(owner.outcomes.size() == 60);
      for (const auto& [number, outcome] : owner.outcomes) {
        CHECK_FALSE(outcome.lost);
        CHECK(outcome.answer == std::to_string(number * number + 7));
      }
    }
}

TEST_CASE("An answer may have a million bytes, or none") {
  Owner owner(2);
  const Work work = [](Task task, const TellProgress&) { return std::string(task.what * 1'000'000, 'x'); };
  REQUIRE(run_pool(workers(1, 10), work, owner));
  CHECK(owner.outcomes.at(0).answer.empty());
  CHECK(owner.outcomes.at(1).answer == std::string(1'000'000, 'x'));
}

TEST_CASE("A crash costs one task, and is told with the last words of the worker") {
  Owner owner(40);
  const Work work = [](Task task, const TellProgress& tell) {
    if (task.what == 13) {
      std::fputs("assertion failed: 13 is unlucky\nmore of it\n", stderr);
      ::signal(SIGABRT, SIG_DFL);  // not the handler of the tests
      ::raise(SIGABRT);
    }
    if (task.what == 20) ::raise(SIGKILL);
    if (task.what == 30) ::_exit(5);
    return square(task, tell);
  };
  REQUIRE(run_pool(workers(2, 1000), work, owner));
  REQUIRE(owner.outcomes.size() == 40);
  for (const auto& [number, outcome] : owner.outcomes)
    CHECK(outcome.lost.has_value() == (number == 13 || number == 20 || number == 30));
  CHECK(owner.outcomes.at(13).lost->cause == Lost::Cause::crashed);
  CHECK(owner.outcomes.at(13).lost->what == "the run died of signal 6 (Aborted): assertion failed: 13 is unlucky");
  CHECK(owner.outcomes.at(20).lost->cause == Lost::Cause::killed);
  CHECK(owner.outcomes.at(30).lost->what == "the run ended with status 5 and said nothing");
}

TEST_CASE("A task that gets nowhere is stuck; one that gets on slowly is not") {
  PoolOptions options = workers(2, 1000);
  options.patience = Duration::seconds(2);
  Owner owner(6);
  const Work work = [](Task task, const TellProgress& tell) {
    // Number 2 tells, over and over, that it is at 5; number 3 gets on, and takes longer than the patience.
    if (task.what == 2)
      for (;;) {
        ::usleep(10'000);
        tell({5'000'000, 1});
      }
    if (task.what == 3)
      for (std::int64_t at = 1; at <= 12; ++at) {
        ::usleep(250'000);
        tell({at, 1});
      }
    return square(task, tell);
  };
  REQUIRE(run_pool(options, work, owner));
  REQUIRE(owner.outcomes.size() == 6);
  CHECK_FALSE(owner.outcomes.at(3).lost);
  REQUIRE(owner.outcomes.at(2).lost);
  CHECK(owner.outcomes.at(2).lost->cause == Lost::Cause::stuck);
  CHECK(owner.outcomes.at(2).lost->what == "no progress for 2s of real time, at 5ms, event 1");
}

TEST_CASE("An interrupt ends it; what was under way is given up, and said so") {
  Owner owner(1000);
  const Work work = [](Task task, const TellProgress& tell) {
    while (task.what > 8) ::usleep(100'000);  // an interrupt ends only the sleep
    return square(task, tell);
  };
  owner.interrupt_after = 9;
  const Result<PoolEnd> end = run_pool(workers(2, 1000), work, owner);
  REQUIRE(end);
  CHECK(end->signal == SIGINT);
  CHECK(owner.outcomes.size() == 9);
  CHECK(end->given_up.size() == 1);  // the other worker had just answered
}

TEST_CASE("A worker with too much memory is replaced") {
  PoolOptions options = workers(1, 1000);
  options.most_memory = 64 << 20;
  Owner owner(12);
  static int tasks_of_this_process = 0;
  const Work work = [](Task, const TellProgress&) {
    ++tasks_of_this_process;
    // A leak of 24 MiB a task.
    char* leaked = new char[24 << 20];
    for (std::size_t i = 0; i < (24u << 20); i += 4096) leaked[i] = 1;
    asm volatile("" : : "r"(leaked) : "memory");
    return std::to_string(tasks_of_this_process);
  };
  const Result<PoolEnd> end = run_pool(options, work, owner);
  REQUIRE(end);
  CHECK(end->peak_memory_bytes > 64 << 20);
  int most = 0;
  for (const auto& [number, outcome] : owner.outcomes) most = std::max(most, std::stoi(outcome.answer));
  CHECK(most >= 1);
  CHECK(most <= 3);
}

}  // namespace heir::tools
