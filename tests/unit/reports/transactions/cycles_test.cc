// The names of cycles: by hand, and against an enumeration of all simple cycles of small random graphs.
#include "reports/check/transactions/cycles.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "reports/check/transactions/all_pairs.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

using Found = std::set<std::string>;
using enum DependencyKind;

namespace {

struct Edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  DependencyKind kind = ww;
};

/// So many transactions that do nothing.
History idle(std::uint32_t transactions) {
  return at_once(std::vector<std::string_view>(transactions, ""));
}

Findings search(std::uint32_t transactions, const std::vector<Edge>& edges) {
  const History history = idle(transactions);
  const auto idlers = Transactions::of(history);
  Dependencies dependencies(transactions);
  for (const Edge& e : edges) dependencies.add({.from = e.from, .to = e.to, .kind = e.kind});
  Findings findings;
  find_cycles(*idlers, dependencies, findings);
  return findings;
}

Found names(const Findings& findings) {
  Found found;
  for (const FailureKind kind : findings.kinds()) found.insert(to_string(kind));
  return found;
}

/// Of the cycle 0 -> 1 -> … -> 0.
Found ring(const std::vector<DependencyKind>& kinds) {
  std::vector<Edge> edges;
  const auto n = static_cast<std::uint32_t>(kinds.size());
  for (std::uint32_t i = 0; i < n; ++i) edges.push_back({i, (i + 1) % n, kinds[i]});
  return names(search(n, edges));
}

// ---- All simple cycles

std::string name_of(const std::vector<DependencyKind>& cycle) {
  const auto count = [&](std::initializer_list<DependencyKind> kinds) {
    return std::ranges::count_if(cycle, [&](DependencyKind k) { return std::ranges::count(kinds, k) > 0; });
  };
  const auto is_rw = [](DependencyKind k) { return k == rw || k == rwp; };
  bool adjacent = false;
  for (std::size_t i = 0; i < cycle.size(); ++i) {
    adjacent = adjacent || (is_rw(cycle[i]) && is_rw(cycle[(i + 1) % cycle.size()]));
  }
  std::string name;
  const auto rws = count({rw, rwp});
  if (rws == 0) {
    name = count({wr, wrp}) > 0 ? "G1c" : "G0";
  } else {
    name = rws == 1 ? "G-single" : adjacent ? "G2" : "G-nonadjacent";
    if (count({rwp}) == 0) name += "-item";
  }
  if (count({real_time}) > 0) return name + "-realtime";
  return count({process}) > 0 ? name + "-process" : name;
}

/// Of each name the length of the shortest cycle.
std::map<std::string, std::size_t> all_cycles(std::uint32_t transactions, const std::vector<Edge>& edges) {
  std::map<std::string, std::size_t> shortest;
  std::vector<DependencyKind> path;
  std::vector<bool> on_path(transactions, false);
  const auto walk = [&](auto& self, std::uint32_t start, std::uint32_t at) -> void {
    for (const Edge& e : edges) {
      if (e.from != at || e.to < start) continue;  // every cycle from its smallest transaction
      path.push_back(e.kind);
      if (e.to == start) {
        const auto [known, fresh] = shortest.try_emplace(name_of(path), path.size());
        if (!fresh) known->second = std::min(known->second, path.size());
      } else if (!on_path[e.to]) {
        on_path[e.to] = true;
        self(self, start, e.to);
        on_path[e.to] = false;
      }
      path.pop_back();
    }
  };
  for (std::uint32_t start = 0; start < transactions; ++start) walk(walk, start, start);
  return shortest;
}

/// Is every cycle in one strongly connected component?
bool in_one_component(std::uint32_t transactions, const std::vector<Edge>& edges) {
  std::vector<std::vector<bool>> reach(transactions, std::vector<bool>(transactions, false));
  for (const Edge& e : edges) reach[e.from][e.to] = true;
  for (std::uint32_t by = 0; by < transactions; ++by) {
    for (std::uint32_t a = 0; a < transactions; ++a) {
      for (std::uint32_t b = 0; b < transactions; ++b) reach[a][b] = reach[a][b] || (reach[a][by] && reach[by][b]);
    }
  }
  for (std::uint32_t a = 0; a < transactions; ++a) {
    for (std::uint32_t b = 0; b < transactions; ++b) {
      if (reach[a][a] && reach[b][b] && !(reach[a][b] && reach[b][a])) return false;
    }
  }
  return true;
}

