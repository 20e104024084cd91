// Every anomaly of list-append: a history that must show it, and a neighbour that must not.
#include "reports/check/transactions/list_append.h"

#include <catch2/catch.hpp>

#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

using Found = std::set<std::string>;

namespace {

std::string message(const History& history, FailureKind kind, Order order = Order::data) {
  const Findings findings = findings_of(history, order);
  for (const Failure& failure : findings.failures()) {
    if (failure.kind == kind) return failure.message;
  }
  return "none";
}

heir::Error refusal(const History& history) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  const auto inference = infer_list_append(*transactions);
  REQUIRE(!inference.has_value());
  return inference.error();
}

}  // namespace

TEST_CASE("list-append: nothing is wrong with a serial execution") {
  const History history = in_sequence({"ax1", "rx1 ax2 rx12", "ry", "ay1 rx12", "rx12 ry1"});
  CHECK(anomalies(history).empty());
  CHECK(anomalies(history, Order::process).empty());
  CHECK(anomalies(history, Order::real_time).empty());
}

TEST_CASE("list-append: internal") {
  CHECK(anomalies(at_once({"ax1", "ax2", "rx12 rx1"})) == Found{"internal", "G-single-item"});
  CHECK(anomalies(at_once({"ax1", "rx1 ax2 rx21"})).contains("internal"));
  CHECK(anomalies(at_once({"ax1", "ax2 rx1"})).contains("internal"));
  CHECK(anomalies(at_once({"ax1 rx"})) == Found{"internal"});
  CHECK(anomalies(at_once({"ax1", "ax2 rx12"})).empty());
  CHECK(anomalies(at_once({"ax1", "rx1 ax2 ax3 rx123 rx123"})).empty());
  CHECK(anomalies(at_once({"rx rx"})).empty());
  CHECK(message(at_once({"ax1", "ax2", "rx12 rx1"}), FailureKind::internal) ==
        R"(T2 (process 2, answered at event 5) read [1] from key "x", but had read [1,2] from it before)");
  CHECK(
      message(at_once({"ax1", "rx1 ax2 rx1"}), FailureKind::internal) ==
      R"(T1 (process 1, answered at event 3) read [1] from key "x", but had read [1] from it before and then appended 2)");
}

TEST_CASE("list-append: a wrong read is told once, not with all that follows from it") {
  CHECK(findings_of(at_once({"ax1", "ax2", "rx12 rx1 rx12"})).count_of(FailureKind::internal) == 1);
}

TEST_CASE("list-append: future-read") {
  CHECK(anomalies(at_once({"rx1 ax1"})) == Found{"future-read"});
  CHECK(anomalies(at_once({"rx12 ax1", "ax2"})).contains("future-read"));
  CHECK(anomalies(at_once({"ax1 rx1"})).empty());
  CHECK(anomalies(at_once({"rx ax1"})).empty());
}

TEST_CASE("list-append: G1a, reading what failed") {
  CHECK(anomalies(at_once({"ax1 !fail", "rx1"})) == Found{"G1a"});
  CHECK(anomalies(at_once({"ax1 !info", "rx1"})).empty());
  CHECK(anomalies(at_once({"ax1 !fail", "rx"})).empty());
  CHECK(message(at_once({"ax1 !fail", "rx1"}), FailureKind::g1a) ==
        R"(T1 (process 1, answered at event 3) read 1 from key "x", appended by T0 (process 0, failed at event 2))");
}

TEST_CASE("list-append: G1b, reading the middle of a transaction") {
  CHECK(anomalies(at_once({"ax1 ax2", "rx1"})).contains("G1b"));
  CHECK(!anomalies(at_once({"ax1 ax2", "rx12"})).contains("G1b"));
  CHECK(anomalies(at_once({"ax1 rx1 ax2"})).empty());
  CHECK(anomalies(at_once({"ax1 ay1 ax2 !fail", "rx1"})) == Found{"G1a", "G1b"});
}

TEST_CASE("list-append: dirty-update, appending to what failed") {
  CHECK(anomalies(at_once({"ax1 !fail", "ax2", "rx12"})).contains("dirty-update"));
  CHECK(anomalies(at_once({"ax1 !fail", "ax2 !info", "ax3", "rx123"})).contains("dirty-update"));
  CHECK(!anomalies(at_once({"ax2", "ax1 !fail", "rx21"})).contains("dirty-update"));
  CHECK(!anomalies(at_once({"ax1 !info", "ax2", "rx12"})).contains("dirty-update"));
}

