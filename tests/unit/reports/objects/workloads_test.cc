// Unique ids, bank, long fork.
#include <catch2/catch.hpp>

#include "reports/check/objects/bank.h"
#include "reports/check/objects/long_fork.h"
#include "reports/check/objects/unique_ids.h"
#include "steps.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto G = Function::generate;
constexpr auto none = std::nullopt;

/// Operations one after the other.
class Workload {
 public:
  using Part = std::pair<std::int64_t, std::optional<std::int64_t>>;

  Workload& read(const std::vector<Part>& shown, EventType outcome = EventType::ok) {
    return add(Function::read, Function::read, shown, outcome);
  }
  Workload& transaction(const std::vector<Part>& shown) {
    return add(Function::transaction, Function::read, shown, EventType::ok);
  }
  Workload& write(std::int64_t key, EventType outcome = EventType::ok) {
    return add(Function::write, Function::write, {{key, 1}}, outcome);
  }

  std::string bank(const BankOptions& options = {}) const { return in_short(judge_bank(Whole(history_), options)); }
  std::string long_fork(std::optional<std::size_t> group_size = {}) const {
    return in_short(judge_long_fork(Whole(history_), {group_size}));
  }
  const History& history() const { return history_; }

 private:
  Workload& add(Function function, Function micro, const std::vector<Part>& parts, EventType outcome) {
    std::vector<MicroOp> micro_ops;
    for (const auto& [key, value] : parts) {
      micro_ops.push_back({micro, history_.key(key), value ? Value::integer(*value) : Value::nil()});
    }
    const Value value = history_.micro_ops(micro_ops);
    history_.invoke(ProcessId(0), function, no_key, micro == Function::write ? value : Value::nil(), next());
    if (outcome == EventType::ok) {
      history_.ok_read(ProcessId(0), value, next());
    } else {
      history_.info(ProcessId(0), next());
    }
    return *this;
  }
  HistoryTime next() { return HistoryTime::from_ns(1'000'000 * ++now_); }

  History history_;
  std::int64_t now_ = 0;
};

}  // namespace

TEST_CASE("unique ids") {
  const auto judged = [](const std::vector<Step>& steps) { return in_short(judge_unique_ids(Whole(steps))); };
  CHECK(judged({{G, none, 1, 0, 1}, {G, none, 2, 2, 3}, {G, none, {}, 2, -1}}) == "valid");
  CHECK(judged({{G, none, 1, 0, 1}, {G, none, 1, 2, 3}}) == "duplicate");
  CHECK(judged({{G, none, 1, 0, 1}, {G, none, 1, 2, 3, EventType::fail}}) == "valid");
  CHECK(judged({{G, none, 1, 0, 1}, {G, none, 1, 2, 3}, {G, none, 2, 4, 5}, {G, none, 2, 4, 5}, {G, none, 2, 4, 5}}) ==
        "duplicate duplicate");
  CHECK(judged({{G, none, 1, 0, 1}, {G, none, {}, 2, 3}}) ==
        "unknown: generate of key 1 by process 101 at 0.003s answered with null, which is no id");
  CHECK(judged({{G, none, {}, 0, 1}, {G, none, 2, 2, 3}, {G, none, 2, 4, 5}}) == "duplicate");
  const Judgement judgement = judge_unique_ids(Whole({{G, none, 1, 0, 1}, {G, none, 1, 2, 3}, {G, none, 1, 4, 5}}));
  CHECK(judgement.failures.at(0).ops.size() == 3);
  CHECK(judgement.failures.at(0).message ==
        "generate of key 1 by process 100 at 0.001s and generate of key 1 by process 101 at 0.003s both returned 1");
}

