// Causality over registers, against its definition: for small histories every order is tried.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "reports/check/transactions/causal.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

Findings look(const History& history, const CausalOptions& options = {}) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  const auto registers = RegisterVersions::of(*transactions);
  REQUIRE(registers.has_value());
  Findings findings;
  REQUIRE(find_causal_violations(*transactions, *registers, findings, options).has_value());
  return findings;
}
bool causal(const History& history) {
  return !look(history).has(FailureKind::not_causal);
}

/// One after the other by the processes given.
History by_processes(const std::vector<std::pair<std::uint32_t, std::string_view>>& ops) {
  std::vector<Txn> transactions;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    transactions.push_back({ops[i].first, ops[i].second, 2 * std::int64_t{i}, 2 * std::int64_t{i} + 1});
  }
  return history_of(transactions);
}

}  // namespace

TEST_CASE("causality: a read must not be older than what it depends on") {
  CHECK(causal(by_processes({{0, "wx1"}, {0, "wx2"}, {1, "rx=2"}})));
  CHECK(causal(by_processes({{0, "wx1"}, {0, "wx2"}, {1, "rx=1"}})));
  SECTION("of its own process") {
    CHECK_FALSE(causal(by_processes({{0, "wx1"}, {0, "wx2"}, {1, "rx=2"}, {1, "rx=1"}})));
    CHECK_FALSE(causal(by_processes({{0, "wx1"}, {0, "wx2"}, {0, "rx=1"}})));
    CHECK_FALSE(causal(by_processes({{0, "wx1"}, {0, "rx"}})));
  }
  SECTION("of another's, by way of what was read") {
    CHECK_FALSE(causal(by_processes({{0, "wx1"}, {0, "wy1"}, {1, "ry=1"}, {1, "rx"}})));
    CHECK(causal(by_processes({{0, "wx1"}, {0, "wy1"}, {1, "ry"}, {1, "rx"}})));
  }
  SECTION("concurrent writes may be seen in either order, but only in one") {
    CHECK(causal(by_processes({{0, "wx1"}, {1, "wx2"}, {2, "rx=1"}, {3, "rx=2"}})));
    CHECK(causal(by_processes({{0, "wx1"}, {1, "wx2"}, {2, "rx=1"}, {2, "rx=2"}})));
    CHECK_FALSE(causal(by_processes({{0, "wx1"}, {1, "wx2"}, {2, "rx=1"}, {2, "rx=2"}, {3, "rx=2"}, {3, "rx=1"}})));
  }
  SECTION("a long fork is causal, a transaction seen in parts is not") {
    CHECK(causal(by_processes({{0, "wx1"}, {1, "wy1"}, {2, "rx=1 ry"}, {3, "rx ry=1"}})));
    CHECK_FALSE(causal(by_processes({{0, "wx1 wy1"}, {1, "rx=1 ry"}})));
  }
  SECTION("write skew and lost updates are causal") {
    CHECK(causal(by_processes({{0, "rx wy1"}, {1, "ry wx1"}})));
    CHECK(causal(by_processes({{0, "rx wx1"}, {1, "rx wx2"}})));
  }
  SECTION("what depends on itself is not") {
    CHECK_FALSE(causal(by_processes({{0, "wx1 ry=1"}, {1, "rx=1 wy1"}})));
  }
}

TEST_CASE("causality: of unknown outcome") {
  const auto history = [](std::string_view reader) {
    return history_of({{0, "wx1", 0, 1}, {0, "wy1", 2, 3, EventType::info}, {1, reader, 4, 5}});
  };
  // What was read was written, after what its process had done before.
  CHECK_FALSE(causal(history("ry=1 rx")));
  CHECK(causal(history("ry=1 rx=1")));
  SECTION("a write that perhaps never was is nobody's past") {
    CHECK(causal(history_of({{0, "wx1", 0, 1, EventType::info}, {0, "wy1", 2, 3}, {1, "ry=1 rx", 4, 5}})));
  }
}

