// Every verdict of the real Elle that is recorded in tests/histories/elle-corpus, and the few of other tools beside it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/transactions/check_transactions.h"
#include "reports/history/format.h"

using namespace heir::reports;
using nlohmann::json;

namespace {

const std::string histories = std::string(HEIR_SOURCE_DIR) + "/tests/histories/";

History history_of(const std::string& file) {
  auto history = read_history(histories + file);
  INFO(file);
  REQUIRE(history.has_value());
  return std::move(*history);
}

std::optional<TransactionModel> model_of(const std::string& workload) {
  for (const TransactionModel model :
       {TransactionModel::list_append, TransactionModel::rw_register, TransactionModel::closed_predicate}) {
    if (workload == to_string(model)) return model;
  }
  return std::nullopt;
}

/// Elle answered, in its own time, what it was built to answer.
bool binds(const json& row) {
  return !row.contains("error") && !row.contains("timing_dependent") && !row.contains("search_stalled");
}

std::vector<std::string> strings(const json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return {value.get<std::string>()};
  return value.get<std::vector<std::string>>();
}

TransactionOptions options_of(const json& row, const History& history) {
  const json& given = row["options"];
  TransactionOptions options;
  options.model = *model_of(row["workload"]);
  for (const std::string& name : strings(row["model"])) {
    options.consistency.insert(consistency_model_named(name).value());
  }
  if (given.contains("anomalies")) {
    for (const std::string& name : strings(given["anomalies"])) options.anomalies.insert(anomaly_named(name).value());
  }
  options.wfr_keys = given.value("wfr-keys?", false);
  options.sequential_keys = given.value("sequential-keys?", false);
  options.linearizable_keys = given.value("linearizable-keys?", false);
  if (given.contains("transaction-order")) {
    // Pairs of the event that ended a transaction, and its place.
    std::map<int, std::uint32_t> order;
    for (const json& pair : given["transaction-order"]) order[pair[1]] = history.operation_of(pair[0]);
    for (const auto& [place, operation] : order) options.commit_order.push_back(operation);
  }
  return options;
}

std::string words(std::string outcome, std::vector<std::string> not_models, std::vector<std::string> also_not) {
  std::sort(not_models.begin(), not_models.end());
  std::sort(also_not.begin(), also_not.end());
  return fmt::format("{}, not {}, also not {}", outcome, not_models, also_not);
}

std::string said_by_elle(const json& row) {
  const json& answer = row.contains("fixed") ? row["fixed"] : row;
  const std::string valid = answer["valid"].is_string() ? "unknown" : answer["valid"].get<bool>() ? "pass" : "fail";
  return words(valid, strings(answer["not"]), strings(answer["also_not"]));
}

std::string found_in(const TransactionVerdict& verdict) {
  std::vector<std::string> names;
  for (const Anomaly anomaly : members(verdict.found)) names.emplace_back(to_string(anomaly));
  for (const std::string& reason : verdict.unknowns) names.push_back(reason);
  return fmt::format("{}", names);
}

/// Rows by file, so that each is read once.
std::map<std::string, std::vector<json>> rows_that_bind() {
  std::map<std::string, std::vector<json>> rows;
  std::ifstream in(histories + "elle-corpus/MANIFEST.jsonl");
  for (std::string line; std::getline(in, line);) {
    json row = json::parse(line);
    if (model_of(row["workload"]) && binds(row)) rows[row["file"]].push_back(std::move(row));
  }
  return rows;
}

/// A cycle of which Elle only knows that it exists is, by name, the anomaly that such cycles are.
std::optional<Anomaly> anomaly_in_row(const std::string& name) {
  static const std::map<std::string, Anomaly> exists{
      {"strong-PL-1-cycle-exists", {AnomalyName::g0, OrderVariant::real_time}},
      {"strong-PL-2-cycle-exists", {AnomalyName::g1c, OrderVariant::real_time}},
      {"strong-session-snapshot-isolation-cycle-exists", {AnomalyName::g_nonadjacent, OrderVariant::process}},
      {"strong-snapshot-isolation-cycle-exists", {AnomalyName::g_nonadjacent, OrderVariant::real_time}},
  };
  if (const auto known = exists.find(name); known != exists.end()) return known->second;
  return anomaly_named(name);
}

}  // namespace