TEST_CASE("bank: the total stays") {
  CHECK(Workload().bank() == "valid");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 3}, {1, 17}}).bank() == "valid");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 3}, {1, 16}}).bank() == "wrong-total");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 3}}).bank() == "wrong-total");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 3}, {2, 17}}).bank() == "unexpected-key");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 20}, {1, none}}).bank() == "nil-balance");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 21}, {1, -1}}).bank() == "negative-value");
  CHECK(Workload().read({{0, 10}, {1, 10}}).read({{0, 1}}, EventType::info).bank() == "valid");
  SECTION("options") {
    BankOptions options;
    options.total = 20;
    options.accounts = {"0", "1"};
    CHECK(Workload().read({{0, 3}, {1, 17}}).bank(options) == "valid");
    CHECK(Workload().read({{0, 3}, {1, 16}}).bank(options) == "wrong-total");
    CHECK(Workload().read({{0, 3}, {2, 17}}).bank(options) == "unexpected-key");
    CHECK(Workload().read({{0, 21}, {1, -1}}).bank(options) == "negative-value");
    options.negative_balances = true;
    CHECK(Workload().read({{0, 21}, {1, -1}}).bank(options) == "valid");
    CHECK(Workload().read({{0, 21}, {1, none}}).bank(options) == "nil-balance");
  }
  SECTION("unknown") {
    CHECK(Workload().read({{0, 10}, {1, none}}).bank() ==
          "unknown: read by process 0 at 0.002s shows no total, and none was given");
    History history;
    history.invoke(ProcessId(0), Function::read, no_key, Value::nil(), {});
    history.ok_read(ProcessId(0), Value::integer(3), {});
    CHECK(in_short(judge_bank(Whole(std::move(history)))) ==
          "unknown: read by process 0 at 0.000s shows something else than balances");
  }
  const auto message = [](const Workload& workload) {
    return judge_bank(Whole(workload.history())).failures.at(0).message;
  };
  CHECK(message(Workload().read({{0, 10}, {1, 10}}).read({{0, 3}, {1, 16}})) ==
        "read by process 0 at 0.004s shows 19 in all, not 20");
  CHECK(message(Workload().read({{0, 10}}).read({{0, 3}, {1, 7}, {2, 0}})) ==
        "read by process 0 at 0.004s shows accounts 1, 2, which the bank does not have");
}

TEST_CASE("long fork: two reads do not see two writes in opposite orders") {
  CHECK(Workload().read({{0, 1}, {1, none}}).read({{0, none}, {1, 1}}).long_fork() == "long-fork");
  CHECK(Workload().transaction({{0, 1}, {1, none}}).transaction({{1, 1}, {0, none}}).long_fork() == "long-fork");
  CHECK(Workload().read({{0, 1}, {1, none}}).read({{0, 1}, {1, 1}}).read({{1, none}, {0, none}}).long_fork() ==
        "valid");
  CHECK(Workload().read({{0, 1}, {1, none}}).read({{2, none}, {3, 1}}).read({{2, none}, {3, none}}).long_fork() ==
        "valid");
  CHECK(Workload()
            .write(0)
            .write(1)
            .read({{0, 1}, {1, 1}, {2, none}})
            .read({{0, none}, {1, 1}, {2, none}})
            .read({{0, 1}, {1, none}, {2, none}})
            .long_fork(3) == "long-fork");
  SECTION("unknown") {
    CHECK(Workload().write(0).write(0).long_fork() ==
          "unknown: write by process 0 at 0.004s writes register 0 a second time");
    CHECK(Workload().write(0, EventType::info).write(0).long_fork().substr(0, 7) == "unknown");
    CHECK(Workload().read({{0, 1}, {1, 1}}).long_fork(3) ==
          "unknown: read by process 0 at 0.002s does not see a group of 3 registers");
    CHECK(Workload().read({{0, 1}, {1, 1}}).read({{0, 1}}).long_fork().substr(0, 7) == "unknown");
    CHECK(Workload().read({{0, 1}, {1, 1}}).read({{0, 2}, {1, 1}}).long_fork() ==
          "unknown: read by process 0 at 0.002s and read by process 0 at 0.004s show different values of register 0");
  }
  const Workload forked = Workload().write(0).write(1).read({{0, 1}, {1, none}}).read({{0, none}, {1, 1}});
  const Judgement judgement = judge_long_fork(Whole(forked.history()));
  CHECK(judgement.failures.at(0).ops.size() == 4);
  CHECK(judgement.failures.at(0).message ==
        "read by process 0 at 0.006s shows register 0 written and 1 not yet, read by process 0 at 0.008s shows it the "
        "other "
        "way round");
}