TEST_CASE("causality: the proof") {
  const History history = by_processes({{0, "wx1"}, {0, "wy1"}, {1, "ry=1"}, {1, "rx"}});
  const Findings nothing = look(history);
  REQUIRE(nothing.failures().size() == 1);
  CHECK(nothing.failures().front().message ==
        "T3 (process 1, answered at event 7) read nothing from key \"x\", although it depends on T0 (process 0, "
        "answered at event 1), which wrote 1 there");
  CHECK(nothing.failures().front().ops.size() == 2);

  const Findings cycle = look(by_processes({{0, "wx1"}, {0, "wx2"}, {1, "rx=2"}, {1, "rx=1"}}));
  REQUIRE(cycle.failures().size() == 1);
  const Failure& failure = cycle.failures().front();
  INFO(failure.message);
  CHECK(
      failure.message.ends_with("T3 (process 1, answered at event 7) read what T0 wrote to key \"x\", and depends on "
                                "T1, which must therefore have written it before"));
  CHECK(failure.ops.size() == 3);
}

TEST_CASE("causality: too many processes to remember") {
  const History history = by_processes({{0, "wx1"}, {1, "wx2"}});
  const auto transactions = Transactions::of(history);
  const auto registers = RegisterVersions::of(*transactions);
  Findings findings;
  const auto looked = find_causal_violations(*transactions, *registers, findings, {.most_clock_entries = 3});
  REQUIRE_FALSE(looked.has_value());
  CHECK(looked.error().code == heir::ErrorCode::out_of_space);
}

// ---- The definition: some total order that extends causality explains every read.

namespace {

struct Step {
  std::uint32_t process;
  std::vector<std::pair<char, int>> reads;  ///< Value 0: nil.
  std::vector<std::pair<char, int>> writes;
};

bool causal_by_definition(const std::vector<Step>& steps) {
  const std::size_t n = steps.size();
  std::map<std::pair<char, int>, std::size_t> writer;
  for (std::size_t i = 0; i < n; ++i) {
    for (const auto& write : steps[i].writes) writer[write] = i;
  }
  std::vector<std::vector<bool>> before(n, std::vector<bool>(n, false));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) before[i][j] = steps[i].process == steps[j].process;
    for (const auto& read : steps[i].reads) {
      if (read.second != 0) before[writer.at(read)][i] = true;
    }
  }
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
    }
  }
  const auto explains = [&](const std::vector<std::size_t>& place) {
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        if (before[i][j] && place[i] >= place[j]) return false;
      }
      for (const auto& [key, value] : steps[i].reads) {
        for (std::size_t j = 0; j < n; ++j) {
          const bool writes = std::ranges::any_of(steps[j].writes, [&](const auto& w) { return w.first == key; });
          if (j == i || !writes || !before[j][i]) continue;
          if (value == 0) return false;
          const std::size_t read_from = writer.at({key, value});
          if (j != read_from && place[j] > place[read_from]) return false;
        }
      }
    }
    return true;
  };
  std::vector<std::size_t> place(n);
  std::iota(place.begin(), place.end(), 0U);
  do {
    if (explains(place)) return true;
  } while (std::next_permutation(place.begin(), place.end()));
  return false;
}

#ifdef HEIR_FEWER_ROUNDS
constexpr int rounds = 200;
#else
constexpr int rounds = 3000;
#endif

}  // namespace

TEST_CASE("causality: as by definition") {
  std::mt19937 random(7);
  int broken = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Step> steps(2 + random() % 5);
    std::map<char, int> written;
    for (Step& step : steps) {
      step.process = random() % 3;
      for (const char key : {'x', 'y'}) {
        if (random() % 2 == 0) step.writes.emplace_back(key, ++written[key]);
      }
    }
    for (Step& step : steps) {
      for (const char key : {'x', 'y'}) {
        if (random() % 2 != 0) continue;
        const int value = static_cast<int>(random() % (static_cast<unsigned>(written[key]) + 1));
        const bool own = std::ranges::count(step.writes, std::pair(key, value)) > 0;
        if (!own) step.reads.emplace_back(key, value);
      }
    }
    std::vector<std::string> texts;
    for (const Step& step : steps) {
      std::string text;
      for (const auto& [key, value] : step.reads) {
        text += std::string("r") + key + (value == 0 ? "" : "=" + std::to_string(value)) + " ";
      }
      for (const auto& [key, value] : step.writes) text += std::string("w") + key + std::to_string(value) + " ";
      texts.push_back(text);
    }
    std::vector<std::pair<std::uint32_t, std::string_view>> ops;
    std::string shown;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      ops.emplace_back(steps[i].process, texts[i]);
      shown += std::to_string(steps[i].process) + ": " + texts[i] + "\n";
    }
    const bool expected = causal_by_definition(steps);
    INFO(shown);
    REQUIRE(causal(by_processes(ops)) == expected);
    if (!expected) ++broken;
  }
  CHECK(broken > rounds / 10);
  CHECK(broken < rounds);
}