TEST_CASE("list-append: lost-update") {
  CHECK(anomalies(at_once({"rx ax1", "rx ax2"})).contains("lost-update"));
  CHECK(anomalies(at_once({"ax3", "rx3 ax1", "rx3 ax2", "rx321"})).contains("lost-update"));
  CHECK(!anomalies(at_once({"rx ax1", "rx1 ax2", "rx12"})).contains("lost-update"));
  CHECK(!anomalies(at_once({"rx ax1", "rx ay2"})).contains("lost-update"));
  CHECK(!anomalies(at_once({"rx ax1", "rx ax2 !info"})).contains("lost-update"));
}

TEST_CASE("list-append: duplicate-elements") {
  CHECK(anomalies(at_once({"ax1", "ax2", "rx121"})) == Found{"duplicate-elements"});
  CHECK(anomalies(at_once({"ax1", "ax2", "rx12", "rx121"})).contains("duplicate-elements"));
  CHECK(anomalies(at_once({"ax1", "ax2", "rx12", "rx21"})) == Found{"incompatible-order"});
}

TEST_CASE("list-append: incompatible-order") {
  CHECK(anomalies(at_once({"ax1", "ax2", "ax3", "rx12", "rx132"})) == Found{"incompatible-order"});
  CHECK(anomalies(at_once({"ax1", "ax2", "rx1", "rx2"})) == Found{"incompatible-order"});
  CHECK(anomalies(at_once({"ax1", "ax2", "rx1", "rx12"})).empty());
  CHECK(message(at_once({"ax1", "ax2", "ax3", "rx12", "rx132"}), FailureKind::incompatible_order) ==
        R"(T3 (process 3, answered at event 8) read [1,2] from key "x", T4 (process 4, answered at event 9) read )"
        "[1,3,2]: neither is a beginning of the other");
}

TEST_CASE("list-append: garbage-read") {
  CHECK(anomalies(at_once({"ax1", "rx12"})) == Found{"garbage-read"});
  CHECK(anomalies(at_once({"ay1", "rx1"})) == Found{"garbage-read"});
  CHECK(anomalies(at_once({"ax1", "rx1"})).empty());
}

TEST_CASE("list-append: lost-append only where real time is promised") {
  const auto lost = in_sequence({"ax1", "rx"});
  CHECK(anomalies(lost) == Found{});
  CHECK(anomalies(lost, Order::real_time) == Found{"lost-append", "G-single-item-realtime"});
  CHECK(message(lost, FailureKind::lost_append, Order::real_time) ==
        R"(the append of 1 to key "x" by T0, acknowledged to process 0 at event 1, is in no read at all; no read that )"
        "began after event 2 shows it, first T1 (process 1, answered at event 3)");
  // Seen, and then gone for good.
  const auto gone = in_sequence({"ax1", "ax2", "rx12", "rx1"});
  CHECK(anomalies(gone, Order::real_time).contains("lost-append"));
  CHECK(message(gone, FailureKind::lost_append, Order::real_time).find("was last read by T2") != std::string::npos);
  // Stale, but there again: an anomaly, not a loss.
  const auto stale = in_sequence({"ax1", "rx", "rx1"});
  CHECK(anomalies(stale, Order::real_time) == Found{"G-single-item-realtime"});
  // Not acknowledged, or not read afterwards.
  CHECK(anomalies(in_sequence({"ax1 !info", "rx"}), Order::real_time).empty());
  CHECK(anomalies(in_sequence({"rx", "ax1"}), Order::real_time).empty());
}

TEST_CASE("list-append: cycles in the data") {
  CHECK(anomalies(at_once({"ax1 ay2", "ax2 ay1", "rx12 ry12"})).contains("G0"));
  CHECK(anomalies(at_once({"ax1 ry1", "ay1 rx1"})) == Found{"G1c"});
  CHECK(anomalies(at_once({"ax1 ay1", "rx1 ry", "ry1"})) == Found{"G-single-item"});
  CHECK(anomalies(at_once({"rx ay1", "ry ax1", "rx1 ry1"})) == Found{"G2-item"});
  // A long fork: two writers seen in opposite orders.
  CHECK(anomalies(at_once({"ax1", "ay1", "rx1 ry", "rx ry1"})) == Found{"G-nonadjacent-item"});
}

TEST_CASE("list-append: an append that no read shows comes after all that one shows") {
  CHECK(anomalies(at_once({"ax1", "rx1 ay1", "ax2 ry1"})).empty());
  // T1 saw y without T0's append, and x with it.
  CHECK(anomalies(at_once({"ax1 ay1", "rx1 ry"})) == Found{"G-single-item"});
  // Two appends, no read: no order.
  CHECK(anomalies(in_sequence({"ax1", "ax2"}), Order::real_time).empty());
  const std::string proof = message(at_once({"ax1 ay1", "rx1 ry"}), FailureKind::g_single_item);
  CHECK(proof ==
        R"(T0 and T1 must each come before the other: T1 read 1 from key "x", which T0 appended; T1 read key "y" with )"
        R"(nothing in it, before T0 appended 1 to key "y")");
}

