#include "engine/base/time.h"

#include <catch2/catch.hpp>

using namespace heir;

TEST_CASE("a duration is written exactly, in its largest unit") {
  CHECK(to_string(Duration::zero()) == "0s");
  CHECK(to_string(Duration::seconds(120)) == "120s");
  CHECK(to_string(Duration::milliseconds(1500)) == "1.5s");
  CHECK(to_string(Duration::microseconds(-250)) == "-250us");
  CHECK(to_string(Duration::nanoseconds(1'000'000'001)) == "1.000000001s");
  CHECK(to_string(Duration::nanoseconds(INT64_MIN)) == "-9223372036.854775808s");
}

TEST_CASE("instants of one clock differ by durations") {
  const MonotonicTime a = MonotonicTime::from_ns(5);
  CHECK((a + Duration::nanoseconds(7)) - a == Duration::nanoseconds(7));
  CHECK(a < a + Duration::nanoseconds(1));
}
