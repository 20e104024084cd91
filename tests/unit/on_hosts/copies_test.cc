#include "tools/on_hosts/copies.h"

#include <catch2/catch.hpp>

#include "tools/on_hosts/real_clock.h"

namespace heir::on_hosts {
namespace {

/// Three peers by their agents' lines, and what was done to them.
struct Cluster {
  RealClock clock;
  sim::RunResult result;
  Observer observer{clock, 3, 0, result};
  std::set<int> down;
  std::set<int> damaged;
  Copies copies{observer, [this](int host) { return !down.contains(host); },
                [this](int host) { return damaged.contains(host); }};
  Instant now = now_of_machine();
  int index = 0;

  Cluster() {
    clock.begin();
    generation("1", "host1", "host2");
    open("1", 1);
  }
  void line(int host, std::string event, std::vector<std::pair<std::string, std::string>> fields) {
    observer.on_line(host, {now_of_machine(), true, LogLevel::info, std::move(event), std::move(fields)});
  }
  void generation(const std::string& number, const std::string& primary, const std::string& sync,
                  const std::string& proven = "", const std::string& opened = "") {
    line(1, "state",
         {{"index", std::to_string(++index)},
          {"generation", number},
          {"primary", primary},
          {"sync", sync},
          {"opened", opened},
          {"proven", proven}});
  }
  /// The gate of its primary too.
  void open(const std::string& number, int primary) {
    const ClusterView& is = observer.cluster();
    generation(number, is.primary, is.sync, "", "7");
    line(primary, "gate", {{"mode", "open"}, {"generation", number}});
  }
  void pass(Duration time) {
    copies.look(now);
    now = after(now, time);
    copies.look(now);
  }
};

constexpr Duration long_enough = Duration::seconds(11);

}  // namespace

TEST_CASE("Copies count by the rules of the generation, open or not") {
  Cluster cluster;
  CHECK(cluster.copies.holders() == std::vector<int>{1, 2});
  CHECK(cluster.copies.is_good(2));
  cluster.generation("2", "host2", "host3", "host1 host2");
  // Its sync holds nothing yet that anybody goes by; the primary of before still does.
  CHECK(cluster.copies.holders() == std::vector<int>{2, 1});
  CHECK_FALSE(cluster.copies.is_good(2));
  cluster.open("2", 2);
  CHECK(cluster.copies.holders() == std::vector<int>{2, 3});
  CHECK(cluster.copies.is_good(3));
  cluster.line(2, "gate", {{"mode", "held"}, {"generation", "2"}});
  CHECK_FALSE(cluster.copies.is_good(3));
}

TEST_CASE("A copy that has lost something is good again once it has taken part for a time") {
  Cluster cluster;
  cluster.copies.lose(2);
  CHECK_FALSE(cluster.copies.has_all(2));
  CHECK_FALSE(cluster.copies.is_good(2));
  CHECK(cluster.copies.has_all(1));
  SECTION("as the sync") {
    cluster.pass(Duration::seconds(9));
    CHECK_FALSE(cluster.copies.has_all(2));
    cluster.pass(Duration::seconds(2));
    CHECK(cluster.copies.is_good(2));
  }
  SECTION("not while it is down, and from its return on") {
    cluster.pass(Duration::seconds(9));
    cluster.down = {2};
    cluster.pass(Duration::seconds(1));
    cluster.down = {};
    cluster.pass(Duration::seconds(9));
    CHECK_FALSE(cluster.copies.has_all(2));
    cluster.pass(Duration::seconds(2));
    CHECK(cluster.copies.has_all(2));
  }
  SECTION("not while its disk is damaged") {
    cluster.damaged = {2};
    cluster.pass(long_enough);
    CHECK_FALSE(cluster.copies.has_all(2));
    cluster.damaged = {};
    cluster.pass(long_enough);
    CHECK(cluster.copies.has_all(2));
  }
  SECTION("not by an agent that merely runs") {
    cluster.generation("2", "host1", "host3", "host1 host2");
    cluster.open("2", 1);
    cluster.pass(long_enough);
    CHECK_FALSE(cluster.copies.has_all(2));
  }
  SECTION("not in a generation that is not open") {
    cluster.generation("2", "host2", "host3", "host1 host2");
    cluster.pass(long_enough);
    CHECK_FALSE(cluster.copies.has_all(2));
    cluster.open("2", 2);
    cluster.pass(long_enough);
    CHECK(cluster.copies.has_all(2));
  }
}

TEST_CASE("What is damaged, or at risk, is no good copy") {
  Cluster cluster;
  cluster.damaged = {2};
  CHECK_FALSE(cluster.copies.is_good(2));
  CHECK(cluster.copies.is_good(1));
  cluster.damaged = {};
  cluster.down = {2};
  CHECK_FALSE(cluster.copies.is_good(2));
}

}  // namespace heir::on_hosts
