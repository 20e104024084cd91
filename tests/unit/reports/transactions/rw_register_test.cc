// What is inferred from registers: each rule by a history that needs it and one beside it that does not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "reports/check/transactions/cycles.h"
#include "reports/check/transactions/realtime.h"
#include "reports/check/transactions/rw_register.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

const RwRegisterOptions wfr{.wfr_keys = true};
const RwRegisterOptions sequential{.sequential_keys = true};
const RwRegisterOptions linearizable{.linearizable_keys = true};

struct Edge {
  std::string kind;
  TransactionIndex from, to;
  auto operator<=>(const Edge&) const = default;
};
[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const Edge& e) {
  return out << e.from << " -" << e.kind << "-> " << e.to;
}

Inference infer(const History& history, const RwRegisterOptions& options = {}) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  auto inference = infer_rw_register(*transactions, options);
  if (!inference) FAIL(inference.error().message);
  return std::move(*inference);
}

/// Relays followed to the transactions behind them.
std::set<Edge> edges_of(const Dependencies& dependencies) {
  std::set<Edge> edges;
  for (const Dependency& first : dependencies.edges()) {
    if (dependencies.is_relay(first.from)) continue;
    std::vector<std::uint32_t> ahead{first.to};
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      if (!dependencies.is_relay(ahead[i])) {
        edges.insert({to_string(first.kind), first.from, ahead[i]});
        continue;
      }
      for (const Dependency& next : dependencies.edges()) {
        if (next.from == ahead[i]) ahead.push_back(next.to);
      }
    }
  }
  return edges;
}
std::set<Edge> edges(const History& history, const RwRegisterOptions& options = {}) {
  return edges_of(infer(history, options).dependencies);
}

std::set<std::string> found(const History& history, const RwRegisterOptions& options = {}) {
  const auto transactions = Transactions::of(history);
  Inference inference = infer(history, options);
  find_cycles(*transactions, inference.dependencies, inference.findings);
  std::set<std::string> names;
  for (const FailureKind kind : inference.findings.kinds()) names.insert(to_string(kind));
  return names;
}

std::string error(const History& history) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  const auto inference = infer_rw_register(*transactions);
  return inference ? "none" : inference.error().message;
}

std::string message(const History& history, const RwRegisterOptions& options = {}) {
  const Inference inference = infer(history, options);
  REQUIRE(inference.findings.failures().size() == 1);
  return inference.findings.failures().front().message;
}

using Edges = std::set<Edge>;
using Kinds = std::set<std::string>;

}  // namespace

TEST_CASE("registers: a read comes after the write that it shows") {
  CHECK(edges(at_once({"wx1", "rx=1"})) == Edges{{"wr", 0, 1}});
  SECTION("reads of the same value all do") {
    CHECK(edges(at_once({"wx1", "rx=1", "rx=1 ry"})) == Edges{{"wr", 0, 1}, {"wr", 0, 2}});
  }
  SECTION("only the last write and the first read are seen by others") {
    CHECK(edges(at_once({"wx1 wx2", "rx=2 rx=2"})) == Edges{{"wr", 0, 1}});
    CHECK(edges(at_once({"wx1", "wx2 rx=2"})).empty());
  }
  SECTION("of unknown outcome: neither the write nor the read is known") {
    CHECK(edges(at_once({"wx1 !info", "rx=1"})).empty());
    CHECK(edges(at_once({"wx1", "rx=1 !info"})).empty());
  }
}

