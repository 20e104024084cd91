// Histories that others recorded, with what Jepsen's own checkers say of them: tests/histories.
#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "random_histories.h"
#include "reports/check/objects/bank.h"
#include "reports/check/objects/counters.h"
#include "reports/check/objects/locks.h"
#include "reports/check/objects/long_fork.h"
#include "reports/check/objects/priority_queues.h"
#include "reports/check/objects/queues.h"
#include "reports/check/objects/set_full.h"
#include "reports/check/objects/sets.h"
#include "reports/check/objects/stacks.h"
#include "reports/history/format.h"

using namespace heir::reports;
using heir::reports::test::operations_of;
using nlohmann::json;

namespace {

using Answer = Judgement::Answer;

const std::string folder = std::string(HEIR_SOURCE_DIR) + "/tests/histories/";

History read(const std::string& file) {
  heir::Result<History> history = read_history(folder + file);
  INFO(file << ": " << (history ? "" : history.error().message));
  REQUIRE(history);
  return std::move(*history);
}

/// By what a whole history is judged.
template <class Judge>
auto judge(const std::string& file, Judge judge_object) {
  const History history = read(file);
  const std::vector<std::uint32_t> ops = operations_of(history);
  return judge_object(Object{&history, no_key, ops});
}

/// The rows of Jepsen's checkers in the corpus.
std::vector<json> rows(const std::string& workload) {
  std::ifstream file(folder + "elle-corpus/MANIFEST.jsonl");
  std::vector<json> all;
  for (std::string line; std::getline(file, line);) {
    json row = json::parse(line);
    if (row["workload"] == workload) all.push_back(std::move(row));
  }
  REQUIRE(all.size() >= 6);
  return all;
}

Answer expected(const json& row) {
  return row["valid"] == true ? Answer::valid : row["valid"] == false ? Answer::invalid : Answer::unknown;
}

std::vector<std::int64_t> numbers(const std::vector<Value>& values) {
  std::vector<std::int64_t> all;
  for (const Value value : values) all.push_back(value.number());
  std::sort(all.begin(), all.end());
  return all;
}

void check_latencies(const std::optional<SetFull::Latencies>& latencies, const json& row) {
  CHECK(latencies.has_value() == !row.empty());
  if (!latencies || row.empty()) return;
  CHECK(*latencies == SetFull::Latencies{row["0"], row["0.5"], row["0.95"], row["0.99"], row["1"]});
}

}  // namespace

TEST_CASE("recorded: set-full agrees with Jepsen's checker") {
  for (const json& row : rows("set-full")) {
    SetFullOptions options;
    options.linearizable = row["options"].value("linearizable?", false);
    INFO(row["file"] << ' ' << row["options"]);
    const SetFull found = judge("elle-corpus/" + row["file"].get<std::string>(),
                                [&](const Object& object) { return judge_set_full(object, options); });
    CHECK(found.judgement.answer == expected(row));
    CHECK(found.judgement.failures.empty() == (expected(row) != Answer::invalid));
    const json& result = row["result"];
    CHECK(numbers(found.lost) == result["lost"].get<std::vector<std::int64_t>>());
    CHECK(numbers(found.stale) == result["stale"].get<std::vector<std::int64_t>>());
    CHECK(numbers(found.never_read) == result["never-read"].get<std::vector<std::int64_t>>());
    CHECK(found.attempted == result["attempt-count"]);
    CHECK(found.stable == result["stable-count"]);
    check_latencies(found.stable_latencies, result["stable-latencies"]);
    check_latencies(found.lost_latencies, result["lost-latencies"]);
  }
}

TEST_CASE("recorded: counter agrees with Jepsen's checker") {
  for (const json& row : rows("counter")) {
    INFO(row["file"]);
    const std::string file = "elle-corpus/" + row["file"].get<std::string>();
    const Judgement bounds = judge(file, judge_counter);
    CHECK(bounds.answer == expected(row));
    CHECK(bounds.failures.size() == row["result"]["errors"].size());
    const Judgement order = judge(file, judge_counter_order);
    if (bounds.answer == Answer::invalid) CHECK(order.answer == Answer::invalid);
    if (bounds.answer == Answer::valid) CHECK(order.answer != Answer::invalid);  // these come from strict executions
  }
}

