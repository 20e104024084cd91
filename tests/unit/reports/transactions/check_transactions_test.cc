// The verdict: what was asked for decides what counts.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "reports/check/transactions/check_transactions.h"
#include "reports/history/format.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;
using M = ConsistencyModel;

namespace {

TransactionOptions of(TransactionModel model, ModelSet consistency = {}, AnomalySet anomalies = {}) {
  TransactionOptions options;
  options.model = model;
  options.consistency = consistency;
  options.anomalies = anomalies;
  return options;
}

TransactionVerdict registers(const History& history, ModelSet consistency = {}, AnomalySet anomalies = {}) {
  return check_transactions(history, of(TransactionModel::rw_register, consistency, anomalies));
}
TransactionVerdict lists(const History& history, ModelSet consistency = {}, AnomalySet anomalies = {}) {
  return check_transactions(history, of(TransactionModel::list_append, consistency, anomalies));
}

bool says(const std::vector<std::string>& all, std::string_view part) {
  return std::ranges::any_of(all, [&](const std::string& text) { return text.find(part) != std::string::npos; });
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("verdict: by default strict serializability is asked for") {
  const History stale = in_sequence({"ax1", "rx1", "rx"});
  const TransactionVerdict verdict = lists(stale);
  CHECK(verdict.model == "list-append");
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.not_models == List{"strong-snapshot-isolation"});
  CHECK(verdict.also_not == List{"strong-serializable"});
  CHECK(lists(stale, {M::serializable}).outcome == Outcome::pass);
  CHECK(verdict.operations.ok == 3);
}

TEST_CASE("verdict: only what was asked for counts") {
  const History skew = at_once({"rx ay1", "ry ax1"});
  CHECK(lists(skew, {M::snapshot_isolation}).outcome == Outcome::pass);
  CHECK(lists(skew, {M::snapshot_isolation}).not_models.empty());
  CHECK(lists(skew, {M::snapshot_isolation}).failures.empty());
  CHECK(says(lists(skew, {M::snapshot_isolation}).notes, "but not forbidden by what was asked for: G2-item (1)"));
  CHECK(lists(skew, {M::snapshot_isolation}).found.contains(AnomalyName::g2_item));

  const TransactionVerdict verdict = lists(skew, {M::serializable});
  CHECK(verdict.outcome == Outcome::fail);
  REQUIRE(verdict.failures.size() == 1);
  CHECK(verdict.failures.front().kind == FailureKind::g2_item);
  CHECK(verdict.failures.front().ops.size() == 2);
  CHECK(verdict.not_models == List{"repeatable-read"});
  CHECK(verdict.notes == List{"not repeatable-read: it forbids G2-item (Adya 1999)"});

  SECTION("of several models all") {
    CHECK(lists(skew, {M::snapshot_isolation, M::repeatable_read}).outcome == Outcome::fail);
  }
  SECTION("of anomalies those, and what is an instance of them") {
    CHECK(lists(skew, {}, {AnomalyName::g2}).outcome == Outcome::fail);
    CHECK(lists(skew, {}, {AnomalyName::g1}).outcome == Outcome::pass);
    CHECK(lists(skew, {}, {{AnomalyName::g2_item, OrderVariant::real_time}}).outcome == Outcome::fail);
  }
}

TEST_CASE("verdict: the order of processes counts where sessions are promised") {
  const History backwards = history_of({{0, "ax1", 0, 10}, {1, "rx1", 1, 2}, {1, "rx", 3, 4}});
  CHECK(lists(backwards, {M::serializable}).outcome == Outcome::pass);
  const TransactionVerdict verdict = lists(backwards, {M::strong_session_serializable});
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.not_models == List{"strong-session-snapshot-isolation"});
}

TEST_CASE("verdict: an acknowledged append that is gone is called lost, where that is forbidden") {
  const History lost = in_sequence({"ax1", "ax2", "rx1", "rx1"});
  const TransactionVerdict strict = lists(lost);
  REQUIRE_FALSE(strict.failures.empty());
  CHECK(strict.failures.front().kind == FailureKind::lost_append);
  const TransactionVerdict weaker = lists(lost, {M::strong_read_committed});
  CHECK(std::ranges::none_of(weaker.failures, [](const Failure& f) { return f.kind == FailureKind::lost_append; }));
}