TEST_CASE("Elle's corpus: valid, not and also_not") {
  std::map<std::string, std::size_t> agreed;
  for (const auto& [file, rows] : rows_that_bind()) {
    const History history = history_of("elle-corpus/" + file);
    for (const json& row : rows) {
      const TransactionVerdict verdict = check_transactions(history, options_of(row, history));
      const std::string ours = words(to_string(verdict.outcome), verdict.not_models, verdict.also_not);
      if (ours == said_by_elle(row)) {
        ++agreed[row["workload"]];
        continue;
      }
      FAIL_CHECK(fmt::format("{} {} {}\n  Elle: {} {}\n  heir: {} {}", file, row["options"].dump(), row["model"].dump(),
                             said_by_elle(row), row["anomaly_types"].dump(), ours, found_in(verdict)));
    }
  }
  CHECK(agreed["list-append"] >= 800);
  CHECK(agreed["rw-register"] >= 1600);
  CHECK(agreed["closed-predicate"] >= 280);
}

TEST_CASE("Elle's corpus: what is not valid has a failure in words with its operations") {
  for (const auto& [file, rows] : rows_that_bind()) {
    const History history = history_of("elle-corpus/" + file);
    const TransactionVerdict verdict = check_transactions(history, options_of(rows.front(), history));
    INFO(file);
    CHECK((verdict.outcome == Outcome::fail) == !verdict.failures.empty());
    CHECK((verdict.outcome == Outcome::unknown) == !verdict.unknowns.empty());
    for (const Failure& failure : verdict.failures) {
      CHECK(!failure.message.empty());
      CHECK(!failure.ops.empty());
    }
  }
}

TEST_CASE("Elle's corpus: the anomalies it names rule out the models it names") {
  // Under strict serializability Elle reports everything it finds.
  std::size_t compared = 0;
  for (const auto& [file, rows] : rows_that_bind()) {
    for (const json& row : rows) {
      if (row["model"] != "strict-serializable") continue;
      const json& answer = row.contains("fixed") ? row["fixed"] : row;
      if (answer["valid"] != false) continue;
      AnomalySet found;
      for (const std::string& name : strings(answer["anomaly_types"])) {
        if (name != "empty-transaction-graph") found.insert(anomaly_in_row(name).value());
      }
      const Boundary ruled_out = boundary(found);
      std::vector<std::string> not_models;
      for (const RuledOut& model : ruled_out.weakest) not_models.emplace_back(to_string(model.model));
      std::vector<std::string> also_not;
      for (const ConsistencyModel model : ruled_out.also) also_not.emplace_back(to_string(model));
      INFO(file << " " << row["anomaly_types"]);
      CHECK(words("fail", not_models, also_not) == said_by_elle(row));
      ++compared;
    }
  }
  CHECK(compared > 300);
}

TEST_CASE("verdicts of other tools") {
  const auto judge = [](const std::string& file, TransactionModel model, ModelSet consistency) {
    TransactionOptions options;
    options.model = model;
    options.consistency = consistency;
    return check_transactions(history_of(file), options);
  };
  SECTION("Elle's paper: G-single-item, so neither consistent view nor repeatable read") {
    for (const char* file :
         {"elle/paper-example.edn", "elle-cli/elle/paper-example.edn", "elle-cli/elle/paper-example.json"}) {
      const TransactionVerdict verdict = judge(file, TransactionModel::list_append, {});
      INFO(file);
      CHECK(verdict.outcome == Outcome::fail);
      CHECK(verdict.not_models == std::vector<std::string>{"consistent-view", "repeatable-read"});
    }
  }
  SECTION("IsoVista: a causal violation of YugabyteDB") {
    const TransactionVerdict verdict = judge("isovista/yugabyte_tcc.txt", TransactionModel::rw_register, {});
    CHECK(verdict.outcome == Outcome::fail);
    CHECK(verdict.not_models == std::vector<std::string>{"causal"});
    CHECK(judge("isovista/yugabyte_tcc.txt", TransactionModel::rw_register, {ConsistencyModel::causal}).outcome ==
          Outcome::fail);
  }
  SECTION("elle-cli, issue 30") {
    const TransactionVerdict verdict =
        judge("elle-cli/elle/list-append-gh-30.edn", TransactionModel::list_append, {ConsistencyModel::serializable});
    CHECK(verdict.outcome == Outcome::fail);
  }
}
