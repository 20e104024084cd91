// What must not matter does not: each recorded history, told differently, has the same verdict.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "reports/check/transactions/check_transactions.h"
#include "reports/history/format.h"
#include "retelling.h"

using namespace heir::reports;
using namespace heir::reports::test;
namespace fs = std::filesystem;

namespace {

#ifdef HEIR_FEWER_ROUNDS
constexpr std::size_t every = 5;  // of the files, one of so many
#else
constexpr std::size_t every = 1;
#endif

struct Recorded {
  std::string file;
  TransactionModel model;
  History history;
};

std::vector<Recorded> recorded() {
  const fs::path corpus = fs::path(HEIR_SOURCE_DIR) / "tests/histories/elle-corpus";
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() == ".edn") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Recorded> all;
  for (std::size_t i = 0; i < files.size(); i += every) {
    const fs::path& file = files[i];
    const std::string family = file.parent_path().filename();
    for (const TransactionModel model :
         {TransactionModel::list_append, TransactionModel::rw_register, TransactionModel::closed_predicate}) {
      if (!family.ends_with(to_string(model))) continue;
      auto history = read_history(file);
      if (history) all.push_back({file.filename(), model, std::move(*history)});
    }
  }
  return all;
}

/// Everything but words and times.
using Essence = std::tuple<Outcome, std::vector<std::string>, std::vector<std::string>, std::vector<std::string>>;
Essence essence(const TransactionVerdict& verdict) {
  std::vector<std::string> found;
  for (const Anomaly anomaly : members(verdict.found)) found.emplace_back(to_string(anomaly));
  return {verdict.outcome, found, verdict.not_models, verdict.also_not};
}

std::vector<TransactionOptions> questions(TransactionModel model) {
  std::vector<TransactionOptions> all;
  for (const ConsistencyModel consistency :
       {ConsistencyModel::strong_serializable, ConsistencyModel::strong_session_serializable,
        ConsistencyModel::serializable}) {
    TransactionOptions options;
    options.model = model;
    options.consistency = {consistency};
    all.push_back(options);
    if (model != TransactionModel::rw_register) continue;
    options.wfr_keys = true;
    options.linearizable_keys = consistency == ConsistencyModel::strong_serializable;
    options.sequential_keys = !options.linearizable_keys;
    all.push_back(options);
  }
  return all;
}

void check_retold(const Retelling& how) {
  std::size_t failed = 0;
  for (const Recorded& each : recorded()) {
    const History told = retold(each.history, how);
    for (const TransactionOptions& options : questions(each.model)) {
      const TransactionVerdict before = check_transactions(each.history, options);
      const TransactionVerdict after = check_transactions(told, options);
      INFO(each.file);
      CHECK(essence(before) == essence(after));
      if (before.outcome == Outcome::fail) ++failed;
    }
  }
  CHECK(failed > 500 / every);  // so that there was something to lose
}

/// Every value that an acknowledged read shows, with its key.
class Shown {
 public:
  explicit Shown(const History& history) : history_(history) {
    for (const Operation& op : history.operations()) {
      if (op.ok() && op.result.kind() == ValueKind::micro_ops) add(op.result);
    }
  }
  bool contains(KeyId key, Value value) const { return shown_.contains({key.value(), value.bits()}); }

 private:
  void add(Value micro_ops) {
    for (const MicroOp& op : history_.micro_ops(micro_ops)) {
      if (op.function == Function::predicate_read && !op.value.is_nil()) add(op.value);
      if (op.function != Function::read) continue;
      if (op.value.kind() == ValueKind::list) {
        for (const Value element : history_.elements(op.value.list())) add(op.key, element);
      } else {
        add(op.key, op.value);
      }
    }
  }
  void add(KeyId key, Value value) { shown_.insert({key.value(), value.bits()}); }

  const History& history_;
  std::set<std::pair<std::uint32_t, std::int64_t>> shown_;
};

}  // namespace

TEST_CASE("the same history later has the same verdict") {
  check_retold({.later_ns = 86'400'000'000'000});
}

TEST_CASE("the same history by other processes has the same verdict") {
  check_retold({.process = permuted});
}

TEST_CASE("the same history with other keys has the same verdict") {
  check_retold({.key_prefix = "table/"});
}

TEST_CASE("the same history with other values has the same verdict") {
  const auto other = [](std::int64_t v) { return 1'000'000 - 3 * v; };
  std::size_t compared = 0;
  for (const Recorded& each : recorded()) {
    if (each.model == TransactionModel::closed_predicate) continue;  // whose predicates look at values
    const Retelling how{.value = other};
    const History told = retold(each.history, how);
    for (const TransactionOptions& options : questions(each.model)) {
      INFO(each.file);
      CHECK(essence(check_transactions(each.history, options)) == essence(check_transactions(told, options)));
      ++compared;
    }
  }
  CHECK(compared > 1000 / every);
}

TEST_CASE("a transaction of unknown outcome of which nobody saw anything does not matter") {
  std::size_t dropped = 0;
  for (const Recorded& each : recorded()) {
    if (each.model == TransactionModel::closed_predicate) continue;  // where not to be seen tells something
    const Shown shown(each.history);
    const auto unseen = [&](const Operation& op) {
      if (!op.unknown() || op.argument.kind() != ValueKind::micro_ops) return false;
      const auto ops = each.history.micro_ops(op.argument);
      return std::ranges::none_of(ops, [&](const MicroOp& o) { return shown.contains(o.key, o.value); });
    };
    const auto count = static_cast<std::size_t>(std::ranges::count_if(each.history.operations(), unseen));
    if (count == 0) continue;
    dropped += count;
    const Retelling how{.drop = unseen};
    const History told = retold(each.history, how);
    for (const TransactionOptions& options : questions(each.model)) {
      const TransactionVerdict before = check_transactions(each.history, options);
      const TransactionVerdict after = check_transactions(told, options);
      INFO(each.file);
      CHECK(before.not_models == after.not_models);
      CHECK(before.also_not == after.also_not);
      CHECK((before.outcome == Outcome::fail) == (after.outcome == Outcome::fail));
    }
  }
  CHECK(dropped > 40 / every);
}
