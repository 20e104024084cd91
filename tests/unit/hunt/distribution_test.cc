#include "tools/hunt/distribution.h"

#include <catch2/catch.hpp>

namespace heir::tools {

TEST_CASE("Buckets follow each other without a gap, none wider than a thirty-second of its times") {
  for (std::int64_t bucket = 0; bucket < 1'000'000'000'000; bucket = end_of_bucket(bucket)) {
    const std::int64_t end = end_of_bucket(bucket);
    REQUIRE(end > bucket);
    REQUIRE(bucket_of(bucket) == bucket);
    REQUIRE(bucket_of(end - 1) == bucket);
    REQUIRE(bucket_of(end) == end);
    if (bucket >= 64) REQUIRE((end - bucket) * 32 <= bucket);
  }
  CHECK(bucket_of(-5) == 0);
}

TEST_CASE("A percentile is rounded up to the end of its bucket, and never beyond the greatest") {
  Distribution times;
  CHECK(times.percentile(50) == 0);
  for (std::int64_t ns = 1; ns <= 100; ++ns) times.add(bucket_of(ns * 1'000), 1, ns * 1'000);
  CHECK(times.count() == 100);
  CHECK(times.percentile(50) >= 50'000);
  CHECK(times.percentile(50) <= 50'000 * 33 / 32 + 1);
  CHECK(times.percentile(99) >= 99'000);
  CHECK(times.percentile(100) == 100'000);
  Distribution more;
  more.add(bucket_of(7'000'000), 100, 7'000'000);
  times.add(more);
  CHECK(times.count() == 200);
  CHECK(times.percentile(99) == 7'000'000);
  CHECK(times.percentile(50) == end_of_bucket(bucket_of(100'000)));
}

}  // namespace heir::tools
