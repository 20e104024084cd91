#include "transaction_history.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "reports/check/transactions/cycles.h"
#include "reports/check/transactions/list_append.h"
#include "reports/check/transactions/realtime.h"

namespace heir::reports::test {

namespace {

/// As answered, or as asked: then reads have no value yet.
Value micro_ops_of(History& history, std::string_view text, bool answered) {
  std::vector<MicroOp> ops;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    MicroOp op;
    op.function = word[0] == 'a' ? Function::append : word[0] == 'w' ? Function::write : Function::read;
    op.key = history.key(word.substr(1, 1));
    if (op.function == Function::write || word.substr(2, 1) == "=") {
      const std::string value = word.substr(op.function == Function::write ? 2 : 3);
      if (op.function == Function::write || answered) op.value = Value::integer(std::stoi(value));
      ops.push_back(op);
      continue;
    }
    std::vector<Value> values;
    for (const char digit : word.substr(2)) values.push_back(Value::integer(digit - '0'));
    if (op.function == Function::append) {
      op.value = values.at(0);
    } else if (answered && !values.empty()) {
      op.value = history.list(op.key, values);
    }
    ops.push_back(op);
  }
  return history.micro_ops(ops);
}

/// Takes the outcome off the end of a transaction's text.
EventType outcome_of(std::string_view& ops) {
  const std::size_t at = ops.find('!');
  if (at == std::string_view::npos) return EventType::ok;
  const bool failed = ops.substr(at) == "!fail";
  ops = ops.substr(0, at);
  return failed ? EventType::fail : EventType::info;
}

}  // namespace

History history_of(const std::vector<Txn>& transactions) {
  struct Moment {
    std::int64_t time;
    bool begins;
    const Txn* transaction;
  };
  std::vector<Moment> moments;
  for (const Txn& t : transactions) {
    moments.push_back({t.begin, true, &t});
    if (t.end >= 0) moments.push_back({t.end, false, &t});
  }
  std::ranges::stable_sort(moments, {}, &Moment::time);
  History history;
  history.set_untimed();
  for (const Moment& m : moments) {
    const ProcessId process(m.transaction->process);
    const auto time = HistoryTime::from_ns(m.time);
    if (m.begins) {
      const Value asked = micro_ops_of(history, m.transaction->ops, false);
      history.invoke(process, Function::transaction, no_key, asked, time);
    } else if (m.transaction->outcome == EventType::ok) {
      history.ok_read(process, micro_ops_of(history, m.transaction->ops, true), time);
    } else if (m.transaction->outcome == EventType::fail) {
      history.fail(process, time);
    } else {
      history.info(process, time);
    }
  }
  return history;
}

History in_sequence(const std::vector<std::string_view>& ops) {
  std::vector<Txn> transactions;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    std::string_view text = ops[i];
    const EventType outcome = outcome_of(text);
    transactions.push_back({i, text, 2 * std::int64_t{i}, 2 * std::int64_t{i} + 1, outcome});
  }
  return history_of(transactions);
}

History at_once(const std::vector<std::string_view>& ops) {
  std::vector<Txn> transactions;
  const auto n = static_cast<std::int64_t>(ops.size());
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    std::string_view text = ops[i];
    const EventType outcome = outcome_of(text);
    transactions.push_back({i, text, i, n + i, outcome});
  }
  return history_of(transactions);
}

Findings findings_of(const History& history, Order order) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  auto inference = infer_list_append(*transactions, {.lost_appends = order == Order::real_time});
  REQUIRE(inference.has_value());
  if (order == Order::process) add_process_order(*transactions, inference->dependencies);
  if (order == Order::real_time) add_real_time_order(*transactions, inference->dependencies);
  find_cycles(*transactions, inference->dependencies, inference->findings);
  return inference->findings;
}

std::set<std::string> anomalies(const History& history, Order order) {
  std::set<std::string> names;
  for (const FailureKind kind : findings_of(history, order).kinds()) names.insert(to_string(kind));
  return names;
}

}  // namespace heir::reports::test