TEST_CASE("registers: every key starts as nil") {
  CHECK(edges(at_once({"rx", "wx1"})) == Edges{{"rw", 0, 1}});
  CHECK(edges(at_once({"rx", "wx1", "wx2"})) == Edges{{"rw", 0, 1}, {"rw", 0, 2}});
  SECTION("a transaction does not come before itself, but shows that there is an order") {
    const Inference inference = infer(at_once({"rx wx1"}));
    CHECK(inference.dependencies.empty());
    CHECK(inference.shows_order);
    CHECK_FALSE(infer(at_once({"wx1"})).shows_order);
    CHECK_FALSE(infer(at_once({"rx"})).shows_order);
  }
  SECTION("also when there are so many that pairs are not named") {
    std::vector<std::string_view> ops;
    std::vector<std::string> texts;
    for (int i = 0; i < 40; ++i) texts.push_back("rx wx" + std::to_string(i + 1));
    for (const std::string& text : texts) ops.push_back(text);
    const Inference inference = infer(at_once(ops));
    CHECK(inference.dependencies.nodes() > inference.dependencies.transactions());
    CHECK(inference.dependencies.edges().size() < 300);
    const Edges all = edges_of(inference.dependencies);
    CHECK(all.size() == 40 * 39);
    CHECK(std::none_of(all.begin(), all.end(), [](const Edge& e) { return e.from == e.to; }));
  }
}

TEST_CASE("registers: writes follow reads, if that may be assumed") {
  const History history = at_once({"wx1", "rx=1 wx2", "rx=1", "rx=2"});
  CHECK(edges(history) == Edges{{"wr", 0, 1}, {"wr", 0, 2}, {"wr", 1, 3}});
  CHECK(edges(history, wfr) == Edges{{"wr", 0, 1}, {"wr", 0, 2}, {"wr", 1, 3}, {"ww", 0, 1}, {"rw", 2, 1}});
  SECTION("not from a read of nil, which has no writer") {
    CHECK(edges(at_once({"rx wx1"}), wfr).empty());
  }
  SECTION("cyclic if two transactions each overwrite what the other wrote") {
    CHECK(found(at_once({"rx=2 wx1", "rx=1 wx2"}), wfr).contains("cyclic-versions"));
    CHECK_FALSE(found(at_once({"rx=2 wx1", "rx=1 wx2"})).contains("cyclic-versions"));
  }
}

TEST_CASE("registers: each process meets versions in their order, if that may be assumed") {
  const std::vector<Txn> one_process{{0, "wx1", 0, 1}, {0, "wx2", 2, 3}};
  CHECK(edges(history_of(one_process)).empty());
  CHECK(edges(history_of(one_process), sequential) == Edges{{"ww", 0, 1}});
  const std::vector<Txn> two_processes{{0, "wx1", 0, 1}, {1, "wx2", 2, 3}};
  CHECK(edges(history_of(two_processes), sequential).empty());

  SECTION("other keys between them do not matter") {
    CHECK(edges(history_of({{0, "wx1", 0, 1}, {0, "wy1", 2, 3}, {0, "wx2", 4, 5}}), sequential) == Edges{{"ww", 0, 2}});
  }
  SECTION("reads count, too") {
    CHECK(edges(history_of({{1, "wx1", 0, 10}, {2, "wx2", 0, 10}, {0, "rx=1", 1, 2}, {0, "rx=2", 3, 4}}), sequential) ==
          Edges{{"wr", 0, 2}, {"wr", 1, 3}, {"ww", 0, 1}, {"rw", 2, 1}});
  }
  SECTION("there and back again is a contradiction") {
    const History history =
        history_of({{1, "wx1", 0, 10}, {2, "wx2", 0, 10}, {0, "rx=1", 1, 2}, {0, "rx=2", 3, 4}, {0, "rx=1", 5, 6}});
    CHECK(found(history, sequential) == Kinds{"cyclic-versions"});
    CHECK(found(history).empty());
  }
  SECTION("transactions of unknown outcome are in no process's order") {
    CHECK(edges(history_of({{0, "wx1", 0, 1}, {0, "wx2", 2, 3, EventType::info}, {0, "wx3", 4, 5}}), sequential) ==
          Edges{{"ww", 0, 2}});
  }
}

