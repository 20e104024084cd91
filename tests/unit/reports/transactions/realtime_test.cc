#include "reports/check/transactions/realtime.h"

#include <catch2/catch.hpp>
#include <random>

#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

History random_intervals(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Txn> transactions;
  std::int64_t time = 0;
  std::vector<std::size_t> open;
  while (transactions.size() < 12 || !open.empty()) {
    if (transactions.size() < 12 && (open.empty() || random() % 2 == 0)) {
      open.push_back(transactions.size());
      transactions.push_back({static_cast<std::uint32_t>(transactions.size()), "ax1", time++, -1});
      continue;
    }
    const std::size_t at = random() % open.size();
    Txn& t = transactions[open[at]];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    if (random() % 6 == 0) continue;  // no answer
    t.end = time++;
    if (random() % 4 == 0) t.outcome = random() % 2 == 0 ? EventType::fail : EventType::info;
  }
  return history_of(transactions);
}

/// By node: what the edges lead to from there.
std::vector<bool> reachable(const Dependencies& dependencies, std::uint32_t from) {
  std::vector<bool> reached(dependencies.nodes(), false);
  std::vector<std::uint32_t> work{from};
  while (!work.empty()) {
    const std::uint32_t n = work.back();
    work.pop_back();
    for (const Dependency& d : dependencies.edges()) {
      if (d.from != n || reached[d.to]) continue;
      reached[d.to] = true;
      if (dependencies.is_relay(d.to)) work.push_back(d.to);
    }
  }
  return reached;
}

}  // namespace

TEST_CASE("real time: exactly the pairs of which one was answered before the other began, by few edges") {
  for (std::uint32_t seed = 0; seed < 500; ++seed) {
    const History history = random_intervals(seed);
    const auto transactions = Transactions::of(history);
    REQUIRE(transactions.has_value());
    Dependencies dependencies(transactions->size());
    add_real_time_order(*transactions, dependencies);
    for (TransactionIndex a = 0; a < transactions->size(); ++a) {
      const std::vector<bool> after = reachable(dependencies, a);
      for (TransactionIndex b = 0; b < transactions->size(); ++b) {
        const Operation& first = transactions->operation(a);
        const Operation& second = transactions->operation(b);
        // Nothing depends on a transaction without answer here, so it is left out.
        const bool before = first.ok() && first.end < second.begin && second.end != Operation::never;
        REQUIRE(after[b] == before);
      }
    }
    REQUIRE(dependencies.edges().size() <= 3 * transactions->size());
  }
}

TEST_CASE("real time: a transaction without answer counts once something depends on it") {
  const History history = history_of({{0, "ax1", 0, 1}, {1, "ay1", 2, -1}, {2, "ry1", 3, 4}});
  const auto transactions = Transactions::of(history);
  Dependencies dependencies(transactions->size());
  dependencies.add({.from = 1, .to = 2, .kind = DependencyKind::wr});
  add_real_time_order(*transactions, dependencies);
  CHECK(reachable(dependencies, 0)[1]);
}

TEST_CASE("process order: the acknowledged transactions of each process, one after the other") {
  const History history = history_of({{0, "ax1", 0, 1},
                                      {1, "ax2", 2, 3},
                                      {0, "ax3", 4, 5, EventType::fail},
                                      {0, "ax4", 6, 7, EventType::info},
                                      {0, "ax5", 8, 9}});
  const auto transactions = Transactions::of(history);
  Dependencies dependencies(transactions->size());
  add_process_order(*transactions, dependencies);
  REQUIRE(dependencies.edges().size() == 1);
  CHECK(dependencies.edges()[0].from == 0);
  CHECK(dependencies.edges()[0].to == 4);
  CHECK(dependencies.edges()[0].kind == DependencyKind::process);
}