TEST_CASE("list-append: the only append to a key that nobody reads is its first version") {
  CHECK(anomalies(at_once({"rx ay1", "ax1 ry1"})).empty());
  CHECK(anomalies(at_once({"rx ay1", "ax1 ry"})) == Found{"G2-item"});
}

TEST_CASE("list-append: what a transaction without answer read is unknown, what it wrote may be there") {
  CHECK(anomalies(at_once({"ax1", "rx ay1 !info", "ry1 rx1"})).empty());
  CHECK(anomalies(at_once({"ax1 ry1", "ay1 rx1 !info"})).empty());
  CHECK(anomalies(history_of({{0, "ax1", 0, -1}, {1, "rx1 ay1", 1, 3}, {2, "ry1 rx", 2, 4}})) ==
        Found{"G-single-item"});
}

TEST_CASE("list-append: orders of processes and of real time") {
  // The same process reads x again without its own append.
  const History own = history_of({{0, "ax1", 0, 1}, {0, "rx", 2, 3}, {1, "rx1", 4, 5}});
  CHECK(anomalies(own).empty());
  CHECK(anomalies(own, Order::process) == Found{"G-single-item-process"});
  CHECK(anomalies(own, Order::real_time) == Found{"G-single-item-realtime"});
  const History others = history_of({{0, "ax1", 0, 1}, {1, "rx", 2, 3}, {2, "rx1", 4, 5}});
  CHECK(anomalies(others, Order::process).empty());
  CHECK(anomalies(others, Order::real_time) == Found{"G-single-item-realtime"});
  // Overlapping, it is no error.
  CHECK(anomalies(history_of({{0, "ax1", 0, 3}, {1, "rx", 2, 4}, {2, "rx1", 5, 6}}), Order::real_time).empty());
}

TEST_CASE("list-append: what cannot be judged is refused with the reason") {
  CHECK(refusal(at_once({"ax1", "ax1"})).message ==
        R"(T0 and T1 both append 1 to key "x": no read can tell which it saw)");
  History writes;
  const std::vector<MicroOp> write{{Function::write, writes.key(1), Value::integer(1)}};
  writes.invoke(ProcessId(0), Function::transaction, no_key, writes.micro_ops(write), HistoryTime());
  CHECK(refusal(writes).message.find("write of 1") != std::string::npos);
  History register_read;
  register_read.invoke(ProcessId(0), Function::read, register_read.key(1), Value::nil(), HistoryTime());
  register_read.ok_read(ProcessId(0), Value::integer(7), HistoryTime());
  CHECK(refusal(register_read).message.find("read 7 from key 1, which is no list") != std::string::npos);
}

TEST_CASE("list-append: operations on single keys are transactions too; others are not") {
  History history;
  const KeyId key = history.key("x");
  history.invoke(ProcessId(0), Function::append, key, Value::integer(1), HistoryTime::from_ns(1));
  history.ok(ProcessId(0), HistoryTime::from_ns(2));
  history.invoke(ProcessId(1), Function::read, key, Value::nil(), HistoryTime::from_ns(3));
  history.ok_read(ProcessId(1), std::vector<std::int64_t>{}, HistoryTime::from_ns(4));
  CHECK(anomalies(history, Order::real_time) == Found{"lost-append", "G-single-item-realtime"});
  history.invoke(ProcessId(0), Function::enqueue, key, Value::integer(1), HistoryTime::from_ns(5));
  const auto refused = Transactions::of(history);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().message.find("operation 2, enqueue of 1") != std::string::npos);
}

TEST_CASE("list-append: of ten thousand failures of a kind the first few are put in words, all are counted") {
  std::vector<Txn> transactions;
  for (std::uint32_t i = 0; i < 50; ++i) {
    transactions.push_back({i, "ax1 rx", 2 * std::int64_t{i}, 2 * std::int64_t{i} + 1});
  }
  // Each on a key of its own.
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto key = static_cast<char>('A' + i);
    texts.push_back(std::string("a") + key + "1 r" + key);
  }
  for (std::uint32_t i = 0; i < 50; ++i) transactions[i].ops = texts[i];
  const Findings findings = findings_of(history_of(transactions));
  CHECK(findings.count_of(FailureKind::internal) == 50);
  CHECK(findings.failures().size() == 10);
  CHECK(findings.left_out() == 40);
}