/// With all that Elle's table of implied anomalies says a cycle of that name also is.
void imply(const std::string& name, Found& all) {
  if (!all.insert(name).second) return;
  static const std::map<std::string, std::vector<std::string>> implied{
      {"G0", {"G1c"}},
      {"G-single-item", {"G-single", "G-nonadjacent-item"}},
      {"G-single", {"G-nonadjacent"}},
      {"G-nonadjacent-item", {"G-nonadjacent", "G2-item"}},
      {"G-nonadjacent", {"G2"}},
      {"G2-item", {"G2"}}};
  const std::size_t suffix = std::min(name.find("-process"), name.find("-realtime"));
  const std::string shape = name.substr(0, suffix);
  const std::string rest = suffix == std::string::npos ? "" : name.substr(suffix);
  if (const auto at = implied.find(shape); at != implied.end()) {
    for (const std::string& other : at->second) imply(other + rest, all);
  }
  if (rest.empty()) imply(shape + "-process", all);
  if (rest == "-process") imply(shape + "-realtime", all);
}

std::vector<Edge> random_graph(std::uint32_t seed, std::uint32_t transactions) {
  std::mt19937 random(seed);
  const std::array data{ww, wr, rw, rw, wrp, rwp, wwp};
  // A few kinds only, so that strong names do not hide all the others.
  std::vector<DependencyKind> kinds;
  for (std::uint32_t i = random() % 3 + 1; i > 0; --i) kinds.push_back(data[random() % data.size()]);
  if (const auto order = random() % 3; order > 0) kinds.push_back(order == 1 ? process : real_time);
  std::vector<Edge> edges;
  for (std::uint32_t i = random() % (2 * transactions) + 2; i > 0; --i) {
    Edge e{static_cast<std::uint32_t>(random() % transactions), static_cast<std::uint32_t>(random() % transactions),
           kinds[random() % kinds.size()]};
    // These two are orders, so they have no cycles of their own.
    if ((e.kind == process || e.kind == real_time) && e.from > e.to) std::swap(e.from, e.to);
    if (e.from != e.to) edges.push_back(e);
  }
  return edges;
}

}  // namespace

TEST_CASE("cycles: each shape by its name") {
  CHECK(ring({ww, ww}) == Found{"G0"});
  CHECK(ring({ww, wwp, ww}) == Found{"G0"});
  CHECK(ring({ww, wr}) == Found{"G1c"});
  CHECK(ring({wrp, ww}) == Found{"G1c"});
  CHECK(ring({rw, wr}) == Found{"G-single-item"});
  CHECK(ring({rwp, wr}) == Found{"G-single"});
  CHECK(ring({rw, wr, rw, ww}) == Found{"G-nonadjacent-item"});
  CHECK(ring({rw, wr, rwp, ww}) == Found{"G-nonadjacent"});
  CHECK(ring({rw, rw}) == Found{"G2-item"});
  CHECK(ring({rw, wr, rw}) == Found{"G2-item"});  // last and first are in succession
  CHECK(ring({rw, rwp}) == Found{"G2"});
  CHECK(ring({ww, process}) == Found{"G0-process"});
  CHECK(ring({wr, real_time}) == Found{"G1c-realtime"});
  CHECK(ring({rw, real_time}) == Found{"G-single-item-realtime"});
  CHECK(ring({rw, process, rw, process}) == Found{"G-nonadjacent-item-process"});
  CHECK(ring({rwp, rw, real_time}) == Found{"G2-realtime"});
}

TEST_CASE("cycles: no cycle, no name") {
  CHECK(names(search(3, {})).empty());
  CHECK(names(search(3, {{0, 1, ww}, {1, 2, rw}, {0, 2, real_time}})).empty());
}

TEST_CASE("cycles: what is implied by a stronger name in the same component is left out, elsewhere it is not") {
  const std::vector<Edge> together{{0, 1, ww}, {1, 0, ww}, {1, 0, wr}, {0, 1, real_time}};
  CHECK(names(search(2, together)) == Found{"G0"});
  const std::vector<Edge> apart{{0, 1, ww}, {1, 0, ww}, {2, 3, wr}, {3, 2, ww}};
  CHECK(names(search(4, apart)) == Found{"G0", "G1c"});
}

TEST_CASE("cycles: the proof names each transaction once, and why it comes before the next") {
  const Findings findings = search(5, {{0, 1, process}, {1, 2, process}, {2, 3, process}, {3, 0, rw}, {1, 3, process}});
  REQUIRE(findings.failures().size() == 1);
  const Failure& failure = findings.failures()[0];
  CHECK(failure.kind == FailureKind::g_single_item_process);
  REQUIRE(failure.ops.size() == 3);
  CHECK(failure.ops[0].process.value() == 0);
  CHECK(failure.ops[1].process.value() == 1);
  CHECK(failure.ops[2].process.value() == 3);
  CHECK(failure.message.starts_with(
      "T0, T1, T3 must each come before the next, and the last before the first: process 0 had its answer to T0 "
      "before it asked for T1; "));
}