TEST_CASE("verdict: nothing that relates transactions proves nothing") {
  const TransactionVerdict verdict = registers(at_once({"wx1", "wy1"}));
  CHECK(verdict.outcome == Outcome::unknown);
  CHECK(says(verdict.unknowns, "no transaction could be shown to come before another"));
  CHECK(registers(History()).outcome == Outcome::unknown);
  // In real time they are related, and so is a transaction that read what it then replaced.
  CHECK(registers(in_sequence({"wx1", "wy1"})).outcome == Outcome::pass);
  CHECK(registers(in_sequence({"wx1", "wy1"}), {M::serializable}).outcome == Outcome::unknown);
  CHECK(registers(at_once({"rx wx1"}), {M::serializable}).outcome == Outcome::pass);
  SECTION("but what is wrong by itself is wrong") {
    CHECK(registers(at_once({"wx1 rx"}), {M::serializable}).outcome == Outcome::fail);
    // Elle gives what is ruled out even where that was not asked for.
    const TransactionVerdict unasked = registers(at_once({"wx1 wx2", "rx=1"}), {M::read_uncommitted});
    CHECK(unasked.outcome == Outcome::unknown);
    CHECK(unasked.not_models == List{"read-committed"});
  }
}

TEST_CASE("verdict: what cannot be judged is unknown, with the reason") {
  SECTION("another kind of history") {
    const TransactionVerdict verdict = lists(at_once({"wx1"}));
    CHECK(verdict.outcome == Outcome::unknown);
    REQUIRE(verdict.unknowns.size() == 1);
    CHECK(verdict.unknowns.front().find("write") != std::string::npos);
  }
  SECTION("a model of which the anomalies of transactions tell nothing") {
    for (const M model : {M::monotonic_reads, M::linearizable, M::sequential, M::view_serializable}) {
      const TransactionVerdict verdict = registers(in_sequence({"wx1", "rx=1"}), {model});
      CHECK(verdict.outcome == Outcome::unknown);
      CHECK(says(verdict.unknowns,
                 "no anomaly of transactions tells whether a history is " + std::string(to_string(model))));
    }
    CHECK(registers(in_sequence({"wx1", "rx=1"}), {M::serializable, M::linearizable}).outcome == Outcome::unknown);
  }
}

TEST_CASE("verdict: a model without rules of its own is judged by those of weaker ones, and says so") {
  const TransactionVerdict verdict = registers(in_sequence({"wx1", "rx=1"}), {M::prefix});
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.notes == List{"prefix was judged by the rules of weaker models only"});
  CHECK(registers(at_once({"wx1 ry=1", "wy1 rx=1"}), {M::prefix}).outcome == Outcome::fail);
}

TEST_CASE("verdict: a cycle is told edge by edge, and closes") {
  const auto cycle_of = [](const TransactionVerdict& verdict, FailureKind kind) {
    for (const Failure& failure : verdict.failures)
      if (failure.kind == kind) return failure.cycle;
    return std::vector<CycleEdge>();
  };
  SECTION("G1c: each read what the other wrote") {
    const TransactionVerdict verdict = registers(at_once({"wx1 ry=1", "wy1 rx=1"}));
    const std::vector<CycleEdge> cycle = cycle_of(verdict, FailureKind::g1c);
    REQUIRE(cycle.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(cycle[i].kind == std::string("wr"));
      CHECK(cycle[i].to.begin == cycle[1 - i].from.begin);
    }
    CHECK(cycle[0].words == "T1 read 1 from key \"x\", which T0 wrote");
  }
  SECTION("G-single: a read of what came before what it also saw") {
    const TransactionVerdict verdict = lists(at_once({"ax1 ay1", "rx1 ry"}));
    const std::vector<CycleEdge> cycle = cycle_of(verdict, FailureKind::g_single_item);
    REQUIRE(cycle.size() == 2);
    CHECK(cycle[0].kind == std::string("wr"));
    CHECK(cycle[1].kind == std::string("rw"));
    CHECK(cycle[1].to.begin == cycle[0].from.begin);
  }
}

