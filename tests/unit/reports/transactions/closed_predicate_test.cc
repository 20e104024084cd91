// What is inferred from predicate reads, of what they show and of what they do not.
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "reports/check/transactions/closed_predicate.h"
#include "reports/check/transactions/cycles.h"
#include "reports/history/format.h"

using namespace heir::reports;

namespace {

/// Each line "KIND PROCESS VALUE" is a transaction of which nothing else is known; KIND is init, ok, fail or info.
History history_of(const std::vector<std::string>& transactions) {
  std::string invocations;
  std::string ends;
  int process = 0;
  for (const std::string& text : transactions) {
    const std::size_t space = text.find(' ');
    const std::string kind = text.substr(0, space);
    const std::string value = text.substr(space + 1);
    const std::string f = kind == "init" ? ":init" : ":txn";
    const std::string type = kind == "init" ? "ok" : kind;
    const std::string head = " :process " + std::to_string(process++) + " :f " + f + " :value ";
    invocations += "{:type :invoke" + head + value + "}\n";
    ends += "{:type :" + type + head + value + "}\n";
  }
  auto history = read_history_text(invocations + ends, "history.edn", {.format = Format::edn, .fail = {}});
  if (!history) FAIL(history.error().message);
  return std::move(*history);
}

struct Edge {
  std::string kind;
  TransactionIndex from, to;
  auto operator<=>(const Edge&) const = default;
};
[[maybe_unused]] std::ostream& operator<<(std::ostream& out, const Edge& e) {
  return out << e.from << " -" << e.kind << "-> " << e.to;
}

Inference infer(const History& history) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  auto inference = infer_closed_predicate(*transactions);
  if (!inference) FAIL(inference.error().message);
  return std::move(*inference);
}

using Edges = std::set<Edge>;
Edges edges(const std::vector<std::string>& transactions) {
  Edges all;
  const Inference inference = infer(history_of(transactions));
  for (const Dependency& d : inference.dependencies.edges()) all.insert({to_string(d.kind), d.from, d.to});
  return all;
}

std::string error(const std::vector<std::string>& all) {
  const History history = history_of(all);
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  const auto inference = infer_closed_predicate(*transactions);
  return inference ? "none" : inference.error().message;
}

}  // namespace

TEST_CASE("closed predicate: reads of rows") {
  SECTION("of what a row began with: after the beginning, before the change") {
    CHECK(edges({"init {x 1}", "ok [[:r x 1]]", "ok [[:w x 2]]"}) == Edges{{"wr", 0, 1}, {"ww", 0, 2}, {"rw", 1, 2}});
  }
  SECTION("of the change") {
    CHECK(edges({"init {x 1}", "ok [[:r x 2]]", "ok [[:w x 2]]"}) == Edges{{"ww", 0, 2}, {"wr", 2, 1}});
  }
  SECTION("nil of a row that is never removed: it is unborn") {
    CHECK(edges({"init {y 1}", "ok [[:r x nil]]", "ok [[:insert x 2]]"}) == Edges{{"rw", 1, 2}});
  }
  SECTION("nil of a row that is there from the start, and removed: it is dead") {
    CHECK(edges({"init {x 1}", "ok [[:r x nil]]", "ok [[:delete x]]"}) == Edges{{"ww", 0, 2}, {"wr", 2, 1}});
  }
  SECTION("nil of a row that is there from the start, and stays: read before the start") {
    CHECK(edges({"init {x 1}", "ok [[:r x nil]]"}) == Edges{{"rw", 1, 0}});
  }
  SECTION("nil of an unborn row that is removed tells nothing") {
    CHECK(edges({"init {y 1}", "ok [[:r x nil]]", "ok [[:delete x]]"}).empty());
  }
  SECTION("of what nobody wrote tells nothing, nor does a row that nobody changes") {
    CHECK(edges({"init {x 1}", "ok [[:r x 7]]", "ok [[:r y nil]]"}).empty());
  }
  SECTION("changes of unknown outcome count, reads do not; what failed does not") {
    CHECK(edges({"init {x 1}", "ok [[:r x 2]]", "info [[:w x 2] [:r x 1]]"}) == Edges{{"ww", 0, 2}, {"wr", 2, 1}});
    CHECK(edges({"init {x 1}", "ok [[:r x 2]]", "fail [[:w x 2]]"}).empty());
  }
}

