// The lattice: what follows from what, without any history.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "reports/check/transactions/consistency.h"

using namespace heir::reports;
using A = AnomalyName;
using M = ConsistencyModel;

namespace {

constexpr auto process = OrderVariant::process;
constexpr auto real_time = OrderVariant::real_time;

std::vector<std::string> names(const std::vector<ConsistencyModel>& models) {
  std::vector<std::string> result;
  for (const M model : models) result.emplace_back(to_string(model));
  return result;
}

std::vector<std::string> weakest(AnomalySet found) {
  std::vector<std::string> result;
  for (const RuledOut& row : boundary(found).weakest) result.emplace_back(to_string(row.model));
  return result;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("every name leads back to what it names") {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(A::last_name); ++i) {
    const Anomaly anomaly(static_cast<A>(i));
    CHECK(anomaly_named(to_string(anomaly)) == anomaly);
  }
  CHECK(anomaly_named("G-single-item-realtime") == Anomaly(A::g_single_item, real_time));
  CHECK(anomaly_named("GSIb") == Anomaly(A::g_si_b));
  CHECK(!anomaly_named("G1a-process"));
  CHECK(!anomaly_named("G3"));

  for (const std::string_view name : consistency_model_names()) CHECK(consistency_model_named(name));
  CHECK(consistency_model_named("strict-serializable") == M::strong_serializable);
  CHECK(consistency_model_named("conflict-serializable") == M::serializable);
  CHECK(consistency_model_named("PL-2.99") == M::repeatable_read);
  CHECK(!consistency_model_named("serialisable"));
  CHECK(!consistency_model_named(""));
}

TEST_CASE("anomalies of different variants are different") {
  std::set<std::size_t> numbers;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(A::last_with_variants); ++i) {
    for (const OrderVariant variant : {OrderVariant::data, process, real_time}) {
      numbers.insert(number_of(Anomaly(static_cast<A>(i), variant)));
    }
  }
  for (auto i = static_cast<std::size_t>(A::last_with_variants) + 1; i <= static_cast<std::size_t>(A::last_name); ++i) {
    numbers.insert(number_of(Anomaly(static_cast<A>(i))));
  }
  CHECK(numbers.size() ==
        static_cast<std::size_t>(A::last_name) + 1 + 2 * (static_cast<std::size_t>(A::last_with_variants) + 1));
  CHECK(*numbers.rbegin() == numbers.size() - 1);
}

TEST_CASE("every failure of a transaction is an anomaly, and others are not") {
  for (auto i = static_cast<int>(FailureKind::internal); i <= static_cast<int>(FailureKind::g2_item_realtime); ++i) {
    INFO(to_string(static_cast<FailureKind>(i)));
    CHECK(anomaly_of(static_cast<FailureKind>(i)));
  }
  CHECK(anomaly_of(FailureKind::g_single_item_process) == Anomaly(A::g_single_item, process));
  CHECK(!anomaly_of(FailureKind::lost_append));
  CHECK(!anomaly_of(FailureKind::split_brain));
}

TEST_CASE("what an anomaly is an instance of") {
  const AnomalySet g0 = implied_by({A::g0});
  CHECK(g0.contains(A::g1c));
  CHECK(g0.contains(A::g1));
  CHECK(g0.contains({A::g0, real_time}));
  CHECK(g0.contains({A::g1, real_time}));
  CHECK_FALSE(g0.contains(A::g2));

  CHECK_FALSE(implied_by({{A::g0, real_time}}).contains({A::g0, process}));
  CHECK_FALSE(implied_by({{A::g0, process}}).contains(A::g0));
  CHECK(implied_by({{A::g_single_item, process}}).contains({A::g2, real_time}));
  CHECK(implied_by({A::lost_update}).contains(A::g2_item));
  CHECK(implied_by({}).empty());

  CHECK(instances_of({A::g1}).contains(A::garbage_read));
  CHECK(instances_of({A::g2}).contains(A::lost_update));
  CHECK_FALSE(instances_of({A::g2_item}).contains(A::g_single));
  CHECK_FALSE(instances_of({A::g2_item}).contains({A::g2_item, process}));
}

TEST_CASE("what a model forbids, weaker models included") {
  const AnomalySet snapshot = proscribed_by({M::snapshot_isolation});
  CHECK(snapshot.contains(A::g_nonadjacent));
  CHECK(snapshot.contains(A::g_single_item));
  CHECK(snapshot.contains(A::internal));
  CHECK(snapshot.contains(A::g1a));
  CHECK(snapshot.contains(A::cyclic_versions));
  CHECK_FALSE(snapshot.contains(A::g2_item));
  CHECK_FALSE(snapshot.contains({A::g_single, process}));

  CHECK(proscribed_by({M::read_uncommitted}).contains(A::g0));
  CHECK_FALSE(proscribed_by({M::read_uncommitted}).contains(A::g1a));
  CHECK(proscribed_by({M::strong_serializable}).contains({A::g2, real_time}));
  CHECK(proscribed_by({M::strong_serializable}).contains({A::g2, process}));
  CHECK_FALSE(proscribed_by({M::strong_session_serializable}).contains({A::g2, real_time}));
  CHECK(proscribed_by({}).empty());
  CHECK(proscribed_by({M::monotonic_reads}).empty());
}