TEST_CASE("registers: versions follow real time, if that may be assumed") {
  const std::vector<Txn> after{{0, "wx1", 0, 1}, {1, "wx2", 2, 3}};
  CHECK(edges(history_of(after)).empty());
  CHECK(edges(history_of(after), linearizable) == Edges{{"ww", 0, 1}});
  CHECK(edges(history_of({{0, "wx1", 0, 2}, {1, "wx2", 1, 3}}), linearizable).empty());

  SECTION("a stale read is a contradiction") {
    const History stale = history_of({{0, "wx1", 0, 1}, {1, "wx2", 2, 3}, {2, "rx=1", 4, 5}});
    CHECK(found(stale, linearizable) == Kinds{"cyclic-versions"});
    CHECK(message(stale, linearizable) ==
          "the versions of key \"x\" have no order: 1 before 2, since T0 (process 0, answered at event 1) had done "
          "with 1 when T1 (process 1, answered at event 3), which met 2, began at event 2; 2 before 1, since T1 "
          "(process 1, answered at event 3) had done with 2 when T2 (process 2, answered at event 5), which met 1, "
          "began at event 4");
  }
  SECTION("also across a version whose writer is not known") {
    // T0 < T2 in the order of x, although the version between them was written by nobody who was answered.
    const History history =
        history_of({{0, "wx1", 0, 1}, {1, "wx2", 2, 9, EventType::info}, {2, "rx=2", 3, 4}, {3, "wx3", 5, 6}});
    CHECK(edges(history, linearizable) == Edges{{"ww", 0, 3}, {"rw", 2, 3}});
  }
  SECTION("of many pairs only as many are named as are needed") {
    std::vector<Txn> chain;
    std::vector<std::string> texts(100);
    for (std::uint32_t i = 0; i < 100; ++i) {
      texts[i] = "wx" + std::to_string(i + 1);
      chain.push_back({0, texts[i], 2 * i, 2 * i + 1});
    }
    const Edges named = edges(history_of(chain), linearizable);
    CHECK(named.size() == 99);
    CHECK(named.contains({"ww", 41, 42}));
  }
}

TEST_CASE("registers: the order of commits, if it is known") {
  const History history = at_once({"wx1", "wx2", "wx3 !info", "wx4"});
  CHECK(edges(history, {.commit_order = {3, 0}}) == Edges{{"ww", 3, 0}});
  SECTION("through a transaction that was committed without its client knowing") {
    CHECK(edges(history, {.commit_order = {1, 2, 3}}) == Edges{{"ww", 1, 3}});
  }
  SECTION("before it, reads come before what overwrote them") {
    const History reads = at_once({"wx1", "wx2", "rx=1"});
    CHECK(edges(reads, {.commit_order = {0, 2, 1}}) == Edges{{"wr", 0, 2}, {"ww", 0, 1}, {"rw", 2, 1}});
  }
  SECTION("an assumption that contradicts it is dropped") {
    const History reads = history_of({{0, "wx1", 0, 1}, {0, "wx2", 2, 3}});
    CHECK(found(reads, {.linearizable_keys = true, .commit_order = {1, 0}}) == Kinds{"cyclic-versions"});
    CHECK(edges(reads, {.linearizable_keys = true, .commit_order = {1, 0}}) == Edges{{"ww", 1, 0}});
  }
}

TEST_CASE("registers: within a transaction") {
  CHECK(found(at_once({"wx1 rx=1 rx=1", "rx=1"})).empty());
  CHECK(found(at_once({"wx1", "wx2", "rx=1 rx=2"})).contains("internal"));
  CHECK(found(at_once({"wx1", "wx2 rx=1"})).contains("internal"));
  CHECK(found(at_once({"wx1 rx"})) == Kinds{"internal"});
  CHECK(found(at_once({"wx1", "wx2 rx=1 !info"})).empty());
  CHECK(message(at_once({"wx1", "wx2 rx=1"})) ==
        "T1 (process 1, answered at event 3) read 1 from key \"x\", but had itself written 2 before");
}

