#include "engine/store/lease.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::store;

namespace {

constexpr Duration ttl = Duration::seconds(2);
constexpr Duration interval = Duration::milliseconds(400);
constexpr RateError one_percent{10'000};

__extension__ using Wide = __int128;

}  // namespace

TEST_CASE("a lease is ttl x (1 - e) / (1 + e), rounded down to the nanosecond") {
  // 2 s x 0.99 / 1.01 = 1.960396039603960...
  CHECK(lease_length(ttl, one_percent).ns() == 1'960'396'039);
  CHECK(lease_length(ttl, RateError{0}) == ttl);
  CHECK(lease_length(Duration::zero(), one_percent) == Duration::zero());
  CHECK(lease_length(Duration::nanoseconds(1), one_percent) == Duration::zero());
  CHECK(lease_length(Duration::nanoseconds(1), RateError{0}) == Duration::nanoseconds(1));
  CHECK(lease_length(Duration::max(), RateError{0}) == Duration::max());
  CHECK(lease_length(Duration::max(), RateError{999'999}) < Duration::max() / 1'000'000);
}

TEST_CASE("whatever the clocks do within their bound, the lease is over before the store's ttl is") {
  for (const std::int64_t ppm : {0, 1, 50, 200, 10'000, 333'333}) {
    for (const std::int64_t ns : {1L, 2L, 3L, 999'999L, 1'000'000'007L, 2'000'000'000L, 86'400'000'000'000L}) {
      const Duration lease = lease_length(Duration::nanoseconds(ns), RateError{ppm});
      // The holder's clock as slow as can be: real = lease / (1 - e). The store's as fast: real = ttl / (1 + e).
      // lease / (1 - e) <= ttl / (1 + e), multiplied out.
      CHECK(static_cast<Wide>(lease.ns()) * (1'000'000 + ppm) <= static_cast<Wide>(ns) * (1'000'000 - ppm));
      // And no nanosecond is given away.
      CHECK(static_cast<Wide>(lease.ns() + 1) * (1'000'000 + ppm) > static_cast<Wide>(ns) * (1'000'000 - ppm));
    }
  }
}

TEST_CASE("a lease counts from when the renewal was sent, and is live strictly before its end") {
  const MonotonicTime sent = MonotonicTime::from_ns(7'000);
  const MonotonicTime end = lease_end(sent, ttl, one_percent);
  CHECK(end == MonotonicTime::from_ns(1'960'403'039));
  CHECK(lease_live(sent, end));
  CHECK(lease_live(end - Duration::nanoseconds(1), end));
  CHECK_FALSE(lease_live(end, end));
}

// Section 11: each shortcut lets a gate stay open after its peer is seen as absent. Real time in nanoseconds, from when
// a renewal is applied, which is also when it is sent; the holder's clock is as slow as can be, the store's as fast.
TEST_CASE("every shortcut in the lease's arithmetic lets it outlive presence") {
  const auto real_of_holder = [](Duration on_clock) { return static_cast<Wide>(on_clock.ns()) * 100 / 99; };
  const auto real_of_store = [](Duration on_clock) { return static_cast<Wide>(on_clock.ns()) * 100 / 101; };
  const Wide absent = real_of_store(ttl);
  CHECK(real_of_holder(lease_length(ttl, one_percent)) <= absent);

  const Duration only_own_clock = Duration::nanoseconds(ttl.ns() / 100 * 99);  // ttl x (1 - e)
  CHECK(real_of_holder(only_own_clock) > absent);

  const Wide answered = Duration::milliseconds(300).ns();  // counted from the answer's arrival
  CHECK(answered + real_of_holder(lease_length(ttl, one_percent)) > absent);

  // A new store leader that goes on with what was left of the ttl as *it* knew it: its last renewal may be the one
  // before.
  const Wide left_of_older_renewal = real_of_store(ttl - interval);
  CHECK(real_of_holder(lease_length(ttl, one_percent)) > left_of_older_renewal);

  // A leader that answers a renewal without confirming that it still leads: the new leader never heard of it, and
  // counts from a renewal that may be a whole lease older.
  const Wide counted_by_the_new_leader = absent - real_of_store(interval);
  CHECK(real_of_holder(lease_length(ttl, one_percent)) > counted_by_the_new_leader);
}

TEST_CASE("the bounds of FAILOVER.md section 11") {
  const Duration round_trip = Duration::milliseconds(2);
  // "1.56 s less a round trip at the defaults"
  CHECK(tolerated_pause(ttl, one_percent, interval, Duration::zero()).ns() == 1'560'396'039);
  CHECK(tolerated_pause(ttl, one_percent, interval, round_trip).ns() == 1'558'396'039);
  CHECK(tolerated_pause(Duration::milliseconds(300), one_percent, interval, round_trip) < Duration::zero());
  // "possible from about ttl - interval"
  CHECK(earliest_detection(ttl, RateError{0}, interval) == ttl - interval);
  CHECK(earliest_detection(ttl, one_percent, interval).ns() == 1'580'198'019);
  // "certain past about ttl x (1 + e) + a round trip"; exactly it is ttl / (1 - e), rounded up.
  CHECK(latest_detection(ttl, RateError{0}, round_trip) == ttl + round_trip);
  CHECK(latest_detection(ttl, one_percent, Duration::zero()).ns() == 2'020'202'021);
  CHECK(latest_detection(ttl, one_percent, round_trip) - latest_detection(ttl, one_percent, Duration::zero()) ==
        round_trip);
}
