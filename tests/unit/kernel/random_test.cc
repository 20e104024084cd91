#include "sim/kernel/random.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <string>
#include <vector>

using namespace heir;
using namespace heir::sim;

namespace {

/// Every kind of draw, in one row.
std::vector<std::int64_t> draws(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  RandomStream random(seed, name, index);
  std::array<int, 6> items = {0, 1, 2, 3, 4, 5};
  std::vector<std::int64_t> row;
  row.push_back(static_cast<std::int64_t>(random.next()));
  row.push_back(static_cast<std::int64_t>(random.below(1'000'003)));
  row.push_back(random.between(-50, 50));
  row.push_back(random.chance(Ratio::percent(30)));
  row.push_back(random.exponential(Duration::milliseconds(10)).ns());
  row.push_back(random.heavy_tail(Duration::microseconds(100), Duration::seconds(10)).ns());
  row.push_back(random.heavy_tail(Duration::microseconds(100), Duration::seconds(10), 900).ns());
  random.shuffle(items);
  row.push_back(std::accumulate(items.begin(), items.end(), 0, [](int sum, int item) { return sum * 10 + item; }));
  row.push_back(random.pick(items));
  std::array<std::byte, 3> bytes{};
  random.fill(bytes);
  for (const std::byte byte : bytes) row.push_back(static_cast<int>(byte));
  return row;
}

}  // namespace

TEST_CASE("the draws of a seed never change") {
  // Golden: a change here changes the meaning of every recorded seed.
  CHECK(draws(0, "", 0) == std::vector<std::int64_t>{-7158284510249449131, 456980, -50, 0, 5057595, 225063, 6501883,
                                                     203514, 1, 184, 42, 39});
  CHECK(draws(1, "network", 0) == std::vector<std::int64_t>{-2151328170831466246, 464691, -30, 0, 7512301, 219721,
                                                            220138, 120543, 2, 191, 36, 119});
  CHECK(draws(1, "network", 1) == std::vector<std::int64_t>{-5396296369566992264, 247654, 41, 1, 4274373, 267036,
                                                            149795, 254310, 2, 236, 61, 142});
  CHECK(draws(UINT64_MAX, "client", 12345) == std::vector<std::int64_t>{-5853074328032739144, 649317, -30, 0, 20150063,
                                                                        114269, 411121, 130254, 4, 182, 229, 32});
}

TEST_CASE("a stream is a function of seed, name and index") {
  std::vector<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const char* name : {"", "a", "b", "ab", "ba", "aa"}) {
      for (std::uint64_t index = 0; index < 5; ++index) {
        RandomStream random(seed, name, index);
        firsts.push_back(random.next());
        CHECK(firsts.back() == RandomStream(seed, name, index).next());
      }
    }
  }
  std::sort(firsts.begin(), firsts.end());
  CHECK(std::adjacent_find(firsts.begin(), firsts.end()) == firsts.end());
  // A name with a zero byte is another name.
  CHECK(RandomStream(1, std::string_view("a\0", 2)).next() != RandomStream(1, "a").next());
}

TEST_CASE("below and between stay in range and reach all of it") {
  RandomStream random(1, "range");
  for (const std::uint64_t bound : {1U, 2U, 3U, 7U, 10U}) {
    std::vector<int> seen(bound, 0);
    for (int i = 0; i < 10'000; ++i) {
      const std::uint64_t value = random.below(bound);
      REQUIRE(value < bound);
      ++seen[value];
    }
    const int expected = 10'000 / static_cast<int>(bound);
    for (const int count : seen) {
      CHECK(count > expected * 8 / 10);
      CHECK(count < expected * 12 / 10 + 1);
    }
  }
  bool low = false;
  bool high = false;
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t value = random.between(-3, 4);
    REQUIRE(value >= -3);
    REQUIRE(value <= 4);
    low = low || value == -3;
    high = high || value == 4;
  }
  CHECK(low);
  CHECK(high);
  CHECK(random.between(9, 9) == 9);
  int negative = 0;
  for (int i = 0; i < 1'000; ++i) negative += random.between(INT64_MIN, INT64_MAX) < 0;
  CHECK(negative > 400);
  CHECK(negative < 600);
  const Duration d = random.between(Duration::seconds(1), Duration::seconds(2));
  CHECK(d >= Duration::seconds(1));
  CHECK(d <= Duration::seconds(2));
}

