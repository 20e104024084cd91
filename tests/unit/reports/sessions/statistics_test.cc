#include "reports/check/sessions/statistics.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::reports;

namespace {

/// One write after the other, each taking so many nanoseconds.
History taking(const std::vector<std::int64_t>& latencies) {
  History history;
  std::int64_t now = 0;
  for (const std::int64_t latency : latencies) {
    history.invoke(ProcessId(1), Function::write, no_key, Value::integer(1), HistoryTime::from_ns(now));
    history.ok(ProcessId(1), HistoryTime::from_ns(now += latency));
  }
  return history;
}

Latency latency(std::int64_t least, std::int64_t p50, std::int64_t p90, std::int64_t p99, std::int64_t p999,
                std::int64_t most) {
  const auto ns = [](std::int64_t n) { return Duration::nanoseconds(n); };
  return {ns(least), ns(p50), ns(p90), ns(p99), ns(p999), ns(most)};
}

}  // namespace

TEST_CASE("percentiles are exact, by nearest rank") {
  CHECK(statistics(taking({7}))[0].latency == latency(7, 7, 7, 7, 7, 7));
  CHECK(statistics(taking({9, 1}))[0].latency == latency(1, 1, 9, 9, 9, 9));
  std::vector<std::int64_t> all;  // 1 … 2000 in some order
  for (std::int64_t i = 0; i < 2000; ++i) all.push_back(i * 737 % 2000 + 1);
  CHECK(statistics(taking(all))[0].latency == latency(1, 1000, 1800, 1980, 1998, 2000));
  all.resize(10);
  std::sort(all.begin(), all.end());
  CHECK(statistics(taking(all))[0].latency == latency(all[0], all[4], all[8], all[9], all[9], all[9]));
}

TEST_CASE("functions are counted apart by outcome, and only what was acknowledged has a latency") {
  History history;
  const auto time = HistoryTime::from_ns(5);
  history.invoke(ProcessId(1), Function::write, no_key, Value::integer(1), time);
  history.info(ProcessId(1), time);
  history.invoke(ProcessId(1), Function::write, no_key, Value::integer(2), time);
  history.fail(ProcessId(1), time);
  history.invoke(ProcessId(1), Function::read, no_key, Value::nil(), time);
  history.ok_read(ProcessId(1), Value::integer(1), time);
  history.invoke(ProcessId(1), Function::read, no_key, Value::nil(), time);
  const std::vector<FunctionStatistics> all = statistics(history);
  REQUIRE(all.size() == 2);
  CHECK(all[0].function == Function::read);
  CHECK(all[0].ok == 1);
  CHECK(all[0].fail == 0);
  CHECK(all[0].unknown == 1);
  CHECK(all[0].latency.has_value());
  CHECK(all[1].function == Function::write);
  CHECK(all[1].fail == 1);
  CHECK(all[1].unknown == 1);
  CHECK(!all[1].latency);
}

TEST_CASE("without times there are counts only") {
  History history = taking({5, 6});
  history.set_untimed();
  const std::vector<FunctionStatistics> all = statistics(history);
  REQUIRE(all.size() == 1);
  CHECK(all[0].ok == 2);
  CHECK(!all[0].latency);
  CHECK(statistics(History()).empty());
}