TEST_CASE("cycles: against all simple cycles of random graphs") {
  std::map<std::string, int> seen;
  for (std::uint32_t seed = 0; seed < 20'000; ++seed) {
    const std::uint32_t transactions = 2 + seed % 5;
    const std::vector<Edge> edges = random_graph(seed, transactions);
    const auto cycles = all_cycles(transactions, edges);
    const Findings findings = search(transactions, edges);
    INFO("seed " << seed);
    Found implied;
    for (const std::string& name : names(findings)) {
      REQUIRE(cycles.contains(name));
      ++seen[name];
      imply(name, implied);
    }
    for (const auto& [name, length] : cycles) {
      if (implied.contains(name)) continue;
      // A walk that visits a transaction twice may hide it, which takes a cycle without rw.
      REQUIRE(name.starts_with("G-nonadjacent"));
      const Found base{"G1c", "G1c-process", "G1c-realtime"};
      REQUIRE(std::ranges::any_of(base, [&](const std::string& n) { return implied.contains(n); }));
    }
    if (!in_one_component(transactions, edges)) continue;
    std::map<FailureKind, std::size_t> proofs;
    for (const Failure& failure : findings.failures()) {
      const auto [known, fresh] = proofs.try_emplace(failure.kind, failure.ops.size());
      if (!fresh) known->second = std::min(known->second, failure.ops.size());
    }
    for (const auto& [kind, length] : proofs) {
      const std::string name = to_string(kind);
      if (!name.starts_with("G-nonadjacent")) REQUIRE(length == cycles.at(name));
    }
  }
  CHECK(seen.size() == 24);  // the test sees every name there is
}

TEST_CASE("cycles: exactly one rw among more than 64 candidates") {
  // 100 pairs of rw edges between readers and writers, of which all but the last close only with a second rw.
  std::vector<Edge> edges;
  for (std::uint32_t i = 0; i < 100; ++i) {
    edges.push_back({2 * i, 2 * i + 1, rw});
    edges.push_back({2 * i + 1, 2 * ((i + 1) % 100), ww});
  }
  CHECK(names(search(200, edges)) == Found{"G-nonadjacent-item"});
  edges.push_back({199, 198, wr});
  const Findings findings = search(200, edges);
  CHECK(names(findings) == Found{"G-single-item"});
  CHECK(findings.failures()[0].ops.size() == 2);
}

TEST_CASE("cycles: proofs are found without any time to shorten them") {
  std::vector<Edge> edges;
  for (std::uint32_t i = 0; i < 1000; ++i) edges.push_back({i, (i + 1) % 1000, ww});
  edges.push_back({500, 499, ww});
  const History history = idle(1000);
  const auto transactions = Transactions::of(history);
  Dependencies dependencies(1000);
  for (const Edge& e : edges) dependencies.add({.from = e.from, .to = e.to, .kind = e.kind});
  Findings findings;
  find_cycles(*transactions, dependencies, findings, {.shortening = 0});
  REQUIRE(findings.failures().size() == 1);
  CHECK(findings.failures()[0].ops.size() == 1000);
  CHECK(findings.failures()[0].message.find(" and 988 more") != std::string::npos);
  CHECK(search(1000, edges).failures()[0].ops.size() == 2);
}

TEST_CASE("cycles: all pairs by relays are the same as all pairs by name") {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    const std::uint32_t n = 60;
    std::vector<TransactionIndex> before;
    std::vector<Overwrite> after;
    for (TransactionIndex t = 0; t < n; ++t) {
      if (random() % 2 == 0) before.push_back(t);
      if (random() % 4 == 0) after.push_back({t, Value::integer(t)});
    }
    // Either none is in both, or one, or many: the pairs alone are then acyclic, or have cycles.
    if (seed % 3 == 0)
      std::erase_if(before,
                    [&](TransactionIndex t) { return std::ranges::count(after, t, &Overwrite::transaction) > 0; });
    std::vector<Edge> others;
    for (std::uint32_t i = 0; i < 3; ++i) {
      Edge e{static_cast<std::uint32_t>(random() % n), static_cast<std::uint32_t>(random() % n),
             random() % 2 == 0 ? wr : ww};
      if (e.from != e.to) others.push_back(e);
    }
    std::vector<Edge> named = others;
    for (const TransactionIndex a : before) {
      for (const Overwrite& b : after) {
        if (a != b.transaction) named.push_back({a, b.transaction, rw});
      }
    }
    const History history = idle(n);
    const auto transactions = Transactions::of(history);
    Dependencies relayed(n);
    for (const Edge& e : others) relayed.add({.from = e.from, .to = e.to, .kind = e.kind});
    add_all_pairs(relayed, rw, no_key, Value::nil(), before, after);
    Findings findings;
    find_cycles(*transactions, relayed, findings);
    const Findings expected = search(n, named);
    REQUIRE(names(findings) == names(expected));
    REQUIRE(findings.failures().size() == expected.failures().size());
    for (std::size_t i = 0; i < findings.failures().size(); ++i) {
      REQUIRE(findings.failures()[i].ops.size() == expected.failures()[i].ops.size());
    }
    // All of them by relays, but where there are few.
    if (before.size() * after.size() > 4 * (before.size() + after.size())) {
      REQUIRE(relayed.edges().size() <= others.size() + 2 * before.size() + 4 * after.size());
    }
  }
}