TEST_CASE("a bound that is no power of two is not biased") {
  // 3 * 2^62: without rejection the lowest third would come up twice as often.
  RandomStream random(1, "bias");
  const std::uint64_t bound = std::uint64_t{3} << 62;
  int lowest_third = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t value = random.below(bound);
    REQUIRE(value < bound);
    lowest_third += value < bound / 3;
  }
  CHECK(lowest_third > 9'600);
  CHECK(lowest_third < 10'400);
}

TEST_CASE("chances come as often as they say") {
  RandomStream random(1, "chance");
  for (const std::uint64_t ppm : {0U, 1'000U, 250'000U, 500'000U, 999'000U, 1'000'000U}) {
    std::int64_t hits = 0;
    for (int i = 0; i < 100'000; ++i) hits += random.chance(Ratio::parts_per_million(ppm));
    const auto expected = static_cast<std::int64_t>(ppm / 10);
    CHECK(hits >= expected - 600);
    CHECK(hits <= expected + 600);
    if (ppm == 0) CHECK(hits == 0);
    if (ppm == Ratio::kWhole) CHECK(hits == 100'000);
  }
}

TEST_CASE("ratios are exact and clamped") {
  CHECK(Ratio::percent(5).ppm() == 50'000);
  CHECK(Ratio::percent(250) == Ratio::always());
  CHECK(Ratio::parts_per_million(UINT64_MAX) == Ratio::always());
  CHECK(Ratio::of(1, 3).ppm() == 333'333);
  CHECK(Ratio::of(4'000'000'000, 4'000'000'000) == Ratio::always());
  CHECK(Ratio() == Ratio::never());
}

TEST_CASE("exponential delays have their mean and their tail") {
  RandomStream random(1, "exponential");
  const Duration mean = Duration::milliseconds(10);
  constexpr int kDraws = 200'000;
  std::int64_t sum = 0;
  int above_mean = 0;
  int above_three = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Duration d = random.exponential(mean);
    REQUIRE(d >= Duration::zero());
    REQUIRE(d <= mean * 45);
    sum += d.ns();
    above_mean += d > mean;
    above_three += d > mean * 3;
  }
  CHECK(sum / kDraws > 9'900'000);
  CHECK(sum / kDraws < 10'100'000);
  // e^-1 = 0.36788, e^-3 = 0.04979
  CHECK(above_mean == Approx(0.36788 * kDraws).epsilon(0.02));
  CHECK(above_three == Approx(0.04979 * kDraws).epsilon(0.05));
  CHECK(random.exponential(Duration::zero()) == Duration::zero());
  for (int i = 0; i < 1'000; ++i) REQUIRE(random.exponential(Duration::max()) >= Duration::zero());
}

TEST_CASE("heavy tails have their median and their tail, within bounds") {
  RandomStream random(1, "tail");
  const Duration least = Duration::microseconds(100);
  const Duration most = Duration::seconds(100);
  constexpr int kDraws = 100'000;
  for (const std::uint32_t alpha : {1'000U, 2'000U}) {
    int above_double = 0;
    int above_ten = 0;
    for (int i = 0; i < kDraws; ++i) {
      const Duration d = random.heavy_tail(least, most, alpha);
      REQUIRE(d >= least);
      REQUIRE(d <= most);
      above_double += d > least * 2;
      above_ten += d > least * 10;
    }
    // (1/2)^alpha and (1/10)^alpha
    CHECK(above_double == Approx(alpha == 1'000 ? 0.5 * kDraws : 0.25 * kDraws).epsilon(0.03));
    CHECK(above_ten == Approx(alpha == 1'000 ? 0.1 * kDraws : 0.01 * kDraws).epsilon(0.1));
  }
  int cut = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Duration d = random.heavy_tail(least, least * 4, 1'000);
    REQUIRE(d <= least * 4);
    cut += d == least * 4;
  }
  CHECK(cut == Approx(2'500).epsilon(0.1));
  CHECK(random.heavy_tail(least, least) == least);
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(random.heavy_tail(Duration::nanoseconds(1), Duration::max(), 100) > Duration::zero());
    REQUIRE(random.heavy_tail(Duration::max(), Duration::max(), 100) == Duration::max());
  }
}

TEST_CASE("pick and shuffle are uniform") {
  RandomStream random(1, "pick");
  std::array<int, 4> picked{};
  std::array<std::array<int, 4>, 4> places{};
  for (int i = 0; i < 8'000; ++i) {
    std::array<int, 4> items = {0, 1, 2, 3};
    ++picked[static_cast<std::size_t>(random.pick(items))];
    random.shuffle(items);
    for (std::size_t place = 0; place < 4; ++place) ++places[place][static_cast<std::size_t>(items[place])];
  }
  for (const int count : picked) CHECK(count == Approx(2'000).epsilon(0.1));
  for (const auto& row : places) {
    for (const int count : row) CHECK(count == Approx(2'000).epsilon(0.1));
  }
  const std::vector<int> constant = {7};
  CHECK(random.pick(constant) == 7);
  std::vector<int> empty;
  random.shuffle(empty);
  CHECK(empty.empty());
}

TEST_CASE("bytes are filled to the last") {
  for (std::size_t size = 0; size < 20; ++size) {
    std::vector<int> ored(size, 0);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      std::vector<std::byte> bytes(size);
      RandomStream(seed, "bytes").fill(bytes);
      for (std::size_t i = 0; i < size; ++i) ored[i] |= static_cast<int>(bytes[i]);
    }
    for (const int byte : ored) CHECK(byte == 0xff);
  }
}
