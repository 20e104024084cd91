// What the database's own order of commits tells of a history.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "reports/check/transactions/check_transactions.h"
#include "reports/check/transactions/commit_order.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

CommitComparison compare(const History& history, const std::vector<TransactionIndex>& order) {
  const auto transactions = Transactions::of(history);
  REQUIRE(transactions.has_value());
  return compare_with_commits(*transactions, order);
}

/// But for the last note, which counts.
std::vector<std::string> notes(const History& history, const std::vector<TransactionIndex>& order) {
  std::vector<std::string> all = compare(history, order).notes;
  REQUIRE_FALSE(all.empty());
  all.pop_back();
  return all;
}

using Notes = std::vector<std::string>;
const std::string by = "by the order of commits: ";

}  // namespace

TEST_CASE("commits: reads of the states that there were are confirmed") {
  CHECK(compare(at_once({"ax1", "rx1 ax2", "rx12", "rx ry"}), {0, 1}).notes ==
        Notes{by + "all 4 acknowledged transactions read the state at their place in it"});
  CHECK(compare(at_once({"wx1", "rx=1 wx2", "rx=2", "rx ry"}), {0, 1}).notes ==
        Notes{by + "all 4 acknowledged transactions read the state at their place in it"});
  SECTION("a transaction of unknown outcome that was committed is seen") {
    CHECK(notes(at_once({"wx1 !info", "rx=1"}), {0}).empty());
  }
  SECTION("its own writes are not what a transaction must find") {
    CHECK(notes(at_once({"wx1 rx=1 wx2 rx=2", "rx=2"}), {0}).empty());
    CHECK(notes(at_once({"ax1 rx1", "rx1"}), {0}).empty());
  }
}

TEST_CASE("commits: how far a read is from the state at its place") {
  CHECK(notes(at_once({"wx1", "wx2", "rx=1 wy1"}), {0, 1, 2}) ==
        Notes{by + "T2 (process 2, answered at event 5), commit 3 of 3, read key \"x\" as it was just after commit "
                   "1, 1 commit too early"});
  CHECK(
      notes(at_once({"ax1", "rx1 ay1"}), {1, 0}) ==
      Notes{by +
            "T1 (process 1, answered at event 3), commit 1 of 2, read key \"x\" as it was from commit 2 on, too late"});
  SECTION("what only read must have read one state") {
    CHECK(notes(at_once({"wx1 wy1", "rx=1 ry"}), {0}) ==
          Notes{by + "T1 (process 1, answered at event 3) read keys \"x\" and \"y\" as they never were at the same "
                     "time: from commit 1 on and before any commit"});
  }
  SECTION("what was never there") {
    CHECK(notes(at_once({"wx1", "wx2", "rx=2"}), {0}) ==
          Notes{by + "T2 (process 2, answered at event 5) read 2 from key \"x\": no commit left it so"});
    CHECK(notes(at_once({"ax1", "ax2", "rx21"}), {0, 1}).size() == 1);
    CHECK(notes(at_once({"ax1", "rx12"}), {0}).size() == 1);
    CHECK(notes(at_once({"wx1 wx2", "rx=1"}), {0}).size() == 1);
    CHECK(notes(at_once({"ax1 ax2", "rx1"}), {0}).size() == 1);
  }
  SECTION("and how many there are in all") {
    CHECK(compare(at_once({"wx1", "wx2", "rx=1 wy1"}), {0, 1, 2}).notes.back() ==
          by + "1 of 3 acknowledged transactions read another state than that at their place in it");
  }
}

TEST_CASE("commits: what was acknowledged and never committed is lost") {
  const CommitComparison comparison = compare(at_once({"wx1", "wx2", "rx=1", "wx3 !info", "wx4 !fail"}), {0});
  REQUIRE(comparison.lost.size() == 1);
  CHECK(comparison.lost.front().kind == FailureKind::lost_write);
  CHECK(comparison.lost.front().message ==
        "T1 (process 1, answered at event 6) wrote something and was acknowledged, but never committed");
  SECTION("what failed should not have been committed") {
    CHECK(notes(at_once({"wx1 !fail"}), {0}) == Notes{by + "T0 (process 0, failed at event 1) was committed, although "
                                                           "its client was told that it failed"});
  }
  SECTION("of many only some are put in words") {
    const std::vector<std::string_view> lost(15, "wx1");
    const CommitComparison many = compare(at_once(lost), {});
    CHECK(many.lost.size() == 10);
    CHECK(many.more_lost == 5);
  }
}

TEST_CASE("commits: as part of a verdict") {
  TransactionOptions options;
  options.model = TransactionModel::rw_register;
  options.consistency = {ConsistencyModel::serializable};
  options.commit_order = {0, 1};
  const TransactionVerdict fine = check_transactions(at_once({"wx1", "rx=1 wx2", "rx=2"}), options);
  CHECK(fine.outcome == Outcome::pass);
  CHECK(fine.notes == Notes{by + "all 3 acknowledged transactions read the state at their place in it"});

  const TransactionVerdict lost = check_transactions(at_once({"wx1", "rx=1 wx2", "wx3"}), options);
  CHECK(lost.outcome == Outcome::fail);
  REQUIRE(lost.failures.size() == 1);
  CHECK(lost.failures.front().kind == FailureKind::lost_write);
  CHECK(lost.not_models.empty());
}