TEST_CASE("recorded: bank agrees with Jepsen's checker") {
  for (const json& row : rows("bank")) {
    INFO(row["file"] << ' ' << row["options"]);
    BankOptions options;
    for (const json& account : row["options"]["accounts"]) options.accounts.push_back(account.dump());
    options.total = row["options"]["total-amount"].get<std::int64_t>();
    options.negative_balances = row["options"].value("negative-balances?", false);
    const Judgement found = judge("elle-corpus/" + row["file"].get<std::string>(),
                                  [&](const Object& object) { return judge_bank(object, options); });
    CHECK(found.answer == expected(row));
    std::map<std::string, std::size_t> counts;
    for (const Failure& failure : found.failures) ++counts[to_string(failure.kind)];
    std::map<std::string, std::size_t> errors;
    for (const auto& [kind, error] : row["result"]["errors"].items()) errors[kind] = error["count"];
    CHECK(counts == errors);
    if (!found.failures.empty()) CHECK(found.failures[0].ops[0].end == row["result"]["first-error-index"]);
  }
}

TEST_CASE("recorded: the histories of elle-cli") {
  const auto full = [](const Object& object) { return judge_set_full(object).judgement; };
  const auto bank = [](const Object& object) { return judge_bank(object); };
  const auto set = [](const Object& object) { return judge_set(object); };
  CHECK(judge("elle-cli/jepsen/counter.json", judge_counter).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/set_full.edn", full).answer == Answer::invalid);
  CHECK(judge("elle-cli/jepsen/set.edn", judge_final_set).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/set.edn", full).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/set.edn", set).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/bank.edn", bank).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/bank.json", bank).answer == Answer::valid);
  CHECK(judge("elle-cli/jepsen/bank-neg.edn", bank).answer == Answer::valid);
  CHECK(judge("elle-cli/knossos/mutex/bad/etcd.json", judge_mutex).answer == Answer::invalid);
  LongForkOptions options;
  options.group_size = 3;
  const auto long_fork = [&](const Object& object) { return judge_long_fork(object, options); };
  CHECK(judge("elle-cli/jepsen/long-fork.edn", long_fork).answer == Answer::invalid);
}

TEST_CASE("recorded: the histories of fptlin and PolyLin") {
  std::map<std::string, std::string> found;
  const auto judge_all = [&](const std::string& at, auto judge_object, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const Judgement judgement = judge(at + name + ".log", judge_object);
      found[at + name] = judgement.answer == Answer::valid     ? "linearizable"
                         : judgement.answer == Answer::invalid ? "not linearizable"
                                                               : judgement.reason;
    }
  };
  const auto set = [](const Object& object) { return judge_set(object); };
  judge_all("fptlin/queue/", judge_queue, {"lin_simple_0", "lin_simple_1", "nonlin_simple_0"});
  judge_all("fptlin/priorityqueue/", judge_priority_queue,
            {"lin_simple_0", "lin_simple_1", "lin_simple_2", "nonlin_simple_0"});
  judge_all("fptlin/stack/", judge_stack, {"nonlin_simple_0"});
  judge_all("polylin/stack/", judge_stack, {"nonlin_intermediate_0", "nonlin_simple_0", "nonlin_simple_1"});
  judge_all("fptlin/semaphore/", judge_semaphore, {"lin_simple_0", "lin_simple_1", "nonlin_simple_0"});
  judge_all("fptlin/set/", set, {"lin_simple_0", "nonlin_simple_0"});
  const std::map<std::string, std::string> expected{
      {"fptlin/queue/lin_simple_0", "linearizable"},
      {"fptlin/queue/lin_simple_1", "1 is put in twice, the second time by enqueue of 1 by process 1"},
      {"fptlin/queue/nonlin_simple_0", "not linearizable"},
      {"fptlin/priorityqueue/lin_simple_0", "linearizable"},
      {"fptlin/priorityqueue/lin_simple_1", "5 is put in twice, the second time by enqueue of 5 by process 3"},
      {"fptlin/priorityqueue/lin_simple_2", "2 is put in twice, the second time by enqueue of 2 by process 0"},
      {"fptlin/priorityqueue/nonlin_simple_0", "not linearizable"},
      {"fptlin/stack/nonlin_simple_0", "not linearizable"},
      {"polylin/stack/nonlin_intermediate_0", "not linearizable"},
      {"polylin/stack/nonlin_simple_0", "not linearizable"},
      {"polylin/stack/nonlin_simple_1", "not linearizable"},
      {"fptlin/semaphore/lin_simple_0", "a decrement was refused"},
      {"fptlin/semaphore/lin_simple_1", "a decrement was refused"},
      {"fptlin/semaphore/nonlin_simple_0", "not linearizable"},
      {"fptlin/set/lin_simple_0", "linearizable"},
      {"fptlin/set/nonlin_simple_0", "not linearizable"},
  };
  CHECK(found == expected);
}