TEST_CASE("registers: reads of what was rolled back, or not final") {
  CHECK(found(at_once({"wx1 !fail", "rx=1"})) == Kinds{"G1a"});
  CHECK(found(at_once({"wx1 !info", "rx=1"})).empty());
  CHECK(found(at_once({"wx1 wx2", "rx=1"})) == Kinds{"G1b"});
  CHECK(found(at_once({"wx1 rx=1 wx2", "rx=2"})).empty());
  CHECK(found(at_once({"wx1 wx2 !info", "rx=1"})) == Kinds{"G1b"});
  CHECK(found(at_once({"wx1 wx2 !fail", "rx=1"})) == Kinds{"G1a", "G1b"});
  CHECK(message(at_once({"wx1 !fail", "rx=1"})) ==
        "T1 (process 1, answered at event 3) read 1 from key \"x\", written by T0 (process 0, failed at event 2)");
}

TEST_CASE("registers: lost updates") {
  CHECK(found(at_once({"wx1", "rx=1 wx2", "rx=1 wx3"})) == Kinds{"lost-update"});
  CHECK(found(at_once({"rx wx2", "rx wx3"})).contains("lost-update"));
  CHECK(found(at_once({"wx1", "rx=1 wx2", "rx=1"})).empty());
  CHECK(found(at_once({"wx1", "rx=1 wx2", "wx3 rx=3"})).empty());
  CHECK(found(at_once({"wx1", "rx=1 wx2", "rx=1 wx3 !info"})).empty());
  CHECK(found(at_once({"wx1", "wy1", "rx=1 wx2", "ry=1 wy3"})).empty());
}

TEST_CASE("registers: what nobody wrote, and what the reader wrote itself later") {
  CHECK(found(at_once({"rx=9"})) == Kinds{"garbage-read"});
  CHECK(found(at_once({"wx9 !fail", "rx=9"})) == Kinds{"G1a"});
  CHECK(found(at_once({"wy9", "rx=9"})) == Kinds{"garbage-read"});

  CHECK(found(at_once({"rx=1 wx1"})) == Kinds{"future-read"});
  SECTION("it is a cycle where it is on one") {
    CHECK(found(at_once({"rx=1 wx1 ry=1", "wy1"})) == Kinds{"future-read"});
    CHECK(found(at_once({"ry wz1", "rz wy1"})) == Kinds{"G2-item"});
    CHECK(found(at_once({"rx=1 wx1 ry wz1", "rz wy1"})) == Kinds{"future-read", "G1c", "G2-item"});
  }
}

TEST_CASE("registers: cycles") {
  CHECK(found(at_once({"wx1 ry=1", "wy1 rx=1"})) == Kinds{"G1c"});
  CHECK(found(at_once({"rx wy1", "ry wx1"})) == Kinds{"G2-item"});
  CHECK(found(at_once({"rx ry=1", "wx1 wy1"})) == Kinds{"G-single-item"});
  CHECK(found(history_of({{0, "wx1 wy2", 0, 10}, {1, "wx2 wy1", 1, 11}, {0, "rx=2", 12, 13}, {1, "ry=2", 12, 13}}),
              sequential) == Kinds{"G0"});
}

TEST_CASE("registers: histories that cannot be judged") {
  CHECK(error(at_once({"wx1", "wx1"})) == "none");
  CHECK(error(at_once({"wx1", "wx1", "rx=1"})) ==
        "T2 (process 2, answered at event 5) read 1 from key \"x\", which was written by T0 (process 0, answered at "
        "event 3), also by T1 (process 1, answered at event 4): nobody can tell what it saw");
  CHECK(error(at_once({"wx1", "wx1 !info", "rx=1"})).find("perhaps also by a transaction of unknown outcome") !=
        std::string::npos);
  CHECK(error(at_once({"ax1"})).find("\"append\": registers are read and written") != std::string::npos);
  CHECK(error(at_once({"rx12"})).find("has [1,2] in key \"x\": a register has one value") != std::string::npos);
}
