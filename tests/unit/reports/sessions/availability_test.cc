#include "reports/check/sessions/availability.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::reports;

namespace {

HistoryTime at(std::int64_t ms) {
  return HistoryTime::from_ns(ms * 1'000'000);
}
Duration ms(std::int64_t n) {
  return Duration::milliseconds(n);
}

/// Operations one by one: when they begin and end, in milliseconds.
class Log {
 public:
  Log& begin(std::uint32_t process, std::int64_t time, Function f = Function::write) {
    history.invoke(ProcessId(process), f, no_key, f == Function::write ? Value::integer(1) : Value::nil(), at(time));
    return *this;
  }
  Log& ok(std::uint32_t process, std::int64_t time) {
    history.ok(ProcessId(process), at(time));
    return *this;
  }
  Log& fail(std::uint32_t process, std::int64_t time) {
    history.fail(ProcessId(process), at(time));
    return *this;
  }
  Log& info(std::uint32_t process, std::int64_t time) {
    history.info(ProcessId(process), at(time));
    return *this;
  }
  History history;
};

std::vector<Unavailable> windows(const Log& log, AvailabilityOptions options = {}) {
  return availability(log.history, options).windows;
}

}  // namespace

TEST_CASE("a client that waits makes a window, idle time does not") {
  const Log idle = Log().begin(1, 0).ok(1, 10).begin(1, 5000).ok(1, 5010);
  CHECK(windows(idle).empty());
  const Log slow = Log().begin(1, 0).ok(1, 10).begin(1, 100).ok(1, 1100).begin(1, 1200).ok(1, 1201);
  CHECK(windows(slow) == std::vector<Unavailable>{{at(100), at(1100), true}});
}

TEST_CASE("operations that fail, or whose outcome is unknown, wait on") {
  const Log log = Log().begin(1, 0).fail(1, 10).begin(1, 300).info(1, 400).begin(1, 700).ok(1, 701);
  CHECK(windows(log) == std::vector<Unavailable>{{at(0), at(701), true}});
}

TEST_CASE("whoever still waits when another is answered waits from then on") {
  const Log log = Log().begin(1, 0).begin(2, 100).ok(2, 200).ok(1, 900);
  CHECK(windows(log) == std::vector<Unavailable>{{at(200), at(900), true}});
}

TEST_CASE("a window that the history does not end") {
  const Log log = Log().begin(1, 0).begin(2, 700).fail(2, 800);
  const Availability found = availability(log.history);
  CHECK(found.windows == std::vector<Unavailable>{{at(0), at(800), false}});
  CHECK(found.longest == ms(800));
  CHECK(found.total == ms(800));
}

TEST_CASE("short windows are left out, long ones add up") {
  Log log;
  log.begin(1, 0).ok(1, 499).begin(1, 500).ok(1, 1000).begin(1, 1000).ok(1, 2000);
  const Availability found = availability(log.history);
  CHECK(found.windows.size() == 2);
  CHECK(found.longest == ms(1000));
  CHECK(found.total == ms(1500));
  AvailabilityOptions all;
  all.at_least = ms(1);
  CHECK(availability(log.history, all).windows.size() == 3);
}

TEST_CASE("reads and updates apart") {
  const Log log = Log().begin(1, 0).begin(2, 0, Function::read).ok(2, 900).ok(1, 1500);
  AvailabilityOptions options;
  options.service = Service::updates;
  CHECK(windows(log, options) == std::vector<Unavailable>{{at(0), at(1500), true}});
  options.service = Service::reads;
  CHECK(windows(log, options) == std::vector<Unavailable>{{at(0), at(900), true}});
  CHECK(windows(log) == std::vector<Unavailable>{{at(0), at(900), true}, {at(900), at(1500), true}});
}

TEST_CASE("without times there is nothing to say, nor of an empty history") {
  Log log;
  log.begin(1, 0).ok(1, 5000);
  log.history.set_untimed();
  CHECK(windows(log).empty());
  CHECK(availability(History()).windows.empty());
}

TEST_CASE("recovery is from the fault to the end of its last window") {
  Availability found;
  found.windows = {{at(990), at(3000), true}, {at(4000), at(4600), true}, {at(20000), at(21000), false}};
  const std::vector<FaultTime> faults{{"late", at(19000)}, {"crash", at(1000)}, {"harmless", at(10000)}};
  const std::vector<Recovery> all = recoveries(found, faults);
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "crash");
  CHECK(all[0].windows == 2);
  CHECK(all[0].after == ms(3600));
  CHECK(all[1].name == "harmless");
  CHECK(all[1].windows == 0);
  CHECK(all[1].after == Duration::zero());
  CHECK(all[2].name == "late");
  CHECK(all[2].windows == 1);
  CHECK(!all[2].after);
}

TEST_CASE("a window with two faults within it is both faults', one before all faults is nobody's") {
  Availability found;
  found.windows = {{at(100), at(800), true}, {at(1000), at(5000), true}};
  const std::vector<FaultTime> faults{{"a", at(1500)}, {"b", at(3000)}};
  const std::vector<Recovery> both = recoveries(found, faults);
  REQUIRE(both.size() == 2);
  CHECK(both[0].windows == 1);
  CHECK(both[0].after == ms(3500));
  CHECK(both[1].after == ms(2000));
  CHECK(recoveries(found, {}).empty());
}
