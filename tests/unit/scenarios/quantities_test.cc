// Quantities are exact.
#include <catch2/catch.hpp>

#include "scenarios/codec.h"

namespace heir::scenarios {
namespace {

Value text(const char* content) {
  Value value;
  value.kind = Value::Kind::text;
  value.text = content;
  return value;
}

template <class T>
std::optional<T> read(const char* content) {
  const Result<T> result = Codec<T>::read(text(content));
  return result ? std::optional<T>(*result) : std::nullopt;
}

}  // namespace

TEST_CASE("durations are exact to the nanosecond") {
  CHECK(read<Duration>("1.5ms") == Duration::microseconds(1500));
  CHECK(read<Duration>("0.000000001s") == Duration::nanoseconds(1));
  CHECK(read<Duration>("0.1s") == Duration::milliseconds(100));
  CHECK(read<Duration>("1.5min") == Duration::seconds(90));
  CHECK(read<Duration>("0.0000000001min") == Duration::nanoseconds(6));
  CHECK(read<Duration>("0.00000000125h") == Duration::nanoseconds(4500));
  CHECK(read<Duration>("0.000000000000125h") == std::nullopt);
  CHECK(read<Duration>("-1.25s") == Duration::milliseconds(-1250));
  CHECK(read<Duration>("2562047h") == Duration::seconds(2562047LL * 3600));
  CHECK(read<Duration>("2562048h") == std::nullopt);  // more than 2^63 ns
  CHECK(read<Duration>("9223372036.854775807s") == Duration::nanoseconds(INT64_MAX));
  CHECK(read<Duration>("9223372036.854775808s") == std::nullopt);
  CHECK(read<Duration>("0.1ns") == std::nullopt);
  CHECK(read<Duration>("1.0ns") == Duration::nanoseconds(1));
}

TEST_CASE("what is no duration is refused") {
  for (const char* bad :
       {"", "5", "ms", "5 ms", " 5ms", "5ms ", "+5ms", "5MS", "5.ms", ".5ms", "1e3ms", "5m", "--5ms", "5ms5", "\xff"}) {
    INFO(bad);
    CHECK(read<Duration>(bad) == std::nullopt);
  }
}

TEST_CASE("ranges, ratios and rates") {
  CHECK(read<DurationRange>("1ms..5ms") == DurationRange{Duration::milliseconds(1), Duration::milliseconds(5)});
  CHECK(read<DurationRange>("-5s..5s") == DurationRange{Duration::seconds(-5), Duration::seconds(5)});
  CHECK(read<DurationRange>("1.5ms..2.5ms") ==
        DurationRange{Duration::microseconds(1500), Duration::microseconds(2500)});
  for (const char* bad : {"5ms..1ms", "1..5ms", "1ms..", "..5ms", "1ms...5ms", "1ms..2ms..3ms"}) {
    INFO(bad);
    CHECK(read<DurationRange>(bad) == std::nullopt);
  }
  CHECK(read<Ratio>("0.1%") == Ratio::per_million(1000));
  CHECK(read<Ratio>("50ppm") == Ratio::per_million(50));
  CHECK(read<Ratio>("0.0000001%") == Ratio::per_billion(1));
  CHECK(read<Ratio>("0.00000001%") == std::nullopt);
  CHECK(read<Ratio>("0.5") == std::nullopt);
  CHECK(read<Rate>("200/s") == Rate{200, Duration::seconds(1)});
  CHECK(read<Rate>("30/min")->interval() == Duration::seconds(2));
  CHECK(read<Rate>("1/2s") == std::nullopt);
}

TEST_CASE("the nearest name") {
  const std::vector<std::string> names{"target", "title", "at", "for"};
  CHECK(nearest("taget", names) == "target");
  CHECK(nearest("tragte", names) == "target");
  CHECK(nearest("TARGET", names) == "target");
  CHECK(nearest("fro", names) == "for");
  CHECK(nearest("x", names).empty());
  CHECK(nearest("wholly-different", names).empty());
  CHECK(nearest(std::string(100'000, 'a'), names).empty());
}

}  // namespace heir::scenarios