TEST_CASE("closed predicate: predicate reads") {
  SECTION("what is shown was seen") {
    CHECK(edges({"init {x 1}", "ok [[:rp :true {x 1}]]", "ok [[:delete x]]"}) ==
          Edges{{"wrp", 0, 1}, {"ww", 0, 2}, {"rwp", 1, 2}});
  }
  SECTION("what is not shown was seen in the one version that does not match") {
    CHECK(edges({"init {x 1}", "ok [[:rp [:= 1] {}]]", "ok [[:w x 2]]"}) == Edges{{"ww", 0, 2}, {"wrp", 2, 1}});
    CHECK(edges({"init {x 1}", "ok [[:rp [:= 2] {}]]", "ok [[:w x 2]]"}) ==
          Edges{{"ww", 0, 2}, {"wrp", 0, 1}, {"rwp", 1, 2}});
  }
  SECTION("an unborn row was seen unborn: from nobody, before who inserts it") {
    CHECK(edges({"init {y 1}", "ok [[:rp :true {y 1}]]", "ok [[:insert x 2]]"}) == Edges{{"wrp", 0, 1}, {"rwp", 1, 2}});
  }
  SECTION("two versions that do not match cannot be told apart") {
    CHECK(edges({"init {x 1}", "ok [[:rp [:= 3] {}]]", "ok [[:w x 2]]"}) == Edges{{"ww", 0, 2}});
  }
  SECTION("a change between two versions that both match changes nothing for the predicate") {
    CHECK(edges({"init {x 1}", "ok [[:rp [:mod 2 1] {x 1}]]", "ok [[:w x 3]]"}) == Edges{{"wrp", 0, 1}, {"ww", 0, 2}});
  }
  SECTION("remainders are those of floored division") {
    CHECK(edges({"init {x -1}", "ok [[:rp [:mod 2 1] {}]]", "ok [[:delete x]]"}) == Edges{{"ww", 0, 2}, {"wrp", 2, 1}});
  }
  SECTION("a row that matches in all versions must be shown") {
    const Inference inference = infer(history_of({"init {x 1}", "ok [[:rp [:mod 2 1] {}]]"}));
    REQUIRE(inference.findings.failures().size() == 1);
    const Failure& failure = inference.findings.failures().front();
    CHECK(failure.kind == FailureKind::predicate_read_miss);
    CHECK(failure.message ==
          "T1 (process 1, answered at event 3) read by predicate \"mod 2 1\" and was not shown row \"x\", of which the "
          "predicate matches every version");
    CHECK(inference.dependencies.empty());
  }
}

TEST_CASE("closed predicate: cycles of predicates are no -item") {
  const History history = history_of({"init {}", "ok [[:w x 1] [:rp :true {x 1}]]", "ok [[:w y 1] [:rp :true {y 1}]]"});
  const auto transactions = Transactions::of(history);
  Inference inference = infer(history);
  find_cycles(*transactions, inference.dependencies, inference.findings);
  CHECK(inference.findings.kinds() == std::vector{FailureKind::g2});
}

TEST_CASE("closed predicate: histories that cannot be judged") {
  CHECK(
      error({"init {x 1}", "ok [[:w x 2]]", "ok [[:w x 3]]"}) ==
      "row \"x\" changes a second time, so that the order of its versions is not known, in T2 (process 2, answered at "
      "event 5)");
  CHECK(error({"init {x 1}", "ok [[:w x 1]]"}).starts_with("row \"x\" is set to what it was, in T1"));
  CHECK(error({"init {x 1}", "init {x 2}"}).starts_with("row \"x\" begins twice, in T1"));
  CHECK(error({"init {x 1}", "ok [[:append x 1]]"}).find("rows are read, written and removed") != std::string::npos);
  CHECK(error({"init {x 1}", "ok [[:rp [:> 1] {}]]"}).find("which is none of \"true\", \"= v\", \"mod n r\"") !=
        std::string::npos);
  CHECK(error({"init {x 1}", "ok [[:rp [:mod 0 1] {}]]"}).find("which is none of") != std::string::npos);
}