TEST_CASE("verdict: causality, by name") {
  const History broken = history_of({{0, "wx1", 0, 1}, {0, "wy1", 2, 3}, {1, "ry=1", 4, 5}, {1, "rx", 6, 7}});
  CHECK(registers(broken, {M::causal}).outcome == Outcome::fail);
  CHECK(registers(broken, {M::causal}).not_models == List{"causal"});
  CHECK(registers(broken, {M::linearizable}).outcome == Outcome::fail);
  CHECK(registers(broken, {}, {AnomalyName::not_causal}).outcome == Outcome::fail);
  CHECK(registers(broken, {M::serializable}).outcome == Outcome::pass);
  SECTION("of lists it is not looked for") {
    const TransactionVerdict verdict = lists(in_sequence({"ax1", "rx1"}), {M::causal});
    CHECK(verdict.outcome == Outcome::unknown);
    CHECK(says(verdict.unknowns, "causality is looked for in histories of rw-register only"));
  }
}

TEST_CASE("verdict: registers may have had values before, and Elle lets future reads pass") {
  const TransactionVerdict garbage = registers(in_sequence({"rx=9", "wx1"}));
  CHECK(garbage.outcome == Outcome::pass);
  CHECK(says(garbage.notes, "which no transaction wrote: it may have been there before the history began"));
  CHECK(registers(in_sequence({"rx=9", "wx1"}), {}, {AnomalyName::garbage_read}).outcome == Outcome::fail);

  const TransactionVerdict future = registers(in_sequence({"rx=1 wx1"}), {M::serializable});
  CHECK(future.outcome == Outcome::pass);
  CHECK(says(future.notes, "before it wrote that itself: no order explains that"));
  CHECK(registers(in_sequence({"rx=1 wx1"}), {}, {AnomalyName::future_read}).outcome == Outcome::fail);
  SECTION("of lists both count") {
    CHECK(lists(in_sequence({"rx9", "ax1"})).outcome == Outcome::fail);
    CHECK(lists(in_sequence({"rx1 ax1"})).outcome == Outcome::fail);
  }
}

TEST_CASE("verdict: a history that knows no real time") {
  const auto sessions = read_history_text("w(0,1,1,1)\nw(0,2,1,2)\nr(0,2,2,3)\nr(0,1,2,4)\n", "history.txt");
  REQUIRE(sessions.has_value());
  REQUIRE_FALSE(sessions->real_time());
  SECTION("is judged by sessions and causality") {
    const TransactionVerdict verdict = registers(*sessions);
    CHECK(verdict.outcome == Outcome::fail);
    CHECK(verdict.not_models == List{"causal"});
  }
  SECTION("is not strict, but may be found not to be") {
    const TransactionVerdict strict = registers(*sessions, {M::strong_serializable});
    CHECK(strict.outcome == Outcome::unknown);
    CHECK(says(strict.unknowns, "the history tells the order of each process only"));
    TransactionOptions options = of(TransactionModel::rw_register, {M::strong_serializable});
    options.linearizable_keys = true;  // by processes, then
    const TransactionVerdict by_keys = check_transactions(*sessions, options);
    CHECK(by_keys.outcome == Outcome::fail);
    CHECK(by_keys.not_models == List{"read-uncommitted"});
  }
}

TEST_CASE("verdict: failures are few and in order, and all are counted") {
  std::vector<std::string> texts;
  for (int i = 1; i <= 30; ++i) {
    texts.push_back("wx" + std::to_string(i) + " !fail");
    texts.push_back("rx=" + std::to_string(i) + " wy" + std::to_string(i) + " ry=0");
  }
  const TransactionVerdict verdict = registers(at_once({texts.begin(), texts.end()}));
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.failures.size() == 20);
  CHECK(verdict.more_failures == 40);
  CHECK(std::ranges::is_sorted(verdict.failures, {}, &Failure::kind));
  CHECK(verdict.failures.front().kind == FailureKind::internal);
  CHECK(verdict.failures.back().kind == FailureKind::g1a);
}