TEST_CASE("the orders that a model needs") {
  const auto needed = [](M model) { return order_needed(proscribed_by({model})); };
  CHECK(needed(M::serializable) == OrderVariant::data);
  CHECK(needed(M::strong_session_serializable) == process);
  CHECK(needed(M::strong_session_read_uncommitted) == process);
  CHECK(needed(M::strong_read_committed) == real_time);
  CHECK(needed(M::strong_serializable) == real_time);
  CHECK(order_needed({}) == OrderVariant::data);
}

TEST_CASE("the weakest models that are ruled out") {
  CHECK(weakest({}).empty());
  CHECK(weakest({A::g0}) == List{"read-uncommitted"});
  CHECK(weakest({A::g1c}) == List{"read-committed"});
  CHECK(weakest({A::internal}) == List{"read-atomic"});
  CHECK(weakest({A::g_single_item}) == List{"consistent-view", "repeatable-read"});
  CHECK(weakest({A::g_single}) == List{"consistent-view"});
  CHECK(weakest({A::g_nonadjacent_item}) == List{"repeatable-read", "snapshot-isolation"});
  CHECK(weakest({A::g2_item}) == List{"repeatable-read"});
  CHECK(weakest({A::g2}) == List{"serializable"});
  CHECK(weakest({A::lost_update}) == List{"cursor-stability", "update-atomic"});
  CHECK(weakest({A::predicate_read_miss}) == List{"serializable"});
  CHECK(weakest({{A::g_single_item, process}}) == List{"strong-session-snapshot-isolation"});
  CHECK(weakest({{A::g0, real_time}}) == List{"strong-read-uncommitted"});
  CHECK(weakest({{A::g2_item, real_time}}) == List{"strong-serializable"});
  CHECK(weakest({A::g2_item, {A::g0, process}}) == List{"repeatable-read", "strong-session-read-uncommitted"});
}

TEST_CASE("the stronger models fall with the weakest") {
  const Boundary all = boundary({A::g0});
  CHECK(names(all.also) == List{"causal-cerone",
                                "consistent-view",
                                "cursor-stability",
                                "forward-consistent-view",
                                "monotonic-atomic-view",
                                "monotonic-snapshot-read",
                                "monotonic-view",
                                "parallel-snapshot-isolation",
                                "prefix",
                                "read-atomic",
                                "read-committed",
                                "repeatable-read",
                                "serializable",
                                "snapshot-isolation",
                                "strong-read-committed",
                                "strong-read-uncommitted",
                                "strong-serializable",
                                "strong-session-read-committed",
                                "strong-session-read-uncommitted",
                                "strong-session-serializable",
                                "strong-session-snapshot-isolation",
                                "strong-snapshot-isolation",
                                "update-atomic",
                                "update-serializable"});
  CHECK(names(boundary({{A::g2, real_time}}).also).empty());
}

TEST_CASE("what is ruled out comes with its proof") {
  const Boundary ruled_out = boundary({{A::g_single_item, process}, A::g1a});
  REQUIRE(ruled_out.weakest.size() == 1);
  const RuledOut& row = ruled_out.weakest.front();
  CHECK(row.model == M::read_committed);
  CHECK(row.found == Anomaly(A::g1a));
  CHECK(row.forbidden == Anomaly(A::g1));
  CHECK(row.source == "Adya 1999");
  for (std::size_t i = 0; i <= static_cast<std::size_t>(A::last_name); ++i) {
    const Anomaly found(static_cast<A>(i));
    for (const RuledOut& each : boundary({found}).weakest) {
      CHECK(each.found == found);
      CHECK(implied_by({found}).contains(each.forbidden));
      CHECK(proscribed_by({each.model}).contains(found));
    }
  }
}

TEST_CASE("a model and those it rules out agree with each other") {
  // If an anomaly is forbidden by a model, finding it rules the model out, and the other way round.
  for (int m = 0; m <= static_cast<int>(M::last_model); ++m) {
    const M model = static_cast<M>(m);
    for (const Anomaly anomaly : members(proscribed_by({model}))) {
      const Boundary ruled_out = boundary({anomaly});
      const bool weak = std::any_of(ruled_out.weakest.begin(), ruled_out.weakest.end(),
                                    [&](const RuledOut& row) { return row.model == model; });
      const bool strong = std::count(ruled_out.also.begin(), ruled_out.also.end(), model) > 0;
      INFO(to_string(model) << " " << to_string(anomaly));
      CHECK((weak || strong));
    }
  }
}
